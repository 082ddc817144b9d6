"""Keys, scales, progressions, voicings, bass lines and melodies, as lists of notes in beats.

A note is (beat, length in beats, MIDI pitch, velocity 1-127). Everything is drawn from a numpy Generator, so the same
seed makes the same music. Chords are written as Roman numerals over the major scale of the tonic, with accidentals
("i bVI bIII bVII"), so that modal mixture needs no second notation.
"""

from dataclasses import dataclass

import numpy as np

import parts

NAMES = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
SCALES = {
    "major": (0, 2, 4, 5, 7, 9, 11),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
    "lydian": (0, 2, 4, 6, 7, 9, 11),
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "harmonic": (0, 2, 3, 5, 7, 8, 11),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "phrygian": (0, 1, 3, 5, 7, 8, 10),
    "blues": (0, 3, 5, 6, 7, 10),
}
QUALITIES = {
    "": (0, 4, 7),
    "m": (0, 3, 7),
    "7": (0, 4, 7, 10),
    "m7": (0, 3, 7, 10),
    "M7": (0, 4, 7, 11),
    "o": (0, 3, 6),
    "o7": (0, 3, 6, 9),
    "ø": (0, 3, 6, 10),
    "sus4": (0, 5, 7),
    "sus2": (0, 2, 7),
    "6": (0, 4, 7, 9),
    "m6": (0, 3, 7, 9),
    "9": (0, 4, 7, 10, 14),
    "m9": (0, 3, 7, 10, 14),
    "M9": (0, 4, 7, 11, 14),
    "add9": (0, 4, 7, 14),
    "5": (0, 7),
    "+": (0, 4, 8),
}
DEGREES = {"I": 0, "II": 2, "III": 4, "IV": 5, "V": 7, "VI": 9, "VII": 11}

