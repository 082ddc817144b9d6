#!/usr/bin/env python3
"""The README's five-minute tour, line by line: each does what is written beside it. A line that this file doesn't know
how to take fails.

tour_test.py FOLDER_OF_PROGRAMS
"""
import glob
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile
import time
import unittest

from folders import remove_folder
from run_tests import main

BIN = os.path.abspath(sys.argv.pop(1))
TACTUS = os.path.join(BIN, "tactus")
README = os.path.join(os.path.dirname(__file__), "..", "..", "README.md")


def tour():
    """(the line without its comment, the lines indented below it) of each step."""
    with open(README) as f:
        block = f.read().split("## A five-minute tour", 1)[1].split("```", 2)[1]
    steps = []
    for line in block.splitlines():
        words = re.sub(r"\s+#.*", "", line)
        if not words.strip() or line.lstrip().startswith("#"):
            continue
        if words.startswith(" "):
            steps[-1][1].append(words.strip())
        else:
            steps.append((words, []))
    return steps


class Tour(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="tactus-tour-")
        self.addCleanup(remove_folder, self.dir)
        self.env = {**os.environ, "TACTUS_LIBRARY": "", "HOME": self.dir, "XDG_RUNTIME_DIR": self.dir,
                    **{f"XDG_{x}_HOME": f"{self.dir}/{x}" for x in ("CACHE", "CONFIG", "DATA", "STATE")}}

    def words(self, line):
        """As a shell would read it, in the test's folder and with its own programs."""
        words = []
        for word in shlex.split(line.replace("~/", f"{self.dir}/")):
            words += sorted(glob.glob(word)) or [word]
        self.assertEqual(words[0], "tactus")
        return [TACTUS, *words[1:]]

    def run_line(self, line, *more, text=None, code=0):
        r = subprocess.run([*self.words(line), *more], input=text, capture_output=True, text=True, timeout=200,
                           cwd=self.dir, env=self.env)
        self.assertEqual(r.returncode, code, f"{line}: {r.stdout}{r.stderr}")
        return r

    def begin(self, line, *more):
        p = subprocess.Popen([*self.words(line), *more], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, text=True, cwd=self.dir, env=self.env)
        self.addCleanup(self.end, p)
        return p

    def end(self, p):
        p.send_signal(signal.SIGINT)
        p.communicate(timeout=30)

    def read_until(self, p, pattern):
        shown = ""
        while not re.search(pattern, shown):
            line = p.stdout.readline()
            self.assertTrue(line, shown)
            shown += line
        return shown

    def engine(self, line, *more):
        p = self.begin(line, *more)
        until = time.monotonic() + 20
        while subprocess.run([TACTUS, "state"], env=self.env, capture_output=True).returncode and time.monotonic() < until:
            time.sleep(0.05)
        self.assertIsNone(p.poll(), p.stdout.read() if p.poll() is not None else "")
        return p

    # --- The steps, by how their lines begin -------------------------------------------------------------------------

    def demo(self, line, _):
        self.run_line(line, "--seconds", "12")
        self.assertEqual(len(glob.glob(self.dir + "/demo/*.flac")), 7)

    def mix_live(self, line, _):
        p = self.begin(line, "--audio", "null")
        self.assertIn("Keys: n next", self.read_until(p, "Keys: "))
        self.end(p)
        self.assertIsNotNone(p.poll())

    def mix_to_a_file(self, line, _):
        told = self.run_line(line).stdout
        self.assertGreater(os.path.getsize(self.dir + "/set.flac"), 1_000_000)
        self.assertRegex(told, r"\d:\d\d .*BPM|BPM")

    def analyze(self, line, _):
        found = [json.loads(told) for told in self.run_line(line, "--jsonl").stdout.splitlines()]
        self.assertEqual(len(found), 7)
        self.assertEqual([f for f in found if "error" in f], [])

    def judge(self, line, _):
        self.assertIn("beat", self.run_line(line).stdout)

    def scan(self, line, _):
        self.assertIn("7 new tracks", self.run_line(line).stdout)

    def analyze_library(self, line, _):
        self.assertIn("7 tracks analysed, 0 failed", self.run_line(line).stdout)

    def search(self, line, _):
        found = [json.loads(told) for told in self.run_line(line, "--json").stdout.splitlines()]
        bpm = [track["bpm"] for page in found for track in page.get("tracks", [page])]
        self.assertTrue(bpm)
        self.assertTrue(all(118 <= b <= 128 for b in bpm), bpm)

    def import_library(self, line, _):
        self.run_line("tactus library export --to rekordbox -o rekordbox.xml")
        self.assertIn("7 tracks, 0 of them new", self.run_line(line).stdout)

    def phrases(self, line, _):
        self.assertIn("BPM", self.run_line(line).stdout)

    def next_track(self, line, _):
        self.assertIn("%", self.run_line(line).stdout)

    def devices(self, line, _):
        self.run_line(line)

    def play(self, line, intents):
        self.assertGreaterEqual(len(self.words(line)), 4, "two tracks")
        answers = self.run_line(line, "--audio", "null", "--json", text="\n".join([*intents, "quit", ""])).stdout
        fates = [json.loads(a) for a in answers.splitlines()]
        self.assertEqual(len(intents), 5)
        self.assertEqual([f["do"] for f in fates if f["fate"] not in ("accepted", "coalesced")], [], answers)
        self.assertLessEqual(set(intents), {f["do"] for f in fates})

    def play_with_headphones(self, line, _):
        subprocess.run(["ffmpeg", "-v", "error", "-i", glob.glob(self.dir + "/demo/*.flac")[0], "a.mp3"], cwd=self.dir,
                       check=True)
        told = self.run_line(line, "--audio", "file:four.wav", text="/deck/1/cue_bus 1\nquit\n")
        self.assertNotIn("refused", told.stdout)
        for instead in ("--routing split=1-2", "--headphones alsa:USB"):
            with open(README) as f:
                self.assertIn(instead, f.read())
            self.run_line("tactus play a.mp3 " + instead, "--audio", "null", text="quit\n")

    def up(self, line, others):
        self.engine(line, "--audio", "null")
        subprocess.run([TACTUS, "send", f'/deck/1/load "{self.dir}/a.mp3"'], env=self.env, check=True, capture_output=True)
        self.assertEqual(len(others), 3)
        for other in others:
            if other.startswith("tactus watch"):
                self.read_until(self.begin(other), r"deck 1")
            else:
                self.run_line(other)
        self.run_line("tactus stop")

    def up_with_midi(self, line, _):
        self.engine(line, "--audio", "null")
        self.run_line("tactus stop")
        self.run_line("tactus map learn --help")

    def render(self, line, _):
        track = sorted(glob.glob(self.dir + "/demo/*.flac"))[0]
        with open(self.dir + "/set.jsonl", "w") as f:
            f.write('{"tactus_set": 1, "tempo": 126}\n')
            for beat, do in ((0, f'/deck/1/load "{track}"'), (4, "/deck/1/play"), (16, "/deck/1/eq/low -inf @bar")):
                f.write(json.dumps({"beat": beat, "do": do}) + "\n")
        bits = []
        for _ in range(2):
            report = json.loads(self.run_line(line).stdout.splitlines()[-1])
            with open(self.dir + "/set.wav", "rb") as f:
                bits.append(f.read())
        self.assertEqual(bits[0], bits[1], "twice the same bits")
        self.assertEqual([e["frame"] for e in report["events"] if e["do"] == "/deck/1/play"], [round(4 * 60 / 126 * 48000)])

    def bench(self, line, _):
        self.assertIn("deadline", self.run_line(line, "--blocks", "2000").stdout)

    STEPS = (("tactus demo", demo), ("tactus mix ~/demo -o", mix_to_a_file), ("tactus mix", mix_live),
             ("tactus analyze", analyze), ("tactus eval", judge), ("tactus library scan", scan),
             ("tactus library analyze", analyze_library), ("tactus library search", search),
             ("tactus library import", import_library), ("tactus phrases text", phrases), ("tactus next", next_track),
             ("tactus devices", devices), ("tactus play ~/demo", play), ("tactus play a.mp3", play_with_headphones),
             ("tactus up --midi", up_with_midi), ("tactus up", up), ("tactus render", render), ("tactus bench rt", bench))

    def test_each_line_does_what_it_says(self):
        steps = tour()
        self.assertEqual(len(steps), len(self.STEPS))
        for line, below in steps:
            take = next((take for start, take in self.STEPS if line.startswith(start)), None)
            self.assertIsNotNone(take, f"README: nobody tests '{line}'")
            with self.subTest(line):
                take(self, line, below)


if __name__ == "__main__":
    main()
