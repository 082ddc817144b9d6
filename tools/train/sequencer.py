"""The frame of an electronic piece: its clock, its sections as DJs know them, its drums and what leads from section to section."""

import numpy as np

import samples
import synth
from fluid import RATE
from piece import Clock
from styles import STYLES

STRENGTH = {"X": 1.0, "x": 0.75, "o": 0.45}

# (label, weight in bars); multiplied so that the whole lasts as asked for
SHAPES = {
    "club": (
        "intro 16 verse 16 break 8 build 8 drop 16 verse 8 break 16 build 8 drop 16 outro 16",
        "intro 16 build 8 drop 16 break 16 build 8 drop 16 outro 8",
        "intro 8 verse 16 drop 16 break 8 drop 16 outro 8",
        "intro 8 break 16 build 8 drop 32 break 8 build 4 drop 16 outro 16",
        "intro 32 drop 32 break 16 build 8 drop 32 outro 16",
        "intro 16 verse 16 build 8 drop 16 break 16 verse 8 build 8 drop 16 outro 8",
    ),
    "song": (
        "intro 8 verse 16 drop 8 verse 16 drop 8 break 8 drop 16 outro 8",
        "intro 4 verse 8 build 4 drop 8 verse 8 build 4 drop 8 break 8 drop 8 outro 4",
        "intro 8 verse 16 build 8 drop 16 break 8 drop 16 outro 8",
        "intro 8 verse 16 break 8 verse 16 outro 8",
        "verse 8 drop 8 verse 8 drop 8 break 8 drop 8 outro 8",
    ),
    "ambient": ("intro 16 verse 16 break 16 verse 16 outro 16", "intro 8 break 8 verse 16 drop 16 outro 8", "break 16 verse 16 break 16"),
    "game": ("intro 4 verse 8 drop 8 verse 8 drop 8 break 8 drop 8", "verse 8 drop 8 break 8 verse 8 drop 8", "intro 8 verse 16 drop 16 break 8 verse 16 outro 4"),
}


def draw_bpm(rng, low, high):
    """Half of all tempos are whole numbers, as producers set them; others have a fraction."""
    bpm = float(rng.uniform(low, high))
    draw = rng.random()
    return float(round(bpm)) if draw < 0.5 else round(bpm * 2) / 2 if draw < 0.6 else round(bpm, int(rng.integers(1, 4)))


