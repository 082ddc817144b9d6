"""Live solo piano: textures of two hands, and a player's time.

Tempo follows phrases (slower at both ends, the last beat longest, after Todd 1985 and Repp 1990), wanders, stops on fermatas;
the melody leads the accompaniment by some hundredths of a second, chords are rolled. A beat of the truth lies between
the hands. In six-eight the beat is the dotted quarter.
"""

import numpy as np

import fluid
import master
import theory
from fluid import RATE
from piece import Clock, Piece

# Soundfonts' pianos differ less than their programs do, so they are dealt by hand.
PIANOS = {
    "train": (
        ("FluidR3_GM", 0),
        ("FluidR3_GM", 0),
        ("FluidR3_GM", 1),
        ("FluidR3_GM", 3),
        ("TimGM6mb", 0),
        ("TimGM6mb", 2),
        ("MuseScore_General_Full", 2),
        ("FluidR3_GM", 4),
        ("FluidR3_GM", 6),
        ("TimGM6mb", 5),
    ),
    "dev": (("MuseScore_General_Full", 0), ("TimGM6mb", 1), ("TimGM6mb", 4)),
    "test": (("FluidR3_GM", 2), ("MuseScore_General_Full", 1), ("TimGM6mb", 3), ("FluidR3_GM", 5)),
}
# texture: (metres, bpm range, families, how free its time is, weight)
TEXTURES = {
    "alberti": ((4, 2), (76, 160), ("folk", "pop"), 0.6, 3),
    "waltz": ((3,), (84, 190), ("folk", "minor"), 1.0, 3),
    "mazurka": ((3,), (96, 150), ("folk", "minor"), 1.2, 1),
    "chorale": ((4, 3), (52, 90), ("folk", "pop"), 1.0, 2),
    "nocturne": ((4, 6, 3), (48, 88), ("minor", "pop", "jazz"), 1.5, 4),
    "ragtime": ((2, 4), (72, 116), ("blues", "folk", "jazz"), 0.35, 2),
    "stride": ((4,), (110, 190), ("jazz", "blues"), 0.4, 2),
    "jazz ballad": ((4,), (54, 92), ("jazz",), 1.4, 3),
    "jazz waltz": ((3,), (96, 170), ("jazz",), 0.7, 1),
    "pop piano": ((4, 4, 3), (64, 132), ("pop", "minor"), 0.4, 3),
    "etude": ((4, 2, 3), (80, 144), ("minor", "folk"), 0.7, 2),
    "invention": ((4, 3), (66, 112), ("folk", "minor"), 0.6, 2),
    "gigue": ((6,), (60, 120), ("folk", "minor"), 0.6, 1),
    "barcarolle": ((6,), (44, 70), ("minor", "pop"), 1.2, 1),
    "boogie": ((4,), (120, 172), ("blues",), 0.3, 1),
    "minimal": ((4, 3), (66, 132), ("modal", "pop", "minor"), 0.5, 2),
    "march": ((2, 4), (92, 126), ("folk",), 0.4, 1),
}


