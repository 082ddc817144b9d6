"""Sketches: short pieces made cheaply and in large numbers, for judging among how many phrases one is found again.

Drums, basses, progressions and tempos are those of styles.py, tunes those of theory.py; each note is a recording of a soundfont's or a
kit's, made once, so that a minute of music costs a tenth of a second. Sixteen beats after sixteen beats another choice of roles plays, with
another tune. Material is dealt between the parts as everywhere.
"""

from functools import lru_cache

import numpy as np
from scipy import signal

import fluid
import master
import parts
import samples
import theory
from fluid import RATE
from sequencer import STRENGTH, draw_bpm
from styles import STYLES

BEATS = 16
POOLS = {  # General MIDI programs that play a role
    "bass": (32, 33, 34, 35, 36, 38, 39, 87),
    "chords": (0, 1, 2, 4, 5, 6, 7, 11, 16, 17, 18, 19, 21, 24, 25, 26, 27, 29, 46, 61, 62, 63, 81),
    "pad": (48, 49, 50, 51, 52, 54, 88, 89, 90, 91, 92, 94, 95),
    "lead": (4, 9, 11, 12, 13, 22, 24, 26, 27, 30, 40, 42, 56, 57, 60, 65, 66, 68, 71, 73, 75, 79, 80, 81, 82, 85, 98, 104, 107, 114),
}
KITS_IN_ALL = 30
NOTE_S, GAP_S = 2.0, 2.6
LEVELS = {"bass": (0.35, 0.8), "chords": (0.15, 0.45), "pad": (0.1, 0.35), "lead": (0.2, 0.6)}
DRUMS = {"kick": 1.0, "snare": 0.7, "clap": 0.5, "hat": 0.28, "openhat": 0.3, "ride": 0.2, "perc": 0.3, "shaker": 0.18, "tamb": 0.18, "rim": 0.4, "ghost": 0.35}


@lru_cache(maxsize=None)
def recorded(font, program):
    """Every fourth pitch from 28 to 92, held for NOTE_S, mono: {pitch: sound, its peak 1}."""
    pitches = range(28, 93, 4)
    notes = [(0.05 + i * GAP_S, NOTE_S, pitch, 100) for i, pitch in enumerate(pitches)]
    sound = fluid.synth().render([fluid.Track(font, program, notes, reverb=0)], GAP_S * len(notes) + 0.1)["music"].mean(axis=0)
    frames, result = int(GAP_S * RATE), {}
    for i, pitch in enumerate(pitches):
        first = int((0.05 + i * GAP_S) * RATE)
        note = sound[first : first + frames].copy()
        result[pitch] = note / max(1e-4, np.abs(note).max())
    return result


@lru_cache(maxsize=4000)
def note(font, program, pitch):
    """One note at its pitch: the nearest recorded one, played faster or slower."""
    known = recorded(font, program)
    nearest = min(known, key=lambda p: abs(p - pitch))
    factor = 2 ** ((pitch - nearest) / 12)
    return np.interp(np.arange(0, len(known[nearest]) - 1, factor), np.arange(len(known[nearest])), known[nearest]).astype(np.float32)


@lru_cache(maxsize=None)
def kit(part, index):
    rng = parts.rng_for(part, "sketched kit", index)
    return samples.acoustic_kit(rng, part) if index % 3 == 0 else samples.electronic_kit(rng, part)


def add(target, sound, frame, gain):
    last = min(len(target), frame + len(sound))
    if frame >= 0 and last > frame:
        target[frame:last] += gain * sound[: last - frame]


