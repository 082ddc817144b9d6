"""The beat network: a temporal convolutional network over the frames of src/analysis/network_input.h.

After Davies and Boeck, "Temporal convolutional networks for musical audio beat tracking" (EUSIPCO 2019): residual
layers whose dilation doubles, here over all bands at once and, offline, looking both ways. src/analysis/network.cpp
computes the same thing.
"""
import numpy
import torch
from torch import nn

ROWS = 136           # of the input
LEVEL_ROWS = 112     # the first ones are levels in half decibels, the others pitch classes
CHANNELS = 40
KERNEL = 5
LAYERS = 10          # dilations 1 to 512: +-41 s
HEADS = ("beat", "downbeat", "section", "voice")
FRAMES_PER_SECOND = 50


def scaled(rows):
    """Bytes, (batch, ROWS, frames), as what the first layer takes."""
    x = rows.float()
    return torch.cat([(x[:, :LEVEL_ROWS] - 110) / 40, x[:, LEVEL_ROWS:] / 255], 1)


class Layer(nn.Module):
    def __init__(self, dilation):
        super().__init__()
        self.wide = nn.Conv1d(CHANNELS, CHANNELS, KERNEL, padding=dilation * (KERNEL // 2), dilation=dilation)
        self.narrow = nn.Conv1d(CHANNELS, CHANNELS, 1)
        self.dropout = nn.Dropout1d(0.08)

    def forward(self, x):
        return x + self.narrow(self.dropout(nn.functional.elu(self.wide(x))))


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.front = nn.Conv1d(ROWS, CHANNELS, KERNEL, padding=KERNEL // 2)
        self.layers = nn.ModuleList(Layer(1 << i) for i in range(LAYERS))
        self.heads = nn.Conv1d(CHANNELS, len(HEADS), 1)

    def forward(self, rows):
        """Logits, (batch, heads, frames)."""
        x = nn.functional.elu(self.front(scaled(rows)))
        for layer in self.layers:
            x = layer(x)
        return self.heads(nn.functional.elu(x))

    def convolutions(self):
        """In the order in which they are shipped."""
        return [self.front, *(c for layer in self.layers for c in (layer.wide, layer.narrow)), self.heads]


def shipped(network):
    """The weights as src/analysis/network.cpp reads them: each kernel as (tap, input, output), then its biases."""
    parts = []
    for convolution in network.convolutions():
        parts += [convolution.weight.detach().numpy().transpose(2, 1, 0).ravel(), convolution.bias.detach().numpy()]
    weights = numpy.concatenate(parts)
    assert numpy.abs(weights).max() < 60000
    return weights.astype("<f2")


def load(network, path):
    """From what train.py saved (.pt) or what is shipped (.bin)."""
    if not str(path).endswith(".bin"):
        network.load_state_dict(torch.load(path))
        return
    weights = torch.from_numpy(numpy.fromfile(path, "<f2").astype(numpy.float32))
    assert len(weights) == sum(p.numel() for p in network.parameters())
    for convolution in network.convolutions():
        outputs, inputs, taps = convolution.weight.shape
        kernel, biases, weights = weights.split([taps * inputs * outputs, outputs, len(weights) - (taps * inputs + 1) * outputs])
        convolution.weight.data = kernel.reshape(taps, inputs, outputs).permute(2, 1, 0).contiguous()
        convolution.bias.data = biases.clone()
