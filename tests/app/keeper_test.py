#!/usr/bin/env python3
"""The library while an engine plays: its history grows by itself, others write meanwhile, and whoever dies, stands still
or has no room costs neither the sound nor a play.

keeper_test.py FOLDER_OF_PROGRAMS [GROUP]
"""
import contextlib
import fcntl
import json
import os
import resource
import signal
import sqlite3
import subprocess
import sys

from engine_rig import TACTUS, Running, wait_until, write_tone
from run_tests import main

# What a command does that writes for long: asks the keeper, and holds what it is lent until it ends.
BORROWER = """
import os, socket, sys, time
os.chdir(sys.argv[1])
s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
s.connect("library.sock")
s.send(b"a borrower")
while True:
    word, files, _, _ = socket.recv_fds(s, 400, 1)
    if word == b"l":
        os.pwrite(files[0], b"%d a borrower\\n" % os.getpid(), 0)
        print("borrowed", flush=True)
        time.sleep(60)
"""


class Keeper(Running):
    command = "up"
    track_seconds = 20

    def start(self):
        self.library = self.dir + "/data/tactus/library"
        self.other = self.dir + "/other.wav"
        write_tone(self.other, 12)
        self.tactus("library", "scan", "-q", self.dir)
        super().start()
        self.client = self.connect()
        self.assertTrue(wait_until(lambda: self.role() == "kept"))

    def tactus(self, *args):
        done = self.run_tactus(*args)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def lines(self, *args):
        return [json.loads(line) for line in self.tactus("library", *args, "--json").splitlines()]

    def role(self):
        names = ("off", "none", "kept", "lent", "elsewhere", "stuck", "troubled")
        return names[self.client.state()["library_role"]]

    def phrases_are_served(self):
        """The lock is held by who answers for phrases."""
        with contextlib.suppress(FileNotFoundError), open(self.library + "/phrases.serve") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return os.path.exists(self.library + "/phrases.sock")
        return False

    def plays(self):
        return sum(s["plays"] for s in self.lines("history"))

    def keeper(self):
        for pid in filter(str.isdigit, os.listdir("/proc")):
            with contextlib.suppress(OSError), open(f"/proc/{pid}/cmdline") as f:
                words = f.read().split("\0")
                if "--for-engine" in words and self.session in words:
                    return int(pid)
        return 0

    def play_other(self):
        self.assertEqual(self.client.send(f'/deck/2/load "{self.other}"').verdict, "accepted")
        self.assertEqual(self.client.send("/deck/2/play").verdict, "accepted")

    def borrower(self):
        p = subprocess.Popen([sys.executable, "-c", BORROWER, self.library], stdout=subprocess.PIPE, text=True)
        self.addCleanup(p.stdout.close)
        self.addCleanup(p.wait)
        self.addCleanup(p.kill)
        self.assertEqual(p.stdout.readline(), "borrowed\n")
        self.assertTrue(wait_until(lambda: self.role() == "lent"))
        return p

    def test_history_grows_by_itself_and_each_play_counts_once(self):
        self.play(self.client)
        before = self.client.state()
        self.assertTrue(wait_until(lambda: self.plays() == 1))
        # Others write, and take their changes back, as ever; plays are none of them.
        self.tactus("library", "edit", self.track, "--set", "rating=4")
        self.tactus("library", "scan", "-q", self.dir)
        self.tactus("library", "undo")
        track = self.lines("info", self.track)[0]
        self.assertEqual((track["rating"], track["plays"]), (0, 1))

        self.assertTrue(wait_until(self.phrases_are_served))
        killed = self.keeper()
        os.kill(killed, signal.SIGKILL)
        self.assertTrue(wait_until(lambda: self.keeper() not in (0, killed)))
        self.assertTrue(wait_until(self.phrases_are_served))
        self.play_other()
        self.assertTrue(wait_until(lambda: self.plays() == 2))
        self.unhurt(self.client, before)
        self.assertEqual(self.client.state()["xruns"], before["xruns"])

        # The set comes back after a crash: its tracks go on, and are no new plays.
        crashed = self.card()["pid"]
        os.kill(crashed, signal.SIGKILL)
        self.assertTrue(wait_until(lambda: self.card()["pid"] not in (0, crashed)))
        self.client = self.connect()
        self.assertTrue(wait_until(lambda: self.client.state()["deck/2/playing"], 20))
        back = self.client.state()["deck/2/position"]
        self.assertTrue(wait_until(lambda: self.client.state()["deck/2/position"] > back + 0.7))
        self.assertTrue(wait_until(lambda: self.role() == "kept"))
        self.tactus("stop")
        played = [p for s in self.lines("history") for p in self.lines("history", s["session"])]
        self.assertEqual(sorted(p["deck"] for p in played), [1, 2])
        self.assertTrue(all(p["seconds"] > 0.5 for p in played), played)
        self.assertEqual(self.keeper(), 0)
        self.assertIn("0 plays", self.tactus("library", "history", "--take"))
        self.assertTrue(self.lines("doctor")[0]["sound"])

    def test_who_borrows_may_die_or_stand_still(self):
        borrower = self.borrower()
        edit = subprocess.Popen([TACTUS, "library", "edit", self.track, "--set", "rating=5"], env=self.env,
                                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.addCleanup(edit.stderr.close)
        name = f"a borrower (process {borrower.pid}"
        self.assertIn(f"waiting: the library is being written by {name})", edit.stderr.readline())
        self.play(self.client)
        before = self.client.state()
        os.kill(borrower.pid, signal.SIGSTOP)
        self.assertTrue(wait_until(lambda: self.role() == "stuck"))
        for said in (self.tactus("library", "doctor"), self.tactus("state"), self.run_tactus("doctor").stdout,
                     edit.stderr.readline()):
            self.assertIn(name + ", which stands still", said)
        self.assertEqual(self.plays(), 0)
        borrower.kill()
        self.assertEqual(edit.wait(30), 0)
        self.assertTrue(wait_until(lambda: self.plays() == 1))
        self.assertEqual(self.lines("info", self.track)[0]["rating"], 5)
        # A keeper that dies leaves the role with whoever borrowed it; the next one waits.
        borrower = self.borrower()
        killed = self.keeper()
        os.kill(killed, signal.SIGKILL)
        self.assertTrue(wait_until(lambda: self.keeper() not in (0, killed)))
        self.assertTrue(wait_until(lambda: self.role() == "elsewhere"))
        self.assertIn("a borrower", self.run_tactus("state").stdout)
        borrower.kill()
        self.assertTrue(wait_until(lambda: self.role() == "kept"))
        self.unhurt(self.client, before)

    def test_no_room_and_a_locked_database_are_told_and_nothing_is_lost(self):
        self.play(self.client)
        before = self.client.state()
        self.assertTrue(wait_until(lambda: self.plays() == 1))
        watcher = self.connect()
        watcher.post("/subscribe", "events")
        keeper = self.keeper()
        hard = resource.prlimit(keeper, resource.RLIMIT_FSIZE)[1]
        resource.prlimit(keeper, resource.RLIMIT_FSIZE, (4096, hard))  # stands for a full disk
        self.play_other()
        self.assertTrue(wait_until(lambda: self.role() == "troubled"))
        self.assertIn("THE LIBRARY CAN'T BE WRITTEN", self.tactus("state"))
        self.assertIn("kept in the journal", self.run_tactus("doctor").stdout)
        self.assertEqual(self.plays(), 1)
        resource.prlimit(keeper, resource.RLIMIT_FSIZE, (hard, hard))
        self.assertTrue(wait_until(lambda: self.plays() == 2))
        self.assertTrue(wait_until(lambda: self.role() == "kept"))

        with contextlib.closing(sqlite3.connect(self.library + "/library.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            self.assertEqual(self.client.send(f'/deck/3/load "{self.track}"').verdict, "accepted")
            self.assertEqual(self.client.send("/deck/3/play").verdict, "accepted")
            self.assertTrue(wait_until(lambda: self.role() == "troubled"))
            self.assertIn("locked", self.client.state()["library_says"])
        self.assertTrue(wait_until(lambda: self.plays() == 3))
        self.unhurt(self.client, before)


if __name__ == "__main__":
    main()