class Sketch:
    """One in the making."""

    def __init__(self, rng, part, phrases):
        self.rng, self.part, self.phrases = rng, part, phrases
        names = [n for n in STYLES if STYLES[n].get("metre", 4) == 4]
        weights = np.array([STYLES[n]["weight"] for n in names], float) ** 0.5
        self.style = STYLES[names[rng.choice(len(names), p=weights / weights.sum())]]
        self.bpm = draw_bpm(rng, *self.style["bpm"])
        self.swing = float(rng.uniform(*self.style["swing"])) if rng.random() < 0.75 else 0.0
        self.loose = self.style.get("loose", 0.0)
        self.family = self.style["family"]
        loop, minor = theory.draw_progression(rng, str(rng.choice(self.family)), part, bool(rng.random() < self.style["minor"]))
        self.key = theory.draw_key(rng, minor, loop)
        self.loops = [theory.chords_of(loop, self.key), theory.more_chords(rng, str(rng.choice(self.family)), part, self.key)]
        self.start = float(rng.uniform(0, 1.5))
        self.sound = np.zeros(int((self.start + phrases * BEATS * 60 / self.bpm + 1) * RATE), np.float32)

    def frame(self, beat):
        step = round(beat * 4)
        late = 0.25 * self.swing if abs(beat * 4 - step) < 0.01 and step % 2 else 0.0
        return int((self.start + (beat + late) * 60 / self.bpm + self.rng.normal(0, self.loose)) * RATE)

    def play(self, instrument, notes, first, gain):
        for beat, length, pitch, velocity in notes:
            sound = note(*instrument, int(pitch))
            frames = min(len(sound), int(length * 60 / self.bpm * RATE) + 900)
            ending = sound[:frames].copy()
            ending[-900:] *= np.linspace(1, 0, min(900, frames), dtype=np.float32)
            add(self.sound, ending, self.frame(first + beat), gain * velocity / 100)

    def strike(self, drums, kind, pattern, first, gain):
        for bar in range(BEATS // 4):
            for i, letter in enumerate(pattern):
                if letter in STRENGTH:
                    strength = STRENGTH[letter] * float(np.clip(self.rng.normal(1, 0.06), 0.5, 1.2))
                    hit = drums.hit("snare" if kind == "ghost" else kind, min(0.99, strength))
                    add(self.sound, hit.sound.mean(axis=0), self.frame(first + 4 * bar + i / 4) - hit.onset, gain * strength)

    def make(self):
        rng, style = self.rng, self.style
        drums = kit(self.part, int(rng.integers(KITS_IN_ALL)))
        levels = {k: v * float(rng.uniform(0.6, 1.3)) for k, v in DRUMS.items()}
        lines = [{k: str(rng.choice(style[k])) if style[k] else "" for k in DRUMS if k in style} for _ in range(2)]
        band = {role: fluid.draw_instrument(rng, self.part, (int(rng.choice(pool)),)) for role, pool in POOLS.items()}
        gains = {role: float(rng.uniform(*span)) for role, span in LEVELS.items()}
        bass = str(rng.choice(style["bass"]))
        bare = int(rng.integers(self.phrases))  # at most once are drums alone, or each such phrase would be every other
        for phrase in range(self.phrases):
            first, chords = phrase * BEATS, self.loops[int(rng.random() < 0.3)]
            roles = [role for role, chance in (("bass", 0.75), ("chords", 0.6), ("pad", 0.4), ("lead", 0.6)) if rng.random() < chance]
            if not roles and phrase != bare:
                roles = ["lead"]
            beat = lines[int(rng.random() < 0.25)]
            share = float(rng.choice([1, 1, 0.7, 0.4, 0])) if roles else 1
            for kind, pattern in beat.items():
                if rng.random() < share:
                    self.strike(drums, kind, pattern, first, 0.5 * levels[kind])
            for role in roles:
                if role == "bass":
                    part = theory.bass_line(rng, chords, 4, 4, bass if rng.random() < 0.7 else str(rng.choice(style["bass"])), 28)
                elif role == "pad":
                    part = theory.comp(rng, chords, 4, 4, [0], 60)
                elif role == "chords" and rng.random() < 0.4:
                    part = theory.arpeggio(rng, chords, 4, 4, float(rng.choice([0.25, 0.5])), int(rng.integers(58, 74)))
                elif role == "chords":
                    onsets = [[0], [0, 2], [1, 3], [0.5, 1.5, 2.5, 3.5], [0, 1.5, 3], [0, 0.75, 2, 2.75]]
                    part = theory.comp(rng, chords, 4, 4, onsets[rng.integers(len(onsets))], int(rng.integers(56, 70)), float(rng.choice([0.3, 0.8])))
                else:
                    part = theory.melody(rng, chords, self.key, 4, 4, 62, 86, float(rng.uniform(0.25, 0.8)))
                self.play(band[role], part, first, 0.4 * gains[role])
        return self.mastered()

    def mastered(self):
        rng, x = self.rng, self.sound
        if rng.random() < 0.5:
            delay = int(float(rng.choice([0.5, 0.75, 0.11, 0.06])) * 60 / self.bpm * RATE)
            x[delay:] += float(rng.uniform(0.1, 0.4)) * x[:-delay].copy()
        pole = float(np.exp(-2 * np.pi * rng.uniform(200, 4000) / RATE))
        low = signal.lfilter([1 - pole], [1, -pole], x).astype(np.float32)
        x = x + (master.decibels(float(rng.normal(0, 3))) - 1) * low
        x = x / max(1e-6, float(np.sqrt((x**2).mean()))) * master.decibels(float(rng.uniform(-22, -10)))
        return np.repeat(np.tanh(x)[None], 2, axis=0).astype(np.float32)


def make(part, index, phrases):
    """(2 x frames, seconds of each beat) of a sketch; its part and number decide on everything."""
    sketch = Sketch(parts.rng_for(part, "sketch", index), part, phrases)
    beats = sketch.start + np.arange(phrases * BEATS + 1) * 60 / sketch.bpm
    return sketch.make(), beats
