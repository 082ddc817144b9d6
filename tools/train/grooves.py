"""MMA's library of grooves as a band to call: which there are, how fast each is played, and what MMA makes of chords.

MMA (Musical MIDI Accompaniment) counts quarters in most grooves, eighths in those of six-eight time, whose beat in the truth
is the dotted quarter, two to a bar.
"""

import os
import re
import subprocess
import tempfile
from dataclasses import dataclass
from functools import lru_cache

import mido

import parts
import theory

LIBRARY = "/usr/share/mma/lib"
SKIPPED = r"metronome|/none|zoom/(count|ending|intro|mide|latin|blues68)|afro-cuban|ballad68|zoom/blues34|alexis/rd"
GENRES = (  # (pattern on the file's name, genre, bpm range, families of progression, chance of minor)
    (r"boneym|disco|dance|house|latinhouse", "disco", (104, 130), ("pop", "house", "minor"), 0.5),
    (r"techno|rave|trance|dnb|thr\b", "electronic band", (118, 174), ("minor", "modal"), 0.8),
    (r"hiphop|hip-hop|trip", "hip-hop band", (78, 100), ("minor", "house"), 0.8),
    (r"viennese|vienese|fastwaltz|fastjazzwaltz", "waltz", (140, 200), ("folk", "jazz"), 0.4),
    (r"waltz|rock34|bald34", "waltz", (80, 150), ("folk", "pop", "jazz"), 0.4),
    (r"54", "five four", (120, 180), ("jazz", "modal"), 0.7),
    (r"68|128", "compound time", (52, 92), ("pop", "blues", "minor"), 0.4),
    (r"bebop|fastswing|gypsy|fastblues|fastbigband|quickstep|jive", "fast swing", (150, 200), ("jazz", "blues"), 0.4),
    (r"slow(jazz|swing|bigband|blues)|nitejazz|evans|softshoe", "slow swing", (60, 96), ("jazz", "blues"), 0.4),
    (r"ballad|slow|lullaby|serenade|hymn|spiritual|popballad|desert", "ballad", (54, 88), ("pop", "folk", "jazz"), 0.4),
    (r"bossa|beguine|quando|jazzrhumba", "bossa nova", (96, 150), ("jazz",), 0.4),
    (r"samba|afro\b", "samba", (88, 126), ("jazz", "pop"), 0.4),
    (r"salsa|mambo|merengue|son\b|cubanguitar", "salsa", (150, 200), ("minor", "jazz", "modal"), 0.6),
    (r"chacha|rhumba|rumba|bolero|tango|calypso|lfusion|latin", "latin", (92, 132), ("minor", "jazz", "folk"), 0.6),
    (r"reggae|ska", "reggae", (68, 96), ("pop", "modal", "minor"), 0.5),
    (
        r"swing|jazz|bigband|foxtrot|broadway|dixie|charleston|ragtime|strut|showtune|descending|boggie",
        "swing",
        (100, 190),
        ("jazz", "blues"),
        0.3,
    ),
    (r"funk|fusion|soul|rb|r\+b|rnb|motown|fus16", "funk", (86, 118), ("house", "modal", "blues", "jazz"), 0.7),
    (r"metal|mtl|punk|hrk", "hard rock", (110, 190), ("rock", "minor"), 0.7),
    (r"shuffle|blues|boggiewoggie|zydeco", "shuffle", (84, 150), ("blues", "rock"), 0.2),
    (r"twist|50s|60s|bubble|k50s", "old rock", (116, 176), ("rock", "pop"), 0.2),
    (r"rock|16beat|8beat|beat16|beat8|metal", "rock", (84, 152), ("rock", "pop", "minor"), 0.4),
    (r"country|cntry|bluegrass|hillcountry|western|polka|folk|bluefolk", "country", (88, 152), ("folk", "pop"), 0.15),
    (r"march", "march", (100, 126), ("folk",), 0.2),
    (r"ambient|arpeggio", "arpeggios", (66, 120), ("pop", "minor", "modal"), 0.5),
    (r"", "pop", (84, 140), ("pop", "minor"), 0.4),
)
FAVOUR = {
    "rock": 2.2,
    "waltz": 2.0,
    "pop": 2.0,
    "hard rock": 1.5,
    "funk": 1.3,
    "disco": 1.2,
    "arpeggios": 0.5,
    "march": 0.5,
    "fast swing": 0.7,
    "slow swing": 0.7,
    "five four": 0.6,
}
QUALITY_NAMES = {
    "": "",
    "m": "m",
    "7": "7",
    "m7": "m7",
    "M7": "M7",
    "o": "dim",
    "o7": "dim7",
    "ø": "m7b5",
    "sus4": "sus4",
    "sus2": "sus2",
    "6": "6",
    "m6": "m6",
    "9": "9",
    "m9": "m9",
    "M9": "M9",
    "add9": "add9",
    "5": "5",
    "+": "aug",
}


