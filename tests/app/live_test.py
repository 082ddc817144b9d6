#!/usr/bin/env python3
"""`tactus mix` at a terminal, live: its keys, what is heard of them, and what goes on behind the music.

live_test.py FOLDER_OF_PROGRAMS [GROUP]
"""
import array
import math
import os
import pty
import re
import select
import signal
import subprocess
import termios
import time
import wave

from app_rig import RATE, TACTUS, Crate, band, band_pcm, decode, write_wav
from run_tests import main
from workers import media_workers


class Terminal(Crate):
    """A set at a terminal."""

    def start_at_terminal(self, *args, audio="null", command="mix"):
        primary, secondary = pty.openpty()
        self.before = termios.tcgetattr(secondary)
        p = subprocess.Popen([TACTUS, command, "--audio", audio, *args], stdin=secondary, stdout=secondary,
                             stderr=secondary, cwd=self.dir, env={**os.environ, **self.env})
        self.addCleanup(os.close, primary)
        self.addCleanup(os.close, secondary)
        self.secondary = secondary
        self.shown = ""
        return p, primary

    def read_until(self, fd, pattern, seconds=60):
        end = time.time() + seconds
        while time.time() < end and not re.search(pattern, self.shown):
            if select.select([fd], [], [], 0.2)[0]:
                self.shown += os.read(fd, 65536).decode("utf-8", "replace")
        self.assertRegex(self.shown, pattern)
        found, self.shown = self.shown, ""
        return found

    def press_until(self, fd, key, pattern, seconds=60):
        """Presses a key every two seconds until it shows what it should: what it asks for may not be known yet."""
        end = time.time() + seconds
        shown = ""
        while time.time() < end and not re.search(pattern, shown):
            os.write(fd, key)
            shown = ""
            pause = time.time() + 2
            while time.time() < pause:
                if select.select([fd], [], [], 0.2)[0]:
                    shown += os.read(fd, 65536).decode("utf-8", "replace")
        self.assertRegex(shown, pattern)
        return shown

    def state_with(self, wanted, seconds=10):
        """The state as soon as it is as wanted: an engine answers before its tracks are on its decks again."""
        end = time.time() + seconds
        while not wanted(state := self.state()) and time.time() < end:
            time.sleep(0.05)
        self.assertTrue(wanted(state), state)
        return state


