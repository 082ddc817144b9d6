#!/usr/bin/env python3
"""The analysis as a user asks for it: what is printed of tracks whose truth is known, and how it is judged.

analysis_test.py FOLDER_OF_PROGRAMS
"""
import glob
import json
import os
import signal
import struct
import subprocess
import zlib

from app_rig import TACTUS, Folder, band_pcm, tactus, write_wav
from run_tests import main


def png_rows(path, count):
    """Width, height and the first rows of a PNG of 8-bit RGB, each as bytes."""
    with open(path, "rb") as f:
        data = f.read()
    width, height, depth, color = struct.unpack(">IIBB", data[16:26])
    assert data[:8] == b"\x89PNG\r\n\x1a\n" and (depth, color) == (8, 2)
    packed, at = b"", 8
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at:at + 8])
        if kind == b"IDAT":
            packed += data[at + 8:at + 8 + length]
        at += 12 + length
    raw, rows, above = zlib.decompress(packed), [], bytes(3 * width)
    for y in range(count):
        kind, *row = raw[y * (3 * width + 1):(y + 1) * (3 * width + 1)]
        for x in range(3 * width):
            a, b, c = row[x - 3] if x > 2 else 0, above[x], above[x - 3] if x > 2 else 0
            nearest = min((abs(b - c), 0, a), (abs(a - c), 1, b), (abs(a + b - 2 * c), 2, c))[2]
            row[x] = row[x] + (0, a, b, (a + b) // 2, nearest)[kind] & 255
        above = bytes(row)
        rows.append(above)
    return width, height, rows


class Analyze(Folder):
    """tactus analyze"""

    KEYS = {"file", "duration", "bpm", "beats", "downbeats", "grid", "key", "key_confidence", "tuning_cents", "lufs", "lra",
            "true_peak_db", "sections", "phrases", "first_sound", "last_sound"}

    def setUp(self):
        super().setUp()
        os.mkdir(self.path("music"))
        write_wav(self.path("music/b.wav"), band_pcm(124, 30, 110))

    def test_what_was_set_right_stays(self):
        def known(*words):
            r = self.run_tactus("analyze", "--jsonl", "--quiet", *words, "music/b.wav")
            return json.loads(r.stdout)

        def edit(*words):
            r = self.run_tactus("edit", *words, "music/b.wav", "--json")
            self.assertEqual(r.returncode, 0, r.stderr)
            return json.loads(r.stdout)

        with open(self.path("music/b.wav"), "rb") as f:
            before = f.read()
        found = known()
        self.assertEqual(edit(), found, "nothing was asked for")
        halved = edit("--halve")
        self.assertAlmostEqual(halved["bpm"], found["bpm"] / 2, places=9)
        self.assertAlmostEqual(len(halved["beats"]), len(found["beats"]) / 2, delta=1)
        self.assertEqual(known(), halved)
        moved = edit("--bpm", "124", "--downbeat", "0.5", "--key", "8A")
        self.assertEqual((moved["bpm"], moved["key"], moved["key_confidence"]), (124, "A minor", 1))
        self.assertIn(0.5, [round(t, 6) for t in moved["downbeats"]])
        # Another analyser, or a lost cache, finds what it finds; what was set right goes before it.
        for name in glob.glob(self.path("cache/tactus/analysis/*")):
            os.remove(name)
        self.assertEqual(known(), moved)
        self.assertEqual(edit("--forget"), found)
        self.assertEqual(known(), found)
        for words in (["--key", "H dur"], ["--halve", "--double"], ["--bpm", "1000"]):
            self.assertEqual(self.run_tactus("edit", *words, "music/b.wav").returncode, 2, words)
        self.assertEqual(self.run_tactus("edit", "--halve", "gone.wav").returncode, 1)
        with open(self.path("music/b.wav"), "rb") as f:
            self.assertEqual(f.read(), before, "the file itself is never touched")

    def test_a_line_for_each_file_in_order_and_the_rest_goes_on(self):
        write_wav(self.path("music/quiet.wav"), [0.0] * 48000)
        with open(self.path("music/a.mp3"), "w") as f:
            f.write("no music" * 100)
        os.mkdir(self.path("bare"))
        r = self.run_tactus("analyze", "--jsonl", "--quiet", "music", "gone.flac", "bare")
        self.assertEqual(r.returncode, 1)
        found = [json.loads(line) for line in r.stdout.splitlines()]
        self.assertEqual([f["file"] for f in found],
                         ["music/a.mp3", "music/b.wav", "music/quiet.wav", "gone.flac", "bare"])
        for bad in (found[0], found[3], found[4]):
            self.assertEqual(bad.keys(), {"file", "error"})
            self.assertIn(bad["error"], r.stderr)
        b, quiet = found[1], found[2]
        self.assertEqual(b.keys(), self.KEYS)
        self.assertEqual(quiet.keys(), self.KEYS)
        self.assertAlmostEqual(b["duration"], 30, places=3)
        self.assertAlmostEqual(b["bpm"], 124, delta=0.05)
        self.assertEqual(b["grid"][0].keys(), {"start", "bpm", "beat"})
        self.assertAlmostEqual(b["grid"][0]["bpm"], 124, delta=0.05)
        near = sum(abs(t * 124 / 60 - round(t * 124 / 60)) < 0.05 for t in b["beats"])
        self.assertGreater(near, 0.9 * len(b["beats"]))
        self.assertGreater(near, 55)
        self.assertLessEqual(set(b["downbeats"]), set(b["beats"]))
        for section in b["sections"]:
            self.assertEqual(section.keys(), {"start", "end", "label", "energy"})
        for phrase in b["phrases"]:
            self.assertEqual(phrase.keys(), {"t", "label"})
        self.assertLess(b["first_sound"], b["last_sound"])
        self.assertTrue(-40 < b["lufs"] < 0)
        self.assertEqual([quiet[k] for k in ("bpm", "key", "lufs", "true_peak_db")], [None] * 4)
        self.assertEqual((quiet["beats"], quiet["grid"]), ([], []))

    def test_ctrl_c_stops_it_and_what_is_done_is_kept(self):
        for i in range(12):
            write_wav(self.path(f"music/n{i}.wav"), [((i * 7919 + k * 104729) % 20011) / 40022 - 0.25 for k in range(8000)] * 20, 8000)
        p = subprocess.Popen([TACTUS, "analyze", "--jsonl", "-q", "--jobs", "1", "music"], cwd=self.dir,
                             env={**os.environ, **self.env}, stdout=subprocess.PIPE, text=True)
        first = json.loads(p.stdout.readline())
        p.send_signal(signal.SIGINT)
        rest = p.stdout.read()
        p.stdout.close()
        self.assertEqual(p.wait(10), 130)
        self.assertLess(len(rest.splitlines()), 11)
        kept = {os.path.basename(f) for f in glob.glob(self.path("cache/tactus/analysis/*.json"))}
        self.assertTrue(kept)
        again = self.run_tactus("analyze", "--jsonl", "-q", "music")
        found = [json.loads(line) for line in again.stdout.splitlines()]
        self.assertEqual(len(found), 13)
        self.assertIn(first, found)

    def test_nothing_is_analysed_twice(self):
        first = self.run_tactus("analyze", "--jsonl", "-q", "music")
        self.assertEqual((first.returncode, first.stderr), (0, ""))
        made = {f: os.stat(f).st_mtime_ns for f in glob.glob(self.path("cache/tactus/analysis/*"))}
        self.assertEqual(len(made), 2, "the analysis and the waveform")
        os.rename(self.path("music/b.wav"), self.path("music/moved.wav"))
        again = self.run_tactus("analyze", "--jsonl", "-q", "music/moved.wav")
        self.assertEqual(again.stdout, first.stdout.replace("b.wav", "moved.wav"))
        self.assertEqual({f: os.stat(f).st_mtime_ns for f in glob.glob(self.path("cache/tactus/analysis/*"))}, made)

    def test_words_for_people(self):
        r = self.run_tactus("analyze", "music")
        self.assertEqual(r.returncode, 0, r.stderr)
        self.assertRegex(r.stdout, r"^12[34]\.\d\d BPM  .* LUFS, .*0:30  music/b\.wav$")

    def test_a_picture_shows_downbeats_where_they_are(self):
        r = self.run_tactus("analyze", "--jsonl", "-q", "music/b.wav", "--plot", "b.png")
        self.assertEqual(r.returncode, 0, r.stderr)
        found = json.loads(r.stdout)
        width, height, rows = png_rows(self.path("b.png"), 402)
        self.assertEqual((width, height), (1600, 860))
        # A row through the strip of the first eight seconds: 1568 dots of 5.1 ms.
        shown = [x for x in range(width) if rows[401][3 * x:3 * x + 3] == bytes((255, 150, 60))]
        begin = max(0, found["first_sound"] - 0.25)
        for t in found["downbeats"]:
            if t < begin + 8:
                x = 16 + (t - begin) / 8 * 1567
                self.assertTrue(any(abs(s - x) < 2 for s in shown), t)
        self.assertTrue(shown)

    def test_what_cannot_be_drawn_is_told(self):
        for args in (["music", "music/b.wav", "--plot", "b.png"], ["music/b.wav", "--plot", "no/such/b.png"],
                     ["gone.wav", "--plot", "b.png"]):
            r = self.run_tactus("analyze", "-q", *args)
            self.assertEqual(r.returncode, 1, args)
            self.assertTrue(r.stderr, args)
        self.assertFalse(os.path.exists(self.path("b.png")))
        self.assertEqual(tactus("analyze").returncode, 2)


class Eval(Folder):
    """tactus eval"""

    def setUp(self):
        super().setUp()
        os.mkdir(self.path("set"))
        write_wav(self.path("set/a.wav"), band_pcm(124, 30, 110))
        beats = [k * 60 / 124 for k in range(62)]
        self.truth = [{"file": "a.wav", "style": "house", "kind": "electronic", "bpm": 124, "constant": True, "beats": beats,
                       "downbeats": beats[::4], "key": "A minor", "vocals": []},
                      {"file": "gone.wav", "style": "techno", "kind": "electronic", "bpm": 130}]

    def evaluate(self, *args, truth=None):
        with open(self.path("set/TRUTH.jsonl"), "w") as f:
            f.writelines(json.dumps(t) + "\n" for t in truth or self.truth)
        return self.run_tactus("eval", "set/TRUTH.jsonl", "--quiet", *args)

    def test_figures_of_what_can_be_read_and_failure_for_the_rest(self):
        r = self.evaluate("--json")
        self.assertEqual(r.returncode, 1)
        self.assertIn("gone.wav", r.stderr)
        found = json.loads(r.stdout)
        self.assertEqual([f["file"] for f in found["failed"]], ["gone.wav"])
        self.assertTrue(found["failed"][0]["error"])
        self.assertEqual([t["file"] for t in found["tracks"]], ["a.wav"])
        ours = found["analysers"]["tactus"]
        self.assertEqual(ours["total"]["tracks"], 1)
        for figure in ("tempo_1", "tempo_exact", "grid_ends"):
            self.assertEqual(ours["total"][figure], 1, figure)
        self.assertGreater(ours["total"]["beat_f70"], 0.9)
        self.assertLess(abs(ours["total"]["offset_ms"]), 10)
        self.assertIsNone(ours["total"]["boundary_f"], "no true sections, no figure")
        self.assertEqual(ours["styles"].keys(), {"house"})
        self.assertEqual(ours["styles"]["house"], ours["total"])
        self.assertEqual(sum(step["said"] for step in found["reliability"]["tempo"]), 1)

    def test_a_wrong_truth_is_seen(self):
        wrong = dict(self.truth[0], bpm=140, beats=[0.2 + k * 60 / 140 for k in range(62)], key="Eb major")
        r = self.evaluate("--json", truth=[wrong])
        self.assertEqual(r.returncode, 0, r.stderr)
        total = json.loads(r.stdout)["analysers"]["tactus"]["total"]
        for figure in ("tempo_1", "tempo_2", "tempo_exact", "grid_ends", "key"):
            self.assertEqual(total[figure], 0, figure)
        self.assertLess(total["beat_f70"], 0.6)

    def test_tables_for_people(self):
        r = self.evaluate("--only", "house", "--tracks")
        self.assertEqual(r.returncode, 0, r.stderr)
        for words in ("beat F at 70 ms", "tactus by style", "house", "tactus by track", "a.wav", "confidence", "real time"):
            self.assertIn(words, r.stdout)
        self.assertNotIn("techno", r.stdout)

    def test_rivals_are_judged_beside_or_plainly_missing(self):
        for rival, package in (("qm", "libqm-dsp-dev"), ("aubio", "libaubio-dev")):
            r = self.evaluate("--only", "house", "--json", "--against", rival)
            if r.returncode == 0:
                self.assertIsNotNone(json.loads(r.stdout)["analysers"][rival]["total"]["beat_f70"])
            else:
                self.assertEqual(r.stdout, "")
                self.assertIn(package, r.stderr)

    def test_what_cannot_be_is_told(self):
        for args, words in ((["--only", "polka"], "no track"), (["--against", "ears"], '"ears"')):
            r = self.evaluate(*args)
            self.assertEqual(r.returncode, 1)
            self.assertIn(words, r.stderr)
            self.assertEqual(r.stdout, "")
        r = self.evaluate(truth=[self.truth[0], {"style": "house"}])
        self.assertEqual(r.returncode, 1)
        self.assertIn("TRUTH.jsonl:2", r.stderr)
        self.assertEqual(tactus("eval").returncode, 2)


if __name__ == "__main__":
    main()
