#!/usr/bin/env python3
"""Sets mixed into files, from files as they come: analysed, ordered, in beat, and without holes.

mix_test.py FOLDER_OF_PROGRAMS [GROUP]
"""
import cmath
import json
import math
import os
import re
import shutil
import subprocess

from app_rig import RATE, TACTUS, Crate, band, decode, write_wav
from run_tests import main

PINGS = {"a": 9000, "b": 12000, "c": 6000}  # Hz


def with_pings(samples, bpm, hz):
    """The samples with a short tone of its own around every beat: its loudest moment is the beat."""
    out = list(samples)
    length = RATE // 250
    ping = [0.25 * math.sin(math.pi * i / length) ** 2 * math.cos(2 * math.pi * hz * (i - length / 2) / RATE)
            for i in range(length)]
    beat = 60 * RATE / bpm
    for k in range(1, int(len(out) / beat)):
        start = round(k * beat) - length // 2
        for i, v in enumerate(ping):
            if start + i < len(out):
                out[start + i] += v
    return out


def loudest(sound, hz, around, reach):
    """(frame, strength) of the loudest moment of a tone within so many frames of a frame."""
    turn = [cmath.exp(-2j * math.pi * hz * i / RATE) * math.sin(math.pi * i / 192) ** 2 for i in range(192)]
    best = (0, 0.0)
    for at in range(around - reach, around + reach, 12):
        strength = abs(sum(v * t for v, t in zip(sound[at - 96:at + 96], turn)))
        best = max(best, (at, strength), key=lambda b: b[1])
    return best


class Mix(Crate):
    """Sets into files."""

    def test_a_set_of_files_good_and_bad(self):
        shutil.copy(self.path("crate/a.wav"), self.path("crate/short.wav"))
        with open(self.path("crate/empty.mp3"), "w"):
            pass
        with open(self.path("crate/text.flac"), "w") as f:
            f.write("this is no music\n" * 100)
        os.truncate(self.path("crate/short.wav"), 30)
        r = self.run_tactus("mix", "crate", "-o", "set.flac", "--quiet")
        self.assertEqual(r.returncode, 0, r.stderr)
        for bad in ("empty.mp3", "text.flac", "short.wav"):
            self.assertIn(bad, r.stderr)
        lines = [line for line in r.stdout.splitlines() if " BPM " in line]
        self.assertEqual(len(lines), 3, r.stdout)
        for bpm, line in zip(("120.00", "124.00", "128.00"), lines):
            self.assertIn(bpm, line)
        self.assertIn("blend", lines[1])
        sound = decode(self.path("set.flac"))
        loud = [max(abs(v) for v in sound[i:i + RATE]) for i in range(0, len(sound) - RATE, RATE)]
        self.assertLess(max(loud), 1.0)
        first, last = next(i for i, v in enumerate(loud) if v > 0.05), max(i for i, v in enumerate(loud) if v > 0.05)
        self.assertTrue(all(v > 0.05 for v in loud[first:last]), "no hole in the set")
        self.assertLess(max(abs(v) for v in sound[-RATE // 2:]), 1e-3, "it ends in silence")

    def test_beats_lie_on_each_other_in_the_file(self):
        for name, bpm, root in (("a", 120, 110), ("b", 124, 110), ("c", 128, 98)):
            write_wav(self.path(f"crate/{name}.wav"), with_pings(band(bpm, 45, root), bpm, PINGS[name]))
        r = self.run_tactus("mix", "crate", "-o", "set.wav", "--quiet", "--json", "--transition", 16)
        self.assertEqual(r.returncode, 0, r.stderr)
        report = json.loads(r.stdout)
        starts = [(e["beat"], e["frame"]) for e in report["events"] if e["do"].endswith("/play")]
        self.assertEqual(len(starts), 3, report["events"])
        sound = decode(self.path("set.wav"))
        apart = []
        for (old, new), bpm, (_, frame) in zip(("ab", "bc"), (120, 124), starts[1:]):
            for k in range(5, 14):  # both are up
                around = round(frame + k * 60 * RATE / bpm)
                (x, x_level), (y, y_level) = (loudest(sound, PINGS[n], around, RATE // 40) for n in (old, new))
                # Beats with a snare hide the tones, in one of the tracks or the other.
                if min(x_level, y_level) > 1:
                    apart.append((old + new, k, (y - x) * 1000 / RATE))
        self.assertGreater(len(apart), 14, apart)
        # Two grids that the analysis found, under key lock: what the ear takes for one is some 20 ms apart.
        self.assertLess(max(abs(ms) for _, _, ms in apart), 5, apart)
        for pair in ("ab", "bc"):
            ms = [m for p, _, m in apart if p == pair]
            self.assertLess(max(ms) - min(ms), 2, "they don't drift apart")

    def test_a_file_that_goes_after_it_was_analysed_leaves_no_hole(self):
        command = [TACTUS, "mix", "crate", "-o", "set.flac", "--quiet"]
        parent, child = os.openpty()  # so that the track list is there before the rendering has begun
        with subprocess.Popen(command, cwd=self.dir, env={**os.environ, **self.env}, stdout=child, stderr=subprocess.PIPE,
                              text=True) as mixing:
            os.close(child)
            listed = b""
            while listed.count(b" BPM ") < 3:
                listed += os.read(parent, 4096)
            os.remove(self.path("crate/b.wav"))
            said = mixing.stderr.read()
            while more := self.read_or_nothing(parent):
                listed += more
        os.close(parent)
        self.assertEqual(mixing.returncode, 0, said)
        self.assertIn("b.wav", said)
        self.assertIn("without it", said)
        again = listed.decode().split(" BPM ")
        self.assertEqual(len(again) - 1, 3 + 2, listed)
        sound = decode(self.path("set.flac"))
        loud = [max(abs(v) for v in sound[i:i + RATE]) > 0.05 for i in range(0, len(sound) - RATE, RATE)]
        first, last = loud.index(True), len(loud) - 1 - loud[::-1].index(True)
        self.assertTrue(all(loud[first:last]), "no hole in the set")

    @staticmethod
    def read_or_nothing(descriptor):
        try:
            return os.read(descriptor, 4096)
        except OSError:  # the other side has ended
            return b""

    def test_the_order_given_is_kept_if_asked_for(self):
        names = ["c", "a", "b"]
        r = self.run_tactus("mix", *(f"crate/{n}.wav" for n in names), "--keep-order", "--plan", "--quiet")
        self.assertEqual(r.returncode, 0, r.stderr)
        self.assertEqual(re.findall(r'/load .*?(\w)\.wav', r.stdout), names)
        # What is printed is a set file, wherever it is put.
        os.mkdir(self.path("sets"))
        with open(self.path("sets/set.jsonl"), "w") as f:
            f.write(r.stdout)
        r = self.run_tactus("render", "sets/set.jsonl", "-o", "out.wav", "--json", "--quiet", "--length", 3)
        self.assertEqual(r.returncode, 0, r.stderr)
        report = json.loads(r.stdout)
        self.assertEqual(report["refused"], [])
        self.assertGreater(report["lufs"], -40)

    def test_nothing_to_mix(self):
        os.mkdir(self.path("bare"))
        r = self.run_tactus("mix", "bare", "-o", "set.flac")
        self.assertEqual(r.returncode, 1)
        self.assertIn("no music", r.stderr)


if __name__ == "__main__":
    main()
