#!/usr/bin/env python3
"""An engine that recorded itself, and the same run rendered from its journal: the same samples, bit for bit.

replay_test.py FOLDER_OF_PROGRAMS
"""
import glob
import json
import os
import signal
import struct
import time

from engine_rig import Running, wait_until, write_clicks
from run_tests import main


def samples(path):
    """The bytes of a WAV's audio, which are 32-bit floats."""
    with open(path, "rb") as f:
        data = f.read()
    at, form = 12, None
    while at + 8 <= len(data):
        name, size = data[at:at + 4], struct.unpack("<I", data[at + 4:at + 8])[0]
        if name == b"fmt ":
            form = struct.unpack("<HH", data[at + 8:at + 12])
        if name == b"data":
            assert form[1] == 2, form
            return data[at + 8:at + 8 + size]
        at += 8 + size + size % 2
    raise AssertionError(f"{path} holds no audio")


class Recording(Running):
    @property
    def more(self):
        folder = self.dir + "/recording"
        os.makedirs(folder, exist_ok=True)
        return ("--record", folder, "--record-format", "wav")

    def perform(self):
        c = self.connect()
        for deck, bpm in ((1, 124), (2, 118)):
            track = f"{self.dir}/clicks{deck}.wav"
            write_clicks(track, bpm, 30)
            self.assertEqual(c.send(f'/deck/{deck}/load "{track}"').verdict, "accepted")
        # Their grids come later, and are news to a deck that has its track already.
        self.assertTrue(wait_until(lambda: all([c.send(f"/deck/{d}/sync beat").verdict == "accepted" for d in (1, 2)])))
        for text in ("/clock/source internal", "/clock/tempo 126",
                     "/deck/1/play", "/deck/2/play @beat", "/deck/1/tempo 4", "/deck/2/tempo -3",
                     "/deck/2/fx/1/1/type echo", "/deck/2/fx/1/1/on 1", "/deck/1/eq/low -inf @bar over 2 beats",
                     "/clock/tempo 131 over 4 beats", "/deck/2/loop/beats 1 @beat"):
            fate = c.send(text)
            self.assertEqual(fate.verdict, "accepted", (text, fate.reason))
            time.sleep(0.1)
        time.sleep(1.5)
        c.send("/deck/2/loop/exit")
        c.send("/deck/1/jump 4")
        time.sleep(1)

    def recordings(self):
        """The oldest first."""
        return sorted(glob.glob(self.dir + "/recording/*_master.wav"), key=os.path.getmtime)

    def recorded(self):
        (path,) = self.recordings()
        return samples(path)

    def rendered(self, run=0):
        out = self.dir + "/again.wav"
        r = self.run_tactus("render", self.session + "/journal.jsonl", "-o", out, "--json", "--quiet", "--run", str(run))
        self.assertEqual(r.returncode, 0, r.stderr + r.stdout)
        return samples(out), json.loads(r.stdout)


class Replay(Recording):
    def test_a_run_that_ended_is_the_same_from_its_first_to_its_last_frame(self):
        self.perform()
        self.assertEqual(self.run_tactus("stop").returncode, 0)
        self.engine.wait(10)
        live, (again, report) = self.recorded(), self.rendered()
        self.assertEqual(report["notices"], [])
        self.assertGreater(len(live), 8 * 48000 * 3, "three seconds at least")
        self.assertTrue(any(live), "not silence")
        self.assertEqual(len(again), len(live))
        self.assertTrue(again == live)
        with open(self.session + "/journal.jsonl") as f:
            lines = [json.loads(line) for line in f]
        voices = [line for line in lines if line.get("plays") == "voice"]
        self.assertTrue(voices, "stretched")
        content = [line for line in lines if "content" in line]
        self.assertEqual(len(content), 2, "each file named by what is in it")

    def test_another_file_under_the_same_name_is_told(self):
        self.perform()
        self.assertEqual(self.run_tactus("stop").returncode, 0)
        self.engine.wait(10)
        write_clicks(self.dir + "/clicks1.wav", 120, 30)
        r = self.run_tactus("render", self.session + "/journal.jsonl", "-o", self.dir + "/again.wav", "--quiet")
        self.assertEqual(r.returncode, 1)
        self.assertIn("clicks1.wav is not the file that was played", r.stderr)

    def test_a_run_that_was_killed_is_the_same_as_far_as_it_was_written(self):
        self.perform()
        self.engine.kill()
        self.engine.wait()
        live, (again, report) = self.recorded(), self.rendered()
        self.assertTrue(any("cut short" in n for n in report["notices"]), report["notices"])
        both = min(len(live), len(again))
        self.assertGreater(both, 8 * 48000 * 2)
        self.assertTrue(again[:both] == live[:both])


class ReplayOfAComeback(Recording):
    command = "up"

    def test_runs_before_and_after_a_crash_are_the_same(self):
        self.perform()
        killed = self.card()["pid"]
        os.kill(killed, signal.SIGKILL)
        self.assertTrue(wait_until(lambda: self.card()["pid"] not in (0, killed), 20))
        c = self.connect()
        self.assertTrue(wait_until(lambda: (c.state() or {}).get("deck/1/audible") and c.state()["deck/2/audible"], 20))
        for text in ("/deck/1/eq/low 0 @bar", "/clock/tempo 128 over 2 beats", "/deck/2/loop/beats 1 @beat"):
            self.assertEqual(c.send(text).verdict, "accepted", text)
        time.sleep(2)
        self.assertEqual(self.run_tactus("stop").returncode, 0)
        self.engine.wait(10)
        first, second = map(samples, self.recordings())
        again, report = self.rendered(run=1)
        self.assertTrue(any("cut short" in n for n in report["notices"]), report["notices"])
        both = min(len(first), len(again))
        self.assertGreater(both, 8 * 48000 * 2)
        self.assertTrue(again[:both] == first[:both], "until it was killed")
        again, report = self.rendered(run=0)
        self.assertEqual(report["notices"], [])
        self.assertGreater(len(second), 8 * 48000 * 2)
        self.assertTrue(any(second), "not silence")
        self.assertEqual(len(again), len(second))
        self.assertTrue(again == second, "from where it came back")


if __name__ == "__main__":
    main()
