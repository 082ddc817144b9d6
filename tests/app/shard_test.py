#!/usr/bin/env python3
"""A catalogue shared out among machines: tactus analyze --shard, and tactus library merge of what it writes.

shard_test.py FOLDER_OF_PROGRAMS
"""
import json
import os
import signal
import subprocess
import time

from app_rig import TACTUS, Folder, band_pcm, write_wav
from run_tests import main


class Shards(Folder):
    FILES = 9

    def setUp(self):
        super().setUp()
        os.makedirs(self.path("music/more"))
        pcm = band_pcm(124, 8, 110)
        for i in range(self.FILES):
            write_wav(self.path(f"music/{'more/' if i % 2 else ''}{i}.wav"), pcm[4 * 1000 * i:])

    def lines(self, part):
        with open(self.path(part)) as f:
            return [json.loads(line) for line in f]

    def files(self, part):
        return [line for line in self.lines(part) if "path" in line]

    def test_without_a_cache_nothing_is_left_but_the_part(self):
        os.mkdir(self.path("tmp"))
        self.env["TMPDIR"] = self.path("tmp")
        self.assertEqual(self.shard("1/1", "all.part", "--no-cache").returncode, 0)
        self.assertEqual(sorted(os.listdir(self.dir)), ["all.part", "music", "tmp"])
        self.assertEqual(os.listdir(self.path("tmp")), [])
        heard = self.files("all.part")
        self.assertEqual(len(heard), self.FILES)
        for f in heard:
            self.assertEqual(len(f["words"]), len(f["analysis"]["phrases"]), "the waveform was there to be looked at")
            self.assertTrue(all(f["words"]), f)

    def shard(self, which, part, *words):
        return self.run_tactus("analyze", "--shard", which, "--out", part, "-q", *words, "music")

    def merge(self, *words):
        r = self.run_tactus("library", "merge", "--library", "library", "--json", "-q", *words)
        return r, json.loads(r.stdout) if r.stdout else None

    def test_every_file_is_in_one_part_and_comes_in_once(self):
        with open(self.path("music/none.mp3"), "w") as f:
            f.write("no music" * 100)
        self.assertEqual(self.run_tactus("analyze", "--write-list", "list", "music").returncode, 0)
        codes = [self.shard(f"{i}/3", f"{i}.part", *(["--list", "list"] if i == 2 else [])).returncode for i in (1, 2, 3)]
        self.assertEqual(sorted(codes), [0, 0, 1], "one has the file that is no music")
        found = [f for i in (1, 2, 3) for f in self.files(f"{i}.part")]
        self.assertEqual(len(found), self.FILES + 1)
        self.assertEqual(len({f["path"] for f in found}), self.FILES + 1)
        self.assertEqual([f["path"] for f in found if "error" in f], ["none.mp3"])
        self.assertEqual({f["scanned"]["codec"] for f in found if "error" not in f}, {"wav"})
        ends = [self.lines(f"{i}.part")[-1]["end"] for i in (1, 2, 3)]
        self.assertEqual(sum(e["files"] for e in ends), self.FILES + 1)
        self.assertEqual(sum(e["failed"] for e in ends), 1)

        r, counts = self.merge("1.part", "2.part", "1.part", "3.part")
        self.assertEqual(r.returncode, 0, r.stderr)
        twice = len(self.files("1.part")) - ("none.mp3" in {f["path"] for f in self.files("1.part")})
        self.assertEqual((counts["added"], counts["known"]), (self.FILES, twice))
        r, counts = self.merge("3.part", "2.part", "1.part")
        self.assertEqual((counts["added"], counts["renewed"], counts["known"]), (0, 0, self.FILES))
        # The scan knows them by their sound and finds nothing new.
        r = self.run_tactus("library", "scan", "--library", "library", "--json", "-q", "music")
        self.assertEqual((json.loads(r.stdout)["added"], json.loads(r.stdout)["missing"]), (0, 0), r.stdout)

    def test_killed_it_goes_on_where_it_was(self):
        p = subprocess.Popen([TACTUS, "analyze", "--shard", "1/1", "--out", "all.part", "-q", "--jobs", "1", "music"],
                             cwd=self.dir, env={**os.environ, **self.env}, stderr=subprocess.DEVNULL)
        beside = self.path("all.part.unfinished")
        while p.poll() is None and not (os.path.exists(beside) and os.path.getsize(beside) > 1000):
            time.sleep(0.002)
        p.send_signal(signal.SIGKILL)
        self.assertEqual(p.wait(10), -signal.SIGKILL, "it was quicker than this test")
        with open(beside, "rb") as f:
            kept = sum(line.startswith(b'{"path"') and line.endswith(b"\n") for line in f)
        self.assertGreater(kept, 0)
        self.assertFalse(os.path.exists(self.path("all.part")))
        r, counts = self.merge("all.part.unfinished")
        self.assertEqual((r.returncode, counts["added"], counts["broken"]), (1, kept, 1), "what is whole of it is taken in")
        r = self.run_tactus("analyze", "--shard", "1/1", "--out", "all.part", "-q", "--jsonl", "music")
        said = json.loads(r.stdout)
        self.assertEqual((r.returncode, said["files"], said["failed"]), (0, self.FILES, 0))
        self.assertEqual(said["known"], kept)
        self.assertFalse(os.path.exists(beside))
        r, counts = self.merge("all.part")
        self.assertEqual((r.returncode, counts["added"], counts["known"]), (0, self.FILES - kept, kept))

    def test_a_broken_part_costs_its_broken_lines(self):
        self.assertEqual(self.shard("1/1", "all.part").returncode, 0)
        with open(self.path("all.part"), "rb+") as f:
            lines = f.read().splitlines(True)
            lines[2] = lines[2].replace(b'"size":', b'"size":1', 1)
            f.seek(0)
            f.truncate()
            f.writelines(lines)
        r, counts = self.merge("all.part", "gone.part", "music/0.wav")
        self.assertEqual((r.returncode, counts["added"]), (1, self.FILES - 1))
        for words in ("all.part: line 3", "gone.part", "music/0.wav"):
            self.assertIn(words, r.stderr)
        # The same job again finds what the damage has cost.
        self.assertEqual(self.shard("1/1", "all.part").returncode, 0)
        r, counts = self.merge("all.part")
        self.assertEqual((r.returncode, counts["added"], counts["known"]), (0, 1, self.FILES - 1))

    def test_words_that_are_off_are_told(self):
        for words, code in ((["--shard", "0/2", "--out", "p", "music"], 2), (["--shard", "1/2", "music"], 2),
                            (["--out", "p", "music"], 2), (["--shard", "1/2", "--out", "p", "music", "music"], 2),
                            (["--shard", "1/2", "--out", "p", "gone"], 1), (["--shard", "1/2", "--out", "no/p", "music"], 1),
                            (["--shard", "1/2", "--out", "p", "--list", "gone", "music"], 1)):
            r = self.run_tactus("analyze", "-q", *words)
            self.assertEqual(r.returncode, code, words)
            self.assertTrue(r.stderr, words)
        self.assertEqual(sorted(os.listdir(self.dir)), ["music"], "nothing is left of them")


if __name__ == "__main__":
    main()
