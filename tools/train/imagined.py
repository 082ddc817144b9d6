"""Pieces that are never played: scores as songs have them, and what the analysis would hear of them (src/analysis/features.h), made from
the notes' partials alone. A hundred times cheaper than sound; what sound does to them is learned from rendered pieces.
"""
import numpy as np

import keynet
import theory

STEP, WINDOW = 0.1858, 0.743     # seconds, as the features have them at 44.1 kHz
PARTIALS = 10
CLUB = ("minor", "minor", "minor", "house", "house", "modal", "pop", "any", "any")   # what electronic loops are drawn from
CLUB_SHARE = 0.4
CLUB_BASSES = ("roots", "eighths", "offbeat", "octaves", "rolling", "gallop", "sync", "tresillo", "dembow", "funk", "halftime", "reese", "acid", "twofive",
               "stab", "arp", "dub", "sixteenths", "walk")
FAMILIES = ("pop", "pop", "minor", "minor", "house", "jazz", "blues", "modal", "folk", "rock", "classical", "classical") + 6 * ("any",)
# Chords that songs in major and in minor use, by how often.
PALETTES = {False: "IV IV IV V V V vi vi vi ii ii iii bVII iv II7 III7 V7 bVI bIII IVM7 vi7 ii7 I/3 Vsus4",
            True: "bVI bVI bVI bVII bVII bVII iv iv iv v v V V7 bIII bIII IV bII iiø iv7 bVIM7 v7 ii i7"}
CADENCES = {False: ("V I", "IV V I", "ii V7 I", "V7 I", "I V I", "IV I"), True: ("V i", "iv V i", "iiø V7 i", "V7 i", "bVI bVII i", "v i")}


def loop_of(rng, family, part, minor):
    """(chords as numerals, minor?)"""
    if family == "any":
        return any_loop(rng, minor), minor
    if family != "classical":
        return theory.draw_progression(rng, family, part, minor)
    bars = theory.wander(rng, minor, int(rng.choice([4, 8, 8])))
    close = str(rng.choice(CADENCES[minor])).split()
    if rng.random() < 0.3:           # the dominant's own dominant
        bars[-len(close) - 1 if len(bars) > len(close) else 0] = "II7"
    return bars[:len(bars) - len(close)] + close if len(bars) > len(close) else bars, minor


def any_loop(rng, minor):
    """A loop that its first or its last bar and its own weight make one of the tonic."""
    tonic = str(rng.choice(["i", "i", "i7", "im9", "i5"] if minor else ["I", "I", "I", "IM7", "Iadd9", "I5", "I6"]))
    palette = [str(c) for c in rng.choice(PALETTES[minor].split(), int(rng.integers(1, 5)))]
    length = int(rng.choice([2, 4, 4, 4, 8]))
    loop = [str(rng.choice(palette)) for _ in range(length)]
    draw = rng.random()
    if draw < 0.65:
        loop[0] = tonic
    if draw > 0.55:
        loop[-1] = tonic
        if length > 2 and draw > 0.8:
            loop[-2] = tonic
    others = {c: loop.count(c) for c in palette}
    while max(others.values()) > loop.count(tonic) + (loop[0] == tonic):
        most = max(others, key=others.get)
        loop[loop.index(most)] = tonic
        others = {c: loop.count(c) for c in palette}
    return loop


def pedal(rng, metre, span, low):
    """A bass that stays on one note, whatever the chords do."""
    step = float(rng.choice([0.25, 0.5, 1, metre]))
    shift = 0 if step == metre or rng.random() < 0.5 else step / 2
    return [(shift + i * step, 0.9 * step, low, 100) for i in range(int(span * metre / step - shift))]


def riff(rng, minor, metre, span, low):
    """A bass that stays at home: mostly the tonic, other steps in passing."""
    steps = [0, 0, 0, 0, 12, 12, 10, 7, 5, 3 if minor else 4, 1 if minor else 2, -2]
    bar = [(b / 4, int(rng.choice(steps))) for b in range(4 * metre) if rng.random() < 0.5]
    bar = bar or [(0.0, 0)]
    bar[0] = (bar[0][0], 0)
    return [(i * metre + b, 0.24, low + p, 100) for i in range(span) for b, p in bar]


