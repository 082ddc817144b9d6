#!/usr/bin/env python3
"""The programs as a user runs them: what they print, their exit codes, and the sound in the files that they write.

app_test.py FOLDER_OF_PROGRAMS [GROUP]
"""
import json
import math
import os
import pty
import re
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

from app_rig import RATE, TACTUS, Crate, Folder, band, clicks, decode, ebur128, tactus, write_wav
from run_tests import main


class Words(unittest.TestCase):
    """Help, errors, and what is printed for scripts."""

    def test_every_command_has_help_with_an_example(self):
        top = tactus("--help")
        self.assertEqual(top.returncode, 0)
        commands = re.findall(r"^  ([a-z]+)  ", top.stdout, re.M)
        self.assertLessEqual({"start", "demo", "devices", "render", "mix", "play", "bench", "intents"}, set(commands))
        below = [command for command in commands for _ in self.check_help(command)]
        self.assertIn("journal", below)  # so commands of commands were found

    def check_help(self, *command):
        """That the help of a command, and of each below it, has examples whose options there are; which are below it."""
        shown = tactus(*command, "--help")
        self.assertEqual(shown.returncode, 0, command)
        options, examples = re.split(r"^Examples?:$", shown.stdout, maxsplit=1, flags=re.M)
        mine = re.findall("^  (?:.*[|&] )?(tactus " + " ".join(command) + r"\b.*)", examples, re.M)
        self.assertTrue(mine, f"{command} shows how it is used")
        below = re.search(r"^Subcommands:\n((?:  .*\n)+)", shown.stdout, re.M)
        names = re.findall(r"^  ([a-z]+)  ", below[1], re.M) if below else []
        for line in mine:
            words = re.split(r" (?:&&|\|) |   ", re.sub("'[^']*'", "", line))[0].split()
            if words[-1] in names or set(words) & set(names):
                continue  # judged by the command that it is an example of
            known = options + (tactus("engine", "--help").stdout if command == ("up",) else "")
            for option in re.findall(r"(?<!\S)--?[a-z][a-z-]*", " ".join(words)):
                self.assertRegex(known, rf"(?<![\w-]){option}\b", line)
        for name in names:
            self.check_help(*command, name)
        return names

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
        if bench["allocations"] is not None:
            self.assertEqual(bench["page_faults"], 0)
        # It waits for the feeders: whatever the machine does meanwhile, no deck falls back to the direct path.
        self.assertEqual(bench["feeder_fallbacks"], 0)
        self.assertGreater(bench["key_locked"], 0.99)
        self.assertIn("/deck/N/play", tactus("intents").stdout)

    def test_other_programs_libraries_are_read_and_nothing_is_kept(self):
        with tempfile.TemporaryDirectory() as folder:
            path, there = os.path.join(folder, "x.m3u8"), os.path.join(folder, "one.wav")
            with open(path, "w") as f:
                f.write("#EXTM3U\n#EXTINF:12,Ada - One\none.wav\n/gone/two.mp3\n")
            write_wav(there, [0.0])
            r = tactus("library", "import", path, "--dry-run", "--jsonl")
            self.assertEqual(r.returncode, 0, r.stderr)
            found = json.loads(r.stdout)
            self.assertEqual([(t["path"], t["title"]) for t in found["tracks"]], [(there, "One"), ("/gone/two.mp3", "")])
            self.assertEqual(found["playlists"], [{"path": ["x"], "tracks": [there, "/gone/two.mp3"]}])
            self.assertIn("2 tracks, of which 1 are not where it says", tactus("library", "import", path, "--dry-run").stdout)
            self.assertEqual([t["timeline"]["offset"] for t in found["tracks"]], [0, None])
            self.assertEqual(found["tracks"][1]["timeline"]["why"], "the file isn't there")
            self.assertEqual(sorted(os.listdir(folder)), ["one.wav", "x.m3u8"])
            moved = tactus("library", "import", "--map", f"{folder}=/music", path, "--dry-run", "--jsonl")
            self.assertEqual(json.loads(moved.stdout)["tracks"][0]["path"], "/music/one.wav")
            self.assertEqual(tactus("library", "import", path, "--dry-run", "--map", "nonsense").returncode, 2)
            nml = os.path.join(folder, "c.nml")
            done = tactus("library", "convert", path, "--to", "traktor", "-o", nml, "--json")
            self.assertEqual((done.returncode, json.loads(done.stdout)["cant"]), (0, []), done.stderr)
            again = json.loads(tactus("library", "import", nml, "--dry-run", "--jsonl").stdout)
            self.assertEqual(again["playlists"], found["playlists"])
            self.assertEqual(tactus("library", "convert", path, "--to", "nothing", "-o", nml).returncode, 2)
            with open(path, "w") as f:
                f.write("<NML>\n<COLLECTION>")
            wrong = tactus("library", "import", path, "--dry-run", "--jsonl")
            self.assertEqual(wrong.returncode, 1)
            self.assertIn("line 2", json.loads(wrong.stdout)["error"])
            self.assertIn(path + ": line 2", wrong.stderr)

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
        s = self.write_set([{"beat": 0, "do": "/clock/source internal"}, "# a comment", "",
                            {"beat": 0, "do": '/deck/1/load "clicks.wav"'}, {"beat": 3, "do": "/deck/1/play"},
                            {"beat": 4, "do": "/deck/2/play"}, {"beat": 7.5, "do": "/deck/1/eq/high -3 @beat"},
                            {"beat": 9, "do": "/deck/1/pause"}], tempo=127)
        for rate in (44100, 48000):
            write_wav(self.path("clicks.wav"), clicks(120, 20, rate=rate), rate)
            report = None
            sums = set()
            for block in (256, 32, 480):
                r = self.run_tactus("render", s, "-o", f"out{block}.wav", "--rate", rate, "--block", block, "--json",
                                    "--quiet", "--no-auto-gain")
                self.assertEqual(r.returncode, 1, "one intent was refused")
                report = json.loads(r.stdout)
                with open(self.path(f"out{block}.wav"), "rb") as f:
                    sums.add(f.read())
            self.assertEqual(len(sums), 1, "the block's length is not heard")
            self.judge(report, rate)

    def judge(self, report, rate):
        self.assertEqual(set(report), {"frames", "rate", "realtime_factor", "true_peak_db", "lufs", "limited_db",
                                       "events", "refused", "notices"})
        stream = subprocess.run(["ffprobe", "-v", "error", "-of", "json", "-show_entries",
                                 "stream=sample_rate,duration_ts", self.path("out256.wav")],
                                capture_output=True, text=True, check=True).stdout
        self.assertEqual(json.loads(stream)["streams"][0], {"sample_rate": str(rate), "duration_ts": report["frames"]})
        self.assertEqual(report["rate"], rate)
        self.assertGreater(report["realtime_factor"], 1)
        # A click of one sample is its own true peak.
        self.assertAlmostEqual(report["true_peak_db"], 20 * math.log10(0.5), delta=0.1)
        self.assertAlmostEqual(report["lufs"], ebur128(self.path("out256.wav")), delta=0.11)
        self.assertEqual(report["limited_db"], 0)
        self.assertEqual([e["do"] for e in report["refused"]], ["/deck/2/play"])
        self.assertIn("empty", report["refused"][0]["why"])
        # In the order in which they happened, each at the frame of its beat.
        self.assertEqual([(e["do"], e["beat"]) for e in report["events"]],
                         [("/clock/source internal", 0), ("/deck/1/load " + self.path("clicks.wav"), 0),
                          ("/deck/1/play", 3), ("/deck/1/eq/high -3 @beat", 8), ("/deck/1/pause", 9)])
        for e in report["events"]:
            self.assertEqual(set(e), {"do", "beat", "frame"})
            self.assertEqual(e["frame"], round(e["beat"] * 60 * rate / 127), e)
        sound = decode(self.path("out256.wav"), rate=rate)
        hits = [i for i, v in enumerate(sound) if abs(v) > 0.2]
        self.assertEqual(hits[0], report["events"][2]["frame"])
        self.assertLess(hits[-1], report["events"][4]["frame"])

    def test_bars_and_phrases_are_those_of_the_header(self):
        s = self.write_set([{"beat": 0, "do": "/clock/source internal"},
                            {"beat": 0, "do": '/deck/1/load "clicks.wav"'},
                            {"beat": 1, "do": "/deck/1/cue_bus 1 @bar"}, {"beat": 1, "do": "/deck/1/play @phrase"},
                            {"beat": 33, "do": "/clock/quantum 5"}, {"beat": 33, "do": "/deck/1/pause @bar"}],
                           tempo=300, quantum=3, phrase=32)
        r = self.run_tactus("render", s, "-o", "out.wav", "--json", "--quiet")
        self.assertEqual(r.returncode, 0, r.stderr)
        report = json.loads(r.stdout)
        beats = {e["do"]: e["beat"] for e in report["events"]}
        self.assertEqual(beats["/deck/1/cue_bus 1 @bar"], 3)
        self.assertEqual(beats["/deck/1/play @phrase"], 32)
        self.assertEqual(beats["/deck/1/pause @bar"], 35)
        sound = decode(self.path("out.wav"))
        self.assertEqual(next(i for i, v in enumerate(sound) if abs(v) > 0.1), round(32 * 60 * 48000 / 300))

    def test_auto_gain_aims_where_it_is_told_and_lifts_no_peak_past_its_headroom(self):
        write_wav(self.path("music.wav"), [0.3 * v for v in band(120, 12, 110)])
        music = self.write_set([{"beat": 0, "do": '/deck/1/load "music.wav"'}, {"beat": 0, "do": "/deck/1/play"}])

        def render(*options):
            r = self.run_tactus("render", music, "-o", "out.wav", "--json", "--quiet", *options)
            self.assertEqual(r.returncode, 0, r.stderr)
            return json.loads(r.stdout)

        plain = render("--no-auto-gain")
        soft = render("--lufs", -23)
        self.assertAlmostEqual(soft["lufs"], -23, delta=0.2)
        self.assertAlmostEqual(soft["true_peak_db"] - plain["true_peak_db"], -23 - plain["lufs"], delta=0.2)
        usual = render()
        self.assertAlmostEqual(usual["lufs"], min(-14, plain["lufs"] + max(0, -1 - plain["true_peak_db"])), delta=0.2)
        loud = render("--lufs", 0)
        self.assertAlmostEqual(loud["true_peak_db"], -1, delta=0.1)
        self.assertEqual(loud["limited_db"], 0)

    def test_errors_name_line_and_word_and_leave_nothing(self):
        s = self.write_set([{"beat": 0, "do": '/deck/1/load "clicks.wav"'}, {"beat": 1, "do": "/deck/1/plaz"}])
        r = self.run_tactus("render", s, "-o", "out.wav")
        self.assertNotEqual(r.returncode, 0)
        self.assertRegex(r.stderr, re.escape(s) + r": line 3, column \d+: plaz: .*did you mean 'play'")
        self.assertFalse(os.path.exists(self.path("out.wav")))
        for line, word in (({"beat": "four", "do": "/deck/1/play"}, r'"\"four\""'),
                           ({"beat": 0, "do": "/deck/7/play"}, "7"), ({"beat": 0, "do": "/deck/1/eq/lo -3"}, "lo"),
                           ({"beat": 0, "do": "/deck/1/tempo fast"}, "fast"), ({"when": 0, "do": "x"}, "when"),
                           ({"beat": 0, "do": "/deck/1/play @baz"}, '"@baz"'), ('{"beat" 0}', "0")):
            bad = self.write_set(["# one", {"beat": 0, "do": "/deck/1/play"}, line])
            r = self.run_tactus("render", bad, "-o", "out.wav")
            self.assertEqual(r.returncode, 1, line)
            self.assertRegex(r.stderr, r"line 4, column \d+: " + re.escape(word) + ": ", line)
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
                            text="/deck/1/play\nwait done\n/deck/1/lood x\n/deck/2/play\n/deck/1/tempo 400\n"
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

    def test_wait_done_waits_for_what_was_asked_for(self):
        r = self.run_tactus("play", "--audio", "null", "--json", "a.wav", text="""wait done
            /deck/1/play
            /deck/2/load "nothing.wav"
            /deck/1/eq/low -6 @bar
            /deck/1/eq/low -3 @bar
            wait done
            /deck/1/pause
            quit""".replace(" " * 12, ""))
        self.assertEqual(r.returncode, 0, r.stderr)
        fates = {a["do"]: a for a in map(json.loads, r.stdout.splitlines())}
        load, play = fates["/deck/1/load " + json.dumps(self.path("a.wav"))], fates["/deck/1/play"]
        self.assertGreater(play["beat"], load["beat"])
        # The one at the end of the bar was waited for.
        self.assertGreater(fates["/deck/1/pause"]["beat"], fates["/deck/1/eq/low -6 @bar"]["beat"])
        self.assertNotIn("not done yet", r.stderr)

    def test_what_is_played_to_a_file_is_what_was_asked_for(self):
        r = self.run_tactus("play", "--audio", "file:live.wav", "--level", 0, "--no-auto-gain", "a.wav",
                            text="wait done\n/deck/1/play\nwait 2\nquit\n")
        self.assertEqual(r.returncode, 0, r.stderr)
        sound = decode(self.path("live.wav"))
        hits = [i for i, v in enumerate(sound) if abs(v) > 0.3]
        self.assertGreaterEqual(len(hits), 3)
        for a, b in zip(hits, hits[1:]):
            self.assertEqual(b - a, RATE // 2, "a click every half second, to the frame")

    def test_prelistening_on_two_channels_is_refused_and_split_offered(self):
        lines = "wait done\n/deck/1/cue_bus 1\nquit\n"
        two = self.run_tactus("play", "--audio", "file:two.wav", "--routing", "master=1-2", "a.wav", text=lines)
        self.assertRegex(two.stdout, "refused: .*split")
        split = self.run_tactus("play", "--audio", "file:split.wav", "--routing", "split=1-2", "a.wav", text=lines)
        self.assertNotIn("refused", split.stdout)

    def test_the_cue_bus_goes_where_it_is_routed_and_nowhere_else(self):
        # The fader's own ramp comes first.
        lines = "wait done\n/deck/1/fader 0\n/deck/1/cue_bus 1\nwait done\nwait 0.5\n/deck/1/play\nwait 1.5\nquit\n"
        four = self.run_tactus("play", "--audio", "file:four.wav", "--routing", "master=1-2 cue=3-4", "a.wav", text=lines)
        self.assertNotIn("refused", four.stdout)
        peaks = [max(abs(v) for v in decode(self.path("four.wav"), c)) for c in range(4)]
        self.assertLess(max(peaks[:2]), 1e-4, peaks)
        self.assertGreater(min(peaks[2:]), 0.1, peaks)

        two = self.run_tactus("play", "--audio", "file:main.wav", "--headphones", "file:phones.wav", "a.wav", text=lines)
        self.assertNotIn("refused", two.stdout)
        self.assertLess(max(abs(v) for v in decode(self.path("main.wav"))), 1e-4)
        self.assertGreater(max(abs(v) for v in decode(self.path("phones.wav"))), 0.1)

    def test_each_bus_leaves_by_its_sockets_at_its_level(self):
        lines = ("wait done\n/deck/1/cue_bus 1\n/mixer/booth -6\n/mixer/headphones -12\n/mixer/master -3\nwait done\nwait 0.5\n"
                 "/deck/1/play\nwait 1.5\nquit\n")
        r = self.run_tactus("play", "--audio", "file:eight.wav", "--level", 0, "--no-auto-gain", "--routing",
                            "master=1-2 cue=3-4 booth=5-6 rec=7-8", "a.wav", text=lines)
        self.assertNotIn("refused", r.stdout)
        peaks = [20 * math.log10(max(abs(v) for v in decode(self.path("eight.wav"), c)) / 0.5) for c in range(8)]
        for channel, (peak, wanted) in enumerate(zip(peaks, (-3, -3, -12, -12, -9, -9, -3, -3))):
            self.assertAlmostEqual(peak, wanted, delta=0.05, msg=f"output {channel + 1}")

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

        first = start("a.wav")
        self.addCleanup(self.run_tactus, "stop")
        self.assertEqual(json.loads(first.stdout.readline())["fate"], "accepted")
        self.assertEqual(ask(first, "/deck/1/play")["fate"], "accepted")
        engine = self.state()["pid"]
        second = start()
        self.assertEqual(ask(second, "/deck/1/eq/low -6")["fate"], "accepted")
        second.stdin.write("quit\n")
        second.stdin.flush()
        self.assertEqual(second.wait(20), 0)
        self.assertIn("runs already", second.stderr.read())
        first.kill()
        first.wait()
        until = time.time() + 20
        while (now := self.state())["deck"]["1"]["playing"] == 0 and time.time() < until:
            time.sleep(0.1)  # its track is loaded by a process of its own
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
            if which == signal.SIGTERM:  # amid a wait of its script
                p.stdin.write(b"wait 60\n")
                p.stdin.flush()
                time.sleep(0.5)
            p.send_signal(which)
            p.wait(timeout=20)
            self.assertEqual(p.returncode, 0, which)
            p.communicate()


class Start(Folder):
    """What ./run does on a machine with neither music nor a sound card."""

    def test_it_makes_the_demo_crate_and_renders_a_set_from_it(self):
        # All of each track takes a minute to make: see --long.
        short = [] if os.environ.get("TACTUS_LONG") else ["--demo-seconds", "14"]
        watched, terminal = pty.openpty()
        self.addCleanup(os.close, watched)
        p = subprocess.Popen([TACTUS, "start", "--audio", "jack", *short], stdout=subprocess.PIPE, stderr=terminal,
                             stdin=subprocess.DEVNULL, text=True, cwd=self.dir, env={**os.environ, **self.env})
        os.close(terminal)
        progress = ""
        while True:
            try:
                progress += os.read(watched, 65536).decode("utf-8", "replace")
            except OSError:  # its end of the terminal is closed
                break
        out = p.communicate(timeout=60)[0]
        self.assertEqual(p.returncode, 0, progress + out)
        # It says what it does, and how long that will take.
        self.assertRegex(out, r"^No music named: a demo crate of seven tracks is made in " + self.dir)
        self.assertIn("no audio device", out)
        self.assertIn("Rendering the set to a file instead", out)
        left = r"\d+ %  [^\r]*, \d+:\d\d left"
        self.assertRegex(progress, "demo crate +" + left)
        self.assertRegex(progress, r"analyse +\d+ %")
        self.assertRegex(progress, r"render +\d+ %  \d+:\d\d of about \d+:\d\d")
        # What it leaves, and where.
        flac, faster = re.search(r"(/\S+set\.flac): .* ([\d.]+) x real time", out).groups()
        print(f"measured: a set of the demo crate rendered {faster} times faster than real time")
        self.assertGreater(float(faster), 1)
        self.assertRegex(out, f"To hear it: .*{flac}")
        tracks = [line for line in out.splitlines() if " BPM " in line]
        self.assertEqual(len(tracks), 7)
        with open(re.search(r"Track list: (/\S+\.txt)", out).group(1)) as f:
            self.assertEqual(f.read().splitlines(), tracks)
        with open(re.search(r"Picture: (/\S+\.png)", out).group(1), "rb") as f:
            picture = f.read()
        self.assertEqual(picture[:8], b"\x89PNG\r\n\x1a\n")
        self.assertEqual(int.from_bytes(picture[16:20], "big"), 1600)
        sound = decode(flac)
        self.assertGreater(len(sound), 60 * RATE)
        heard = [max(abs(v) for v in sound[i:i + RATE]) for i in range(0, len(sound) - RATE, RATE)]
        last = max(i for i, v in enumerate(heard) if v > 0.02)
        self.assertGreater(min(heard[1:last]), 0.02, [round(v, 2) for v in heard])
        # A usual mix leaves the limiter alone.
        self.assertNotIn("limited", out)
        self.assertLess(float(re.search(r"true peak (-[\d.]+) dBTP", out).group(1)), -0.2)
        self.assertAlmostEqual(float(re.search(r"([-\d.]+) LUFS", out).group(1)), -14, delta=1.5)


if __name__ == "__main__":
    main()
