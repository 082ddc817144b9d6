#!/usr/bin/env python3
"""What goes wrong around a synced mix of two decks, and that the sound takes no notice.

faults_test.py FOLDER_OF_PROGRAMS [CLASS...]; with TACTUS_LONG set for as long as docs/reliability.md says.
"""
import contextlib
import json
import os
import random
import re
import resource
import signal
import subprocess
import sys
import threading
import time

from engine_rig import wait_until
from mixing import LONG, Mixing
from run_tests import main
from slow_disk import SlowDisk, own_mounts


def slow_disk(test, files):
    """Mounted at test.dir/slow."""
    os.mkdir(test.dir + "/slow")
    try:
        disk = SlowDisk(test.dir + "/slow", files) if MOUNTS else None
    except OSError:
        disk = None
    if disk is None:
        test.skipTest("this system lets no test mount a FUSE disk")
    test.addCleanup(disk.close)
    return disk


class Faults(Mixing):
    def workers(self):
        return [int(pid) for pid in subprocess.run(["pgrep", "-P", str(self.engine.pid), "tactus-media"],
                                                   capture_output=True, text=True).stdout.split()]

    def load_fails(self, deck, path, cause):
        """Asked for by force onto a deck that sounds: it is told by file and cause (an expression), and the deck keeps what
        it has."""
        watcher = self.connect()
        watcher.post("/subscribe", "events")
        text = f'/deck/{deck}/load "{path}" force'
        fate = self.client.send(text)
        self.assertEqual(fate.verdict, "accepted", fate.reason)
        said, until = "", time.monotonic() + 30
        while not said and time.monotonic() < until:
            address, args = watcher.next(0.2) or ("", [])
            if address == "/failed" and args[0] == text:
                said = args[1]
        self.assertRegex(said, re.escape(path) + ": " + cause)
        self.assertTrue(self.client.state()[f"deck/{deck}/playing"])
        watcher.close()

    def test_a_disk_that_hangs_holds_up_its_own_load_only(self):
        # A worker that reads from a disk that hangs is as still as one that was stopped.
        workers = self.workers()
        self.assertTrue(workers)
        for pid in workers:
            os.kill(pid, signal.SIGSTOP)
        self.assertEqual(self.client.send(f'/deck/3/load "{self.track}"').verdict, "accepted")
        slowest = self.slowest_answer(3)
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
        disk = slow_disk(self, {"first.wav": content, "second.wav": content[:-4] + b"tact"})
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
        beside = time.monotonic() - start
        slowest = self.slowest_answer(begun + 5 - time.monotonic())
        self.assertEqual(c.state()["deck/4/path"], "")
        self.assertGreater(disk.held, 0, "somebody waited for the disk")
        disk.go()
        self.assertTrue(wait_until(lambda: c.state()["deck/4/path"] == folder + "/second.wav", 20))
        print(f"measured: a load from another disk took {1000 * beside:.0f} ms, the slowest answer "
              f"{1000 * slowest:.1f} ms; the disk's own came {time.monotonic() - begun - 5:.1f} s after it answered")
        self.assertLess(slowest, 1)
        self.assertLess(beside, 2)
        self.no_dropout()

    def test_a_disk_that_fails_while_its_track_plays_is_told_once(self):
        with open(self.track, "rb") as f:
            content = f.read()
        disk, path = slow_disk(self, {"first.wav": content}), self.dir + "/slow/first.wav"
        c, watcher = self.client, self.connect()
        watcher.post("/subscribe", "events")
        disk.fails_from = len(content) // 3  # a little later, as far as anybody can tell
        self.assertEqual(c.send(f'/deck/3/load "{path}"').verdict, "accepted")
        self.assertTrue(wait_until(lambda: c.state()["deck/3/path"] == path, 10))
        c.send("/deck/3/play")
        said, until = [], time.monotonic() + 5
        while time.monotonic() < until:
            address, args = watcher.next(0.1) or ("", [])
            if address == "/notice" and path in args[0]:
                said.append(args[0])
                c.send("/deck/3/seek 40")  # what is missing is asked for again and again
        self.assertEqual(len(said), 1, said)
        self.assertIn(f"Deck 3: {path}: it can't be read", said[0])
        self.assertIn("Input/output error", said[0])
        state = c.state()
        self.assertTrue(state["deck/3/playing"] and state["deck/3/position"] > 40, "it goes on, unheard")
        self.assertEqual(state["deck/3/source"], 0)
        self.assertIn("Input/output error", state["deck/3/trouble"])
        self.assertIn("CAN'T BE READ ON: " + path, self.state_text())
        told = json.loads(self.run_tactus("doctor", "--json").stdout)["session"]
        self.assertTrue([s for s in told if path in s and "Input/output error" in s], told)
        disk.fails_from = None
        self.assertTrue(self.notice(watcher, f"Deck 3: {path} can be read again"))
        self.assertTrue(wait_until(lambda: c.state()["deck/3/trouble"] == "" and c.state()["deck/3/source"] == 1))
        self.no_dropout()

    def test_a_decoder_killed_in_the_middle_of_a_load_costs_nothing(self):
        with open(self.track, "rb") as f:
            content = f.read()
        disk, folder = slow_disk(self, {"first.wav": content}), self.dir + "/slow"
        c = self.client
        disk.hang()
        self.assertEqual(c.send(f'/deck/1/load "{folder}/first.wav" force').verdict, "accepted")
        self.assertTrue(wait_until(lambda: disk.held > 0), "a worker reads it")
        for pid in self.workers():
            os.kill(pid, signal.SIGKILL)
        disk.go()
        # Deck 1 plays what it had until the file is there, by another worker.
        self.assertTrue(wait_until(lambda: c.state()["deck/1/path"] == folder + "/first.wav", 20))
        self.assertEqual(c.state()["deck/2/fallbacks"], self.before["deck/2/fallbacks"])
        self.assertEqual(c.state()["deck/2/late_chunks"], self.before["deck/2/late_chunks"])

    if LONG:  # workers that die young are replaced ever more slowly
        def test_decoders_that_die_again_and_again_fail_the_load_and_nothing_else(self):
            with open(self.track, "rb") as f:
                content = f.read()
            disk, folder = slow_disk(self, {"deadly.wav": content}), self.dir + "/slow"
            disk.hang()
            dying = threading.Event()

            def kill():
                while not dying.wait(0.05):
                    for pid in self.workers():
                        with contextlib.suppress(ProcessLookupError):
                            os.kill(pid, signal.SIGKILL)
            killer = threading.Thread(target=kill)
            killer.start()
            try:
                # One that was killed while the disk held its read ends when the disk answers, and has hung until then.
                self.load_fails(1, folder + "/deadly.wav", "(the media worker died|reading it has stalled for 5 s)")
            finally:
                dying.set()
                killer.join()
                disk.go()
            self.no_dropout()

    def test_files_that_cannot_be_played_leave_decks_playing(self):
        def path(name, content=b""):
            with open(f"{self.dir}/{name}", "wb") as f:
                f.write(content)
            return f"{self.dir}/{name}"

        def cut_short(name, *options):
            whole = f"{self.dir}/whole-{name}"
            subprocess.run(["ffmpeg", "-v", "error", "-i", self.track, *options, whole], check=True)
            with open(whole, "rb") as f:
                content = f.read()
            return path(name, content[:len(content) * 6 // 10])
        noise = random.Random(3).randbytes(100000)
        os.mkfifo(self.dir + "/pipe.wav")
        vanished = cut_short("vanished.flac")
        os.remove(vanished)
        files = [
            (self.dir + "/missing.mp3", "there is no such file"),
            (vanished, "there is no such file"),
            (self.dir, "it is a folder"),
            (self.dir + "/pipe.wav", "it is a pipe or a device, not a file"),
            (path("empty.flac"), "the file is empty"),
            (path("letter.mp3", b"Dear reader, this is no music at all.\n"), ""),
            (path("noise.mp3", noise), ""),
            (path("noise.flac", b"fLaC" + noise), ""),
            (cut_short("cut.wav"), "the file is cut short"),
            (cut_short("cut.flac"), "the file is cut short"),
            (cut_short("cut.mp3", "-b:a", "320k"), "the file is cut short"),
            (cut_short("cut.m4a", "-movflags", "+faststart"), "the file is cut short"),
            (cut_short("cut.ogg", "-c:a", "libvorbis"), "the file is cut short"),
        ]
        playing = [self.client.state()[f"deck/{n}/path"] for n in (1, 2)]
        for i, (file, cause) in enumerate(files):
            self.load_fails(1 + i % 2, file, cause)
        self.assertEqual([self.client.state()[f"deck/{n}/path"] for n in (1, 2)], playing)
        self.no_dropout()


class Hogs(Mixing):
    """What takes the machine from everybody."""

    def test_clients_killed_stopped_and_continued_at_random(self):
        print("measured:", self.torment(300 if LONG else 8, seed=8))
        self.no_dropout()
        self.assertTrue(wait_until(lambda: self.client.state()["clients"] == 1))

    def test_hogs_on_every_core(self):
        hogs = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(os.cpu_count())]
        try:
            time.sleep(60 if LONG else 4)
            self.soon_there(1, "hogs", 1, 5)
        finally:
            for p in hogs:
                p.kill()
                p.wait()
        self.no_dropout()


class JournalFaults(Mixing):
    journal_in_time = False

    def test_a_file_that_may_grow_no_more_is_told_and_written_later(self):
        # The system's limit on a file's size, which ends a program that doesn't expect it, stands for a full disk.
        c, watcher = self.client, self.connect()
        watcher.post("/subscribe", "events")
        hard = resource.prlimit(self.engine.pid, resource.RLIMIT_FSIZE)[1]
        size = os.path.getsize(self.session + "/journal.jsonl")
        resource.prlimit(self.engine.pid, resource.RLIMIT_FSIZE, (size + 50, hard))
        c.send("/deck/1/eq/mid -2")
        self.assertTrue(self.notice(watcher, "journal can't be written: File too large"))
        self.assertTrue(wait_until(lambda: c.state()["journal_troubled"] == 1))
        self.assertIn("can't be written", self.state_text())  # who comes later is told, too
        said = json.loads(self.run_tactus("doctor", "--json").stdout)["session"]
        self.assertTrue([s for s in said if "can't be written down" in s], said)
        before = self.journal()  # whole lines
        c.send("/deck/1/eq/mid -3")
        time.sleep(0.3)
        self.assertEqual(len(self.journal()), len(before), "nothing, rather than half a line")
        self.no_dropout()
        resource.prlimit(self.engine.pid, resource.RLIMIT_FSIZE, (hard, hard))
        self.assertTrue(self.notice(watcher, "written again"))
        after = self.journal()
        self.assertEqual(after[:len(before)], before, "nothing written earlier is lost")
        done = [line["do"] for line in after if "eq/mid" in line.get("do", "")]
        self.assertEqual(done, ["/deck/1/eq/mid -2", "/deck/1/eq/mid -3"])
        self.assertTrue(wait_until(lambda: c.state()["journal_troubled"] == 0))
        self.assertEqual(c.state()["journal_lost"], 0)


class JournalDisk(Mixing):
    """The journal on a disk of its own."""
    journal_in_time = False

    def start(self):
        self.lines = bytearray()
        self.disk = slow_disk(self, {"journal.jsonl": self.lines})  # closed after the engine's end
        os.makedirs(self.session)
        os.symlink(self.dir + "/slow/journal.jsonl", self.session + "/journal.jsonl")
        super().start()

    def done(self):
        return [json.loads(line).get("do") for line in bytes(self.lines).splitlines()]

    def test_one_that_hangs_or_is_full_keeps_nobody_waiting(self):
        c, watcher = self.client, self.connect()
        watcher.post("/subscribe", "events")
        self.assertTrue(wait_until(lambda: "/deck/2/play @bar" in self.done()))
        self.disk.hang()
        slowest = self.slowest_answer(3)
        self.assertTrue(self.notice(watcher, "doesn't answer", 1))
        self.assertTrue(wait_until(lambda: c.state()["journal_troubled"] == 1))
        self.disk.go()
        self.assertTrue(self.notice(watcher, "written again"))
        self.disk.full = True
        c.send("/deck/2/fader 0.9")
        self.assertTrue(self.notice(watcher, "No space left"))
        slowest = max(slowest, self.slowest_answer(1, "/deck/1/eq/high -1"))
        self.assertNotIn("/deck/2/fader 0.9", self.done())
        self.disk.full = False
        self.assertTrue(self.notice(watcher, "written again"))
        self.assertIn("/deck/2/fader 0.9", self.done())
        self.assertTrue(wait_until(lambda: c.state()["journal_troubled"] == 0))
        state = c.state()
        self.assertEqual(state["journal_lost"], 0)
        print(f"measured: slowest answer meanwhile {1000 * slowest:.1f} ms, {state['journal_late']} lines late")
        self.assertLess(slowest, 1)
        self.no_dropout()


if __name__ == "__main__":
    MOUNTS = own_mounts()
    main()
