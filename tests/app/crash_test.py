#!/usr/bin/env python3
"""An engine that dies, and what its supervisor and its journal bring back.

crash_test.py FOLDER_OF_PROGRAMS
"""
import contextlib
import json
import math
import os
import random
import re
import shutil
import signal
import time

from engine_rig import Running, tactus, wait_until, write_wav
from run_tests import main


class Kills(Running):
    command = "up"

    def kill(self, client):
        """The engine's end by force; a client of the next one, once that answers, and how long the silence was."""
        pid = client.state()["pid"]
        os.kill(pid, signal.SIGKILL)
        start = time.monotonic()
        self.assertTrue(wait_until(lambda: self.card()["pid"] not in (0, pid)))
        client = self.connect()
        self.assertTrue(wait_until(client.alive))
        return client, start

    def perform(self, client):
        """A set with something of everything that is to come back: deck 1 is stretched, deck 2 plays its stems."""
        stems, rate = self.dir + "/stems.wav", 48000
        quarter = [int(2000 * math.sin(2 * math.pi * 440 * i / rate)) for i in range(rate)] * 60
        write_wav(stems, [4 * v for v in quarter], rate)
        os.makedirs(self.dir + "/stems.stems", exist_ok=True)
        for name in ("vocals", "drums", "bass", "other"):
            write_wav(f"{self.dir}/stems.stems/{name}.wav", quarter, rate)
        for text in (f'/deck/1/load "{self.track}"', "/deck/1/play", f'/deck/2/load "{stems}"', "/deck/2/seek 30",
                     "/deck/2/loop/in 29", "/deck/2/loop/out 33", "/deck/2/hotcue/3/set 31.5",
                     "/deck/2/loop/slot/5/save", "/deck/2/loop/in 30", "/deck/2/loop/out 33",
                     "/deck/2/loop/slot/6/save", "/deck/2/loop/in 29", "/deck/2/loop/out 33", "/deck/2/play",
                     "/deck/1/eq/low -6", "/deck/1/fader 0.5 over 100 seconds", "/deck/1/tempo 3",
                     "/mixer/crossfader -0.25", "/deck/1/fx/1/1/type echo", "/deck/1/fx/1/1/wet 0.3",
                     "/deck/2/cue/set 0.5", "/deck/2/eq/mid -3", "/deck/2/filter 0.25", "/deck/2/fader 0.75",
                     "/deck/2/stem/drums/mute 1", "/deck/2/stem/vocals/gain -6", "/deck/2/fader 0.8 @beat=400"):
            fate = client.send(text)
            self.assertNotEqual(fate.verdict, "refused", (text, fate.reason))
        self.assertTrue(wait_until(lambda: client.state()["deck/2/playing"]))
        time.sleep(1.2)

    SAME = ("bpm", "crossfader", "deck/1/path", "deck/2/path", "deck/1/eq/low", "deck/2/eq/mid", "deck/2/filter",
            "deck/1/tempo", "deck/2/fader", "deck/2/cue", "deck/2/hotcue/3", "deck/2/loop_start", "deck/2/loop_end",
            "deck/2/looping", "deck/2/stems", "deck/2/stems_muted", "pending/1/text")

    def came_back(self, c, then, at):
        now, gone = c.state(), time.monotonic() - at
        for name in self.SAME:
            self.assertEqual(now[name], then[name], name)
        # A tenth of a second is what reading states and a busy machine may take.
        self.assertAlmostEqual(now["deck/1/position"] - then["deck/1/position"], 1.03 * gone, delta=0.1)
        self.assertAlmostEqual((now["deck/2/position"] - then["deck/2/position"] - gone + 2) % 4, 2, delta=0.1)
        self.assertAlmostEqual(now["beat"] - then["beat"], gone * 2, delta=0.2)
        # A ramp of 100 seconds went on, from 1 to a half; the state has only where it goes.
        self.assertTrue(wait_until(lambda: len(self.faders()) > 1 and self.faders()[-1], 5))
        *_, before, after = [run for run in self.faders() if run]
        (value, ns), (later, later_ns) = before[-1], after[-1]
        self.assertLess(value, 1)
        self.assertAlmostEqual(later - value, -0.005 * (later_ns - ns) * 1e-9, delta=0.0005)
        self.assertEqual(c.send("/deck/1/fx/1/1/wet 0.4").verdict, "accepted", "the effect is there")
        for slot, loop in ((6, (30, 33)), (5, (29, 33))):
            c.send(f"/deck/2/loop/slot/{slot}/recall")
            self.assertTrue(wait_until(lambda: self.loop_of(c) == loop), f"slot {slot}")

    def faders(self):
        """Where deck 1's fader was, and when, by the checkpoints of each run of the engine."""
        runs = []
        with open(self.session + "/journal.jsonl") as f:
            for line in f:
                with contextlib.suppress(ValueError):
                    entry = json.loads(line)
                    if "tactus_journal" in entry:
                        runs.append([])
                    for text in entry.get("state", {}).get("set", []):
                        if text.startswith("/deck/1/fader ") and "over" not in text:
                            runs[-1].append((float(text.split()[1]), entry["state"]["ns"]))
        return runs

    @staticmethod
    def loop_of(c):
        state = c.state()  # nothing while the board is being written
        return state and (state["deck/2/loop_start"], state["deck/2/loop_end"])


