#!/usr/bin/env python3
"""The programs as a user runs them: what they print, their exit codes, and the sound in the files that they write.

app_test.py FOLDER_OF_PROGRAMS [GROUP]
"""
import array
import functools
import json
import math
import os
import pty
import random
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import termios
import time
import unittest
import wave

BIN = os.path.abspath(sys.argv.pop(1))
TACTUS = os.path.join(BIN, "tactus")
RATE = 48000


def tactus(*args, text=None, timeout=120, cwd=None, env=None):
    return subprocess.run([TACTUS, *map(str, args)], input=text, capture_output=True, text=True, timeout=timeout,
                          cwd=cwd, env={**os.environ, **(env or {})})


def write_wav(path, left, rate=RATE):
    """Mono samples in -1..1, on both sides."""
    both = array.array("h")
    for v in left:
        n = int(round(max(-1.0, min(1.0, v)) * 32767))
        both.append(n)
        both.append(n)
    with wave.open(path, "wb") as f:
        f.setnchannels(2)
        f.setsampwidth(2)
        f.setframerate(rate)
        f.writeframes(both.tobytes())


def decode(path, channel=0):
    """One channel of any file, the left unless told, as floats at RATE."""
    raw = subprocess.run(["ffmpeg", "-v", "error", "-i", path, "-af", f"pan=mono|c0=c{channel}", "-ar", str(RATE), "-f", "f32le",
                          "-"], capture_output=True, check=True).stdout
    samples = array.array("f")
    samples.frombytes(raw)
    return samples


def clicks(bpm, seconds, level=0.5):
    out = [0.0] * int(seconds * RATE)
    beat = 60 * RATE / bpm
    for k in range(int(len(out) / beat)):
        out[round(k * beat)] = level
    return out


@functools.lru_cache(None)
def band(bpm, seconds, root):
    """Kick, hat, bass and chord: enough for the analysis to trust."""
    rng = random.Random(bpm)
    out = [0.0] * int(seconds * RATE)
    beat = 60 * RATE / bpm
    kick = [0.6 * math.exp(-i / 4000) * math.sin(2 * math.pi * (50 * i / RATE + 3 * (1 - math.exp(-i / 1500))))
            for i in range(9000)]
    hat = [0.15 * math.exp(-i / 700) * rng.uniform(-1, 1) for i in range(3000)]
    snare = [0.3 * math.exp(-i / 2500) * rng.uniform(-1, 1) for i in range(7000)]
    notes = [root, root * 2 ** (3 / 12), root * 2 ** (7 / 12)]
    bar = [0.0] * int(4 * beat)
    for i in range(len(bar)):
        t = i / RATE
        bar[i] = 0.04 * sum(math.sin(2 * math.pi * f * 2 * t) for f in notes) + 0.1 * math.sin(math.pi * root * t)
    for k in range(int(len(out) / beat)):
        for sound, at in ((kick, k), (hat, k + 0.5)) + (((snare, k),) if k % 2 else ()):
            start = round(at * beat)
            for i, v in enumerate(sound):
                if start + i < len(out):
                    out[start + i] += v
    for i in range(len(out)):
        out[i] += bar[i % len(bar)]
    return out


class Folder(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="tactus-app-")
        self.addCleanup(shutil.rmtree, self.dir)
        self.env = {"XDG_CACHE_HOME": self.dir + "/cache", "XDG_DATA_HOME": self.dir + "/data",
                    "XDG_MUSIC_DIR": self.dir + "/music", "XDG_STATE_HOME": self.dir + "/state", "HOME": self.dir}

    def path(self, name):
        return os.path.join(self.dir, name)

    def run_tactus(self, *args, **more):
        return tactus(*args, cwd=self.dir, env=self.env, **more)

    def write_set(self, lines, tempo=120):
        with open(self.path("set.jsonl"), "w") as f:
            f.write(json.dumps({"tactus_set": 1, "tempo": tempo}) + "\n")
            for line in lines:
                f.write(line if isinstance(line, str) else json.dumps(line))
                f.write("\n")
        return self.path("set.jsonl")


