#!/usr/bin/env python3
"""A machine that can't keep up with key lock: what an engine's clients and its terminal say of it.

overload_test.py FOLDER_OF_PROGRAMS LIBRARY (late_feeder.c, built)
"""
import array
import ctypes
import os
import random
import signal
import subprocess
import sys
import time
import unittest

LIBRARY = os.path.abspath(sys.argv.pop(2))
from engine_rig import TACTUS, Running, wait_until, write_wav  # noqa: E402
from run_tests import main  # noqa: E402
from workers import media_workers  # noqa: E402

LIBC = ctypes.CDLL(None, use_errno=True)
TGKILL = {"x86_64": 234, "aarch64": 131}.get(os.uname().machine)
R3, R2, DIRECT = 0, 2, 3


@unittest.skipUnless(TGKILL, "the number of tgkill isn't known for this processor")
class Overload(Running):
    track_seconds = 180  # every wait at its longest

    def setUp(self):
        self.preload(LIBRARY)
        super().setUp()

    def preload(self, library):
        before = os.environ.get("LD_PRELOAD")
        os.environ["LD_PRELOAD"] = library
        self.addCleanup(lambda: os.environ.pop("LD_PRELOAD") if before is None else os.environ.update(LD_PRELOAD=before))

    def feeders(self):
        folder = f"/proc/{self.engine.pid}/task"
        for task in os.listdir(folder):
            with open(f"{folder}/{task}/comm") as f:
                if f.read().startswith("tactus-feeder"):
                    yield int(task)

    def late_until(self, stretching):
        """Feeders are made late again and again, as a busy machine would, until it shows."""
        threads = list(self.feeders())
        self.assertTrue(threads)
        until = time.monotonic() + 30
        while time.monotonic() < until and self.client.state()["deck/1/stretching"] != stretching:
            for thread in threads:
                LIBC.syscall(TGKILL, self.engine.pid, thread, signal.SIGUSR1)
            time.sleep(0.15)
        self.assertEqual(self.client.state()["deck/1/stretching"], stretching)

    def notices(self, seconds=1):
        heard, until = [], time.monotonic() + seconds
        while time.monotonic() < until:
            message = self.client.next(0.05)
            if message and message[0] == "/notice":
                heard.append(message[1][0])
        return heard

    def analyse_much(self):
        """A library in the background, more than is done before the test is over."""
        os.mkdir(self.dir + "/library")
        for i in range(12):
            noise = array.array("h", (random.Random(i).randbytes(16000) * 300))
            write_wav(f"{self.dir}/library/{i}.wav", noise, 8000)
        # Without what makes the engine's feeders late.
        env = {k: v for k, v in self.env.items() if k != "LD_PRELOAD"}
        p = subprocess.Popen([TACTUS, "analyze", self.dir + "/library"], env=env, stdout=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL)
        self.addCleanup(p.wait)
        self.addCleanup(p.kill)
        return p

    @staticmethod
    def idle_workers(parent):
        """The states of those that analyse for a process: 'T' is stopped."""
        return [state for idle, state, _ in media_workers(parent.pid).values() if idle]

    def test_key_lock_gives_way_visibly_and_climbs_back(self):
        self.client = self.connect()
        self.client.post("/subscribe", "events")
        self.assertEqual(self.client.send("/deck/1/tempo 4").verdict, "accepted")
        self.play(self.client)
        self.assertTrue(wait_until(lambda: self.client.state()["deck/1/source"] == 2))  # the stretcher
        self.assertEqual(self.client.state()["deck/1/stretching"], R3)
        self.assertNotIn("TOO SLOW", self.state_text())
        before = self.client.state()
        library = self.analyse_much()
        self.assertTrue(wait_until(lambda: self.idle_workers(library), 20))
        self.assertNotIn("T", self.idle_workers(library))

        self.late_until(R2)
        self.assertTrue(wait_until(lambda: set(self.idle_workers(library)) == {"T"}), "analysis in the background waits")
        self.assertIn("ECONOMY KEY LOCK", self.state_text())
        self.assertIn("key lock goes on in economy (R2)", " ".join(self.notices(0.3)))

        self.late_until(DIRECT)
        shown = self.state_text()
        self.assertIn("NO KEY LOCK", shown)
        self.assertEqual(self.state()["deck"]["1"]["stretching"], DIRECT)
        self.assertIn("too slow for full key lock on 1 of the decks", self.run_tactus("doctor").stdout)
        self.assertIn("plays on without key lock", " ".join(self.notices(0.3)))
        self.assertTrue(wait_until(lambda: self.client.state()["deck/1/source"] == 1))

        # Left in peace it climbs: R2 five seconds later, R3 five seconds after that.
        self.assertTrue(wait_until(lambda: self.client.state()["deck/1/stretching"] == R2, 8))
        self.assertTrue(wait_until(lambda: self.client.state()["deck/1/stretching"] == R3, 8))
        said = " ".join(self.notices(0.3))
        self.assertIn("key lock is back, in economy (R2)", said)
        self.assertIn("key lock is in full quality again", said)
        self.assertTrue(wait_until(lambda: self.client.state()["deck/1/source"] == 2))
        self.assertNotIn("TOO SLOW", self.state_text())
        self.assertIn("in full quality again", self.engine_log())
        now = self.client.state()
        self.assertEqual(now["degraded"], 2)
        self.assertIsNone(library.poll())
        self.assertTrue(wait_until(lambda: "T" not in self.idle_workers(library)), "and goes on when there is time again")

        # Time never gave way.
        self.assertAlmostEqual(now["deck/1/position"] - before["deck/1/position"],
                               1.04 * (now["frame"] - before["frame"]) / now["rate"], places=3)

    def engine_log(self):
        self.log.flush()
        with open(self.dir + "/log") as f:
            return f.read()


if __name__ == "__main__":
    main()
