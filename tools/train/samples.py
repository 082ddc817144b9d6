"""Recorded drums: single hits and kits from Debian's hydrogen-drumkits, sonic-pi-samples, lmms-common and soundfonts.

Every hit knows the frame at which it is heard to begin, so that this, not the start of the file, is put on the beat.
"""

import glob
import os
import re
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import soundfile
from scipy import signal

import fluid
import parts
import synth
from fluid import RATE

KITS = "/usr/share/hydrogen/data/drumkits"
SINGLES = ("/usr/share/sonic-pi/samples", "/usr/share/lmms/samples/drums", "/usr/share/lmms/samples/beats")
KINDS = (  # the first that a name matches
    ("", r"loop|roll|brush.?swish|beat0|break0|jungle|swish|rave_hihat|rave_kick|rave_snare|reverse|empty|demo|swoosh|swash|door"),
    ("perc", r"cowbell"),
    ("openhat", r"open|_ohh|hat.?op|hihat_o|\boh\b|^ho_|hhopen|hh2_|hat 1 op|symbal_open|cymbal_open"),
    ("hat", r"hat|chh|\bhh|hh_|hhclosed|cymbal_closed|cymbal_pedal|closed"),
    ("kick", r"kick|^bd|_bd_|bassdrum|bass.?drum|\bbd\b"),
    ("rim", r"rim|stick|click"),
    ("clap", r"clap|snap"),
    ("snare", r"snare|^sn_|^sd_|_sn_|\bsn\b"),
    ("ride", r"ride|bell|^rc_"),
    ("crash", r"crash|splash|china|^cc_|cymbal_hard|cymbal_soft"),
    ("tom", r"tom|^t1_|^t2_|^ft_"),
    ("shaker", r"shak|marac"),
    ("tamb", r"tamb"),
    ("perc", r"cowbell|conga|bongo|clav|wood|tabla|agogo|djem|triangle|tick|blip|bong|ping|pop|drum|perc"),
)
GM = {
    "kick": (35, 36),
    "snare": (38, 40),
    "rim": (37,),
    "clap": (39,),
    "hat": (42, 44),
    "openhat": (46,),
    "tom": (41, 43, 45, 47, 48, 50),
    "crash": (49, 57),
    "ride": (51, 53, 59),
    "tamb": (54,),
    "shaker": (70, 82),
    "perc": (56, 60, 61, 62, 63, 64, 75, 76),
}


@dataclass
class Hit:
    """A sound (2 x frames) and the frame at which it is heard to begin."""

    sound: np.ndarray
    onset: int


def kind_of(name):
    name = name.lower()
    for kind, pattern in KINDS:
        if re.search(pattern, name):
            return kind
    return ""


@lru_cache(maxsize=None)
def singles():
    """{kind: paths} of all single hits."""
    found = {}
    for folder in SINGLES:
        for path in sorted(glob.glob(folder + "/*")):
            kind = kind_of(os.path.basename(path).rsplit(".", 1)[0])
            if kind and not os.path.basename(path).startswith(("loop_", "ambi_", "bass_", "guit_", "vinyl_", "misc_")):
                found.setdefault(kind, []).append(path)
    return found


@lru_cache(maxsize=None)
def kit_instruments(kit):
    """{kind: [[path of each layer, softest first], ...]} of a hydrogen kit."""
    root = ElementTree.parse(f"{KITS}/{kit}/drumkit.xml").getroot()
    bare = lambda element: element.tag.split("}")[-1]
    found = {}
    for instrument in (e for e in root.iter() if bare(e) == "instrument"):
        name = next((e.text or "" for e in instrument if bare(e) == "name"), "")
        files = [f"{KITS}/{kit}/{e.text}" for e in instrument.iter() if bare(e) == "filename" and e.text]
        files = sorted({f for f in files if os.path.exists(f)}, key=lambda f: (os.path.getsize(f), f))
        kind = kind_of(name) or (kind_of(os.path.basename(files[0])) if files else "")
        if kind and files:
            found.setdefault(kind, []).append(files)
    return found


@lru_cache(maxsize=None)
def kit_names():
    """The kits that have at least a kick, a snare and a hat."""
    return [k for k in sorted(os.listdir(KITS)) if {"kick", "snare", "hat"} <= set(kit_instruments(k))]


def read(path, longest_s=3.0):
    """A file as 2 x frames at RATE."""
    sound, rate = soundfile.read(path, dtype="float32", always_2d=True)
    sound = sound[: int(longest_s * rate), :2].T
    if sound.shape[0] == 1:
        sound = np.repeat(sound, 2, axis=0)
    if rate != RATE:
        sound = signal.resample_poly(sound, RATE, rate, axis=1).astype(np.float32)
    return np.ascontiguousarray(sound)


def as_hit(sound, normalise=True):
    """Cuts silence before the onset (all but 2 ms), fades the end, and brings the peak to 1."""
    onset = fluid.onset_of(sound)
    cut = max(0, onset - 88)
    sound = sound[:, cut:].copy()
    fade = min(400, sound.shape[1])
    sound[:, -fade:] *= np.linspace(1, 0, fade, dtype=np.float32)
    if normalise:
        sound /= max(1e-6, np.abs(sound).max())
    return Hit(sound, onset - cut)


