"""The programs, and music made for them, for app_test.py and live_test.py. FOLDER_OF_PROGRAMS is the first argument of
each."""
import array
import functools
import itertools
import json
import math
import os
import random
import re
import struct
import subprocess
import sys
import tempfile
import unittest
import wave

from folders import remove_folder
from shown import Shown

BIN = os.path.abspath(sys.argv.pop(1))
TACTUS = os.path.join(BIN, "tactus")
RATE = 48000


def tactus(*args, text=None, timeout=120, cwd=None, env=None):
    return subprocess.run([TACTUS, *map(str, args)], input=text, capture_output=True, text=True, timeout=timeout,
                          cwd=cwd, env={**os.environ, **(env or {})})


def pcm(mono):
    """Samples in -1..1 as 16 bits, the same on both sides."""
    return b"".join(2 * struct.pack("<h", round(max(-1.0, min(1.0, v)) * 32767)) for v in mono)


def write_wav(path, mono, rate=RATE):
    """Mono samples in -1..1, or what pcm() makes of them."""
    with wave.open(path, "wb") as f:
        f.setnchannels(2)
        f.setsampwidth(2)
        f.setframerate(rate)
        f.writeframes(mono if isinstance(mono, bytes) else pcm(mono))


def decode(path, channel=0, rate=RATE):
    """One channel of any file, the left unless told, as floats."""
    raw = subprocess.run(["ffmpeg", "-v", "error", "-i", path, "-af", f"pan=mono|c0=c{channel}", "-ar", str(rate), "-f",
                          "f32le", "-"], capture_output=True, check=True).stdout
    samples = array.array("f")
    samples.frombytes(raw)
    return samples


def ebur128(path):
    """Integrated loudness of a file, LUFS."""
    said = subprocess.run(["ffmpeg", "-nostats", "-i", path, "-af", "ebur128", "-f", "null", "-"],
                          capture_output=True, text=True, check=True).stderr
    return float(re.findall(r"I: +(-?[\d.]+) LUFS", said)[-1])


def clicks(bpm, seconds, level=0.5, rate=RATE):
    out = [0.0] * int(seconds * rate)
    beat = 60 * rate / bpm
    for k in range(int(len(out) / beat)):
        out[round(k * beat)] = level
    return out


def played(beats, bpm, seconds, width=1):
    """What the beats of a bar give when they are played again and again: each is cut where the next one begins. `width`:
    of a frame."""
    frames, beat = int(seconds * RATE), 60 * RATE / bpm
    for k in range(math.ceil(frames / beat)):
        yield beats[k % 4][:width * (min(frames, round((k + 1) * beat)) - round(k * beat))]


@functools.lru_cache(None)
def bar_of_band(bpm, root):
    """Kick, hat, bass and chord, enough for the analysis to trust: the four beats of a bar, a frame longer each."""
    rng = random.Random(bpm)
    beat = 60 * RATE / bpm
    kick = [0.6 * math.exp(-i / 4000) * math.sin(2 * math.pi * (50 * i / RATE + 3 * (1 - math.exp(-i / 1500))))
            for i in range(9000)]
    hat = [0.15 * math.exp(-i / 700) * rng.uniform(-1, 1) for i in range(3000)]
    snare = [0.3 * math.exp(-i / 2500) * rng.uniform(-1, 1) for i in range(7000)]
    notes = [root, root * 2 ** (3 / 12), root * 2 ** (7 / 12)]
    beats = []
    for k in range(4):
        out = []
        for i in range(int(beat) + 2):
            t = (i + k * beat) / RATE
            out.append(0.04 * sum(math.sin(2 * math.pi * f * 2 * t) for f in notes) + 0.1 * math.sin(math.pi * root * t))
        for sound, start in ((kick, 0), (hat, round(beat / 2))) + (((snare, 0),) if k % 2 else ()):
            for i, v in enumerate(sound):
                out[start + i] += v
        beats.append(out)
    return beats


@functools.lru_cache(None)
def band(bpm, seconds, root):
    """The bar of the band as long as asked for, as samples."""
    return list(itertools.chain.from_iterable(played(bar_of_band(bpm, root), bpm, seconds)))


@functools.lru_cache(None)
def band_pcm(bpm, seconds, root):
    """The same as pcm(), which takes a moment only."""
    return b"".join(played([pcm(beat) for beat in bar_of_band(bpm, root)], bpm, seconds, 4))


class Folder(Shown, unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="tactus-app-")
        self.addCleanup(remove_folder, self.dir)
        self.env = {"XDG_CACHE_HOME": self.dir + "/cache", "XDG_DATA_HOME": self.dir + "/data",
                    "XDG_MUSIC_DIR": self.dir + "/music", "XDG_STATE_HOME": self.dir + "/state", "HOME": self.dir}

    def path(self, name):
        return os.path.join(self.dir, name)

    def run_tactus(self, *args, **more):
        return tactus(*args, cwd=self.dir, env=self.env, **more)

    def write_set(self, lines, tempo=120, **header):
        with open(self.path("set.jsonl"), "w") as f:
            f.write(json.dumps({"tactus_set": 1, "tempo": tempo, **header}) + "\n")
            for line in lines:
                f.write(line if isinstance(line, str) else json.dumps(line))
                f.write("\n")
        return self.path("set.jsonl")


class Crate(Folder):
    """Three short tracks, two of which go together."""

    def setUp(self):
        super().setUp()
        os.mkdir(self.path("crate"))
        for name, bpm, root in (("a", 120, 110), ("b", 124, 110), ("c", 128, 98)):
            write_wav(self.path(f"crate/{name}.wav"), band_pcm(bpm, 45, root))
