#!/usr/bin/python3
"""What the embedder learns from and is judged by: pieces, distorted, as the measure program sees them.

embedding_set.py learn OUT SOURCE --measure PROGRAM    a cut of each piece, clean and under drawn distortions, on the clean one's grid
embedding_set.py judge OUT SOURCE --measure PROGRAM    the same under the distortions that recall is stated for, also analysed anew
embedding_set.py crowd OUT SOURCE --measure PROGRAM    whole pieces, clean, on their true beats: what else the right phrase lies among

SOURCE: a folder of make_set.py, or sketches:train, sketches:dev or sketches:test (sketches.py). --count N and --first K: N pieces from the
K-th on; --phrases P: of a sketch, of 16 beats; --apart B: beats from one phrase of a crowd to the next, 16 by default; --jobs J. What exists is
skipped.
"""

import argparse
import json
import multiprocessing
import os
import pathlib
import subprocess
import sys
import tempfile
from functools import lru_cache

import numpy as np
import soundfile
from scipy import signal

import master
import parts
import sketches
import vocals
from fluid import RATE

CUT_S = 80
VOICES = ("en-us", "en-gb", "en-us+f2", "en-gb+f4", "en-us+m3", "de", "es", "fr-fr")  # espeak-ng's, to learn from
ANNOUNCERS = ("slt", "rms", "awb", "kal16")  # flite's, to be judged by
ANNOUNCEMENTS = (
    "And that was the last one before the news, now here is something I found in a small shop two weeks ago.",
    "Big thanks to everyone who came down tonight, the bar stays open until three and the cloakroom is upstairs.",
    "If you are just joining us, this is the second hour, and we have a guest in the studio with a bag of old records.",
    "Give it up for the dancers on the left, I see you, and for the birthday table over there at the back.",
    "The next race starts at a quarter past four, please keep the gates clear and stay behind the yellow line.",
    "Nobody told me it would be this warm, so let us slow it down a little and then take it up again.",
)


def level(x):
    return float(np.sqrt((x**2).mean() + 1e-12))