def repitch(hit, factor):
    """Plays a hit faster (factor > 1) or slower; the onset moves with it."""
    if abs(factor - 1) < 0.01:
        return hit
    frames = int(hit.sound.shape[1] / factor)
    at = np.arange(frames) * factor
    grid = np.arange(hit.sound.shape[1])
    return Hit(np.vstack([np.interp(at, grid, side) for side in hit.sound]).astype(np.float32), round(hit.onset / factor))


class Kit:
    """Drums by kind, each one or more layers of hits from soft to hard."""

    def __init__(self):
        self.layers = {}

    def hit(self, kind, velocity):
        """The layer for a velocity of 0 to 1; kinds that a kit lacks are played on their nearest neighbour."""
        nearest = {
            "openhat": "hat",
            "ride": "openhat",
            "crash": "openhat",
            "clap": "snare",
            "rim": "snare",
            "shaker": "hat",
            "tamb": "hat",
            "perc": "rim",
            "tom": "kick",
        }
        while kind not in self.layers and kind in nearest:
            kind = nearest[kind]
        layers = self.layers.get(kind) or next(iter(self.layers.values()))
        return layers[min(len(layers) - 1, int(velocity * len(layers)))]


def gm_hit(font, program, pitch):
    """One hit of a soundfont's drum kit."""
    track = fluid.Track(font, program, [(0.1, 0.4, pitch, 110)], bus="drums", drums=True, reverb=0)
    return as_hit(fluid.synth().render([track], 1.2)["drums"])


def electronic_kit(rng, part):
    """A kit drawn drum by drum: synthesised, sampled, or from a soundfont's electronic kits."""
    kit = Kit()
    gm = fluid.draw_instrument(rng, part, (24, 25, 8, 0, 16), drums=True)
    for kind in GM:
        paths = parts.share(singles().get(kind, []), part, "hit")
        source = rng.random()
        if source < 0.42 and paths:
            hit = as_hit(read(paths[rng.integers(len(paths))]))
        elif source < 0.55:
            hit = gm_hit(*gm, int(rng.choice(GM[kind])))
        else:
            hit = as_hit(synth.drum(rng, kind))
        hit = repitch(hit, float(np.exp(rng.normal(0, 0.08))))
        kit.layers[kind] = [hit]
    if rng.random() < 0.35:  # two kicks in one, as producers layer them
        other = as_hit(synth.drum(rng, "kick"))
        kit.layers["kick"] = [layered(kit.layers["kick"][0], other)]
    return kit


def layered(one, other):
    """Two hits sounding as one, their onsets together."""
    onset = max(one.onset, other.onset)
    frames = onset + max(one.sound.shape[1] - one.onset, other.sound.shape[1] - other.onset)
    both = np.zeros((2, frames), np.float32)
    synth.place(both, one.sound, onset - one.onset, 0.7)
    synth.place(both, other.sound, onset - other.onset, 0.6)
    return Hit(both, onset)


def acoustic_kit(rng, part):
    """A recorded kit of the part, with its velocity layers."""
    names = parts.share(kit_names(), part, "kit")
    kit = Kit()
    for kind, instruments in kit_instruments(names[rng.integers(len(names))]).items():
        files = instruments[rng.integers(len(instruments))]
        picked = files if len(files) <= 3 else [files[i] for i in np.linspace(0, len(files) - 1, 3).astype(int)]
        hits = [as_hit(read(f), normalise=False) for f in picked]
        hits = [h for h in hits if h.sound.shape[1] and np.abs(h.sound).max() > 1e-3]
        hits.sort(key=lambda h: np.abs(h.sound).max())
        if hits:
            top = np.abs(hits[-1].sound).max()
            kit.layers[kind] = [Hit(h.sound / max(np.abs(h.sound).max(), 0.4 * top), h.onset) for h in hits]
    return kit


def chip_kit(rng):
    """Noise and squares, as sound chips drum."""
    kit = Kit()
    for kind in ("snare", "hat", "openhat", "perc", "crash"):
        kit.layers[kind] = [as_hit(synth.drum(rng, "chip"))]
    kit.layers["kick"] = [as_hit(synth.drum(rng, "kick"))]
    kit.layers["tom"] = [as_hit(synth.drum(rng, "tom"))]
    return kit


# Loops of whole beats: (file, beats). Their tempo is their length; they begin with a beat.
LOOPS = {
    "train": (
        ("sonic-pi/samples/loop_amen.flac", 4),
        ("sonic-pi/samples/loop_amen_full.flac", 16),
        ("lmms/samples/beats/break01.ogg", 4),
        ("lmms/samples/beats/jungle01.ogg", 8),
    ),
    "dev": (("sonic-pi/samples/loop_breakbeat.flac", 4),),
    "test": (("lmms/samples/beats/break02.ogg", 4), ("lmms/samples/beats/break03.ogg", 4)),
}


def break_loop(rng, part, bpm):
    """(sound of a loop played at bpm, its beats): sped up or slowed down with its pitch, as samplers do."""
    name, beats = LOOPS[part][rng.integers(len(LOOPS[part]))]
    sound = read("/usr/share/" + name, 20.0)
    frames = int(round(beats * 60 / bpm * RATE))
    at = np.linspace(0, sound.shape[1] - 1, frames)
    grid = np.arange(sound.shape[1])
    return np.vstack([np.interp(at, grid, side) for side in sound]).astype(np.float32), beats