class Keys(Terminal):
    """What keys and signals do, and what is shown."""

    def test_keys(self):
        p, fd = self.start_at_terminal("crate")
        self.read_until(fd, r"Keys: n next")
        self.read_until(fd, r"BPM  a .*next in .*-6 dB")
        os.write(fd, b"++-")
        self.read_until(fd, r"-5 dB")
        os.write(fd, b" ")
        self.read_until(fd, r"paused")
        os.write(fd, b" ")
        self.read_until(fd, r"\x1b\[K1\d\d\.\d\d BPM")
        self.press_until(fd, b"l", r"128\.00 BPM +\w+ +blend +c")
        os.write(fd, b"n")
        self.read_until(fd, r"BPM  b ", 40)
        os.write(fd, b"q")
        p.wait(timeout=20)
        self.assertEqual(p.returncode, 0)
        self.assertEqual(termios.tcgetattr(self.secondary)[3], self.before[3], "the terminal is as it was")

    def test_where_there_is_a_device_start_plays_the_demo_crate_on_it(self):
        # What ./run does; tests of app.Start run it where there is none.
        p, fd = self.start_at_terminal("--demo-seconds", "12", command="start")
        shown = self.read_until(fd, r"Keys: n next", 120)
        self.assertRegex(shown, "No music named: a demo crate of seven tracks is made in " + self.dir)
        self.assertRegex(self.read_until(fd, r"\d BPM  .*-6 dB"), r"next in \d:\d\d")
        self.state_with(lambda s: s["master_left"] > -40)
        self.press_until(fd, b"l", r" 7 +\d:\d\d:\d\d")  # all of them are in the plan
        os.write(fd, b"q")
        p.wait(timeout=20)
        self.assertEqual(p.returncode, 0)
        self.assertFalse(os.path.exists(self.path("data/tactus/sets")), "nothing was rendered")

    def test_the_terminal_is_restored_by_a_signal_too(self):
        p, fd = self.start_at_terminal("crate")
        self.read_until(fd, r"Keys: n next")
        p.send_signal(signal.SIGTERM)
        p.wait(timeout=20)
        self.assertEqual(p.returncode, 0)
        self.assertEqual(termios.tcgetattr(self.secondary)[3], self.before[3])

    def test_an_engine_that_crashes_is_started_again_and_one_that_ran_plays_on(self):
        p, fd = self.start_at_terminal("crate")
        self.read_until(fd, r"BPM  a ")
        before = self.state()
        os.kill(before["pid"], signal.SIGKILL)
        self.read_until(fd, r"was started again")
        self.read_until(fd, r"BPM  a ")
        after = self.state_with(lambda s: s["deck"]["1"]["path"] == before["deck"]["1"]["path"])
        self.assertNotEqual(after["pid"], before["pid"])
        self.assertGreater(after["beat"], before["beat"])
        os.write(fd, b"n")
        self.read_until(fd, r"BPM  b ", 40)
        again = self.run_tactus("mix", "crate")  # decks 1 and 2 are taken
        self.assertEqual(again.returncode, 1)
        self.assertRegex(again.stderr, r"deck [12] plays")
        os.write(fd, b"q")
        p.wait(timeout=20)
        self.assertEqual(p.returncode, 0)
        self.assertEqual(self.run_tactus("state").returncode, 1, "its engine has ended with it")

        engine = subprocess.Popen([TACTUS, "engine", "--audio", "null", "--level", "-9"], cwd=self.dir,
                                  env={**os.environ, **self.env}, stdout=subprocess.PIPE, text=True)
        self.addCleanup(engine.stdout.close)
        self.addCleanup(engine.wait)
        self.addCleanup(engine.kill)
        self.assertIn("engine:", engine.stdout.readline())
        p, fd = self.start_at_terminal("crate")
        self.read_until(fd, r"plays on")
        self.read_until(fd, r"BPM  a .*-9 dB")
        os.write(fd, b"q")
        p.wait(timeout=20)
        self.state_with(lambda s: s["deck"]["1"]["playing"] == 1)
        self.assertEqual(self.run_tactus("stop").returncode, 0)

    def test_a_terminal_that_is_killed_leaves_the_music_playing(self):
        p, fd = self.start_at_terminal("crate")
        self.read_until(fd, r"BPM  a .*next in ")
        before = self.state_with(lambda s: s["deck"]["1"]["playing"] == 1)
        p.kill()
        p.wait(timeout=20)
        after = self.state_with(lambda s: s["deck"]["1"]["position"] > before["deck"]["1"]["position"] + 1)
        self.assertEqual(after["pid"], before["pid"])
        self.assertEqual(after["deck"]["1"]["playing"], 1)
        self.assertEqual((after["deck"]["1"]["fallbacks"], after["deck"]["1"]["late_chunks"]),
                         (before["deck"]["1"]["fallbacks"], before["deck"]["1"]["late_chunks"]))
        self.assertAlmostEqual(after["deck"]["1"]["position"] - before["deck"]["1"]["position"],
                               (after["frame"] - before["frame"]) / after["rate"] * after["deck"]["1"]["speed"], delta=0.05)
        self.assertEqual(self.run_tactus("stop").returncode, 0)
        self.assertEqual(self.run_tactus("state").returncode, 1, "nobody starts it again")