class Song:
    """Notes in seconds, by role: (start, length, pitch, loudness)."""

    def __init__(self, rng, part):
        self.rng = rng
        self.club = bool(rng.random() < CLUB_SHARE)
        family = str(rng.choice(CLUB if self.club else FAMILIES))
        minor = bool(rng.random() < (0.75 if self.club else 0.5))
        self.metre = 4 if self.club else int(rng.choice([4, 4, 4, 4, 3]))
        self.bpm = float(rng.choice([rng.uniform(114, 145), rng.uniform(70, 178)]) if self.club else np.exp(rng.uniform(np.log(60), np.log(178))))
        loop, minor = loop_of(rng, family, part, minor)
        self.key = theory.draw_key(rng, minor, loop)
        self.themes = [theory.chords_of(loop, self.key)]
        for _ in range(2):
            other = self.themes[0]
            if family == "any":
                other = theory.chords_of(any_loop(rng, minor), self.key) if rng.random() < 0.5 else other
            elif family == "classical":
                numerals, mode = loop_of(rng, family, part, minor)
                other = theory.chords_of(numerals, self.key)
                if rng.random() < 0.35:   # the middle part in a near key
                    shift = int(rng.choice([7, 7, 5, 9] if not minor else [3, 3, 7, 10]))
                    numerals, _ = loop_of(rng, family, part, not minor if shift in (3, 9, 10) else minor)
                    other = theory.chords_of(numerals, theory.Key(self.key.tonic + shift, "major"))
            elif rng.random() < 0.65:
                other = theory.more_chords(rng, family, part, self.key)
            self.themes.append(other)
        self.bar = 60 / self.bpm * self.metre
        self.roles = {}
        self.downbeats, self.phrases = [], []   # seconds; which of the downbeats begin four bars
        self.compose(family)

    def compose(self, family):
        rng = self.rng
        target, at, form = float(rng.uniform(35, 75)), 0.0, str(rng.choice(["AABA", "ABAB", "AAAA", "ABCA", "AABB"]))
        swing = family in ("jazz", "blues")
        made = {}
        for letter in "ABC":
            chords = self.themes["ABC".index(letter)]
            span = max(len(chords), 4)
            if span * self.bar > 30:
                span = len(chords)
            low = int(rng.integers(26, 36))
            line = str(rng.choice(list(theory.BASS_STEPS))) if family != "classical" else str(rng.choice(["roots", "eighths", "walk", "twofive", "arp"]))
            onsets = [[0], [0, 2], [1, 3], [0.5, 1.5, 2.5, 3.5], [0, 1, 2, 3], [0, 1.5, 3], [0, 0.75, 1.5, 2.5]]
            onsets = [o for o in onsets[rng.integers(len(onsets))] if o < self.metre] or [0]
            if self.club:
                line = str(rng.choice(CLUB_BASSES))
            made[letter] = (span, {
                "bass": theory.bass_line(rng, chords, self.metre, span, line, low),
                "chords": theory.comp(rng, chords, self.metre, span, onsets, int(rng.integers(52, 68)), None if rng.random() < 0.6 else 0.4),
                "pad": theory.comp(rng, chords, self.metre, span, [0], int(rng.integers(54, 70))),
                "arp": theory.arpeggio(rng, chords, self.metre, span, float(rng.choice([0.25, 0.5])), int(rng.integers(58, 72))),
                "lead": theory.melody(rng, chords, self.key, self.metre, span, 60, 86, float(rng.uniform(0.25, 0.8)), swing)})
            if family in ("modal", "any", "house") and rng.random() < 0.15:
                made[letter][1]["bass"] = riff(rng, self.key.minor, self.metre, span, low + (self.key.tonic - low) % 12)
            elif self.club and rng.random() < 0.12:
                made[letter][1]["bass"] = pedal(rng, self.metre, span, low + (self.key.tonic - low) % 12)
        band = {"bass": 0.9, "chords": 0.65, "pad": 0.45, "arp": 0.35, "lead": 0.7}
        band = [role for role, chance in band.items() if rng.random() < chance] or ["chords", "bass"]
        turn, last = 0, 0
        while at < target:
            letter = form[turn % 4]
            span, parts = made[letter]
            playing = self.section(band) if self.club else [r for r in band if rng.random() < 0.85] or band
            for role in playing:
                for beat, length, pitch, velocity in parts[role]:
                    self.roles.setdefault(role, []).append((at + beat * 60 / self.bpm, length * 60 / self.bpm, pitch, velocity / 100))
            self.phrases += range(len(self.downbeats), len(self.downbeats) + span, 4)
            self.downbeats += [at + i * self.bar for i in range(span)]
            at += span * self.bar
            turn += 1
        if rng.random() < (0.15 if self.club else 0.45):           # a last chord
            home = theory.parse_chord("i" if self.key.minor else "I", self.key.tonic)
            role = "chords" if rng.random() < 0.5 else band[0]
            self.roles.setdefault(role, []).extend((at, 2.5, p, 0.8) for p in [36 + (home.root - 36) % 12, *theory.voice(home, 60)])
            at += 2.5
        self.end = at

    def section(self, band):
        """Who plays in a section as DJs know them: nobody or few in intros, no bass in breaks."""
        rng = self.rng
        some = [r for r in band if rng.random() < 0.6]
        draw = rng.random()
        if draw < 0.15:
            return [r for r in some if rng.random() < 0.4]
        if draw < 0.4:
            return [r for r in some if r != "bass"] or [r for r in band if r != "bass"] or band
        return (["bass"] if "bass" in band else []) + [r for r in some if r != "bass"]