class Pianist:
    """One performance in the making."""

    def __init__(self, rng, part, short=False):
        self.rng, self.part = rng, part
        names = list(TEXTURES)
        weights = np.array([TEXTURES[n][4] for n in names], float)
        self.texture = names[rng.choice(len(names), p=weights / weights.sum())]
        metres, tempos, families, freedom, _ = TEXTURES[self.texture]
        written = int(rng.choice(metres))
        self.compound = written == 6
        self.metre = 2 if self.compound else written
        self.bpm = float(rng.uniform(*tempos))
        self.freedom = freedom * float(rng.uniform(0.4, 1.5))
        minor = bool(rng.random() < 0.45)
        self.families = families
        loop, minor = theory.draw_progression(rng, str(rng.choice(families)), part, minor)
        self.key = theory.draw_key(rng, minor, loop)
        self.loops = {
            "A": self.period(theory.chords_of(loop, self.key)),
            "B": self.period(theory.more_chords(rng, str(rng.choice(families)), part, self.key)),
        }
        self.sections = self.draw_form(float(rng.uniform(*(40, 65) if short else (65, 150))))
        self.beats = self.sections[-1][1] * self.metre
        self.fermatas = []
        self.clock = self.draw_clock()
        self.swing = 0.62 if self.texture in ("jazz ballad", "stride", "boogie", "jazz waltz") and rng.random() < 0.8 else 0.5
        self.textures = {
            "A": self.texture,
            "B": self.texture
            if rng.random() < 0.6
            else str(rng.choice([t for t in names if TEXTURES[t][0] == metres or written in TEXTURES[t][0]])),
        }
        self.tunes = {letter: self.tune(letter) for letter in "AB"}

    def period(self, loop):
        """Eight bars or more: the loop, then a half and a full close more often than not."""
        bars = [loop[i % len(loop)] for i in range(max(8, len(loop)))]
        if self.rng.random() < 0.7:
            closing = ["V", "V7", "i" if self.key.minor else "I"]
            bars[3], bars[-2], bars[-1] = theory.chords_of(closing, self.key)
        return bars

    def draw_form(self, target):
        """[(first bar, end bar, letter)] for `target` seconds or a section more."""
        bar_s = 60.0 / self.bpm * self.metre
        order = str(self.rng.choice(["AABA", "ABA", "ABAB", "AABB", "ABACA".replace("C", "B")]))
        sections, bar, i = [], 0, 0
        while bar * bar_s < target:
            letter = order[i % len(order)]
            bars = len(self.loops[letter]) * (2 if bar_s < 1.3 else 1)
            sections.append((bar, bar + bars, letter))
            bar, i = bar + bars, i + 1
        return sections

    def draw_clock(self):
        """A player's time: an arc over each phrase, smaller ones inside, noise, fermatas, another tempo in the middle part."""
        rng, free = self.rng, self.freedom
        factor = np.ones(self.beats)
        other = float(rng.choice([1.0, rng.uniform(0.75, 0.95), rng.uniform(1.05, 1.3)]))
        phrase = int(rng.choice([4, 4, 8])) * self.metre
        for first, end, letter in self.sections:
            a, b = first * self.metre, end * self.metre
            if letter == "B":
                factor[a:b] *= other
            for start in range(a, b, phrase):
                stop = min(b, start + phrase)
                x = np.linspace(-1, 1, stop - start)
                factor[start:stop] *= 1 - free * rng.uniform(0.02, 0.13) * x**2
                factor[stop - 1] /= 1 + free * rng.uniform(0.0, 0.28)
                if stop - 2 >= start:
                    factor[stop - 2] /= 1 + free * rng.uniform(0.0, 0.12)
                if rng.random() < 0.08 * free:
                    factor[stop - 1] /= rng.uniform(1.3, 2.2)
            factor[b - 1] /= 1 + free * rng.uniform(0, 0.3)
        wander = np.zeros(self.beats)
        pushes = rng.normal(0, 0.008 * (0.5 + free), self.beats)
        for i in range(1, self.beats):
            wander[i] = 0.93 * wander[i - 1] + pushes[i]
        factor *= np.exp(wander + rng.normal(0, 0.012 * (0.5 + free), self.beats))
        closing = int(rng.choice([2, 4, 6]))
        factor[-closing:] /= np.linspace(1, 1 + rng.uniform(0.1, 0.8), closing)
        intervals = np.clip(60.0 / self.bpm / factor, 0.24, 3.0)
        return Clock(np.concatenate([[0.0], np.cumsum(intervals)]))

    # --- the right hand ---

    def tune(self, letter):
        """A melody over the section's harmony, in beats; its grain fits the texture."""
        rng, texture = self.rng, self.textures[letter]
        chords = self.loops[letter]
        dense = {
            "chorale": 0.25,
            "nocturne": 0.45,
            "etude": 0.9,
            "invention": 0.85,
            "ragtime": 0.75,
            "stride": 0.6,
            "jazz ballad": 0.5,
            "minimal": 0.2,
            "boogie": 0.7,
        }.get(texture, 0.5)
        notes = theory.melody(
            rng,
            chords,
            self.key,
            self.metre,
            len(chords),
            64,
            88,
            dense * float(rng.uniform(0.8, 1.2)),
            texture in ("chorale", "waltz", "pop piano", "jazz waltz", "march"),
        )
        if self.compound:
            third = {0: 0.0, 1: 1 / 3, 2: 2 / 3, 3: 2 / 3}
            moved = {}
            for beat, length, pitch, velocity in notes:
                moved.setdefault(np.floor(beat) + third[int(round(beat % 1 * 4)) % 4], (length, pitch, velocity))
            notes = theory.legato([[b, 0.0, v[1], v[2]] for b, v in sorted(moved.items())], len(chords) * self.metre, 0.95, 2.0)
        return notes

    def right(self, start, letter, bars):
        """The tune from a beat on, with thirds or octaves, runs and ornaments."""
        rng, texture = self.rng, self.textures[letter]
        notes, span = [], len(self.loops[letter]) * self.metre
        if texture in ("etude", "minimal") and rng.random() < 0.7:
            step = 1 / 3 if self.compound else float(rng.choice([0.25, 0.25, 0.5]))
            return [(b + start, n, p, v) for b, n, p, v in theory.arpeggio(rng, self.loops[letter], self.metre, bars, step, 72)]
        double = str(rng.choice(["", "", "octave", "third"])) if texture not in ("invention", "nocturne") else ""
        for turn in range(0, bars * self.metre, span):
            for beat, length, pitch, velocity in self.tunes[letter]:
                if turn + beat >= bars * self.metre:
                    continue
                at = start + turn + self.swung(beat)
                notes.append((at, length, pitch, velocity))
                if double == "octave":
                    notes.append((at, length, pitch - 12, velocity - 15))
                elif double == "third" and length > 0.4:
                    below = self.key.pitches(pitch - 5, pitch - 3)
                    notes += [(at, length, int(p), velocity - 15) for p in below[:1]]
                if rng.random() < 0.04 and length > 0.4:
                    notes.append((at - 0.09, 0.08, pitch + int(rng.choice([-1, 2, 1])), velocity - 20))
                if rng.random() < 0.02 and length >= 1:
                    notes += [(at + k / 8, 0.11, pitch + (2 if k % 2 else 0), velocity - 12) for k in range(1, int(length * 8) - 1)]
        return notes

    def swung(self, beat):
        part = beat % 1
        warped = part / 0.5 * self.swing if part < 0.5 else self.swing + (part - 0.5) / 0.5 * (1 - self.swing)
        return np.floor(beat) + warped

    # --- the left hand ---

    def left(self, bar, letter, index):
        """One bar of accompaniment from its chord."""
        rng, texture, metre = self.rng, self.textures[letter], self.metre
        loop = self.loops[letter]
        chord = loop[index % len(loop)]
        start = bar * metre
        root = 36 + (chord.root - 36) % 12
        tones = theory.voice(chord, 55)
        low, soft = int(rng.integers(62, 82)), int(rng.integers(46, 66))
        strike = lambda beat, pitches, length, velocity: [(start + beat, length, int(p), velocity) for p in pitches]
        if texture == "alberti":
            figure, step = [tones[0], tones[-1], tones[1 % len(tones)], tones[-1]], self.grain
            return [n for i in range(int(round(metre / step))) for n in strike(i * step, [figure[i % 4]], step, soft + 8 * (i % 4 == 0))]
        if texture in ("waltz", "mazurka", "jazz waltz") and metre == 3:
            return strike(0, [root], 1, low) + strike(1, tones, 0.6, soft) + (strike(2, tones, 0.6, soft) if rng.random() < 0.9 else [])
        if texture in ("nocturne", "barcarolle") or (self.compound and texture != "gigue"):
            step = 1 / 3 if self.compound or self.grain < 0.4 else 0.5
            wide = [root, root + 7, *[t for t in tones], root + 19, *tones[::-1]]
            return [
                n
                for i in range(int(round(metre / step)))
                for n in strike(i * step, [wide[i % len(wide)]], step * 2, soft + (14 if i == 0 else 0))
            ]
        if texture in ("ragtime", "stride", "march", "boogie"):
            if texture == "boogie":
                line = [root, root + 4, root + 7, root + 9, root + 10, root + 9, root + 7, root + 4]
                return [
                    n for i in range(2 * metre) for n in strike(np.floor(i / 2) + (self.swing if i % 2 else 0), [line[i % 8]], 0.4, low)
                ]
            unit = 0.5 if texture == "ragtime" and metre == 2 else 1.0
            return [
                n
                for i in range(int(metre / unit))
                for n in (
                    strike(i * unit, [root - 12 * (i % 4 == 0), root] if i % 2 == 0 else tones, unit * 0.6, low if i % 2 == 0 else soft)
                )
            ]
        if texture == "jazz ballad":
            notes = strike(0, [root], metre, low) + strike(0, theory.voice(chord, 57)[1:], metre * 0.9, soft)
            return notes + (strike(float(rng.choice([1.5, 2, 2.5, 3])), tones, 0.8, soft) if rng.random() < 0.5 else [])
        if texture == "chorale":
            return [n for i in range(metre) for n in strike(i, [root + 12 * (i % 2), *tones], 0.95, low)]
        if texture == "invention":
            line = [root + 12, *[t for t in tones], root + 24]
            return [
                n
                for i in range(int(metre / self.grain))
                for n in strike(i * self.grain, [line[(i * 3 + index) % len(line)]], self.grain, low)
            ]
        if texture == "gigue":
            return [n for i in range(metre) for n in strike(i, [root + 12], 0.6, low) + strike(i + 2 / 3, tones, 0.3, soft)]
        if texture == "etude":
            return strike(0, [root - 12, root], metre, low + 10) + (strike(metre / 2, [root + 7], 1, soft) if metre % 2 == 0 else [])
        beats = np.arange(0, metre, self.grain if texture == "minimal" else float(rng.choice([1.0, 1.0, 2.0])))
        return strike(0, [root - 12, root], metre, low) + [n for b in beats for n in strike(float(b), tones, 0.8, soft)]

    # --- sound ---

    def score(self):
        """(left, right) hands in beats."""
        rng = self.rng
        self.grain = 1 / 3 if self.compound else float(rng.choice([0.25, 0.5, 0.5]))
        left, right = [], []
        for first, end, letter in self.sections:
            for index, bar in enumerate(range(first, end)):
                left += self.left(bar, letter, index)
            right += self.right(first * self.metre, letter, end - first)
        final = self.loops["A"][-1]
        chord = [24 + (final.root - 24) % 12 + 12, *theory.voice(final, 60)]
        left += [(self.beats, 4.0, p, 70) for p in chord]
        return left, right

    def played(self, notes, late):
        """Notes in seconds with a hand's own lateness, rolls, and dynamics by phrase and metre."""
        rng = self.rng
        if not notes:
            return []
        notes = sorted(notes)
        beats = np.array([n[0] for n in notes])
        starts, ends = self.clock(beats), self.clock(beats + np.array([n[1] for n in notes]))
        times = starts + late + rng.normal(0, 0.006 + 0.004 * self.freedom, len(notes))
        roll = rng.uniform(0.0, 0.035) if rng.random() < 0.4 else 0.003
        same = 0
        arc = 8 * np.sin(beats / (4 * self.metre) * np.pi * 0.5 + rng.uniform(0, 6))
        result = []
        for i, (beat, _, pitch, velocity) in enumerate(notes):
            same = same + 1 if i and beat == notes[i - 1][0] else 0
            chord = sum(1 for other in notes[i - same : i - same + 6] if other[0] == beat)
            spread = roll * (same - (chord - 1) / 2)
            accent = 6 if abs(beat % self.metre) < 0.01 else 0
            loud = int(np.clip(velocity + arc[i] + accent + rng.normal(0, 5), 15, 125))
            result.append((max(0.0, float(times[i] + spread)), max(0.05, float(ends[i] - starts[i])), pitch, loud))
        return result

    def pedal(self):
        """Down soon after each bar or half bar begins, up as the next begins."""
        if self.texture in ("invention", "ragtime", "boogie", "march") and self.rng.random() < 0.7:
            return []
        step = self.metre if self.metre != 4 or self.rng.random() < 0.6 else 2
        edges = self.clock(np.arange(0, self.beats + 1, step))
        lag = self.rng.uniform(0.04, 0.15)
        return [event for t in edges for event in ((float(t) + 0.01, 0), (float(t) + lag, 127))]

    def mix(self):
        rng = self.rng
        left, right = self.score()
        lead = rng.uniform(0.0, 0.03)
        notes = self.played(left, lead / 2) + self.played(right, -lead / 2)
        self.seconds = float(self.clock(self.beats)) + 4.0
        choices = [p for p in PIANOS[self.part] if fluid.has(*p)]
        font, program = choices[rng.integers(len(choices))]
        self.cents = float(rng.uniform(-40, 40)) if rng.random() < 0.3 else 0.0
        room = (float(rng.uniform(0.1, 0.95)), float(rng.uniform(0.1, 0.8)), float(rng.uniform(0.3, 1.0)), float(rng.uniform(0.1, 0.9)))
        track = fluid.Track(font, program, notes, volume=110, reverb=int(rng.integers(0, 90)), pedal=self.pedal())
        buses = fluid.synth().render([track], self.seconds, self.cents, room)
        total = buses["music"] + buses["room"]
        if rng.random() < 0.25:
            total = total + master.reverb(total, rng, float(rng.uniform(0.8, 3.0)), float(rng.uniform(0.1, 0.5)))
        return total[:, : int(self.seconds * RATE)]


def make(rng, part, short=False):
    """One piano piece."""
    player = Pianist(rng, part, short)
    mix = player.mix()
    sections = [(a * player.metre, b * player.metre, None) for a, b, _ in player.sections]
    return Piece(
        "piano",
        player.texture,
        part,
        mix,
        player.clock,
        player.beats + 1,
        player.metre,
        player.key.name,
        sections,
        None,
        player.cents,
        [],
        "natural",
    )
