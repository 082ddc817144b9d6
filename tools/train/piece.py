"""What a piece is before it is a file: a mix, a clock from beats to seconds, and the truth about both."""

from dataclasses import dataclass, field

import numpy as np

import master
from fluid import RATE


class Clock:
    """Seconds of each whole beat; between them time runs evenly. Beyond the ends it runs on as it did there."""

    def __init__(self, times):
        self.times = np.asarray(times, float)

    @classmethod
    def steady(cls, bpm, beats, start=0.0):
        return cls(start + np.arange(beats + 1) * 60.0 / bpm)

    def __call__(self, beat):
        """The time of a beat, or of an array of them."""
        beat = np.asarray(beat, float)
        last = len(self.times) - 1
        inside = np.interp(beat, np.arange(last + 1), self.times)
        before = np.minimum(0, beat) * (self.times[1] - self.times[0])
        after = np.maximum(0, beat - last) * (self.times[-1] - self.times[-2])
        return inside + before + after


@dataclass
class Piece:
    """A mix and what is true of it. Sections are (first beat, end beat, label or None); vocals are (start, end) in seconds."""

    kind: str
    style: str
    part: str
    mix: np.ndarray
    clock: Clock
    beats: int  # how many beats the truth lists, from beat 0
    metre: int
    key: object  # a name as 'A minor', or None
    sections: list
    bpm: object = None  # a number where the tempo is constant
    cents: float = 0.0
    vocals: list = field(default_factory=list)
    mastering: str = "modern"

    def truth(self):
        """The truth in seconds of the mix, as a dictionary for JSON."""
        index = np.arange(self.beats)
        times = self.clock(index)
        seconds = self.mix.shape[1] / RATE
        keep = (times >= 0) & (times < seconds)
        sections = [{"start": float(self.clock(a)), "end": float(self.clock(b)), "label": label} for a, b, label in self.sections]
        sections = [
            dict(s, start=max(0.0, s["start"]), end=min(seconds, s["end"])) for s in sections if s["end"] > 1 and s["start"] < seconds - 1
        ]
        return {
            "style": self.style,
            "kind": self.kind,
            "part": self.part,
            "bpm": None if self.bpm is None else round(self.bpm, 5),
            "constant": self.bpm is not None,
            "beats": rounded(times[keep]),
            "downbeats": rounded(times[keep & (index % self.metre == 0)]),
            "metre": self.metre,
            "key": self.key,
            "tuning_cents": round(self.cents, 1),
            "sections": [dict(s, start=round(s["start"], 4), end=round(s["end"], 4)) for s in sections],
            "vocals": [rounded(v) for v in merged(self.vocals, 0.5, seconds)],
            "duration": round(seconds, 4),
        }

    def moved(self, seconds):
        """Silence before the piece (seconds > 0), or its beginning cut off (seconds < 0)."""
        frames = int(round(seconds * RATE))
        if frames >= 0:
            self.mix = np.pad(self.mix, ((0, 0), (frames, 0)))
        else:
            self.mix = self.mix[:, -frames:]
            fade = min(64, self.mix.shape[1])
            self.mix[:, :fade] *= np.linspace(0, 1, fade, dtype=np.float32)
        shift = frames / RATE
        self.clock = Clock(self.clock.times + shift)
        self.vocals = [(a + shift, b + shift) for a, b in self.vocals]


def rounded(values):
    return [round(float(v), 5) for v in values]


def merged(spans, gap, end):
    """Spans in order, those closer than gap joined, cut to 0..end."""
    result = []
    for start, stop in sorted((max(0.0, a), min(end, b)) for a, b in spans):
        if stop <= start:
            continue
        if result and start - result[-1][1] < gap:
            result[-1][1] = max(result[-1][1], stop)
        else:
            result.append([start, stop])
    return result


def whole_fade(piece, rng):
    """Where a piece is cut or begins late, drawn once: most begin with some silence, some in the middle of a bar."""
    draw = rng.random()
    if draw < 0.45:
        piece.moved(float(rng.uniform(0.0, 0.6)))
    elif draw < 0.65:
        piece.moved(float(rng.uniform(0.5, 4.0)))
    elif draw < 0.85:
        beats = float(rng.uniform(0.3, 9.7))
        piece.moved(-max(0.0, float(piece.clock(beats))))
    if rng.random() < 0.25:
        frames = int(RATE * rng.uniform(2, 8))
        piece.mix[:, -frames:] *= np.linspace(1, 0, frames, dtype=np.float32) ** 2


def finished(piece, rng):
    """The piece mastered, with its beginning drawn."""
    whole_fade(piece, rng)
    piece.mix = master.finish(piece.mix, rng, piece.mastering)
    return piece
