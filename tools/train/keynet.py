"""The key network: from how loud each pitch class is in six registers over time to 24 keys or none.

All layers turn with the pitch classes: a piece a semitone higher gives the same keys a semitone higher, whatever the weights (the
tied weights of Lattner et al. 2015 and Korzeniowski and Widmer 2018, taken to the end). src/analysis/key_network.cpp computes the
same thing.
"""
import numpy
import torch
from torch import nn

REGISTERS = 6        # an octave apart, each a triangle two octaves wide
ROWS = REGISTERS + 5  # and, the same for all pitch classes: beginning, end, downbeats, first and third bars of four
TONES, PER_TONE = 72, 3
CHORDS, WIDE = 24, 16
FOLD = 2             # frames of the features to one of the network


def read(path):
    """A file of the keys program: (levels (frames, 216), seconds of the first, between them, tuning, seconds of downbeats, of phrases)."""
    numbers = numpy.fromfile(path, "<f4", 6)
    frames, first, step, tuning, bars, fours = int(numbers[0]), *numbers[1:4], int(numbers[4]), int(numbers[5])
    downbeats, phrases = numpy.split(numpy.fromfile(path, "<f4", bars + fours, offset=24), [bars])
    levels = numpy.fromfile(path, numpy.uint8, offset=24 + 4 * (bars + fours)).reshape(frames, TONES * PER_TONE)
    return levels, float(first), float(step), float(tuning), downbeats, phrases


def fold_matrix(tuning):
    """(216, 72): the share of each bin in each semitone of the track's own tuning; half-way between two is nothing's."""
    pitch = (numpy.arange(TONES * PER_TONE) - 1) / PER_TONE - tuning
    nearest = numpy.round(pitch)
    out = numpy.zeros((TONES * PER_TONE, TONES), numpy.float32)
    inside = (nearest >= 0) & (nearest < TONES)
    out[inside, nearest[inside].astype(int)] = (1 - 2 * numpy.abs(pitch - nearest))[inside]
    return out


REGISTER_WEIGHTS = numpy.maximum(0, 1 - numpy.abs(numpy.arange(TONES)[None] - (6 + 12 * numpy.arange(REGISTERS))[:, None]) / 12).astype(numpy.float32)
REGISTER_WEIGHTS[0, :6] = 1
REGISTER_WEIGHTS[-1, 66:] = 1


def magnitudes(levels, tuning):
    """Roots of the magnitudes of semitones, (frames, 72)."""
    table = numpy.where(numpy.arange(256) > 0, 10 ** ((numpy.arange(256) - 200) / 40), 0).astype(numpy.float32)
    return numpy.sqrt(table[levels] @ fold_matrix(tuning))


def rows_of(levels, first, step, tuning, downbeats, phrases):
    """What the network is given: (ROWS, frames / FOLD, 12). Every fourth bar begins one of `phrases`."""
    tones = magnitudes(levels, tuning)
    frames = len(tones) // FOLD
    tones = tones[:frames * FOLD].reshape(frames, FOLD, TONES).mean(1)
    total = numpy.sort(tones.sum(1))
    loud = total[int(0.8 * frames)] if frames else 0
    if loud > 0:
        tones = tones / loud
    folded = numpy.stack([(tones * w).reshape(frames, TONES // 12, 12).sum(1) for w in REGISTER_WEIGHTS])
    out = numpy.zeros((ROWS, frames, 12), numpy.float32)
    out[:REGISTERS] = 10 * folded
    times = first + step * (FOLD * numpy.arange(frames) + (FOLD - 1) / 2)
    sounding = numpy.flatnonzero(tones.sum(1) > 0.05)
    if len(sounding):
        out[REGISTERS] = numpy.exp(-numpy.abs(times - times[sounding[0]]) / 4)[:, None]
        out[REGISTERS + 1] = numpy.exp(-numpy.abs(times - times[sounding[-1]]) / 4)[:, None]
    if not frames:
        return out

    def frame_after(seconds):
        return int(min(frames, max(0, numpy.floor((seconds - times[0]) / (step * FOLD) + 1))))
    for seconds in downbeats:
        if times[0] - step * FOLD <= seconds and frame_after(seconds) < frames:
            out[REGISTERS + 2, frame_after(seconds)] = 1
    for seconds in phrases:
        bars = [seconds, *downbeats[numpy.searchsorted(downbeats, seconds + 0.1):][:3]]
        for row, bar in ((3, 0), (4, 2)):
            if bar + 1 < len(bars):
                out[REGISTERS + row, frame_after(bars[bar]):frame_after(bars[bar + 1])] = 1
    return out


class Turning(nn.Module):
    """A convolution in time and round the twelve pitch classes."""

    def __init__(self, inputs, outputs, taps):
        super().__init__()
        self.convolution = nn.Conv2d(inputs, outputs, (taps, 12), padding=(taps // 2, 0))

    def forward(self, x):
        return self.convolution(torch.cat([x, x[..., :11]], -1))


class Network(nn.Module):
    def __init__(self, rows=ROWS, chords=CHORDS, wide=WIDE, dropout=0.2):
        super().__init__()
        self.chords = Turning(rows, chords, 1)
        self.changes = Turning(chords, wide, 3)
        self.turns = Turning(wide, wide, 3)
        self.attention = nn.Linear(wide, 1)
        self.head = Turning(2 * wide, wide, 1)
        self.keys = nn.Linear(wide, 2)
        self.none = nn.Linear(2 * wide, 1)
        self.dropout = nn.Dropout(dropout)
        self.dropout2 = nn.Dropout2d(dropout)

    def hidden(self, rows):
        """(batch, WIDE, frames / 2, 12)"""
        x = nn.functional.elu(self.chords(rows))
        x = self.dropout2(nn.functional.avg_pool2d(x, (2, 1)))
        x = self.dropout2(nn.functional.elu(self.changes(x)))
        return x + nn.functional.elu(self.turns(x))

    def forward(self, rows, mask):
        """Logits, (batch, 25): majors from C, minors from C, none. mask: (batch, frames / 2)."""
        h = self.hidden(rows)
        a = self.attention(h.mean(3).transpose(1, 2))[..., 0]
        a = torch.softmax(a.masked_fill(mask == 0, -1e9), 1)
        m = mask / mask.sum(1, keepdim=True)
        pooled = torch.cat([torch.einsum("bctp,bt->bcp", h, a), torch.einsum("bctp,bt->bcp", h, m)], 1)
        pooled = self.dropout(pooled)
        x = nn.functional.elu(self.head(pooled[:, :, None]))[:, :, 0]   # (batch, WIDE, 12)
        keys = self.keys(self.dropout(x).transpose(1, 2))          # (batch, 12, 2)
        none = self.none(torch.cat([x.mean(2), x.amax(2)], 1))
        return torch.cat([keys[..., 0], keys[..., 1], none], 1)