def shares(first, last, frames):
    """How much of each frame's window (Hann) lies in [first, last): (notes, frames) would be large, so by index and weight."""
    centres = WINDOW / 2 + STEP * np.arange(frames)

    def below(x):
        x = np.clip(x / WINDOW + 0.5, 0, 1)
        return x - np.sin(2 * np.pi * x) / (2 * np.pi)
    reach = int(np.ceil(np.max(last - first) / STEP)) + 5
    start = np.floor((first - WINDOW) / STEP).astype(int)
    index = start[:, None] + np.arange(reach)[None]
    time = WINDOW / 2 + STEP * index
    weight = below(last[:, None] - time) - below(first[:, None] - time)
    weight[(index < 0) | (index >= len(centres))] = 0
    return np.clip(index, 0, frames - 1), weight


def drums_of(rng, frames, bins, total):
    """Partials of drums, each drum's own and the same at every hit, and what stands out of noise by chance."""
    sound = np.zeros((frames, bins), np.float32)
    if rng.random() < 0.35 and total != 1.0:
        return sound
    times = np.arange(frames)
    for _ in range(int(rng.integers(1, 6))):
        partials = (bins * rng.random(int(rng.integers(1, 9))) ** rng.uniform(0.4, 1.5)).astype(int)
        if rng.random() < 0.5:
            hits = rng.random(frames) < rng.uniform(0.02, 0.7)
        else:
            hits = (times * STEP * rng.uniform(0.5, 4)) % 1 < 0.5
        strength = rng.uniform(0.01, 0.2) * total * rng.exponential(1, len(partials))
        sound[np.ix_(hits, partials)] += strength * rng.exponential(1, (int(hits.sum()), len(partials)))
    density = rng.uniform(0, 0.15) * np.linspace(0.1, 1, bins) ** rng.uniform(0.5, 2)
    sound += (rng.random((frames, bins)) < density) * rng.exponential(rng.uniform(0.002, 0.02) * total, (frames, bins))
    return sound