# Loops by family; which of them a part of the set may use is drawn by parts.share.
LOOPS = {
    "pop": """I V vi IV; vi IV I V; I vi IV V; I IV V IV; I IV vi V; IV I V vi; I iii IV V; I V IV IV; vi V IV V; I ii IV I;
        I V/7 vi iii IV I IV V; IV V iii vi; I bVII IV I; ii V I vi; vi ii V I; I I IV IV; I III vi IV; IV iv I I; I IV; I vi ii V;
        vi IV ii V; I Vsus4 vi7 IVadd9; IVM7 V6 iii7 vi7; I ii iii IV; I I V V vi vi IV IV; IV V vi I; I IV ii V; IVadd9 I V vi""",
    "minor": """i bVI bIII bVII; i bVII bVI bVII; i iv bVI V; i bVI iv V; i i bVI bVII; i iv i V; i bIII bVII iv; i bVII iv bVI;
        i v bVI iv; i bVI; i iv; i bVII; i bII; i i iv bVI; i bIII bVI bVII; bVI bVII i i; i iv bVII bIII bVI iiø V i; iv i V7 i;
        i i i bVI bVII; i v; i iv v; bVI bIII bVII i; i V bVI bIII iv i iv V; i7 iv7; im9 ivm9 bVIM7 V7; i bVI bVII v; i v bVII iv""",
    "house": """im7 ivm7; im9 bVIIm; vi7 ii7 V7 IM7; IVM7 iii7; im7 bIIIM7 ivm7 v7; i9 IV9; IM9 vi9; i7 bVIIm7; IVM9 V6 vi7 vi7; i bVI iv bVII;
        im7; i7 i7 iv7 v7; bVIM7 v7 i7 i7; bVIM7 V7 i7 bIII7; i9 iv9; bVIM9 bVII6 i9 i9; vi IV I V; i bVII bVI V""",
    "jazz": """ii7 V7 IM7 vi7; IM7 vi7 ii7 V7; iiø V7 im6 im6; iii7 VI7 ii7 V7; IM7 IM7 ii7 V7; IM7 #Io7 ii7 #IIo7 iii7 VI7 ii7 V7;
        im7 ivm7 iiø V7; I7 IV7 I7 I7 IV7 IV7 I7 I7 V7 IV7 I7 V7; I7 IV7 I7 VI7 ii7 V7; vi7 II7 ii7 V7 IM7 IM7; IM7 IV7 iii7 VI7 ii7 V7 I6 V7;
        im7 im7 bVI7 V7; IM7 bIIIM7 bVIM7 bIIM7; IV6 ivm6 iii7 VI7 ii7 V7 I6 I6; ivm7 bVII7 bIIIM7 bVIM7 iiø V7 im7 im7""",
    "blues": """I7 I7 I7 I7 IV7 IV7 I7 I7 V7 IV7 I7 V7; I7 IV7 I7 I7 IV7 IV7 I7 I7 V7 IV7 I7 I7; i7 i7 i7 i7 iv7 iv7 i7 i7 bVI7 V7 i7 i7;
        I7 I7 IV7 IV7 I7 V7 I7 V7; I IV I V; I IV I I V IV I I""",
    "modal": """i7 IV7; im9 IV9; I bVII; I bVII IV I; i bII i bVII; I II; i7 v7; im7 bIIIM7; i; I; i bVII; I bIII IV I; im7 IIm7""",
    "folk": """I I V I; I IV I V; I IV V I; I I IV I V V I V; I V I V; vi IV V I; I IV I V I IV V I; I V vi iii IV I V I;
        I ii V I; I vi IV V I IV V I; i i iv V; i V i V; i bVII i V; i iv V i; I I ii V V V I I""",
}
POWER = "i5 bVI5 bVII5 i5; I5 IV5 V5 IV5; I5 bVII5 IV5 I5; i5 bIII5 IV5 bVI5; i5 i5 bII5 i5; i5 iv5 bVI5 bVII5; I5 V5 IV5 IV5; i5 bVII5; I5 bIII5 IV5 bVII5"
LOOPS["rock"] = LOOPS["pop"] + "; " + LOOPS["blues"] + "; " + POWER
MINOR_SUFFIXES = {"": "m", "7": "m7", "9": "m9", "6": "m6", "add9": "m", "M7": "m7"}


@dataclass(frozen=True)
class Key:
    """A tonic (0 = C), the scale that melodies use, and the name that the truth gives it."""

    tonic: int
    scale: str

    @property
    def minor(self):
        return SCALES[self.scale][1:3] != (2, 4) if self.scale != "blues" else True

    @property
    def name(self):
        return f"{NAMES[self.tonic % 12]} {'minor' if self.minor else 'major'}"

    def pitches(self, low, high):
        """All pitches of the scale from low up to and with high."""
        allowed = {(self.tonic + step) % 12 for step in SCALES[self.scale]}
        return np.array([p for p in range(low, high + 1) if p % 12 in allowed])


@dataclass(frozen=True)
class Chord:
    """A root's pitch class and the intervals above it."""

    root: int
    intervals: tuple

    @property
    def classes(self):
        return [(self.root + i) % 12 for i in self.intervals]


def parse_chord(text, tonic):
    """'bVIM7' over C is A flat, C, E flat, G. Lower case is minor; a slash and what follows it is ignored."""
    text = text.split("/")[0]
    shift = 0
    while text[0] in "b#":
        shift += -1 if text[0] == "b" else 1
        text = text[1:]
    length = max(n for n in range(1, 4) if text[:n].upper() in DEGREES)
    numeral, suffix = text[:length], text[length:]
    if numeral.islower():
        suffix = MINOR_SUFFIXES.get(suffix, suffix)
    return Chord((tonic + DEGREES[numeral.upper()] + shift) % 12, QUALITIES[suffix])