class Comeback(Kills):
    def test_a_set_goes_on_within_a_second_of_a_kill(self):
        silences = []
        while True:
            c = self.connect()
            self.assertTrue(wait_until(c.alive))
            self.perform(c)
            then, at = c.state(), time.monotonic()
            self.assertEqual((then["deck/2/stems"], then["deck/2/stems_muted"]), (1, 2))
            c, killed = self.kill(c)
            self.assertTrue(wait_until(lambda: c.state()["deck/1/playing"] and c.state()["deck/1/audible"] and
                                       c.state()["deck/2/audible"] and c.state()["master_left"] > -60, 5))
            silences.append(time.monotonic() - killed)
            print(f"measured: sound again {silences[-1]:.3f} s after a kill")
            self.came_back(c, then, at)
            if len(silences) == 3 or silences[-1] <= 1:
                break
            self.assertEqual(self.run_tactus("stop").returncode, 0)
            self.engine.wait(10)
            self.start()
        # What a machine shared with others does to one run isn't the engine's.
        self.assertLessEqual(min(silences), 1)


class Supervised(Kills):
    def test_it_comes_back_where_it_stopped_or_not_at_all(self):
        c = self.connect()
        self.assertTrue(wait_until(c.alive))
        self.play(c)
        time.sleep(0.5)
        position = c.state()["deck/1/position"]
        self.engine.terminate()
        self.engine.wait(10)
        # One that ended well leaves nothing; so the journal is made to look like that of one that didn't.
        journal = self.session + "/journal.jsonl"
        with open(journal) as f:
            text = f.read()
        cut = text[:text.rindex('{"state"')] + text[text.rindex('{"state"'):].split("\n")[0] + "\n"
        self.command = "engine"
        for mode, playing in (("off", 0), ("stopped", 1)):
            with open(journal, "w") as f:
                f.write(cut)
            self.more = ("--resume", mode)
            self.start()
            c = self.connect()
            self.assertTrue(wait_until(c.alive))
            time.sleep(0.8)
            state = c.state()
            self.assertEqual(state["deck/1/playing"], playing)
            if playing:
                self.assertLess(abs(state["deck/1/position"] - position), 1.5)
            self.assertEqual(self.run_tactus("stop").returncode, 0)
            self.engine.wait(10)

    def test_a_killed_engine_is_there_again_and_ends_with_its_supervisor(self):
        self.assertTrue(wait_until(lambda: self.card()["pid"]))
        first = self.card()["pid"]
        self.assertNotEqual(first, self.engine.pid)
        took = []
        for _ in range(2):
            pid = self.card()["pid"]
            os.kill(pid, signal.SIGKILL)
            start = time.monotonic()
            self.assertTrue(wait_until(lambda: self.card()["pid"] not in (0, pid)))
            self.assertTrue(wait_until(self.connect().alive))
            took.append(time.monotonic() - start)
        print(f"measured: clients connected again {took[0]:.3f} and {took[1]:.3f} s after a kill")
        last = self.card()["pid"]
        self.engine.terminate()
        self.assertEqual(self.engine.wait(10), 0)
        with self.assertRaises(ProcessLookupError):
            os.kill(last, 0)
        with self.assertRaises(tactus.Gone):
            self.connect()

    def test_a_ramp_of_the_clock_goes_on_after_a_kill(self):
        c = self.connect()
        self.assertTrue(wait_until(c.alive))
        self.play(c)
        self.assertNotEqual(c.send("/clock/tempo 120").verdict, "refused")
        self.assertNotEqual(c.send("/clock/tempo 132 over 12 beats").verdict, "refused")
        self.assertTrue(wait_until(lambda: c.state()["bpm"] > 121, 5))
        then = c.state()
        c, _ = self.kill(c)
        self.assertTrue(wait_until(lambda: c.state()["beat"] > then["beat"], 5))
        now = c.state()
        self.assertAlmostEqual(now["bpm"] - then["bpm"], now["beat"] - then["beat"], delta=0.3)
        self.assertLess(now["bpm"], 131)
        self.assertTrue(wait_until(lambda: c.state()["bpm"] == 132, 10))

    def test_hold_stops_time_and_lets_it_go_on(self):
        c = self.connect()
        self.assertTrue(wait_until(c.alive))
        self.play(c)
        self.assertTrue(wait_until(lambda: c.state()["master_left"] > -60))
        self.assertEqual(self.run_tactus("send", "--as", "script", "/hold 1").returncode, 1)  # a hand's business
        self.assertEqual(self.run_tactus("send", "/hold 1").returncode, 0)
        self.assertTrue(wait_until(lambda: c.state()["held"] == 1))
        time.sleep(0.3)  # its fade
        still = c.state()
        self.assertEqual(c.send("/deck/1/fader 0.5").verdict, "accepted")  # happens when it goes on
        time.sleep(0.5)
        for name in ("frame", "beat", "deck/1/position", "deck/1/fader"):
            self.assertEqual(c.state()[name], still[name], name)
        self.assertTrue(c.alive())
        self.assertEqual(self.run_tactus("send", "/hold 0").returncode, 0)
        self.assertTrue(wait_until(lambda: c.state()["deck/1/fader"] == 0.5))
        now = c.state()
        self.assertEqual(now["held"], 0)
        self.assertLess(now["deck/1/position"] - still["deck/1/position"], 0.4)
        self.send_hand(c, "/hold 1")
        c, _ = self.kill(c)  # nobody expects sound from what stood still
        self.assertTrue(wait_until(lambda: c.state()["deck/1/path"] == self.track))
        time.sleep(0.3)
        self.assertEqual((c.state()["deck/1/playing"], c.state()["held"]), (0, 0))

    def send_hand(self, c, text):
        self.assertEqual(self.run_tactus("send", text).returncode, 0)
        time.sleep(0.3)

    def test_a_file_of_two_crashes_is_left_out_and_three_crashes_end_on_empty_decks(self):
        c = self.connect()
        self.assertTrue(wait_until(c.alive))
        self.play(c)
        time.sleep(0.2)
        c, _ = self.kill(c)
        self.assertTrue(wait_until(lambda: c.state()["deck/1/playing"], 5))
        c, _ = self.kill(c)
        c.post("/subscribe", "events")
        c.send(f'/deck/1/load "{self.track}"')
        said, until = None, time.monotonic() + 5
        while said is None and time.monotonic() < until:
            message = c.next(0.2)
            if message and message[0] == "/failed":
                said = message[1][1]
        self.assertIn("isn't loaded again", said)
        self.assertEqual(c.state()["deck/1/path"], "")
        other = self.dir + "/other.wav"
        shutil.copy(self.track, other)
        c.send(f'/deck/1/load "{other}"')
        self.assertTrue(wait_until(lambda: c.state()["deck/1/path"] == other))
        c, _ = self.kill(c)
        time.sleep(0.7)
        self.assertEqual(c.state()["deck/1/path"], "")
        self.log.seek(0)
        self.assertIn("3 times", self.log.read())
        self.assertEqual(self.run_tactus("stop").returncode, 0)
        self.assertEqual(self.engine.wait(10), 0)
        self.start()  # stopped and started: all is forgiven, and nothing comes back
        c = self.connect()
        self.assertTrue(wait_until(c.alive))
        self.play(c)

    def test_stop_ends_both_and_what_cannot_run_is_not_tried_again(self):
        r = self.run_tactus("up", "--audio", "null")  # this session has its engine
        self.assertEqual(r.returncode, 1)
        self.assertIn("already", r.stderr)
        self.assertEqual(self.run_tactus("up", "--no-such-option").returncode, 2)
        self.assertEqual(self.run_tactus("stop").returncode, 0)
        self.assertEqual(self.engine.wait(10), 0)


