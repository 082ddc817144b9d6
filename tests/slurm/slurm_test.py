#!/usr/bin/env python3
"""tools/slurm on a real cluster: a worker is lost in the middle of a job, and nothing of the catalogue is lost or doubled.

slurm_test.py FOLDER_OF_PROGRAMS
"""
import collections
import glob
import json
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../app"))
from app_rig import TACTUS, band_pcm, write_wav  # noqa: E402
from cluster import Cluster, missing_programs, send  # noqa: E402
from run_tests import main  # noqa: E402

RUN = os.path.join(HERE, "../../tools/slurm/run")
FILES, SHARES = 12, 4


def lines_of(part):
    """What is known of each file in a part; the last line may be cut."""
    out = []
    with open(part) as f:
        for line in f:
            if line.endswith("\n") and line.startswith('{"path'):
                out.append(json.loads(line))
    return out


@unittest.skipIf(missing_programs(), f"slurm-wlm and munge are not installed: no {', '.join(missing_programs())}")
class ClusterOfTwo(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="tactus-slurm-")
        self.addCleanup(folder.cleanup)
        self.dir = folder.name
        os.makedirs(self.path("music/more"))
        for i in range(FILES):
            write_wav(self.path(f"music/{'more/' if i % 2 else ''}{i}.wav"), band_pcm(120 + i, 8, 100 + 5 * i))
        self.cluster = Cluster(self.path("cluster"))
        os.mkdir(self.path("tmp"))
        self.env = {**self.cluster.env, "TMPDIR": self.path("tmp"), "HOME": self.path("home"), "TACTUS_LIBRARY": self.path("library"),
                    "XDG_CACHE_HOME": "", "XDG_DATA_HOME": ""}

    def path(self, name):
        return os.path.join(self.dir, name)

    def start(self, *words):
        return subprocess.Popen([RUN, self.path("music"), self.path("out"), "--jobs", str(SHARES), "--tactus", TACTUS, "--poll", "0.5",
                                 *words], env=self.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def kill_in_mid_job(self, node):
        """Kills the worker while a task on it has done a file and not all; the share."""
        def share_in_mid_job():
            for n in range(1, SHARES + 1):
                part = self.path(f"out/parts/{n}.part")
                try:
                    with open(self.path(f"out/logs/{n}.log")) as f:
                        here = f" {node}:" in f.read()
                    if here and lines_of(part + ".unfinished") and not os.path.exists(part):
                        return n
                except OSError:
                    pass
            return None

        end = time.monotonic() + 30
        while time.monotonic() < end:
            share = share_in_mid_job()
            if share is None:
                time.sleep(0.002)
                continue
            # Held where it is, so that it can't end between the look and the kill.
            held = self.cluster.processes_of(node)
            send(held, signal.SIGSTOP)
            if share_in_mid_job() == share:
                self.cluster.lose(node)
                return share
            send(held, signal.SIGCONT)
        self.fail(f"no task on {node} was seen in mid-job\n{self.cluster.logs()}")

    def library(self, sql):
        db = sqlite3.connect(f"file:{self.path('library/library.db')}?mode=ro", uri=True)
        try:
            return db.execute(sql).fetchall()
        finally:
            db.close()

    def test_a_worker_that_is_lost_loses_and_doubles_nothing(self):
        with self.cluster:
            run = self.start()
            share = self.kill_in_mid_job("w2")
            done_before = {line["path"]: line for line in lines_of(self.path(f"out/parts/{share}.part.unfinished"))}
            said, told = run.communicate(timeout=60)
            self.assertEqual(run.returncode, 0, f"{said}{told}{self.cluster.logs()}")
            self.assertIn(f"{FILES} files in {SHARES} of {SHARES} shares", said)
            self.assertIn(f"library: {FILES} new tracks, 0 known better now, 0 known before", said)
            with open(self.path(f"out/logs/{share}.log")) as f:
                log = f.read()
            self.assertIn("start 1 times again", log, f"Slurm itself queued it once more\n{told}{self.cluster.logs()}")
            self.assertIn(f"{len(done_before)} of them known before", log, "it went on where it was")

            found = [line for n in range(1, SHARES + 1) for line in lines_of(self.path(f"out/parts/{n}.part"))]
            wanted = [os.path.relpath(p, self.path("music")) for p in glob.glob(self.path("music/**/*.wav"), recursive=True)]
            self.assertEqual(collections.Counter(line["path"] for line in found), collections.Counter(wanted))
            for path, line in done_before.items():
                self.assertIn(line, found, f"{path} was not heard twice")
            self.assertEqual([n for n in os.listdir(self.path("out/parts")) if not n.endswith(".part")], [])

            tracks = self.library("SELECT t.content, cast(f.path AS TEXT) FROM track t JOIN file f ON f.track = t.id")
            self.assertEqual(sorted(tracks), sorted((line["content"], self.path("music/" + line["path"])) for line in found))
            self.assertEqual(self.library("SELECT count(*), count(DISTINCT content) FROM track"), [(FILES, FILES)])
            self.assertEqual(self.library("SELECT track, place FROM phrase GROUP BY track, place HAVING count(*) > 1"), [])
            self.assertEqual(len(glob.glob(self.path("home/.cache/tactus/analysis/*.json"))), FILES, "a deck finds them")
            self.assertEqual(os.listdir(self.path("home")), [".cache"], "the tasks left nothing at home")

            again = self.start()
            said, told = again.communicate(timeout=30)
            self.assertEqual(again.returncode, 0, told)
            self.assertIn(f"library: 0 new tracks, 0 known better now, {FILES} known before", said)


# In place of Slurm's programs: each task runs at once, and the first time share 2 is dead before it has begun.
FAKE = {
    "scontrol": "#!/bin/sh\necho 'MaxArraySize            = 9'\n",
    "squeue": "#!/bin/sh\necho 'slurm_load_jobs error: Invalid job id specified' >&2\nexit 1\n",
    "sbatch": """#!/usr/bin/env python3
import os, re, subprocess, sys
options = dict(w[2:].split("=", 1) for w in sys.argv if w.startswith("--") and "=" in w)
tried = options["output"].replace("%a.log", "tried")
for span in options["array"].split(","):
    ends = [int(n) for n in span.split("-")]
    for task in range(ends[0], ends[-1] + 1):
        if task == 2 and not os.path.exists(tried):
            open(tried, "w").close()
            continue
        with open(options["output"].replace("%a", str(task)), "a") as log:
            subprocess.run([sys.argv[-1]], stdout=log, stderr=log, env={**os.environ, "SLURM_ARRAY_TASK_ID": str(task)})
print(7)
""",
}


class Faked(unittest.TestCase):
    """What tools/slurm/run does with what Slurm tells it; also where there is no Slurm."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="tactus-slurm-")
        self.addCleanup(folder.cleanup)
        self.dir = folder.name
        for name in ("bin", "music", "home"):
            os.mkdir(os.path.join(self.dir, name))
        for name, text in FAKE.items():
            with open(os.path.join(self.dir, "bin", name), "w", opener=lambda p, flags: os.open(p, flags, 0o700)) as f:
                f.write(text)
        for i in range(4):
            write_wav(os.path.join(self.dir, f"music/{i}.wav"), band_pcm(120, 4, 100 + 5 * i))
        self.env = {**os.environ, "PATH": f"{self.dir}/bin:{os.environ['PATH']}", "HOME": f"{self.dir}/home",
                    "TACTUS_LIBRARY": f"{self.dir}/library", "XDG_CACHE_HOME": ""}

    def run_it(self, *words):
        return subprocess.run([RUN, f"{self.dir}/music", f"{self.dir}/out", "--tactus", TACTUS, "--poll", "0", *words],
                              env=self.env, capture_output=True, text=True)

    def test_a_share_that_failed_is_tried_again_and_files_that_fail_are_named(self):
        with open(f"{self.dir}/music/none.mp3", "w") as f:
            f.write("no music" * 100)
        r = self.run_it("--jobs", "3", "--tries", "1", "--no-merge")
        self.assertEqual(r.returncode, 1, r.stderr)
        self.assertIn("in 2 of 3 shares", r.stdout)
        self.assertIn("shares without a whole part: 2;", r.stdout)
        os.remove(f"{self.dir}/out/logs/tried")
        r = self.run_it("--jobs", "3", "--tries", "2")
        self.assertIn("1 shares, try 2 of 2", r.stderr)
        self.assertIn("5 files in 3 of 3 shares", r.stdout)
        self.assertIn("library: 4 new tracks", r.stdout)
        self.assertEqual(r.returncode, 1, "a file is no music")
        with open(f"{self.dir}/out/failed.jsonl") as f:
            self.assertEqual([json.loads(line)["path"] for line in f], ["none.mp3"])
        os.remove(f"{self.dir}/music/none.mp3")
        r = self.run_it("--jobs", "3", "--again")
        self.assertEqual((r.returncode, r.stdout.splitlines()[1]),
                         (0, "library: 0 new tracks, 0 known better now, 4 known before"), r.stderr)

    def test_what_cannot_be_is_told(self):
        for words, why in ((["--jobs", "9"], "at most 8"), (["--jobs", "0"], "at least 1"), (["--tactus", "/gone"], "/gone")):
            r = self.run_it(*words)
            self.assertNotEqual(r.returncode, 0, words)
            self.assertIn(why, r.stderr)
        self.run_it("--jobs", "2")
        r = self.run_it("--jobs", "3")
        self.assertIn("begun with --jobs 2", r.stderr)


if __name__ == "__main__":
    main()