class Words(unittest.TestCase):
    """Help, errors, and what is printed for scripts."""

    def test_every_command_has_help_with_an_example(self):
        top = tactus("--help")
        self.assertEqual(top.returncode, 0)
        commands = re.findall(r"^  ([a-z]+)  ", top.stdout, re.M)
        self.assertLessEqual({"start", "demo", "devices", "render", "mix", "play", "bench", "intents"}, set(commands))
        for command in commands:
            shown = tactus(command, "--help")
            self.assertEqual(shown.returncode, 0, command)
            self.assertIn("tactus " + command, shown.stdout, command)

    def test_unknown_words_are_usage_errors(self):
        for args in (["dance"], ["render"], ["mix", "--loud", "x"], ["play", "--rate", "7"],
                     ["play", "--audio", "gramophone"], ["play", "--audio", "null", "--routing", "master=1-2 cue=2-3"],
                     ["play", "--audio", "null", "--headphones", "null"]):
            r = tactus(*args, text="")
            self.assertEqual(r.returncode, 2, args)
            self.assertTrue(r.stderr.strip(), args)

    @unittest.skipUnless(os.access("/dev/full", os.W_OK), "there is no /dev/full here")
    def test_output_that_is_lost_is_no_success(self):
        with open("/dev/full", "w") as full:
            r = subprocess.run([TACTUS, "intents"], stdout=full, stderr=subprocess.PIPE, text=True, timeout=30)
        self.assertEqual(r.returncode, 1)
        self.assertIn("No space left", r.stderr)

    def test_version_devices_bench_and_intents(self):
        self.assertRegex(tactus("--version").stdout, r"\d+\.\d+")
        json.loads(tactus("devices", "--json").stdout)
        bench = json.loads(tactus("bench", "rt", "--blocks", 2000, "--json").stdout)
        for key in ("blocks", "deadline_us", "cpu_us", "misses", "allocations", "page_faults", "feeder_fallbacks",
                    "feeder_cpu", "total_cpu", "decks", "effects", "block", "rate"):
            self.assertIn(key, bench)
        self.assertEqual(set(bench["cpu_us"]), {"mean", "p99", "p999", "p9999", "max"})
        self.assertIn(bench["allocations"], (0, None))  # sanitizers count for themselves
        self.assertIn("/deck/N/play", tactus("intents").stdout)

    def test_mappings_are_listed_shown_and_checked(self):
        listed = json.loads(tactus("map", "list", "--json").stdout)["mappings"]
        self.assertLessEqual({"behringer-bcd3000", "pioneer-cdj-2000nexus", "pioneer-ddj-ergo"},
                             {m["file"] for m in listed if m["bundled"]})
        shown = json.loads(tactus("map", "show", "pioneer-ddj-ergo", "--json").stdout)
        self.assertIn({"midi": "note 1 11", "layer": "", "when": "pressed", "does": "/deck/1/play"}, shown["controls"])
        self.assertIn("/deck/1/play", tactus("map", "show", "pioneer-ddj-ergo").stdout)
        self.assertEqual(tactus("map", "check", "behringer-bcd3000").returncode, 0)
        self.assertEqual(tactus("map", "learn", text="").returncode, 2)  # there is no person
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "x.toml")
            with open(path, "w") as f:
                f.write('tactus_mapping = 1\nname = "x"\ndevices = ["q"]\n[[control]]\nmidi = "note 17 1"\n'
                        'do = "/deck/1/play"\n')
            wrong = tactus("map", "check", path)
            self.assertEqual(wrong.returncode, 1)
            self.assertEqual(wrong.stderr, path + ':5: "note 17 1": channels are 1 to 16\n')
            told = json.loads(tactus("map", "check", path, "--json").stdout)
            self.assertEqual([e["line"] for e in told["errors"]], [5])
        self.assertEqual(tactus("map", "check", "/nowhere.toml").returncode, 1)
        self.assertIn("apis", json.loads(tactus("map", "ports", "--json").stdout))


