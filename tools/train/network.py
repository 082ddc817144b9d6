"""The beat network: a temporal convolutional network over the frames of src/analysis/network_input.h.

After Davies and Boeck, "Temporal convolutional networks for musical audio beat tracking" (EUSIPCO 2019): residual
layers whose dilation doubles, here over all bands at once and, offline, looking both ways. src/analysis/network.cpp
computes the same thing.
"""
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