class CutJournal(Running):
    def test_an_engines_journal_cut_anywhere_in_its_tail_resumes(self):
        c = self.connect()
        self.play(c)
        for text in (f'/deck/2/load "{self.track}"', "/deck/2/tempo 2", "/deck/2/play"):
            self.assertEqual(c.send(text).verdict, "accepted")
        self.assertTrue(wait_until(lambda: c.state()["deck/2/playing"]))
        for i in range(20):  # lines of all kinds, checkpoints among them
            c.send(f"/deck/1/eq/low -{i}")
            time.sleep(0.06)
        self.engine.kill()
        self.engine.wait()
        with open(self.session + "/journal.jsonl", "rb") as f:
            journal = f.read()
        states = [m.end() for m in re.finditer(rb'(?m)^{"state".*\n', journal) if b'"playing":true' in m.group()]
        self.assertGreater(len(states), 8)
        tail = states[len(states) // 2]  # what a real crash could have lost is far less
        rng = random.Random(14)
        self.more = ("--resume", "stopped")
        for cut in [states[-1] - 1, *(rng.randrange(tail, len(journal)) for _ in range(5))]:
            with open(self.session + "/journal.jsonl", "wb") as f:
                f.write(journal[:cut])
            self.start()
            c = self.connect()
            self.assertTrue(wait_until(lambda: c.alive() and c.state()["deck/1/playing"] and c.state()["deck/2/playing"]),
                            f"cut at {cut} of {len(journal)}")
            self.assertEqual((c.state()["deck/1/path"], round(c.state()["deck/2/tempo"], 9)), (self.track, 2))
            self.engine.kill()
            self.engine.wait()


if __name__ == "__main__":
    main()