class Render(Folder):
    """Set files into sound."""

    def setUp(self):
        super().setUp()
        write_wav(self.path("clicks.wav"), clicks(120, 20))

    def test_each_event_is_where_the_report_says(self):
        # 127 BPM: no beat falls on a frame; the direct path: the track keeps its own tempo.
        s = self.write_set([{"beat": 0, "do": '/deck/1/load "clicks.wav"'}, "# a comment", "",
                            {"beat": 3, "do": "/deck/1/play"}, {"beat": 9, "do": "/deck/1/pause"}], tempo=127)
        report = None
        sums = set()
        for block in (256, 32, 480):
            r = self.run_tactus("render", s, "-o", f"out{block}.wav", "--block", block, "--json", "--quiet",
                                "--no-auto-gain")
            self.assertEqual(r.returncode, 0, r.stderr)
            report = json.loads(r.stdout)
            with open(self.path(f"out{block}.wav"), "rb") as f:
                sums.add(f.read())
        self.assertEqual(len(sums), 1, "the block's length is not heard")
        self.assertEqual(report["refused"], [])
        events = {e["do"]: e for e in report["events"]}
        self.assertEqual(events["/deck/1/play"]["beat"], 3)
        sound = decode(self.path("out256.wav"))
        self.assertEqual(report["frames"], len(sound))
        first = next(i for i, v in enumerate(sound) if abs(v) > 0.2)
        self.assertEqual(first, events["/deck/1/play"]["frame"])
        self.assertEqual(first, round(3 * 60 * RATE / 127))
        last = max(i for i, v in enumerate(sound) if abs(v) > 0.2)
        self.assertLess(last, events["/deck/1/pause"]["frame"])

    def test_errors_name_line_and_word_and_leave_nothing(self):
        s = self.write_set([{"beat": 0, "do": '/deck/1/load "clicks.wav"'}, {"beat": 1, "do": "/deck/1/plaz"}])
        r = self.run_tactus("render", s, "-o", "out.wav")
        self.assertNotEqual(r.returncode, 0)
        self.assertIn("3", r.stderr)
        self.assertIn("plaz", r.stderr)
        self.assertFalse(os.path.exists(self.path("out.wav")))
        good = self.write_set([{"beat": 0, "do": '/deck/1/load "nothing.wav"'}])
        r = self.run_tactus("render", good, "-o", "out.wav", "--json", "--quiet")
        self.assertEqual(r.returncode, 1, "a set that lacks a file isn't what was asked for")
        refused = json.loads(r.stdout)["refused"]
        self.assertEqual(len(refused), 1)
        self.assertTrue(refused[0]["do"].startswith("/deck/1/load"), refused)
        self.assertIn("nothing.wav", refused[0]["why"])
        for target in ("missing/out.wav", "out.xyz"):
            r = self.run_tactus("render", good, "-o", target)
            self.assertNotEqual(r.returncode, 0)
            self.assertIn(target, r.stderr)
        self.assertEqual([f for f in os.listdir(self.dir) if ".part" in f], [])

    def test_a_full_disk_leaves_nothing_half_written(self):
        s = self.write_set([{"beat": 0, "do": '/deck/1/load "clicks.wav"'}, {"beat": 0, "do": "/deck/1/play"}])
        # The shell's limit on a file's size stands for the full disk: writing fails half way.
        r = subprocess.run(["bash", "-c", f"trap '' XFSZ; ulimit -f 500; exec {TACTUS} render {s} -o out.wav --quiet"],
                           capture_output=True, text=True, cwd=self.dir, env={**os.environ, **self.env}, timeout=60)
        self.assertEqual(r.returncode, 1, r.stdout)
        self.assertIn("out.wav", r.stderr)
        self.assertEqual([f for f in os.listdir(self.dir) if f.startswith("out")], [])

    def test_stopped_it_leaves_nothing(self):
        s = self.write_set([{"beat": 0, "do": '/deck/1/load "clicks.wav"'}, {"beat": 0, "do": "/deck/1/tempo 3"},
                            {"beat": 0, "do": "/deck/1/play"}, {"beat": 0, "do": "/deck/1/loop/beats 8"},
                            {"beat": 100000, "do": "/deck/1/pause"}])
        p = subprocess.Popen([TACTUS, "render", s, "-o", "out.wav", "--quiet"], cwd=self.dir, stderr=subprocess.PIPE,
                             text=True, env={**os.environ, **self.env})
        deadline = time.time() + 30
        while not any(f.startswith("out.wav") for f in os.listdir(self.dir)) and time.time() < deadline:
            time.sleep(0.05)
        time.sleep(0.5)
        p.send_signal(signal.SIGINT)
        _, err = p.communicate(timeout=60)
        self.assertEqual(p.returncode, 130)
        self.assertIn("stopped", err)
        self.assertEqual([f for f in os.listdir(self.dir) if f.startswith("out")], [])


