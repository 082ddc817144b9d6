#!/usr/bin/env python3
"""What goes wrong around a synced mix of two decks, and that the sound takes no notice.

faults_test.py FOLDER_OF_PROGRAMS; with TACTUS_LONG set for as long as docs/reliability.md says.
"""
import os
import random
import signal
import subprocess
import sys
import threading
import time
import unittest

from engine_rig import TACTUS, Running, tactus, wait_until, write_clicks
from slow_disk import SlowDisk, own_mounts

LONG = os.environ.get("TACTUS_LONG", "0") not in ("", "0")


class Faults(Running):
    """Two decks with grids, the second synced by beat and stretched under key lock."""

    def setUp(self):
        super().setUp()
        self.client = self.connect()
        c = self.client
        seconds = 420 if LONG else 60
        for deck, bpm in ((1, 120), (2, 124)):
            path = f"{self.dir}/{bpm}.wav"
            write_clicks(path, bpm, seconds)
            c.send(f'/deck/{deck}/load "{path}"')
        self.assertTrue(wait_until(lambda: min(c.state()["deck/1/grid_bpm"], c.state()["deck/2/grid_bpm"]) > 0, 60))
        for text in ("/deck/2/sync beat", "/deck/1/play", "/deck/2/play @bar"):
            self.assertNotEqual(c.send(text).verdict, "refused", text)
        self.assertTrue(wait_until(lambda: c.state()["deck/2/playing"] and c.state()["deck/2/source"] == 2, 10))
        time.sleep(0.5)
        self.before = c.state()

    def no_dropout(self):
        now = self.client.state()
        self.unhurt(self.client, self.before)
        self.assertEqual(now["deck/2/fallbacks"], self.before["deck/2/fallbacks"])
        self.assertEqual(now["deck/2/late_chunks"], self.before["deck/2/late_chunks"])
        # Still on the beat: the decks' phases are one.
        self.assertAlmostEqual(((now["deck/2/beat"] - now["deck/1/beat"]) + 0.5) % 1, 0.5, delta=0.01)
        print(f"measured: {(now['frame'] - self.before['frame']) / now['rate']:.1f} s, no fallback, no late chunk; "
              f"callback at worst {100 * now['cpu_worst']:.0f} % of its time; late callbacks "
              f"{now['xruns'] - self.before['xruns']}")

    def test_clients_killed_stopped_and_continued_at_random(self):
        rng = random.Random(8)
        ended = threading.Event()

        def busy():
            """A process that sends what it can, for ever."""
            p = subprocess.Popen([TACTUS, "send", "-"], env=self.env, bufsize=0, stdin=subprocess.PIPE,
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

            def feed():
                try:
                    while not ended.is_set():
                        p.stdin.write(b"/deck/3/eq/low -3\n/deck/3/eq/low -4\n/deck/4/fader 0.5\n")
                        time.sleep(0.001)
                except OSError:
                    p.stdin.close()
            threading.Thread(target=feed, daemon=True).start()
            return p

        def watch():
            return subprocess.Popen([TACTUS, "watch", "--json"], env=self.env, stdout=subprocess.DEVNULL,
                                    stderr=subprocess.DEVNULL)
        makers = [busy, busy, busy, watch, watch]
        clients = [make() for make in makers]
        until, done = time.monotonic() + (300 if LONG else 8), {}
        while time.monotonic() < until:
            i = rng.randrange(len(clients))
            what = rng.choice((signal.SIGKILL, signal.SIGSTOP, signal.SIGCONT))
            os.kill(clients[i].pid, what)
            done[what.name] = done.get(what.name, 0) + 1
            if what == signal.SIGKILL:
                clients[i].wait()
                clients[i] = makers[i]()
            time.sleep(rng.uniform(0.02, 0.2))
        ended.set()
        for p in clients:
            p.kill()
            p.wait()
        print("measured:", done)
        self.no_dropout()
        self.assertTrue(wait_until(lambda: self.client.state()["clients"] == 1))

    def test_hogs_on_every_core(self):
        hogs = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(os.cpu_count())]
        try:
            time.sleep(60 if LONG else 5)
            self.assertNotEqual(self.client.send("/deck/1/eq/mid -1").verdict, "refused")
        finally:
            for p in hogs:
                p.kill()
                p.wait()
        self.no_dropout()

    def test_a_disk_that_hangs_holds_up_its_own_load_only(self):
        # A worker that reads from a disk that hangs is as still as one that was stopped.
        workers = [int(pid) for pid in subprocess.run(["pgrep", "-P", str(self.engine.pid), "tactus-media"],
                                                      capture_output=True, text=True).stdout.split()]
        self.assertTrue(workers)
        for pid in workers:
            os.kill(pid, signal.SIGSTOP)
        slowest, until = 0, time.monotonic() + 3
        self.assertEqual(self.client.send(f'/deck/3/load "{self.track}"').verdict, "accepted")
        while time.monotonic() < until:
            start = time.monotonic()
            self.assertNotEqual(self.client.send("/deck/1/eq/mid -1").verdict, "refused")
            slowest = max(slowest, time.monotonic() - start)
            time.sleep(0.02)
        self.assertEqual(self.client.state()["deck/3/path"], "")
        # The workers are given up after 5 s without a sign of life; others take the job.
        self.assertTrue(wait_until(lambda: self.client.state()["deck/3/path"] == self.track, 20))
        print(f"measured: slowest answer meanwhile {1000 * slowest:.1f} ms")
        self.assertLess(slowest, 1)
        self.no_dropout()

    def test_a_disk_that_answers_nothing_for_5_s_holds_up_its_own_load_only(self):
        with open(self.track, "rb") as f:
            content = f.read()
        folder = self.dir + "/slow"
        os.mkdir(folder)
        try:
            disk = SlowDisk(folder, {"first.wav": content, "second.wav": content[:-4] + b"tact"}) if MOUNTS else None
        except OSError:
            disk = None
        if disk is None:
            self.skipTest("this system lets no test mount a FUSE disk")
        self.addCleanup(disk.close)
        c = self.client
        c.send(f'/deck/3/load "{folder}/first.wav"')
        self.assertTrue(wait_until(lambda: c.state()["deck/3/path"] == folder + "/first.wav", 10), "it works at all")
        c.send("/deck/3/play")
        disk.hang()
        begun = time.monotonic()
        self.assertEqual(c.send(f'/deck/4/load "{folder}/second.wav"').verdict, "accepted")
        time.sleep(0.2)
        start = time.monotonic()
        self.assertEqual(c.send(f'/deck/3/load "{self.track}" force').verdict, "accepted")
        self.assertTrue(wait_until(lambda: c.state()["deck/3/path"] == self.track, 5))
        beside, slowest = time.monotonic() - start, 0
        while time.monotonic() < begun + 5:
            start = time.monotonic()
            self.assertNotEqual(c.send("/deck/1/eq/mid -1").verdict, "refused")
            slowest = max(slowest, time.monotonic() - start)
            time.sleep(0.02)
        self.assertEqual(c.state()["deck/4/path"], "")
        self.assertGreater(disk.held, 0, "somebody waited for the disk")
        disk.go()
        self.assertTrue(wait_until(lambda: c.state()["deck/4/path"] == folder + "/second.wav", 20))
        print(f"measured: a load from another disk took {1000 * beside:.0f} ms, the slowest answer "
              f"{1000 * slowest:.1f} ms; the disk's own came {time.monotonic() - begun - 5:.1f} s after it answered")
        self.assertLess(slowest, 1)
        self.assertLess(beside, 2)
        self.no_dropout()

    def test_a_pipe_is_no_music_file(self):
        pipe = self.dir + "/pipe.wav"
        os.mkfifo(pipe)
        watcher = self.connect()
        watcher.post("/subscribe", "events")
        self.client.send(f'/deck/3/load "{pipe}"')
        said, until = None, time.monotonic() + 5
        while said is None and time.monotonic() < until:
            message = watcher.next(0.2)
            if message and message[0] == "/failed":
                said = message[1][1] if "pipe.wav" in message[1][1] else " ".join(message[1])
        self.assertRegex(said or "", r"pipe\.wav.*not a file")


if __name__ == "__main__":
    MOUNTS = own_mounts()
    unittest.main(verbosity=2)
