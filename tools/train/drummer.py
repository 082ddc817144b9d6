"""A drummer at a kit: grooves, fills and cymbals as General MIDI notes in beats, for bands and for drums alone."""

import numpy as np

KICK, SNARE, RIM, HAT, PEDAL, OPEN, RIDE, BELL, CRASH = 36, 38, 37, 42, 44, 46, 51, 53, 49
TOMS = (50, 47, 45, 43)
# kick, snare, and the cymbal's steps: sixteenths of four beats; X hard, x softer, o soft
GROOVES = {
    "straight": (
        ("X.......X.......", "X.....x.X.......", "X.......X.x.....", "X..x....X.x.....", "X.x.....X..x....", "X.......x.x.X..."),
        "....X.......X...",
        ("x.x.x.x.x.x.x.x.", "x...x...x...x...", "X.x.X.x.X.x.X.x."),
    ),
    "sixteen": (
        ("X..x..x...x.....", "X.....xx..x..x..", "X..x..x.X.......", "X.x....x..x..x.."),
        "....X..o.o..X..o",
        ("xoxoxoxoxoxoxoxo", "xxxxxxxxxxxxxxxx"),
    ),
    "half time": (
        ("X...............", "X.....x.........", "X..x......x.....", "X.x...x........."),
        "........X.......",
        ("x.x.x.x.x.x.x.x.", "x...x...x...x...", "xoxoxoxoxoxoxoxo"),
    ),
    "four": (("X...X...X...X...", "X...X...X...X.x."), "....X.......X...", ("..x...x...x...x.", "x.x.x.x.x.x.x.x.", "xoxoxoxoxoxoxoxo")),
    "driving": (("X.x.X.x.X.x.X.x.", "X.......X.......", "X.x...x.X.x...x."), "....X.......X...", ("X.x.X.x.X.x.X.x.", "x...x...x...x...")),
    "double": (("X...X...X...X...", "X.....X.X.....X."), "..X...X...X...X.", ("x.x.x.x.x.x.x.x.",)),
    "motown": (("X.....x.X.....x.", "X.......X......."), "X...X...X...X...", ("x.x.x.x.x.x.x.x.",)),
    "toms": (("X.......X.......", "X...X...X...X..."), "....X.......X...", ("x.xxx.xxx.xxx.xx",)),
    "shuffle": (("X.......X......x", "X.....xxX......."), "....X.......X...", ("x..xx..xx..xx..x", "x...x...x...x...")),
    "linear": (("X..x......x..x..", "X....x....x....."), "....X..x.o..X.x.", ("x.x..x.x.x.x.xx.",)),
}
WALTZ = (
    ("X...........", "X.........x.", "X.....x....."),
    ("....x...x...", "........X...", "....X......."),
    ("x.x.x.x.x.x.", "x...x...x...", "X.x.x.x.x.x."),
)
STRENGTH = {"X": 108, "x": 88, "o": 52}


class Drummer:
    """Draws a way of playing once and keeps to it, with another for the refrain."""

    def __init__(self, rng, metre, bpm):
        self.rng, self.metre = rng, metre
        # half time below 110 and double time above it would be heard as another tempo
        names = [n for n in GROOVES if n != ("double" if bpm > 110 else "half time")]
        self.name = str(rng.choice(names, p=self.weights(names)))
        self.swing = float(rng.uniform(0.1, 0.6)) if rng.random() < 0.25 else 0.0  # of a sixteenth
        if self.name == "shuffle":
            self.swing = 0.33
        self.cymbals = [int(rng.choice([HAT, HAT, HAT, OPEN, RIDE])), int(rng.choice([RIDE, OPEN, HAT, CRASH]))]
        self.lines = [self.draw() for _ in range(2)]

    @staticmethod
    def weights(names):
        favour = {"straight": 4, "sixteen": 2, "half time": 2, "four": 1.5, "driving": 1.5}
        w = np.array([favour.get(n, 1) for n in names], float)
        return w / w.sum()

    def draw(self):
        kicks, snare, tops = GROOVES[self.name] if self.metre == 4 else (WALTZ[0], str(self.rng.choice(WALTZ[1])), WALTZ[2])
        return str(self.rng.choice(kicks)), snare, str(self.rng.choice(tops))

    def notes_of(self, line, pitch, start, gain=1.0):
        rng = self.rng
        result = []
        for step, letter in enumerate(line[: 4 * self.metre]):
            if letter in STRENGTH:
                late = self.swing * 0.25 if step % 2 else 0.0
                velocity = int(np.clip(STRENGTH[letter] * gain * rng.normal(1, 0.07), 15, 127))
                result.append((start + step / 4 + late, 0.2, pitch, velocity))
        return result

    def bar(self, start, refrain, accent, beat_less=False):
        """One bar from a beat on."""
        rng = self.rng
        kick, snare, top = self.lines[int(refrain)]
        notes = self.notes_of(top, self.cymbals[int(refrain)], start, 0.9)
        if self.name == "toms" and not refrain:
            notes = [(b, n, TOMS[3] if rng.random() < 0.7 else TOMS[2], v) for b, n, _, v in notes]
        if not beat_less:
            notes += self.notes_of(kick, KICK, start) + self.notes_of(snare, SNARE, start)
            if rng.random() < 0.2:
                notes.append((start + rng.integers(4 * self.metre) / 4, 0.2, SNARE, 40))
        if accent:
            notes.append((start, 1.0, CRASH, 110))
        return notes

    def fill(self, start):
        """A bar whose last one, two or all beats are a fill on snare and toms."""
        rng = self.rng
        length = min(self.metre, int(rng.choice([1, 2, 2, self.metre])))
        notes = [n for n in self.bar(start, False, False) if n[0] < start + self.metre - length - 1e-6]
        step = float(rng.choice([0.25, 0.25, 0.5, 1 / 3]))
        order = [SNARE, *TOMS] if rng.random() < 0.7 else [SNARE] * 4
        beats = np.arange(0, length - 1e-6, step)
        for i, beat in enumerate(beats):
            if rng.random() < 0.85:
                pitch = order[min(len(order) - 1, int(i / len(beats) * len(order)))]
                notes.append((start + self.metre - length + beat, 0.2, pitch, int(rng.integers(75, 120))))
        if rng.random() < 0.5:
            notes += [(start + self.metre - length + b, 0.2, KICK, 95) for b in range(length)]
        return notes

    def play(self, first, bars, refrain=False, accent=True, fill=True, beat_less=False):
        """Bars from a beat on."""
        notes = []
        for bar in range(bars):
            start = first + bar * self.metre
            last = fill and bar == bars - 1 and bars > 1
            notes += self.fill(start) if last else self.bar(start, refrain, accent and bar == 0, beat_less)
        return notes