def levels_of(rng, roles, seconds):
    """Levels as features.h has them, (frames, 216), and their tuning."""
    frames = int((seconds - WINDOW) / STEP)
    bins = keynet.TONES * keynet.PER_TONE
    sound = np.zeros(frames * bins, np.float32)
    tuning = float(np.clip(rng.normal(0, 0.12), -0.45, 0.45))
    for notes in roles.values():
        notes = np.array(notes)
        if not len(notes):
            continue
        slope, odd = rng.uniform(0.4, 2.2), rng.random() < 0.2
        timbre = np.arange(1, PARTIALS + 1) ** -slope * np.exp(rng.normal(0, 0.5, PARTIALS))
        if odd:
            timbre[1::2] *= rng.uniform(0, 0.2)
        fade = float(np.exp(rng.uniform(np.log(0.15), np.log(8))))   # seconds in which a note dies away
        loose = 0.03 if rng.random() < 0.85 else 0.25                # voices, pads out of tune
        loud = 0.1 * np.exp(rng.normal(0, 0.5))
        length = np.minimum(notes[:, 1], 3 * fade) + rng.uniform(0, 0.4)
        index, weight = shares(notes[:, 0], notes[:, 0] + length, frames)
        age = np.maximum(0, WINDOW / 2 + STEP * index - notes[:, :1])
        weight = weight * np.exp(-age / fade) * (notes[:, 3:] ** 1.5) * loud
        for k in range(PARTIALS):
            pitch = notes[:, 2] + tuning + 12 * np.log2(k + 1) + rng.normal(0, loose, len(notes))
            x = (pitch - 24) * keynet.PER_TONE + 1
            below = np.floor(x).astype(int)
            inside = (below >= 0) & (below + 1 < bins)
            share = (x - below)[:, None]
            flat = index * bins + np.clip(below, 0, bins - 2)[:, None]
            w = weight * timbre[k] * inside[:, None]
            sound += np.bincount(flat.ravel(), (w * (1 - share)).ravel(), len(sound)).astype(np.float32)
            sound += np.bincount(flat.ravel() + 1, (w * share).ravel(), len(sound)).astype(np.float32)
    sound = sound.reshape(frames, bins)
    sound *= np.exp(rng.normal(0, 0.25, sound.shape))          # phases
    # Equalisers, then only what stands out of what is about it, of the drums among it.
    curve = np.interp(np.arange(bins), np.sort(rng.uniform(0, bins, 4)), rng.normal(0, 0.7, 4))
    sound *= np.exp(curve)[None].astype(np.float32)
    total = sound.sum(1).mean() if roles else 1.0
    sound += drums_of(rng, frames, bins, total)
    hiss = rng.uniform(0, 0.012) * total * rng.exponential(1, (frames, 1)) * np.exp(-np.linspace(0, rng.uniform(-1, 3), bins))[None]
    smooth = np.cumsum(np.pad(sound, ((0, 0), (10, 9))), 1)
    around = (smooth[:, 19:] - smooth[:, :-19]) / 19
    around = np.pad(around, ((0, 0), (0, bins - around.shape[1])), "edge")
    sound[sound < rng.uniform(0.6, 1.5) * around + (2 * hiss if roles else 0)] = 0
    levels = np.zeros(sound.shape, np.uint8)
    heard = sound > 1e-5
    levels[heard] = np.clip(40 * np.log10(sound[heard]) + 200, 0, 255).round()
    return levels, tuning


def bars_of(rng, downbeats, phrases, club):
    """Downbeats and phrases as the analysis finds them: mostly right, at times elsewhere in the bar or among the bars, at times none."""
    draw, times = rng.random(), np.array(downbeats)
    if draw < 0.15 or len(times) < 2:
        return np.zeros(0), np.zeros(0)
    if draw < 0.35:
        times = times + rng.choice([0.25, 0.5, 0.75]) * (times[1] - times[0])
    shift = int(rng.choice([0, 2, 1, 3], p=[0.78, 0.14, 0.04, 0.04] if club else [0.5, 0.2, 0.15, 0.15]))
    starts = np.array(phrases, int) + shift
    if rng.random() < 0.5:           # every fourth bar from the one that fits most, as the analysis has it
        starts = np.arange(np.bincount(starts % 4).argmax(), len(times), 4)
    starts = starts[starts < len(times)]
    return times, times[starts] if rng.random() < 0.9 else np.zeros(0)


def make(rng, part):
    """(key's name or None, rows of keynet)"""
    if rng.random() < 0.06:
        levels, tuning = levels_of(rng, {}, rng.uniform(20, 60))
        return None, keynet.rows_of(levels, WINDOW / 2, STEP, tuning, *bars_of(rng, np.arange(0, 60, 2.0), np.arange(0, 30, 4), True))
    song = Song(rng, part)
    levels, tuning = levels_of(rng, song.roles, song.end + 1.0)
    tuning = tuning + float(rng.normal(0, 0.03))
    return song.key.name if song.roles else None, keynet.rows_of(levels, WINDOW / 2, STEP, tuning, *bars_of(rng, song.downbeats, song.phrases, song.club))