class Play(Folder):
    """Intents on standard input."""

    def setUp(self):
        super().setUp()
        write_wav(self.path("a.wav"), clicks(120, 30))

    def test_intents_are_answered_and_wrong_ones_refused_with_reasons(self):
        r = self.run_tactus("play", "--audio", "null", "--json", "a.wav",
                            text="/deck/1/play\nwait 1\n/deck/1/lood x\n/deck/2/play\n/deck/1/tempo 400\n"
                                 "/deck/1/cue_bus 1\n/deck/1/unload\nquit\n")
        self.assertEqual(r.returncode, 0, r.stderr)
        answers = [json.loads(line) for line in r.stdout.splitlines()]
        self.assertEqual([a["fate"] for a in answers][:2], ["accepted", "accepted"])
        refused = {a["do"]: a["why"] for a in answers if a["fate"] == "refused"}
        self.assertIn("lood", refused["/deck/1/lood x"])
        self.assertIn("empty", refused["/deck/2/play"])
        self.assertIn("400", refused["/deck/1/tempo 400"] + " 400")
        self.assertIn("force", refused["/deck/1/unload"])
        self.assertNotIn("confirm", r.stderr)

    def test_what_is_played_to_a_file_is_what_was_asked_for(self):
        r = self.run_tactus("play", "--audio", "file:live.wav", "--level", 0, "--no-auto-gain", "a.wav",
                            text="wait 1\n/deck/1/play\nwait 2\nquit\n")
        self.assertEqual(r.returncode, 0, r.stderr)
        sound = decode(self.path("live.wav"))
        hits = [i for i, v in enumerate(sound) if abs(v) > 0.3]
        self.assertGreaterEqual(len(hits), 3)
        for a, b in zip(hits, hits[1:]):
            self.assertEqual(b - a, RATE // 2, "a click every half second, to the frame")

    def test_prelistening_on_two_channels_is_refused_and_split_offered(self):
        lines = "wait 0.5\n/deck/1/cue_bus 1\nquit\n"
        two = self.run_tactus("play", "--audio", "file:two.wav", "--routing", "master=1-2", "a.wav", text=lines)
        self.assertRegex(two.stdout, "refused: .*split")
        split = self.run_tactus("play", "--audio", "file:split.wav", "--routing", "split=1-2", "a.wav", text=lines)
        self.assertNotIn("refused", split.stdout)

    def test_the_cue_bus_goes_where_it_is_routed_and_nowhere_else(self):
        # The fader's own ramp comes first.
        lines = "wait 0.5\n/deck/1/fader 0\n/deck/1/cue_bus 1\nwait 0.1\n/deck/1/play\nwait 1.5\nquit\n"
        four = self.run_tactus("play", "--audio", "file:four.wav", "--routing", "master=1-2 cue=3-4", "a.wav", text=lines)
        self.assertNotIn("refused", four.stdout)
        peaks = [max(abs(v) for v in decode(self.path("four.wav"), c)) for c in range(4)]
        self.assertLess(max(peaks[:2]), 1e-4, peaks)
        self.assertGreater(min(peaks[2:]), 0.1, peaks)

        two = self.run_tactus("play", "--audio", "file:main.wav", "--headphones", "file:phones.wav", "a.wav", text=lines)
        self.assertNotIn("refused", two.stdout)
        self.assertLess(max(abs(v) for v in decode(self.path("main.wav"))), 1e-4)
        self.assertGreater(max(abs(v) for v in decode(self.path("phones.wav"))), 0.1)

    def test_missing_headphones_are_told_and_cost_nothing(self):
        r = self.run_tactus("play", "--audio", "null", "--headphones", "alsa:no such device", "a.wav",
                            text="/deck/1/play\nwait 1\nquit\n")
        self.assertEqual(r.returncode, 0)
        self.assertRegex(r.stderr, "[Hh]eadphones")

    def test_the_engine_is_one_for_all_and_outlives_who_started_it(self):
        def start(*files):
            p = subprocess.Popen([TACTUS, "play", "--audio", "null", "--json", *files], stdin=subprocess.PIPE,
                                 cwd=self.dir, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                 env={**os.environ, **self.env})
            self.addCleanup(p.communicate)
            return p

        def ask(p, intent):
            p.stdin.write(intent + "\n")
            p.stdin.flush()
            return json.loads(p.stdout.readline())

        def state():
            return json.loads(self.run_tactus("state", "--json").stdout)

        first = start("a.wav")
        self.addCleanup(self.run_tactus, "stop")
        self.assertEqual(json.loads(first.stdout.readline())["fate"], "accepted")
        self.assertEqual(ask(first, "/deck/1/play")["fate"], "accepted")
        engine = state()["pid"]
        second = start()
        self.assertEqual(ask(second, "/deck/1/eq/low -6")["fate"], "accepted")
        second.stdin.write("quit\n")
        second.stdin.flush()
        self.assertEqual(second.wait(20), 0)
        self.assertIn("runs already", second.stderr.read())
        first.kill()
        first.wait()
        time.sleep(0.3)
        now = state()
        self.assertEqual(now["pid"], engine)
        self.assertEqual(now["deck"]["1"]["playing"], 1)
        self.assertAlmostEqual(now["deck"]["1"]["eq"]["low"], -6, places=3)
        self.assertEqual(self.run_tactus("stop").returncode, 0)
        self.assertEqual(self.run_tactus("state").returncode, 1)

    def test_the_end_of_input_and_signals_end_it_well(self):
        self.assertEqual(self.run_tactus("play", "--audio", "null", "a.wav", text="/deck/1/play\n").returncode, 0)
        for which in (signal.SIGINT, signal.SIGTERM):
            p = subprocess.Popen([TACTUS, "play", "--audio", "null", "a.wav"], stdin=subprocess.PIPE, cwd=self.dir,
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, **self.env})
            p.stdout.readline()  # the load is answered: it runs
            p.send_signal(which)
            p.wait(timeout=20)
            self.assertEqual(p.returncode, 0, which)
            p.communicate()


