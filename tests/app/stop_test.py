#!/usr/bin/env python3
"""How an engine ends: what is heard of it, by its own recording.

stop_test.py FOLDER_OF_PROGRAMS
"""
import array
import fcntl
import glob
import math
import os
import signal
import struct
import time

from engine_rig import Running, wait_until
from run_tests import main

RATE, TONE_HZ = 48000, 440


def read_floats(path):
    """The left channel of a WAV of 32-bit floats, to its very end."""
    with open(path, "rb") as f:
        data = f.read()
    at, channels = 12, 2
    while at + 8 <= len(data):
        name, size = data[at:at + 4], struct.unpack_from("<I", data, at + 4)[0]
        if name == b"fmt ":
            kind, channels = struct.unpack_from("<HH", data, at + 8)
            assert kind in (3, 0xfffe), kind
        if name == b"data":
            samples = array.array("f")
            samples.frombytes(data[at + 8:at + 8 + size - size % (4 * channels)])
            return samples[::channels]
        at += 8 + size + size % 2
    raise AssertionError("no sound in " + path)


class Fades(Running):
    block = 256

    def start(self):
        self.records = self.dir + "/records"
        self.more = ("--record", self.records, "--record-format", "wav", "--block", str(self.block),
                     "--no-auto-gain")  # an analysis that comes at the end would change the level there
        super().start()

    def faded(self, how):
        """Plays a steady tone, ends the engine by `how`, and judges the end of what was recorded."""
        c = self.connect()
        self.play(c)
        self.assertTrue(wait_until(lambda: c.state()["master_left"] > -30))
        time.sleep(0.5)
        start = time.monotonic()
        how()
        self.assertEqual(self.engine.wait(10), 0)
        took = time.monotonic() - start
        self.assertFalse(os.path.exists(self.session + "/engine.json"))
        sound = read_floats(glob.glob(self.records + "/*.wav")[0])
        turn = RATE // TONE_HZ + 1
        peaks = [max(map(abs, sound[i:i + turn])) for i in range(0, len(sound) - turn + 1, turn)]
        full = max(peaks[-RATE // turn:])  # of the last second
        self.assertGreater(full, 0.05)
        last_full = max(i for i, p in enumerate(peaks) if p > 0.98 * full)
        fade = peaks[last_full:]
        self.assertLess(max(map(abs, sound[-32:])), 1e-4 * full, "it has ended before the file does")
        lasts = next(i for i, p in enumerate(fade) if p < 0.01 * full) * turn / RATE
        # A turn of the tone is the grain of this look.
        self.assertGreater(lasts, 0.085, "of a tenth of a second")
        self.assertLess(lasts, 0.12)
        for a, b in zip(fade, fade[1:]):
            self.assertLessEqual(b, a * 1.02 + 1e-6, "it only goes down")
        # No cut: never a greater step from sample to sample than the tone at full level makes.
        tail = sound[-RATE // 2:]
        steepest = max(abs(b - a) for a, b in zip(tail, tail[1:]))
        self.assertLess(steepest, full * 2 * math.pi * TONE_HZ / RATE * 1.02)
        print(f"measured: fades in {1000 * lasts:.0f} ms to its last sample, gone {1000 * took:.0f} ms after it was asked to")


class Ending(Fades):
    def test_sigterm(self):
        self.faded(self.engine.terminate)

    def test_ctrl_c(self):
        self.faded(lambda: self.engine.send_signal(signal.SIGINT))

    def test_a_client_that_says_stop(self):
        self.faded(lambda: self.assertEqual(self.run_tactus("stop").returncode, 0))


class Another(Running):
    def test_may_begin_as_soon_as_stop_says_that_it_is_done(self):
        for _ in range(8):
            self.play(self.connect())
            self.assertEqual(self.run_tactus("stop").returncode, 0)
            with open(self.session + "/lock") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # raises while somebody holds the session
            self.assertEqual(self.engine.wait(10), 0)
            self.start()


class EndingInLongBlocks(Fades):
    block = 2048

    def test_sigterm(self):
        self.faded(self.engine.terminate)


class EndingUnderItsSupervisor(Fades):
    command = "up"

    def test_sigterm(self):
        self.faded(self.engine.terminate)


if __name__ == "__main__":
    main()