def draw_key(rng, minor, loop):
    """A tonic, and a scale that melodies over the loop may use: none that has fewer of its chords' notes than the plain scale has."""
    scales = (["minor"] * 7 + ["dorian", "phrygian", "harmonic", "harmonic"]) if minor else (["major"] * 9 + ["mixolydian", "lydian"])
    tonic, drawn, plain = int(rng.integers(12)), str(rng.choice(scales)), "minor" if minor else "major"
    classes = [c for numeral in loop for c in parse_chord(numeral, 0).classes]
    fit = {scale: sum(c in SCALES[scale] for c in classes) for scale in scales}
    return Key(tonic, drawn if fit[drawn] >= fit[plain] else max(scales, key=lambda scale: (fit[scale], scale == plain)))


def loops_of(family, part, minor):
    """The part's share of a family's loops, each a list of numerals, in the mode asked for (or in any, if it has none)."""
    loops = [" ".join(loop.split()) for loop in LOOPS[family].split(";")]
    mine = [loop.split() for loop in parts.share(loops, part, "progression")]
    fitting = [loop for loop in mine if is_minor(loop) == minor]
    return fitting or mine


def is_minor(loop):
    """A loop is minor when its tonic chord is, or, without one, when it has flat sixths or thirds."""
    for numeral in loop:
        bare = numeral.rstrip("sumadoøM0123456789+")
        if bare.upper() == "I":
            return bare == "i"
    return any(n.startswith(("bVI", "bIII")) for n in loop)


def heard_from_sixth(loop):
    """Whether a loop in major is heard, and by most people labelled, in its relative minor: vi begins it, or ends it, and I doesn't answer."""
    bare = [numeral.rstrip("sumadoøM0123456789+") for numeral in loop]
    return "vi" in (bare[0], bare[-1]) and "I" not in (bare[0], bare[-1])


def from_sixth(loop):
    """The same chords written from the sixth degree: vi IV I V is i bVI bIII bVII there."""
    names = ("I", "bII", "II", "bIII", "III", "IV", "bV", "V", "bVI", "VI", "bVII", "VII")
    result = []
    for numeral in loop:
        numeral = numeral.split("/")[0]
        accidentals = numeral[: len(numeral) - len(numeral.lstrip("b#"))]
        rest = numeral[len(accidentals) :]
        length = max(n for n in range(1, 4) if rest[:n].upper() in DEGREES)
        degree = (DEGREES[rest[:length].upper()] + accidentals.count("#") - accidentals.count("b") - 9) % 12
        name = names[degree].replace("I", "i").replace("V", "v") if rest[:length].islower() else names[degree]
        result.append(name + rest[length:])
    return result


def wander(rng, minor, bars):
    """A progression by a chain of functions: what tends to follow what in songs, made anew each time."""
    follow = (
        {"I": "IV V vi ii iii", "ii": "V IV vi", "iii": "vi IV", "IV": "I V ii vi", "V": "I vi IV", "vi": "IV ii V iii"}
        if not minor
        else {
            "i": "bVI iv bVII bIII v",
            "iv": "i V bVII",
            "v": "bVI i",
            "V": "i bVI",
            "bVI": "bVII bIII iv",
            "bVII": "i bIII bVI",
            "bIII": "bVII bVI iv",
        }
    )
    chain = ["i" if minor else "I"]
    while len(chain) < bars:
        chain.append(str(rng.choice(follow[chain[-1]].split())))
    return chain


def draw_progression(rng, family, part, minor):
    """(numerals a bar each; their mode is minor?) for a loop of 1 to 16 bars; some chords may be held twice as long."""
    if rng.random() < 0.25:
        loop = wander(rng, minor, int(rng.choice([4, 4, 8])))
    else:
        pool = loops_of(family, part, minor)
        loop = list(pool[rng.integers(len(pool))])
    if heard_from_sixth(loop):
        loop = from_sixth(loop)
    if len(loop) <= 4 and rng.random() < 0.25:
        loop = [c for c in loop for _ in range(2)]
    return loop, is_minor(loop)


