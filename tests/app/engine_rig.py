"""An engine on the null device for each test, for engine_test.py, crash_test.py and faults_test.py. FOLDER_OF_PROGRAMS is
the first argument of each."""
import array
import json
import math
import os
import subprocess
import sys
import tempfile
import time
import unittest
import wave

from folders import remove_folder
from shown import Shown

BIN = os.path.abspath(sys.argv.pop(1))
TACTUS = os.path.join(BIN, "tactus")
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "..", "clients", "python"))
import tactus  # noqa: E402


def write_wav(path, mono, rate):
    """16-bit samples, the same on both sides."""
    both = array.array("h", [v for m in mono for v in (m, m)])
    with wave.open(path, "wb") as f:
        f.setnchannels(2)
        f.setsampwidth(2)
        f.setframerate(rate)
        f.writeframes(both.tobytes())


def write_tone(path, seconds, rate=48000):
    write_wav(path, [int(8000 * math.sin(2 * math.pi * 440 * i / rate)) for i in range(rate)] * seconds, rate)


def write_clicks(path, bpm, seconds, rate=48000):
    """Clicks on the beats, the first of four higher: a tempo that an analysis can't miss."""
    mono = array.array("h", bytes(2 * rate * seconds))
    for beat in range(int(seconds * bpm / 60)):
        at, hz = round(beat * 60 / bpm * rate), 1800 if beat % 4 == 0 else 900
        for i in range(min(1200, len(mono) - at)):
            mono[at + i] = int(16000 * math.exp(-i / 250) * math.sin(2 * math.pi * hz * i / rate))
    write_wav(path, mono, rate)


def wait_until(what, seconds=10):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if what():
            return True
        time.sleep(0.02)
    return False


class Running(Shown, unittest.TestCase):
    """One engine on the null device for each test."""
    command = "engine"
    more = ()
    track_seconds = 60

    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="tactus-engine-")
        self.addCleanup(remove_folder, self.dir)
        self.env = {**os.environ, "XDG_CACHE_HOME": self.dir + "/cache", "XDG_STATE_HOME": self.dir + "/state",
                    "XDG_DATA_HOME": self.dir + "/data", "XDG_RUNTIME_DIR": self.dir + "/run", "HOME": self.dir}
        os.mkdir(self.dir + "/run", 0o700)
        self.session = self.dir + "/state/tactus/session"
        self.track = self.dir + "/tone.wav"
        write_tone(self.track, self.track_seconds)
        self.log = open(self.dir + "/log", "w+")
        self.addCleanup(self.log.close)
        self.start()

    def start(self):
        self.engine = subprocess.Popen([TACTUS, self.command, "--audio", "null", *self.more], env=self.env,
                                       stdout=subprocess.PIPE, stderr=self.log, text=True)
        self.addCleanup(self.end, self.engine)
        self.said = self.engine.stdout.readline()
        self.assertIn("engine:", self.said)

    def end(self, engine):
        if engine.poll() is None:
            # A supervisor that is killed leaves its engine playing, as it should: so it is asked.
            (engine.terminate if self.command == "up" else engine.kill)()
        engine.wait()
        engine.stdout.close()

    def connect(self, **more):
        client = tactus.Engine(self.session, **{"name": "test", "kind": "hand", **more})
        self.addCleanup(client.close)
        return client

    def run_tactus(self, *args, **more):
        return subprocess.run([TACTUS, *args], env=self.env, capture_output=True, text=True, timeout=30, **more)

    def play(self, client):
        self.assertEqual(client.send(f'/deck/1/load "{self.track}"').verdict, "accepted")
        self.assertEqual(client.send("/deck/1/play").verdict, "accepted")
        self.assertTrue(wait_until(lambda: client.state()["deck/1/playing"]))

    def unhurt(self, client, before):
        """The engine lives, and its sound had no hole since `before`."""
        self.assertIsNone(self.engine.poll())
        self.assertTrue(wait_until(client.alive, 3))  # a machine that stood still for half a second isn't its fault
        now = client.state()
        self.assertGreater(now["deck/1/position"], before["deck/1/position"])
        self.assertAlmostEqual(now["deck/1/position"] - before["deck/1/position"],
                               (now["frame"] - before["frame"]) / now["rate"], places=6)
        for name in ("deck/1/fallbacks", "deck/1/late_chunks", "bypassed_nodes"):
            self.assertEqual(now[name], before[name], name)
        self.assertEqual(now["epoch"], before["epoch"])

    def card(self):
        try:
            with open(self.session + "/engine.json") as f:
                return json.load(f)
        except (OSError, ValueError):
            return {"pid": 0}