def speaking_level(x):
    """Of where somebody speaks."""
    size = RATE // 20
    power = (x[: len(x) // size * size].reshape(-1, size) ** 2).mean(axis=1)
    return float(np.sqrt(power[power > 1e-3 * power.max()].mean() + 1e-12))


@lru_cache(maxsize=None)
def announced(text, voice):
    """flite's sound of a text, mono at RATE."""
    with tempfile.NamedTemporaryFile(suffix=".wav") as file:
        subprocess.run(["flite", "-voice", voice, "-t", text, "-o", file.name], check=True)
        return master.read(file.name)[0]


def speech(rng, frames, judge):
    """Somebody who speaks all the time but for short pauses."""
    out, at = np.zeros(frames, np.float32), int(rng.uniform(0, 1) * RATE)
    voice = str(rng.choice(ANNOUNCERS if judge else VOICES))
    speed, pitch = int(rng.choice([150, 175, 200])), int(rng.choice([30, 50, 70]))
    while at < frames:
        text = str(rng.choice(ANNOUNCEMENTS if judge else vocals.SENTENCES))
        said = announced(text, voice) if judge else vocals.spoken(text, voice, speed, pitch)
        said = said[: frames - at]
        out[at : at + len(said)] += said
        at += len(said) + int(rng.uniform(0.2, 0.8) * RATE)
    return out / speaking_level(out)


class Distorter:
    """Files made of one sound. Each method returns the path of what it made."""

    def __init__(self, x, folder, judge):
        self.x, self.folder, self.judge, self.made = x, folder, judge, 0
        self.clean = self.save(x)

    def save(self, x):
        """Turned down where it would clip."""
        self.made += 1
        path = f"{self.folder}/{self.made}.wav"
        soundfile.write(path, (x * np.float32(min(1, 0.99 / max(1e-6, np.abs(x).max())))).T, RATE, "PCM_16")
        return path

    def ffmpeg(self, source, arguments, ending="wav"):
        self.made += 1
        path = f"{self.folder}/{self.made}.{ending}"
        subprocess.run(["ffmpeg", "-v", "error", "-y", "-threads", "1", "-i", source, *arguments.split(), path], check=True)
        return path

    def speech(self, rng, decibels, x=None):
        """Speech over it, so much louder while somebody speaks than the music."""
        x = self.x if x is None else x
        return self.save(x + np.float32(level(x) * master.decibels(decibels)) * speech(rng, x.shape[1], self.judge))

    def filtered(self, kind, hz, order, x=None):
        sections = signal.butter(order, hz, kind, fs=RATE, output="sos")
        return self.save(signal.sosfilt(sections, self.x if x is None else x, axis=1).astype(np.float32))

    def coded(self, codec, kilobits):
        ending, name, rate = {"mp3": ("mp3", "libmp3lame", 44100), "opus": ("opus", "libopus", 48000), "aac": ("m4a", "aac", 44100)}[codec]
        return self.ffmpeg(self.clean, f"-c:a {name} -b:a {kilobits}k -ar {rate}", ending)

    def played_at(self, rate):
        """Faster by that rate, and higher."""
        return self.ffmpeg(self.clean, f"-af asetrate={round(RATE * rate)},aresample={RATE}")

    def stretched(self, rate):
        """Faster by that rate, not higher: Rubber Band to be judged by; a plainer method to learn from."""
        return self.ffmpeg(self.clean, f"-af rubberband=tempo={rate}" if self.judge else f"-af atempo={rate}")


JUDGED = {  # name: (how, what the tempo is multiplied by)
    "mp3 128k": (lambda d, rng: d.coded("mp3", 128), 1),
    "opus 64k": (lambda d, rng: d.coded("opus", 64), 1),
    "low-pass 2 kHz": (lambda d, rng: d.filtered("low", 2000, 4), 1),
    "high-pass 300 Hz": (lambda d, rng: d.filtered("high", 300, 4), 1),
    "+8 %": (lambda d, rng: d.played_at(1.08), 1.08),
    "-8 %": (lambda d, rng: d.played_at(0.92), 0.92),
    "+8 % with key lock": (lambda d, rng: d.stretched(1.08), 1.08),
    "-8 % with key lock": (lambda d, rng: d.stretched(0.92), 0.92),
    "speech at -6 dB": (lambda d, rng: d.speech(rng, -6), 1),
    "speech at 0 dB": (lambda d, rng: d.speech(rng, 0), 1),
}


def drawn(d, rng):
    """[(path, rate, beats late)] to learn from: each kind of distortion, several at once, and phrases that begin elsewhere."""
    rates = [float(rng.choice([-1, 1]) * rng.uniform(0.02, 0.1) + 1) for _ in range(3)]
    low = lambda x=None: d.filtered("low", float(np.exp(rng.uniform(np.log(700), np.log(6000)))), int(rng.choice([2, 4])), x)
    high = lambda x=None: d.filtered("high", float(np.exp(rng.uniform(np.log(100), np.log(800)))), int(rng.choice([2, 4])), x)
    code = [("mp3", 64), ("mp3", 96), ("mp3", 128), ("opus", 32), ("opus", 48), ("opus", 64), ("aac", 64)][rng.integers(7)]
    fast = soundfile.read(d.played_at(rates[2]), dtype="float32", always_2d=True)[0].T
    spoken = soundfile.read(d.speech(rng, float(rng.uniform(-9, 3)), fast), dtype="float32", always_2d=True)[0].T
    return [
        (d.coded(*code), 1, 0),
        (low(), 1, 0),
        (high(), 1, 0),
        (d.played_at(rates[0]), rates[0], 0),
        (d.stretched(rates[1]), rates[1], 0),
        (d.speech(rng, float(rng.uniform(-9, 3))), 1, 0),
        (d.speech(rng, float(rng.uniform(-9, 3))), 1, 0),
        ((low, high)[rng.integers(2)](spoken * np.float32(rng.uniform(0.2, 1))), rates[2], 0),
        (d.clean, 1, 1),
        (d.clean, 1, 2),
        (d.clean, 1, 4),
    ]


def measured(program, jobs):
    lines = "".join("\t".join(map(str, job)) + "\n" for job in jobs)
    subprocess.run([program], input=lines, text=True, stdout=subprocess.DEVNULL, check=True)


def sound_of(name, source, phrases):
    """(2 x frames, beats)"""
    if source.startswith("sketches:"):
        return sketches.make(source.split(":")[1], int(name.split("-")[-1]), phrases)
    truth = json.loads((pathlib.Path(source) / (name + ".json")).read_text())
    return master.read(os.path.join(source, truth["file"])), truth["beats"]


def work(job):
    """One piece; what it writes last is OUT/NAME.done."""
    name, options = job
    x, beats = sound_of(name, options.source, options.phrases)
    rng = parts.rng_for("embedding", options.what, name)
    out = options.out / name
    with tempfile.TemporaryDirectory() as folder:
        if options.what == "crowd":
            truth = f"{folder}/truth.json"
            pathlib.Path(truth).write_text(json.dumps({"beats": list(beats), "downbeats": list(beats[:1])}))
            measured(options.measure, [("truth", out, Distorter(x, folder, False).clean, truth, options.apart)])
        else:
            frames = min(x.shape[1], CUT_S * RATE)
            first = int(rng.uniform(0, x.shape[1] - frames + 1))
            d = Distorter(x[:, first : first + frames], folder, options.what == "judge")
            measured(options.measure, [("anew", f"{out}.clean", d.clean)])
            if options.what == "learn":
                made, how = {str(i): each for i, each in enumerate(drawn(d, rng))}, "given"
            else:
                made, how = {key.replace(" ", "_"): (distort(d, rng), rate, 0) for key, (distort, rate) in JUDGED.items()}, "both"
            ref = f"{out}.clean.json"
            measured(options.measure, [(how, f"{out}.{key}", path, ref, rate, shift) for key, (path, rate, shift) in made.items()])
    pathlib.Path(f"{out}.done").touch()
    return name


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("learn", "judge", "crowd"))
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("source")
    parser.add_argument("--measure", required=True)
    parser.add_argument("--count", type=int, default=10**6)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--phrases", type=int, default=8)
    parser.add_argument("--apart", type=int, default=16)
    parser.add_argument("--jobs", type=int, default=1)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    wanted = range(options.first, options.first + options.count)
    if options.source.startswith("sketches:"):
        names = [f"{options.source.split(':')[1]}-sketch-{i:05d}" for i in wanted]
    else:
        names = sorted(p.stem for p in pathlib.Path(options.source).glob("*.json"))[wanted.start : wanted.stop]
    jobs = [(name, options) for name in names if not (options.out / f"{name}.done").exists()]
    with multiprocessing.get_context("fork").Pool(options.jobs) as pool:
        for done, name in enumerate(pool.imap_unordered(work, jobs), 1):
            print(f"{done}/{len(jobs)} {name}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