class Crate(Folder):
    """Three short tracks, two of which go together."""

    def setUp(self):
        super().setUp()
        os.mkdir(self.path("crate"))
        for name, bpm, root in (("a", 120, 110), ("b", 124, 110), ("c", 128, 98)):
            write_wav(self.path(f"crate/{name}.wav"), band(bpm, 45, root))


class Mix(Crate):
    """Sets into files."""

    def test_a_set_of_files_good_and_bad(self):
        shutil.copy(self.path("crate/a.wav"), self.path("crate/short.wav"))
        with open(self.path("crate/empty.mp3"), "w"):
            pass
        with open(self.path("crate/text.flac"), "w") as f:
            f.write("this is no music\n" * 100)
        os.truncate(self.path("crate/short.wav"), 30)
        r = self.run_tactus("mix", "crate", "-o", "set.flac", "--quiet")
        self.assertEqual(r.returncode, 0, r.stderr)
        for bad in ("empty.mp3", "text.flac", "short.wav"):
            self.assertIn(bad, r.stderr)
        lines = [line for line in r.stdout.splitlines() if " BPM " in line]
        self.assertEqual(len(lines), 3, r.stdout)
        for bpm, line in zip(("120.00", "124.00", "128.00"), lines):
            self.assertIn(bpm, line)
        self.assertIn("blend", lines[1])
        sound = decode(self.path("set.flac"))
        loud = [max(abs(v) for v in sound[i:i + RATE]) for i in range(0, len(sound) - RATE, RATE)]
        self.assertLess(max(loud), 1.0)
        first, last = next(i for i, v in enumerate(loud) if v > 0.05), max(i for i, v in enumerate(loud) if v > 0.05)
        self.assertTrue(all(v > 0.05 for v in loud[first:last]), "no hole in the set")
        self.assertLess(max(abs(v) for v in sound[-RATE // 2:]), 1e-3, "it ends in silence")

    def test_start_without_a_device_renders_a_set(self):
        r = self.run_tactus("start", "crate", "--audio", "jack", "--quiet")
        self.assertEqual(r.returncode, 0, r.stderr)
        self.assertIn("no audio device", r.stdout)
        flac = re.search(r"(/\S+set\.flac)", r.stdout).group(1)
        png = re.search(r"Picture: (/\S+\.png)", r.stdout).group(1)
        self.assertIn("To hear it", r.stdout)
        self.assertEqual(len([line for line in r.stdout.splitlines() if " BPM " in line]), 3)
        with open(png, "rb") as f:
            self.assertEqual(f.read(8), b"\x89PNG\r\n\x1a\n")
        self.assertGreater(len(decode(flac)), 60 * RATE)

    def test_the_order_given_is_kept_if_asked_for(self):
        names = ["c", "a", "b"]
        r = self.run_tactus("mix", *(f"crate/{n}.wav" for n in names), "--keep-order", "--plan", "--quiet")
        self.assertEqual(r.returncode, 0, r.stderr)
        self.assertEqual(re.findall(r'/load .*?(\w)\.wav', r.stdout), names)
        # What is printed is a set file, wherever it is put.
        os.mkdir(self.path("sets"))
        with open(self.path("sets/set.jsonl"), "w") as f:
            f.write(r.stdout)
        r = self.run_tactus("render", "sets/set.jsonl", "-o", "out.wav", "--json", "--quiet", "--length", 3)
        self.assertEqual(r.returncode, 0, r.stderr)
        report = json.loads(r.stdout)
        self.assertEqual(report["refused"], [])
        self.assertGreater(report["lufs"], -40)

    def test_nothing_to_mix(self):
        os.mkdir(self.path("bare"))
        r = self.run_tactus("mix", "bare", "-o", "set.flac")
        self.assertEqual(r.returncode, 1)
        self.assertIn("no music", r.stderr)


class Live(Crate):
    """A set at a terminal."""

    def start_at_terminal(self, *args, audio="null"):
        primary, secondary = pty.openpty()
        self.before = termios.tcgetattr(secondary)
        p = subprocess.Popen([TACTUS, "mix", "--audio", audio, *args], stdin=secondary, stdout=secondary,
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

    def test_what_is_skipped_to_is_heard(self):
        for name, bpm, root in (("a", 120, 110), ("b", 122, 110)):  # long ones: the next isn't loaded when n is pressed
            write_wav(self.path("bar.wav"), band(bpm, 240 / bpm, root))
            with wave.open(self.path("bar.wav")) as bar, wave.open(self.path(f"crate/{name}.wav"), "wb") as f:
                f.setparams(bar.getparams())
                f.writeframes(bar.readframes(bar.getnframes()) * 90)
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

    def state(self):
        r = self.run_tactus("state", "--json")
        self.assertEqual(r.returncode, 0, r.stderr)
        return json.loads(r.stdout)

    def state_with(self, wanted, seconds=10):
        """The state as soon as it is as wanted: an engine answers before its tracks are on its decks again."""
        end = time.time() + seconds
        while not wanted(state := self.state()) and time.time() < end:
            time.sleep(0.05)
        self.assertTrue(wanted(state), state)
        return state

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

    def test_the_terminal_is_restored_by_a_signal_too(self):
        p, fd = self.start_at_terminal("crate")
        self.read_until(fd, r"Keys: n next")
        p.send_signal(signal.SIGTERM)
        p.wait(timeout=20)
        self.assertEqual(p.returncode, 0)
        self.assertEqual(termios.tcgetattr(self.secondary)[3], self.before[3])

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
        took = time.time() - start
        print(f"measured: 200 new files: playing after {took:.1f} s")
        self.assertLess(took, 15)
        self.press_until(fd, b"l", r" 4 +\d:\d\d:\d\d")  # more than the first three are in the plan
        os.write(fd, b"q")
        p.wait(timeout=30)
        self.assertEqual(p.returncode, 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