@dataclass(frozen=True)
class Groove:
    """A library file: its grooves by use, its metre and how many of MMA's beats make one of the truth's."""

    path: str
    main: tuple
    intros: tuple
    fills: tuple
    metre: int
    unit: int

    @property
    def genre(self):
        return next(g for g in GENRES if re.search(g[0], self.path))

    @property
    def drums_alone(self):
        return self.path.startswith("zoom/")


@lru_cache(maxsize=1)
def catalogue():
    """All grooves that are used, by path."""
    found = {}
    for folder in ("alexis", "casio", "kara", "pflib", "stdlib", "yamaha", "zoom"):
        for name in sorted(os.listdir(os.path.join(LIBRARY, folder))):
            path = f"{folder}/{name[:-4]}"
            if name.endswith(".mma") and not re.search(SKIPPED, path):
                groove = read_groove(path)
                if groove.main:
                    found[path] = groove
    return found


def read_groove(path):
    with open(os.path.join(LIBRARY, path + ".mma"), errors="replace") as file:
        text = file.read()
    names = re.findall(r"^\s*DefGroove\s+(\S+)", text, re.I | re.M)
    count = int((re.findall(r"^\s*Time\s+(\d+)", text, re.I | re.M) or ["4"])[0])
    odd = r"intro|fill|end|turn|break|metronome|F[ABC]+$|-?(F|E)$"
    main = tuple(n for n in names if not re.search(odd, n, re.I if len(n) > 8 else 0) and not re.search(r"intro|fill|end", n, re.I))
    intros = tuple(n for n in names if re.search(r"intro", n, re.I) and not re.search(r"\d$", n))
    fills = tuple(n for n in names if re.search(r"fill", n, re.I))
    metre, unit = (2, 3) if count == 6 else (count, 1)
    return Groove(path, main, intros, fills, metre, unit)


def draw_groove(rng, part):
    """A groove of the part. A genre is as likely as the root of its number of files, times its favour."""
    mine = parts.share(list(catalogue()), part, "groove")
    genres = {}
    for path in mine:
        genres.setdefault(catalogue()[path].genre[1], []).append(path)
    names = sorted(genres)
    weights = [len(genres[n]) ** 0.5 * FAVOUR.get(n, 1.0) for n in names]
    pool = genres[names[rng.choice(len(names), p=[w / sum(weights) for w in weights])]]
    return catalogue()[pool[rng.integers(len(pool))]]


def chord_name(chord):
    quality = next(name for name, intervals in theory.QUALITIES.items() if intervals == chord.intervals)
    return ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")[chord.root] + QUALITY_NAMES[quality]


def accompany(groove, bars, seed):
    """MMA's parts for bars, a list of (groove's name, chords of the bar): [(name, program, drums, notes in the truth's beats)]."""
    lines, current = [f"RndSeed {seed}", "Tempo 120"], None
    for number, (name, chords) in enumerate(bars, 1):
        if name != current:
            lines.append(f"Groove {groove.path}:{name}")
            current = name
        span = groove.metre * groove.unit // len(chords)
        lines.append(f"{number} " + " ".join(chord_name(c) + " /" * (span - 1) for c in chords))
    with tempfile.TemporaryDirectory() as folder:
        source, result = os.path.join(folder, "x.mma"), os.path.join(folder, "x.mid")
        with open(source, "w") as file:
            file.write("\n".join(lines) + "\n")
        done = subprocess.run(["mma", "-f", result, source], capture_output=True, text=True)
        if done.returncode or not os.path.exists(result):
            raise RuntimeError(f"{groove.path}: {done.stdout[-300:]}")
        return read_parts(mido.MidiFile(result), groove.unit)


def read_parts(song, unit):
    """Each MIDI track's program and notes (beat, length, pitch, velocity)."""
    result, scale = [], 1.0 / (song.ticks_per_beat * unit)
    for track in song.tracks:
        now, program, drums, open_notes, notes = 0, 0, False, {}, []
        for message in track:
            now += message.time
            if message.type == "program_change":
                program, drums = message.program, message.channel == 9
            elif message.type == "note_on" and message.velocity:
                open_notes.setdefault(message.note, []).append((now, message.velocity))
            elif message.type in ("note_on", "note_off") and open_notes.get(message.note):
                start, velocity = open_notes[message.note].pop(0)
                notes.append((start * scale, max(1, now - start) * scale, message.note, velocity))
        if notes:
            result.append((track.name, program, drums, sorted(notes)))
    return result
