"""The programs, and music made for them, for app_test.py and live_test.py. FOLDER_OF_PROGRAMS is the first argument of
each."""
import array
import functools
import json
import math
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
import wave

BIN = os.path.abspath(sys.argv.pop(1))
TACTUS = os.path.join(BIN, "tactus")
RATE = 48000


def tactus(*args, text=None, timeout=120, cwd=None, env=None):
    return subprocess.run([TACTUS, *map(str, args)], input=text, capture_output=True, text=True, timeout=timeout,
                          cwd=cwd, env={**os.environ, **(env or {})})


def write_wav(path, left, rate=RATE):
    """Mono samples in -1..1, on both sides."""
    both = array.array("h")
    for v in left:
        n = int(round(max(-1.0, min(1.0, v)) * 32767))
        both.append(n)
        both.append(n)
    with wave.open(path, "wb") as f:
        f.setnchannels(2)
        f.setsampwidth(2)
        f.setframerate(rate)
        f.writeframes(both.tobytes())


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


@functools.lru_cache(None)
def band(bpm, seconds, root):
    """Kick, hat, bass and chord: enough for the analysis to trust."""
    rng = random.Random(bpm)
    out = [0.0] * int(seconds * RATE)
    beat = 60 * RATE / bpm
    kick = [0.6 * math.exp(-i / 4000) * math.sin(2 * math.pi * (50 * i / RATE + 3 * (1 - math.exp(-i / 1500))))
            for i in range(9000)]
    hat = [0.15 * math.exp(-i / 700) * rng.uniform(-1, 1) for i in range(3000)]
    snare = [0.3 * math.exp(-i / 2500) * rng.uniform(-1, 1) for i in range(7000)]
    notes = [root, root * 2 ** (3 / 12), root * 2 ** (7 / 12)]
    bar = [0.0] * int(4 * beat)
    for i in range(len(bar)):
        t = i / RATE
        bar[i] = 0.04 * sum(math.sin(2 * math.pi * f * 2 * t) for f in notes) + 0.1 * math.sin(math.pi * root * t)
    for k in range(int(len(out) / beat)):
        for sound, at in ((kick, k), (hat, k + 0.5)) + (((snare, k),) if k % 2 else ()):
            start = round(at * beat)
            for i, v in enumerate(sound):
                if start + i < len(out):
                    out[start + i] += v
    for i in range(len(out)):
        out[i] += bar[i % len(bar)]
    return out


class Folder(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="tactus-app-")
        self.addCleanup(shutil.rmtree, self.dir)
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
            write_wav(self.path(f"crate/{name}.wav"), band(bpm, 45, root))