def more_chords(rng, family, part, key):
    """Another loop that fits a key: in its mode, or in its relative's where the draw gives that."""
    loop, minor = draw_progression(rng, family, part, key.minor)
    shift = 0 if minor == key.minor else 9 if minor else 3
    return [parse_chord(numeral, key.tonic + shift) for numeral in loop]


def chords_of(loop, key):
    return [parse_chord(numeral, key.tonic) for numeral in loop]


def voice(chord, centre, previous=None, size=4):
    """Pitches of the chord near centre that move least from previous; size limits how many are sounded."""
    classes = chord.classes[:size]
    target = np.mean(previous) if previous is not None and len(previous) else centre
    target = 0.5 * (target + centre)
    pitches = sorted(int(target + ((c - target + 6) % 12) - 6) for c in classes)
    return pitches


def rhythm(rng, metre, density, swing_friendly=False):
    """Onsets of a bar in quarter-beat steps, from a tree of splits: strong places are likelier, density 0 to 1."""
    steps = metre * (2 if swing_friendly else 4)
    unit = 0.5 if swing_friendly else 0.25
    weight = np.array([1.0 if s % (steps // metre) == 0 else 0.55 if (s * 2) % (steps // metre) == 0 else 0.3 for s in range(steps)])
    hits = rng.random(steps) < weight * density * 1.2
    if not hits.any():
        hits[0] = True
    return np.flatnonzero(hits) * unit


def motif(rng, metre, bars, density, swing_friendly):
    """(onset in beats, step of the contour) over some bars."""
    cells = []
    for bar in range(bars):
        cells += [
            (bar * metre + t, int(rng.choice([-2, -1, -1, 0, 0, 1, 1, 2, 3, -3]))) for t in rhythm(rng, metre, density, swing_friendly)
        ]
    return cells


def melody(rng, chords, key, metre, bars, low=60, high=84, density=0.5, swing_friendly=False):
    """A tune of motifs (A A' B A'), chord tones on strong beats, scale steps between; chords give one a bar, looped."""
    scale = key.pitches(low, high)
    span = int(rng.choice([1, 2, 2]))
    motifs = [motif(rng, metre, span, density, swing_friendly) for _ in range(2)]
    order = str(rng.choice(["AABA", "ABAB", "AAAB", "ABAC", "AAAA"]))
    notes, place = [], int(rng.integers(len(scale) // 3, 2 * len(scale) // 3 + 1))
    for block in range(0, bars, span):
        which = order[(block // span) % 4]
        cells = motifs[0] if which == "A" else motifs[1] if which == "B" else motif(rng, metre, span, density, swing_friendly)
        for onset, step in cells:
            beat = block * metre + onset
            if beat >= bars * metre:
                continue
            place = int(np.clip(place + step, 0, len(scale) - 1))
            pitch = int(scale[place])
            if onset % 1 == 0:
                chord = chords[int(beat // metre) % len(chords)]
                pitch = nearest_of(pitch, home(chord, key) if rng.random() < 0.5 else chord.classes)
            notes.append([beat, 0.0, pitch, int(rng.integers(75, 112))])
        if (block + span) % 4 == 0 and notes:  # phrases close at home where the chord lets them
            notes[-1][2] = nearest_of(notes[-1][2], home(chords[(block + span - 1) % len(chords)], key))
    return legato(notes, bars * metre, float(rng.uniform(0.5, 0.98)), 2.0)


def home(chord, key):
    """The chord's notes that the tonic's triad has, too, or all of them where there are none."""
    triad = {key.tonic % 12, (key.tonic + 7) % 12, (key.tonic + (3 if key.minor else 4)) % 12}
    return [c for c in chord.classes if c in triad] or chord.classes


def nearest_of(pitch, classes):
    return min((pitch + d for d in range(-6, 7) if (pitch + d) % 12 in classes), key=lambda p: abs(p - pitch))


def legato(notes, end, share, longest):
    """Each note lasts to share of the gap to the next, at most longest beats."""
    result = []
    for i, (beat, _, pitch, velocity) in enumerate(notes):
        following = notes[i + 1][0] if i + 1 < len(notes) else end
        result.append((beat, max(0.1, min(longest, (following - beat) * share)), pitch, velocity))
    return result


BASS_STEPS = {  # sixteenths of a 4/4 bar and the chord tone of each: r root, o octave, f fifth, t third, a approach
    "roots": "r...............",
    "eighths": "r.r.r.r.r.r.r.r.",
    "offbeat": "..r...r...r...r.",
    "octaves": "r.o.r.o.r.o.r.o.",
    "rolling": ".rrr.rrr.rrr.rrr",
    "gallop": "r.rrr.rrr.rrr.rr",
    "sync": "r..r..r...r.r...",
    "tresillo": "r.....r.....f...",
    "dembow": "r..r..f.r..r..f.",
    "funk": "r..r..o.r.r..fo.",
    "halftime": "r.........r.....",
    "reese": "r.............f.",
    "acid": "r.orr.ro.rr.oro.",
    "walk": "r...t...f...a...",
    "twofive": "r.......f.......",
    "stab": "r...r.....r..r..",
    "arp": "r.f.o.f.r.f.o.f.",
    "dub": "r.....r...t...f.",
    "sixteenths": "rrrrrrrrrrrrrrrr",
}


def bass_line(rng, chords, metre, bars, pattern, low=28):
    """A bass by one of BASS_STEPS for each bar; the root lies in the octave from low."""
    steps = BASS_STEPS[pattern]
    steps = (steps * 2)[: 4 * metre]
    notes = []
    for bar in range(bars):
        chord = chords[bar % len(chords)]
        root = low + (chord.root - low) % 12
        fifth = root + 7 if 7 in chord.intervals else root + 6
        third = root + (chord.intervals[1] if len(chord.intervals) > 2 else 7)
        following = low + (chords[(bar + 1) % len(chords)].root - low) % 12
        tones = {"r": root, "o": root + 12, "f": fifth, "t": third, "a": following + int(rng.choice([-1, 1, 2]))}
        for step, letter in enumerate(steps):
            if letter in tones and not (letter != "r" and rng.random() < 0.08):
                notes.append([bar * metre + step / 4, 0.0, int(tones[letter]), int(rng.integers(88, 116))])
    return legato(notes, bars * metre, float(rng.uniform(0.45, 0.95)), 4.0)


def comp(rng, chords, metre, bars, onsets, centre=62, length=None, size=4):
    """Chords struck at the onsets (in beats) of each bar, voiced with little movement."""
    notes, previous = [], None
    onsets = list(onsets)
    for bar in range(bars):
        previous = voice(chords[bar % len(chords)], centre, previous, size)
        for i, onset in enumerate(onsets):
            following = onsets[i + 1] if i + 1 < len(onsets) else metre
            last = length if length else (following - onset) * 0.9
            velocity = int(rng.integers(70, 100))
            notes += [(bar * metre + onset, last, pitch, velocity) for pitch in previous]
    return notes


def arpeggio(rng, chords, metre, bars, step=0.25, centre=66, shape=None):
    """Broken chords: up, down, up and down or a fixed random order, over one or two octaves."""
    shape = shape or str(rng.choice(["up", "down", "updown", "random"]))
    octaves = int(rng.choice([1, 2]))
    count = int(round(metre / step))
    order = rng.integers(0, 64, 64)
    notes, previous = [], None
    for bar in range(bars):
        previous = voice(chords[bar % len(chords)], centre, previous)
        tones = [p + 12 * o for o in range(octaves) for p in previous]
        turn = {"up": tones, "down": tones[::-1], "updown": tones + tones[-2:0:-1], "random": [tones[k % len(tones)] for k in order[:8]]}[
            shape
        ]
        notes += [(bar * metre + i * step, step * 0.9, turn[i % len(turn)], int(rng.integers(72, 104))) for i in range(count)]
    return notes
