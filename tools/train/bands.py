"""Bands: MMA's grooves or a drummer of our own, songs in sections, and the ways in which players' time moves.

The truth's beats are the players' common beat: each player's hands are off by some milliseconds about it, with no bias in kick and hats.
In six-eight the beat is the dotted quarter, two to a bar.
"""

import numpy as np

import fluid
import grooves
import master
import samples
import synth
import theory
import vocals
from drummer import Drummer
from fluid import RATE
from piece import Clock, Piece

FORMS = (  # i intro, v verse, c chorus, b bridge, s solo, o outro, and their bars
    "i4 v8 c8 v8 c8 b8 c8 o4",
    "i4 v16 c8 v16 c8 o4",
    "i8 v8 v8 c8 s8 v8 c8 c8",
    "v8 v8 b8 v8",
    "i4 v12 v12 s12 v12",
    "v16 c16 v16 c16",
    "i8 v16 b8 v16 o8",
    "i2 v8 c8 v8 c8 s16 c8",
)
LEADS = (0, 4, 11, 21, 22, 24, 25, 26, 27, 29, 30, 40, 41, 52, 53, 56, 57, 60, 64, 65, 66, 67, 68, 71, 73, 74, 79, 105, 110)
KITS = (0, 0, 1, 2, 3, 8, 16, 24, 32, 40)
OWN_DRUMS = ("rock", "pop", "funk", "hard rock", "old rock", "ballad", "disco", "hip-hop band", "shuffle", "country", "electronic band")
FAMILY = {p: tuple(range(8 * (p // 8), 8 * (p // 8) + 8)) for p in range(128)}
KIND_OF = {pitch: kind for kind, pitches in samples.GM.items() for pitch in pitches}


def draw_clock(rng, bpm, beats, edges):
    """(clock, bpm if constant else None, what was done): a click track, or one of the ways in which players' time moves."""
    intervals = np.full(beats, 60.0 / bpm)
    edges = [e for e in edges if 8 <= e <= beats - 8]
    manner = str(rng.choice(["steady", "drift", "jump", "ramp", "rubato", "stop", "late"], p=[0.36, 0.28, 0.09, 0.08, 0.06, 0.07, 0.06]))
    if manner == "steady":
        return Clock.steady(bpm, beats), bpm, manner
    if manner == "drift" or rng.random() < 0.5:
        strength, walk = rng.uniform(0.001, 0.006), np.zeros(beats)
        pushes = rng.normal(0, strength, beats)
        for i in range(1, beats):
            walk[i] = 0.985 * walk[i - 1] + pushes[i]
        walk += rng.uniform(-0.04, 0.04) * np.linspace(0, 1, beats) if rng.random() < 0.4 else 0.0
        intervals *= np.exp(np.clip(walk, -0.08, 0.08))
    if manner == "jump" and edges:
        for edge in rng.choice(edges, size=min(len(edges), int(rng.choice([1, 1, 2]))), replace=False):
            intervals[edge:] *= float(rng.choice([rng.uniform(0.72, 0.93), rng.uniform(1.07, 1.4)]))
    elif manner == "ramp":
        start = int(rng.integers(4, max(5, beats // 2)))
        stop = min(beats, start + int(rng.choice([8, 16, 32, 64])))
        factor = float(rng.choice([rng.uniform(0.7, 0.92), rng.uniform(1.08, 1.35)]))
        intervals[start:stop] *= np.linspace(1, factor, stop - start)
        intervals[stop:] *= factor
    elif manner == "rubato":
        stop = edges[0] if edges else 16
        noise = np.convolve(rng.normal(0, 1, stop + 4), np.ones(3) / 3, "same")[:stop]
        intervals[:stop] *= np.exp(np.clip(0.14 * noise, -0.25, 0.3)) * rng.uniform(1.0, 1.25)
    elif manner == "stop" and edges:
        intervals[rng.choice(edges) - 1] += rng.uniform(0.25, 2.5)
    if manner == "late" or rng.random() < 0.25:
        count = int(rng.choice([3, 4, 6, 8]))
        intervals[-count:] *= np.linspace(1, rng.uniform(1.2, 1.8), count)
    if np.ptp(intervals) < 1e-9:
        return Clock.steady(bpm, beats), bpm, "steady"
    intervals = np.clip(intervals, 60.0 / 230, None)
    return Clock(np.concatenate([[0.0], np.cumsum(intervals)])), None, manner


class Band:
    """One song in the making."""

    def __init__(self, rng, part, short=False):
        self.rng, self.part = rng, part
        self.groove = grooves.draw_groove(rng, part)
        _, self.genre, tempos, families, minor = self.groove.genre
        self.metre = self.groove.metre
        self.bpm = float(rng.uniform(*tempos))
        self.bpm = float(round(self.bpm)) if rng.random() < 0.4 else round(self.bpm, 3)
        self.sections = self.draw_form(*(40, 70) if short else (64, 195))
        self.beats = self.sections[-1][1] * self.metre
        self.clock, self.constant, self.manner = draw_clock(rng, self.bpm, self.beats, [s[0] * self.metre for s in self.sections[1:]])
        minor = bool(rng.random() < minor)
        loop, minor = theory.draw_progression(rng, str(rng.choice(families)), part, minor)
        self.key = theory.draw_key(rng, minor, loop)
        self.loops = {"v": theory.chords_of(loop, self.key)}
        for letter in "cb":
            self.loops[letter] = (
                theory.more_chords(rng, str(rng.choice(families)), part, self.key) if rng.random() < 0.8 else self.loops["v"]
            )
        self.cents = float(rng.uniform(-40, 40)) if rng.random() < 0.2 else 0.0
        self.seconds = float(self.clock(self.beats)) + 2.5
        self.frames = int(self.seconds * RATE)
        self.vocals = []
        draw = rng.random()
        self.cast = "drums only" if draw < 0.08 else "no drums" if draw < 0.15 else "all"

    def draw_form(self, least, most):
        """[(first bar, end bar, letter)] lasting about `least` to `most` seconds."""
        rng = self.rng
        words = [(w[0], int(w[1:])) for w in str(rng.choice(FORMS)).split()]
        bar_s = 60.0 / self.bpm * self.metre
        longest = rng.uniform(1.25 * least, 0.92 * most)
        sections, bar = [], 0
        while bar * bar_s < least or (bar * bar_s < longest and words):
            if not words:
                words = [("v", 8), ("c", 8)]
            letter, bars = words.pop(0)
            if bar and (bar + bars) * bar_s > most:
                break
            if bar_s > 3.2:
                bars = max(2, bars // 2)
            if self.metre == 2:
                bars *= 2
            sections.append((bar, bar + bars, letter))
            bar += bars
        return sections

    def chords_at(self, bar, first, letter):
        loop = self.loops[{"c": "c", "b": "b", "s": "v"}.get(letter, "v")]
        return loop[(bar - first) % len(loop)]

    def arrange(self):
        """MMA's parts and what replaces or joins them: [(program, drums, notes)]."""
        rng = self.rng
        variants = {letter: str(rng.choice(self.groove.main)) for letter in "vcbs"}
        bars = []
        for first, end, letter in self.sections:
            for bar in range(first, end):
                name = variants.get(letter, variants["v"])
                if letter == "i" and self.groove.intros and end - first == 4:
                    name = self.groove.intros[0]
                if bar == end - 1 and self.groove.fills and end - first > 2:
                    name = str(rng.choice(self.groove.fills))
                chord = self.chords_at(bar, first, letter)
                two = "jazz" in str(self.groove.genre[3]) and self.metre == 4 and rng.random() < 0.15
                bars.append((name, [chord, self.chords_at(bar + 1, first, letter)] if two else [chord]))
        result = [
            (program, drums, notes) for _, program, drums, notes in grooves.accompany(self.groove, bars, int(rng.integers(1, 1 << 30)))
        ]
        self.own = self.genre in OWN_DRUMS and self.metre in (3, 4) and rng.random() < 0.45 or (self.metre == 3 and rng.random() < 0.25)
        if self.groove.drums_alone:
            result = [(p, d, [(snapped(b), n, k, v) for b, n, k, v in notes]) for p, d, notes in result] + self.rhythm_section()
        if self.own:
            result = [part for part in result if not part[1]] + [(0, True, self.own_drums())]
        else:
            result = self.accents(result)
        return self.thin(result)

    def own_drums(self):
        rng = self.rng
        drummer = Drummer(rng, self.metre, self.bpm)
        self.genre = "half time" if drummer.name == "half time" else self.genre
        notes = []
        for first, end, letter in self.sections:
            notes += drummer.play(
                first * self.metre,
                end - first,
                letter in "cs",
                rng.random() < 0.7,
                rng.random() < 0.75,
                letter in "io" and rng.random() < 0.3,
            )
        return notes

    def accents(self, result):
        """Crashes where sections begin, on MMA's drums."""
        extra = [(first * self.metre, 1.0, 49, 105) for first, _, letter in self.sections if first and self.rng.random() < 0.6]
        quiet = self.genre in ("bossa nova", "ballad", "arpeggios", "waltz") and self.rng.random() < 0.6
        return [
            (p, d, notes + (extra if d and not quiet and i == 0 else []))
            for i, (p, d, notes) in enumerate(sorted(result, key=lambda r: not r[1]))
        ]

    def rhythm_section(self):
        """A bass and one or two chord instruments for grooves that are drums alone."""
        rng = self.rng
        line = str(rng.choice(list(theory.BASS_STEPS)))
        onsets = [o for o in ([0], [0, 2], [1, 3], [0, 1.5, 3], [0, 1, 2, 3], [0.5, 1.5, 2.5, 3.5])[rng.integers(6)] if o < self.metre] or [
            0
        ]
        bass, keys = [], []
        for first, end, letter in self.sections:
            chords = [self.chords_at(bar, first, letter) for bar in range(first, end)]
            shift = lambda notes: [(b + first * self.metre, n, p, v) for b, n, p, v in notes]
            bass += shift(theory.bass_line(rng, chords, self.metre, end - first, line))
            keys += shift(theory.comp(rng, chords, self.metre, end - first, onsets))
        return [(33, False, bass), (int(rng.choice([0, 4, 16, 25, 26, 27, 29, 30])), False, keys)]

    def thin(self, result):
        """Sections without drums, sections of drums alone, introductions by few."""
        rng = self.rng
        silent, alone = [], []
        for first, end, letter in self.sections:
            span = (first * self.metre, end * self.metre)
            if letter in "ib" and rng.random() < 0.3 or rng.random() < 0.03:
                silent.append(span)
            elif letter in "ibs" and rng.random() < 0.12:
                alone.append(span)
        outside = lambda notes, spans: [n for n in notes if not any(a - 1e-3 <= n[0] < b - 1e-3 for a, b in spans)]
        thinned = [(p, d, outside(notes, silent if d else alone)) for p, d, notes in result]
        if self.cast != "all":
            chosen = [t for t in thinned if t[1] == (self.cast == "drums only") and t[2]]
            if chosen:
                return chosen
            self.cast = "all"
        return [t for t in thinned if t[2]]

    def lead(self):
        """A tune over verses, choruses and solos, in beats."""
        rng = self.rng
        jazz = self.genre in ("swing", "fast swing", "slow swing", "bossa nova", "shuffle")
        notes, tunes = [], {}
        for first, end, letter in self.sections:
            if letter in "io" or rng.random() < 0.15:
                continue
            if letter not in tunes or letter == "s":
                chords = [self.chords_at(bar, first, letter) for bar in range(first, end)]
                tunes[letter] = theory.melody(
                    rng, chords, self.key, self.metre, min(8, end - first), 60, 82, float(rng.uniform(0.25, 0.7)), jazz
                )
                tunes[letter] = vocals.breathe(rng, tunes[letter], self.metre, int(rng.choice([2, 4])))
            for bar in range(first, end, 8):
                notes += [(bar * self.metre + b, n, p, v) for b, n, p, v in tunes[letter] if bar * self.metre + b + n <= end * self.metre]
        return notes

    # --- sound ---

    def timed(self, notes, jitter, late=0.0, swing=False):
        """Notes in seconds, each a little off the common beat."""
        if not notes:
            return []
        beats = np.array([n[0] for n in notes])
        ends = self.clock(beats + np.array([n[1] for n in notes]))
        starts = self.clock(swung(beats) if swing else beats)
        times = starts + late + np.clip(self.rng.normal(0, jitter, len(notes)), -0.02, 0.02)
        return [(max(0.0, float(t)), max(0.04, float(e - s)), p, v) for t, s, e, (_, _, p, v) in zip(times, starts, ends, notes)]

    def drum_sound(self, notes, buses, tracks):
        """Drums by a soundfont's kit, added to the tracks, or by a recorded kit, added to the bus at once."""
        rng = self.rng
        timed = self.timed(notes, self.tightness)
        if rng.random() < 0.45:
            kit = samples.acoustic_kit(rng, self.part) if rng.random() < 0.8 else samples.electronic_kit(rng, self.part)
            level = {
                "hat": 0.3,
                "openhat": 0.35,
                "ride": 0.25,
                "crash": 0.4,
                "shaker": 0.2,
                "tamb": 0.2,
                "perc": 0.35,
                "kick": 0.9,
                "snare": 0.75,
                "tom": 0.7,
            }
            level = {k: v * float(np.exp(rng.normal(0, 0.25))) for k, v in level.items()}
            for time, _, pitch, velocity in timed:
                kind = KIND_OF.get(pitch, "perc")
                hit = kit.hit(kind, velocity / 128)
                synth.place(buses["drums"], hit.sound, round(time * RATE) - hit.onset, level.get(kind, 0.4) * (velocity / 110) ** 1.5)
            return
        font, program = fluid.draw_instrument(rng, self.part, KITS, drums=True)
        tracks.append(
            fluid.Track(font, program, timed, bus="drums", drums=True, volume=int(rng.integers(85, 127)), reverb=int(rng.integers(0, 60)))
        )

    def sound(self):
        """All parts through their instruments: the buses."""
        rng = self.rng
        self.tightness = float(rng.uniform(0.0005, 0.006)) if self.constant is None or rng.random() < 0.7 else 0.0
        buses = {n: np.zeros((2, self.frames), np.float32) for n in ("drums", "bass", "music", "lead")}
        tracks = []
        swing = self.genre in ("swing", "fast swing", "slow swing", "shuffle")
        for program, drums, notes in self.arrange():
            if drums:
                self.drum_sound(notes, buses, tracks)
                continue
            font, program = fluid.draw_instrument(rng, self.part, (program,) if rng.random() < 0.4 else FAMILY[program])
            bus = "bass" if 32 <= program < 40 else "music"
            tracks.append(
                fluid.Track(
                    font,
                    program,
                    self.timed(notes, self.tightness * 1.3, float(rng.normal(0, 0.002))),
                    bus=bus,
                    volume=int(rng.integers(70, 115)),
                    pan=int(rng.integers(30, 98)),
                    reverb=int(rng.integers(10, 70)),
                    chorus=int(rng.integers(0, 30)),
                )
            )
        singing = self.cast != "drums only" and rng.random() < 0.45
        tune = self.lead() if self.cast != "drums only" and (singing or rng.random() < 0.6) else []
        if tune and not singing:
            font, program = fluid.draw_instrument(rng, self.part, LEADS)
            tracks.append(
                fluid.Track(
                    font,
                    program,
                    self.timed(tune, self.tightness * 2, float(rng.normal(0, 0.006)), swing),
                    bus="lead",
                    volume=int(rng.integers(85, 120)),
                    reverb=int(rng.integers(20, 80)),
                )
            )
        room = (float(rng.uniform(0.1, 0.95)), float(rng.uniform(0.1, 0.8)), float(rng.uniform(0.2, 1.0)), float(rng.uniform(0.1, 0.9)))
        if tracks:
            for bus, sound in fluid.synth().render(tracks[:16], self.seconds, self.cents, room).items():
                buses[{"room": "music"}.get(bus, bus)] += 2.5 * sound[:, : self.frames]
        self.tonal = any(np.abs(buses[n]).max() > 1e-4 for n in ("bass", "music", "lead")) and self.cast != "drums only"
        if tune and singing:
            buses["voice"] = np.zeros((2, self.frames), np.float32)
            self.vocals = vocals.Singer(rng, self.part).sing(
                buses["voice"], [(max(0, t + 0.01), d, p, v) for t, d, p, v in self.timed(tune, 0.015, 0.0, swing)], self.cents
            )
            backing = buses["drums"] + buses["bass"] + buses["music"]
            buses["voice"] = vocals.levelled(buses["voice"], backing, self.vocals, rng.uniform(-3, 5))
            buses["voice"] += master.reverb(buses["voice"], rng, float(rng.uniform(0.4, 2.0)), float(rng.uniform(0.03, 0.3)))
        return buses

    def mix(self):
        rng = self.rng
        buses = self.sound()
        gains = {"drums": 1.0, "bass": 1.0, "music": 0.8, "lead": 0.9, "voice": 1.0}
        total = sum(buses[n] * gains[n] * np.float32(np.exp(rng.normal(0, 0.3))) for n in buses)
        if rng.random() < 0.25:
            total += master.reverb(buses["drums"] + 0.5 * buses["music"], rng, float(rng.uniform(0.3, 1.8)), float(rng.uniform(0.05, 0.4)))
        return total


def snapped(beat):
    """Zoom's patterns write sixteenths as tenths of a beat; this is where they mean."""
    return min((round(beat * d) / d for d in (4, 6)), key=lambda b: abs(b - beat))


def swung(beats):
    """Off-eighths at two thirds of the beat."""
    part = beats % 1
    return np.floor(beats) + np.where(part < 0.5, part * 4 / 3, 2 / 3 + (part - 0.5) * 2 / 3)


def prelude(piece, rng, part):
    """A long beginning without any beat: drifting chords, a crowd, or speech; the truth has no beats there."""
    seconds = float(rng.uniform(6, 30))
    piece.moved(seconds)
    frames = int((seconds + 1.0) * RATE)
    sound = np.zeros((2, frames), np.float32)
    if rng.random() < 0.65:
        font, program = fluid.draw_instrument(rng, part, (48, 49, 52, 88, 89, 90, 92, 94, 95, 16, 19))
        times = np.cumsum(rng.uniform(1.5, 5, 12))
        root = int(rng.integers(48, 60))
        notes = [
            (float(t), float(rng.uniform(3, 7)), root + int(k), 80)
            for t in times
            if t < seconds - 2
            for k in rng.choice([0, 3, 5, 7, 10, 12, 15, 19], 3, replace=False)
        ]
        if notes:
            track = fluid.Track(font, program, notes, reverb=100)
            sound += 2.5 * sum(fluid.synth().render([track], frames / RATE).values())[:, :frames]
    else:
        sound += 0.03 * synth.bandpass(rng.standard_normal((2, frames)), 300, 3000).astype(np.float32)
        if rng.random() < 0.6:
            piece.vocals += vocals.Singer(rng, part).speak(sound, 0.0, seconds - 1)
    level = np.sqrt(np.mean(piece.mix**2)) / max(1e-6, np.sqrt(np.mean(sound**2)))
    sound *= np.float32(level * rng.uniform(0.2, 0.8))
    sound[:, -RATE:] *= np.linspace(1, 0, RATE, dtype=np.float32)
    synth.place(piece.mix, sound, 0)
    interval = float(piece.clock.times[1] - piece.clock.times[0])
    piece.sections.insert(0, (-seconds / interval, 0, None))


def make(rng, part, short=False):
    """One band's song."""
    band = Band(rng, part, short)
    mix = band.mix()
    sections = [(a * band.metre, b * band.metre, None) for a, b, _ in band.sections]
    style = "drums only" if band.cast == "drums only" else band.genre
    piece = Piece(
        "band",
        style,
        part,
        mix,
        band.clock,
        band.beats,
        band.metre,
        band.key.name if band.tonal else None,
        sections,
        band.constant,
        band.cents,
        band.vocals,
        "natural",
    )
    if rng.random() < 0.06:
        prelude(piece, rng, part)
    return piece