def draw_sections(rng, shape, bpm, metre, short=False):
    """[(first bar, end bar, label)], scaled to last about 60 to 200 s (40 to 80 if short); lengths are 2, 4, 8, 16 or 32 bars."""
    words = str(rng.choice(SHAPES[shape])).split()
    labels, bars = words[::2], np.array([int(w) for w in words[1::2]])
    least, most = (40, 80) if short else (62, 200)
    target = rng.uniform(45, 70) if short else rng.uniform(75, 190)
    bar_s = 60.0 / bpm * metre
    while bars.sum() * bar_s > min(most, target * 1.3) and bars.max() > 4:
        bars = np.maximum(2 if bars.max() < 16 else 4, bars // 2)
    while bars.sum() * bar_s > most and len(bars) > 3:
        labels, bars = labels[1:], bars[1:]
    while bars.sum() * bar_s < least:
        bars = bars * 2
    ends = np.cumsum(bars)
    return [(int(e - b), int(e), label) for b, e, label in zip(bars, ends, labels)]


class Sequencer:
    """A piece's style, clock, sections, stems and drums. Each method adds to the stems."""

    def __init__(self, rng, part, name=None, short=False):
        names = list(STYLES)
        weights = np.array([STYLES[n]["weight"] for n in names], float)
        self.rng, self.part = rng, part
        self.name = name or names[rng.choice(len(names), p=weights / weights.sum())]
        self.style = STYLES[self.name]
        self.metre = self.style.get("metre", 4)
        self.bpm = draw_bpm(rng, *self.style["bpm"])
        self.sections = draw_sections(rng, self.style["shape"], self.bpm, self.metre, short)
        self.bars = self.sections[-1][1]
        self.beats = self.bars * self.metre
        self.live = rng.random() < self.style.get("live", 0)
        self.clock = self._clock()
        self.swing = float(rng.uniform(*self.style["swing"])) if rng.random() < 0.75 else 0.0
        self.loose = self.style.get("loose", 0.0) + (0.005 if self.live else 0.0)
        self.seconds = float(self.clock(self.beats)) + 3.0  # for what rings on
        self.frames = int(self.seconds * RATE)
        self.stems = {n: np.zeros((2, self.frames), np.float32) for n in ("kick", "drums", "bass", "music", "lead", "effects")}
        self.drums_only = rng.random() < (0.10 if self.style["shape"] == "club" else 0.05)
        self.kicks = []

    def _clock(self):
        """A machine's clock, or a drummer's: a slow random walk of some per cent about the tempo."""
        if not self.live:
            return Clock.steady(self.bpm, self.beats)
        steps = self.rng.normal(0, 0.0025, self.beats)
        walk = np.cumsum(steps - 0.04 * np.cumsum(steps) / (1 + np.arange(self.beats) / 40))
        intervals = 60.0 / self.bpm * np.exp(np.clip(walk, -0.03, 0.03))
        return Clock(np.concatenate([[0.0], np.cumsum(intervals)]))

    # --- drums ---

    def step_time(self, beat):
        """Seconds of a beat, off-sixteenths (or, in shuffles, off-eighths) late by the swing, a drummer's hands a little off."""
        unit = 0.5 if self.style.get("shuffle") else 0.25
        step = np.asarray(beat) / unit
        late = np.where(np.round(step) % 2 == 1, self.swing * unit, 0.0)
        return self.clock(beat + late) + (self.rng.normal(0, self.loose, np.shape(beat)) if self.loose else 0.0)

    def draw_kit(self):
        rng = self.rng
        if self.name in ("chiptune", "game waltz"):
            self.kit = samples.chip_kit(rng) if rng.random() < 0.7 else samples.electronic_kit(rng, self.part)
        elif self.live or (self.name in ("jungle", "breakbeat", "hip-hop", "lo-fi", "downtempo", "electro swing") and rng.random() < 0.5):
            self.kit = samples.acoustic_kit(rng, self.part)
        else:
            self.kit = samples.electronic_kit(rng, self.part)
        level = lambda low, high: float(rng.uniform(low, high))
        self.levels = {
            "kick": level(0.75, 1.0),
            "snare": level(0.5, 0.9),
            "clap": level(0.3, 0.7),
            "hat": level(0.12, 0.4),
            "openhat": level(0.15, 0.4),
            "ride": level(0.1, 0.3),
            "crash": level(0.2, 0.5),
            "perc": level(0.15, 0.45),
            "shaker": level(0.08, 0.25),
            "tamb": level(0.08, 0.25),
            "rim": level(0.2, 0.5),
            "ghost": level(0.2, 0.5),
            "tom": level(0.4, 0.7),
        }
        kinds = [k for k in self.style if k in self.levels]
        self.patterns = [{k: str(rng.choice(self.style[k])) if self.style[k] else "" for k in kinds} for _ in range(2)]
        for kind in ("perc", "shaker", "tamb", "ride", "rim"):
            if kind in self.patterns[0] and rng.random() < 0.4:
                self.patterns[0][kind] = ""
        if self.metre == 4 and not self.patterns[0].get("perc") and rng.random() < 0.3:
            self.patterns[0]["perc"] = "".join(rng.choice(list("..xo"), 16))
        self.patterns[1] = {k: (v if rng.random() < 0.6 else self.patterns[1].get(k, v)) for k, v in self.patterns[0].items()}

    def hit(self, kind, times, strengths, stem=None):
        """Strikes a drum at the times (seconds), its onset on them."""
        sound = "snare" if kind == "ghost" else kind
        target = self.stems[stem or ("kick" if kind == "kick" else "drums")]
        for time, strength in zip(np.atleast_1d(times), np.atleast_1d(strengths)):
            hit = self.kit.hit(sound, float(min(0.99, strength)))
            frame = round(float(time) * RATE) - hit.onset
            synth.place(target, hit.sound, frame, self.levels[kind] * float(strength))
            if kind == "kick":
                self.kicks.append(float(time))

    def pattern(self, kind, text, first_bar, end_bar):
        """A pattern over bars, hard and soft."""
        places = [(i / 4, STRENGTH[c]) for i, c in enumerate(text) if c in STRENGTH]
        if not places or end_bar <= first_bar:
            return
        beats = np.array([bar * self.metre + p for bar in range(first_bar, end_bar) for p, _ in places])
        strengths = np.array([s for _ in range(first_bar, end_bar) for _, s in places])
        strengths = np.clip(strengths * self.rng.normal(1, 0.04 if not self.loose else 0.12, len(beats)), 0.1, 1.0)
        self.hit(kind, self.step_time(beats), strengths)

    def section_drums(self, first, end, label, kinds, half=False):
        """The beat of a section; every fourth or eighth bar may differ, and the last one may hold a fill."""
        rng = self.rng
        if half:
            lines = {"kick": "X.........x.....", "snare": "........X.......", "hat": "x.x.x.x.x.x.x.x."}
            lines = {k: (v * 2)[: 4 * self.metre] for k, v in lines.items()}
        else:
            lines = self.patterns[0]
        fill = rng.random() < 0.65 and end - first >= 4
        for kind in kinds:
            if kind not in lines:
                continue
            last = end - 1 if fill else end
            other = self.patterns[1].get(kind, "") if not half else lines[kind]
            for bar in range(first, last, 4):
                stop = min(last, bar + 4)
                middle = max(bar, stop - 1) if stop - bar == 4 else stop
                self.pattern(kind, lines[kind], bar, middle)
                self.pattern(kind, other, middle, stop)
            if fill and kind in ("hat", "shaker", "ride", "ghost") or (fill and kind == "kick" and rng.random() < 0.5):
                self.pattern(kind, lines[kind], last, end)
        if fill and kinds:
            self.fill(end - 1, kinds)
        if self.style.get("rolls") and "hat" in kinds:
            self.rolls(first, end)

    def fill(self, bar, kinds):
        """A fill in the last bar of a section: a roll, toms, or nothing but silence."""
        rng, start = self.rng, bar * self.metre
        draw = rng.random()
        if draw < 0.25 and "kick" in kinds:
            return
        kind = str(rng.choice(["snare", "tom", "clap"]))
        density = rng.choice([2, 4, 4])
        length = min(self.metre, int(rng.choice([1, 2, 4])))
        if length < self.metre:
            for k in kinds:
                if k in self.patterns[0]:
                    self.pattern(k, self.patterns[0][k][: 4 * (self.metre - length)], bar, bar + 1)
        beats = start + self.metre - length + np.arange(int(length * density)) / density
        beats = beats[rng.random(len(beats)) < 0.8]
        if len(beats):
            self.hit(kind, self.step_time(beats), rng.uniform(0.5, 1.0, len(beats)))

    def rolls(self, first, end):
        """Hats in thirty-seconds and triplets, here and there."""
        for bar in range(first, end):
            if self.rng.random() < 0.5:
                beat = bar * self.metre + self.rng.choice([1, 1.5, 2.5, 3, 3.5])
                per = self.rng.choice([6, 8, 12])
                beats = beat + np.arange(int(per * self.rng.choice([0.5, 1]))) / per
                self.hit("hat", self.clock(beats), np.linspace(0.4, 0.8, len(beats)))

    def loops(self, first, end):
        """A sampled break, cut to bars, over the beat."""
        if self.metre != 4 or self.live:
            return
        sound, beats = self.break_
        for beat in range(first * 4, end * 4, beats):
            keep = min(sound.shape[1], round(float(self.clock(end * 4) - self.clock(beat)) * RATE))
            synth.place(self.stems["drums"], sound[:, :keep], round(float(self.clock(beat)) * RATE), self.break_level)

    def transition(self, first, end, label, following):
        """What leads into the next section: rolls, risers, cymbals."""
        rng, start = self.rng, float(self.clock(end * self.metre))
        if label == "build":
            bars = min(end - first, int(rng.choice([2, 4, 8])))
            beats = self.roll_beats(end - bars, end)
            kind = str(rng.choice(["snare", "clap", "tom", "hat"]))
            if rng.random() < 0.75:
                self.hit(kind, self.clock(beats), np.linspace(0.25, 0.9, len(beats)))
        if label in ("build", "break", "intro") and rng.random() < 0.6:
            seconds = min(
                start, float(self.clock(end * self.metre) - self.clock(max(first, end - int(rng.choice([1, 2, 4, 8]))) * self.metre))
            )
            if seconds > 0.3:
                sweep = synth.noise_sweep(rng, seconds)
                synth.place(self.stems["effects"], sweep, round(start * RATE) - sweep.shape[1], float(rng.uniform(0.1, 0.45)))
        if following in ("drop", "verse", "break", "outro") and rng.random() < 0.6:
            self.hit("crash", self.clock(end * self.metre), [float(rng.uniform(0.6, 1.0))])
        if following in ("break", "drop") and rng.random() < 0.25:
            fall = synth.noise_sweep(rng, float(rng.uniform(1, 4)), rising=False)
            synth.place(self.stems["effects"], fall, round(start * RATE), float(rng.uniform(0.1, 0.4)))

    def roll_beats(self, first, end):
        """Quarters, eighths, sixteenths, thirty-seconds: faster towards the end."""
        total = (end - first) * self.metre
        edges, steps = np.array([0, 0.5, 0.75, 0.875, 1]) * total, (1, 0.5, 0.25, 0.125 if self.bpm < 150 else 0.25)
        return first * self.metre + np.concatenate([np.arange(a, b, s) for a, b, s in zip(edges, edges[1:], steps)])