class Heard(Terminal):
    """What is heard of the keys, in recordings."""

    BAR = 2 * RATE  # of a.wav, whose bars are all the same: divided by the one before, what is heard is the gain alone

    def gains(self, sound, start, end, step=RATE // 200):
        """By how much each 5 ms are louder than the same place of the bar before."""
        power = lambda at: sum(v * v for v in sound[at:at + step])
        return [math.sqrt(power(i) / max(power(i - self.BAR), 1e-12)) for i in range(start, end - step, step)]

    def test_pause_level_and_the_fade_at_the_end_are_heard(self):
        for name in "bc":
            os.remove(self.path(f"crate/{name}.wav"))
        p, fd = self.start_at_terminal("crate", "--block", "4096", audio="file:live.wav")
        self.read_until(fd, r"BPM  a .*-6 dB")
        time.sleep(4.5)
        os.write(fd, b"---")
        time.sleep(1.5)
        os.write(fd, b" ")
        self.read_until(fd, r"paused")
        time.sleep(1)
        os.write(fd, b" ")
        time.sleep(4)  # a bar and the fade, all of it after the pause's own fade
        os.write(fd, b"q")
        p.wait(timeout=20)
        sound = decode(self.path("live.wav"))
        loud = [max(abs(v) for v in sound[i:i + 480]) > 1e-3 for i in range(0, len(sound), 480)]
        first = loud.index(True)
        pause = next(i for i in range(first, len(loud)) if not any(loud[i:i + 50]))
        again = next(i for i in range(pause, len(loud)) if loud[i])
        last = max(i for i, v in enumerate(loud) if v)
        self.assertGreater((again - pause) / 100, 0.8, "silence while it is paused")
        gains = self.gains(sound, first * 480 + self.BAR + RATE // 10, (pause - 10) * 480)
        for g in gains[:100]:
            self.assertAlmostEqual(20 * math.log10(g), 0, delta=0.1, msg="steady at first")
        self.assertAlmostEqual(20 * math.log10(min(gains)), -3, delta=0.1, msg="three keys of a decibel each")
        self.judge_fade(sound)
        self.assertGreater((last - again) / 100, 2)

    def judge_fade(self, sound):
        """The last of the recording: from full to nothing in about a tenth of a second, and nothing cut off."""
        end = max(i for i, v in enumerate(sound) if v != 0)
        self.assertGreater(len(sound) - 1 - end, 0, "cut off")
        gains = self.gains(sound, end - RATE // 2, end)
        for g in gains[:60]:
            self.assertAlmostEqual(g, 1, delta=0.01)
        for a, b in zip(gains, gains[1:]):
            self.assertLess(b, a + 0.01, "only downwards")
            self.assertLess(a - b, 0.1, "no step")
        fading = sum(0.02 < g < 0.98 for g in gains)
        self.assertTrue(15 <= fading <= 22, f"{5 * fading} ms")
        self.assertLess(gains[-1], 0.1)

    def test_what_is_skipped_to_is_heard(self):
        for name, bpm, root in (("a", 120, 110), ("b", 122, 110)):  # long ones: the next isn't loaded when n is pressed
            write_wav(self.path(f"crate/{name}.wav"), band_pcm(bpm, 90 * 240 / bpm, root))
        os.remove(self.path("crate/c.wav"))
        p, fd = self.start_at_terminal("crate", "--transition", "16", audio="file:live.wav")
        self.read_until(fd, r"next in")
        os.write(fd, b"n")
        self.read_until(fd, r"BPM  b ", 40)
        deadline = time.time() + 10.5  # past the transition: b alone
        while time.time() < deadline:
            self.read_until(fd, "BPM", 5)
        os.write(fd, b"q")
        p.wait(timeout=20)
        sound = decode(self.path("live.wav"))
        loud = [max(abs(v) for v in sound[i:i + RATE]) for i in range(0, len(sound) - RATE, RATE)]
        first = next(i for i, v in enumerate(loud) if v > 0.1)
        self.assertLess(first, 4)  # the engine starts before the first bar does
        self.assertGreater(len(loud) - first, 10)
        self.assertTrue(all(v > 0.1 for v in loud[first:]), f"a hole in the set: {loud}")


class Background(Terminal):
    """What goes on behind the music."""

    def judge_workers(self, mix):
        """While the set plays only workers analyse that take what nobody else wants."""
        def workers():
            return {pid: (idle, ticks) for pid, (idle, _, ticks) in media_workers(mix).items()}

        before = workers()
        for _ in range(40):  # those that had the first few files are done
            time.sleep(0.5)
            now = workers()
            if all(now.get(pid) == w for pid, w in before.items() if not w[0]):
                break
            before = now
        before = workers()
        idle = [pid for pid, (is_idle, _) in before.items() if is_idle]
        self.assertTrue(idle, before)
        for pid in idle:
            self.assertEqual(os.sched_getscheduler(pid), os.SCHED_IDLE)
            self.assertEqual(os.getpriority(os.PRIO_PROCESS, pid), 19)
            io_class = subprocess.run(["ionice", "-p", str(pid)], capture_output=True, text=True).stdout
            self.assertIn("idle", io_class)
        end = time.time() + 30
        while time.time() < end and all(workers()[pid][1] == before[pid][1] for pid in idle):
            time.sleep(0.2)
        after = workers()
        self.assertGreater(sum(after[pid][1] for pid in idle), sum(before[pid][1] for pid in idle), "they analyse")
        for pid, (is_idle, ticks) in after.items():
            if not is_idle and pid in before:
                self.assertEqual(ticks, before[pid][1], "nobody else does")

    def test_a_big_folder_sounds_soon_and_is_planned_anew(self):
        samples = array.array("h", (round(16000 * v) for v in band(120, 45, 110)[:20 * RATE:2]))
        for i in range(200):
            samples[-1 - i] ^= 1  # another content each: nothing is known of it
            with wave.open(self.path(f"crate/t{i:03}.wav"), "wb") as f:
                f.setnchannels(1)
                f.setsampwidth(2)
                f.setframerate(RATE // 2)
                f.writeframes(samples.tobytes())
        start = time.time()
        p, fd = self.start_at_terminal("crate")
        self.read_until(fd, r"\d BPM  \w+ ", 60)
        self.state_with(lambda s: s["master_left"] > -40)
        took = time.time() - start
        print(f"measured: 203 new files: heard after {took:.1f} s")
        self.assertLess(took, 15)
        self.press_until(fd, b"l", r" 4 +\d:\d\d:\d\d")  # more than the first three are in the plan
        self.judge_workers(p.pid)
        os.write(fd, b"q")
        p.wait(timeout=30)
        self.assertEqual(p.returncode, 0)


if __name__ == "__main__":
    main()
