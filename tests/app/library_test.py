"""tactus library, as a user and as a script runs it: scan, watch, edits, crates, analysis, history, backups."""
import fcntl
import json
import os
import random
import shutil
import signal
import subprocess
import tempfile
import unittest

from app_rig import TACTUS, tactus, write_wav


def noise(seed, seconds=1):
    rng = random.Random(seed)
    return [rng.uniform(-0.5, 0.5) for _ in range(int(48000 * seconds))]


class Library(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="tactus-library-")
        self.addCleanup(shutil.rmtree, self.dir)
        self.music = os.path.join(self.dir, "music")
        os.mkdir(self.music)
        names = ("XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME")
        self.env = {name: os.path.join(self.dir, name.lower()) for name in names}
        self.env["TACTUS_LIBRARY"] = ""
        os.mkdir(self.env["XDG_RUNTIME_DIR"])

    def wav(self, name, seed):
        write_wav(os.path.join(self.music, name), noise(seed))

    def library(self, *args, code=0):
        done = tactus("library", *args, env=self.env)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done

    def lines(self, *args):
        return [json.loads(line) for line in self.library(*args, "--json").stdout.splitlines()]

    def test_search_smart_crates_and_what_goes_with_a_track(self):
        for i, title in enumerate(("Deep Night", "Deep Day", "K\u00f8benhavn")):
            self.wav(f"{i}.wav", i)
        self.library("scan", "-q", self.music)
        for i, title in enumerate(("Deep Night", "Deep Day", "K\u00f8benhavn")):
            self.library("edit", os.path.join(self.music, f"{i}.wav"), "--set", f"title={title}",
                         "--set", f"bpm={120 + i}", "--set", "key=8A", "--set", "genre=House")

        def titles(*args):
            return [t["title"] for t in json.loads(self.library(*args, "--json").stdout)["tracks"]]

        self.assertEqual(titles("search", "deep nig"), ["Deep Night"])
        self.assertEqual(titles("search", "kobenhavn"), ["K\u00f8benhavn"])
        self.assertEqual(titles("search", "genre:house bpm:>120 -night", "--sort", "bpm", "--desc"),
                         ["K\u00f8benhavn", "Deep Day"])
        wrong = self.library("search", "deep bpm:fast", code=2)
        self.assertIn("  deep bpm:fast\n       ^^^^^^^^\n", wrong.stderr)
        self.assertIn("no field called soul", self.library("search", "--sort", "soul", code=2).stderr)

        self.library("crates", "smart", "Mine/Fast", "bpm:>=121")
        self.assertEqual(self.lines("crates", "smart", "Mine/Fast")[0],
                         {"all": [{"field": "bpm", "from": 121.0, "places": 0}]})
        self.assertEqual(len(self.library("crates", "list", "Mine/Fast").stdout.splitlines()), 2)
        self.library("crates", "smart", "Mine/Fast", "bpm:>=122")
        self.assertIn("benhavn", self.library("crates", "list", "Mine/Fast").stdout)
        self.library("undo")
        self.assertEqual(len(self.library("crates", "list", "Mine/Fast").stdout.splitlines()), 2)
        self.assertEqual(titles("search", "crate:fast deep"), ["Deep Day"])
        self.library("crates", "smart", "Mine/Fast", "--rule", os.path.join(self.dir, "none.json"), code=2)
        self.library("crates", "make", "List")
        self.assertIn("none with a rule", self.library("crates", "smart", "List", "deep", code=1).stderr)

        related = json.loads(self.library("related", os.path.join(self.music, "0.wav"), "--json").stdout)["related"]
        self.assertEqual([r["title"] for r in related], ["Deep Day", "K\u00f8benhavn"])
        self.assertIn("the same key", related[0]["reasons"])
        self.library("related", "#99", code=1)

    def test_a_generated_library_is_searched(self):
        made = os.path.join(self.dir, "made")
        self.library("generate", made, "--tracks", "300", "-q")
        self.assertEqual(json.loads(self.library("search", "--library", made, "--json").stdout)["total"], 300)
        self.assertIn("tracks in this library", self.library("generate", made, "-q", code=1).stderr)

    def test_a_library_from_nothing(self):
        self.assertIn("tactus library scan FOLDER", self.library("info", code=1).stderr)
        for i in range(3):
            self.wav(f"{i}.wav", i)
        with open(os.path.join(self.music, "broken.mp3"), "w") as f:
            f.write("no music")
        scan = self.lines("scan", "-q", self.music)[0]
        self.assertEqual((scan["added"], scan["broken"], scan["files"]), (3, 1, 4))
        self.assertIn("broken.mp3", scan["problems"][0])
        self.assertEqual(self.lines("info")[0]["tracks"], 3)
        self.assertEqual(len(self.lines("info", "--broken")), 1)

        one = os.path.join(self.music, "1.wav")
        edited = self.lines("edit", one, "--set", "rating=4", "--set", "key=8A", "--cue", "1=0.1,Drop", "--grid", "126@0.05")[0]
        self.assertEqual((edited["rating"], edited["key"], edited["bpm"]), (4, "8A", 126))
        self.assertEqual(edited["marks"][0]["name"], "Drop")
        wrong = self.library("edit", one, "--set", "rating=9", "--set", "title=New", code=1)
        self.assertIn("rating is a number from 0 to 5", wrong.stderr)
        self.assertEqual(self.lines("info", one)[0], edited, "a change is whole or not at all")

        self.library("crates", "make", "Sets/Friday")
        self.library("crates", "add", "Sets/Friday", one, "#1", "#1")
        self.assertEqual(len(self.lines("crates", "list", "Sets/Friday")), 3)
        self.library("crates", "move", "Sets/Friday", "/")
        self.library("crates", "move", "Friday", "Freitag")
        self.assertEqual([c["path"] for c in self.lines("crates", "list")], ["Sets", "Freitag"])
        for _ in range(4):
            self.library("undo")
        self.assertEqual([c["path"] for c in self.lines("crates", "list")], [])
        self.library("redo")
        self.assertEqual([c["path"] for c in self.lines("crates", "list")], ["Sets", "Sets/Friday"])
        self.library("prepare", "--add", one)
        self.assertEqual(len(self.lines("prepare")), 1)

        self.assertEqual(self.lines("analyze", "-q")[0], {"analysed": 3, "failed": 0, "stopped": False})
        self.assertEqual(self.lines("analyze", "-q")[0]["analysed"], 0)
        known = self.lines("info", one)[0]
        self.assertEqual((known["key"], known["bpm"], known["analysed"]), ("8A", 126, True), "what was set by hand stays")
        self.assertIsNotNone(known["lufs"])

        backup = self.lines("backup")[0]["name"]
        self.library("edit", one, "--set", "rating=1")
        self.library("restore", backup)
        self.assertEqual(self.lines("info", one)[0]["rating"], 4)
        self.assertTrue(self.lines("doctor")[0]["sound"])

    def cues_folder(self):
        return os.path.join(self.env["XDG_DATA_HOME"], "tactus/cues")

    def hotcues(self, track):
        return {m["number"]: m["start"] for m in self.lines("info", track)[0]["marks"]}

    def test_cues_outlive_another_coding_and_lost_files_of_decks(self):
        self.wav("a.wav", 1)
        self.library("scan", "-q", self.music)
        self.library("analyze", "-q")
        self.library("edit", "#1", "--cue", "1=0.25,Drop")
        self.wav("a.wav", 2)  # as long as before: the same track, which decks know by another content from now on
        self.library("scan", "-q")
        self.assertEqual(self.lines("analyze", "-q")[0]["analysed"], 1)
        self.assertEqual(self.hotcues("#1"), {1: 0.25})
        shutil.rmtree(self.cues_folder())
        self.library("edit", "#1", "--set", "rating=3")
        self.assertEqual(self.hotcues("#1"), {1: 0.25})
        # What was cleared on a deck is cleared here; what can't be read is not.
        content = self.lines("info", "#1")[0]["content"]
        self.library("edit", "#1", "--grid", "126@0.05")
        edits = os.path.join(self.cues_folder(), "../edits", content + ".json")
        with open(edits, "w") as f:
            f.write("{")
        self.assertIn("can't be read", self.library("edit", "#1", "--set", "rating=4").stderr)
        self.assertEqual(self.lines("info", "#1")[0]["bpm"], 126)
        os.remove(edits)
        os.remove(os.path.join(self.cues_folder(), content + ".json"))
        self.library("edit", "#1", "--set", "rating=5")
        self.assertEqual(self.hotcues("#1"), {})

    def test_an_analysis_is_of_the_file_that_was_scanned(self):
        path = os.path.join(self.music, "a.wav")
        self.wav("a.wav", 1)
        self.library("scan", "-q", self.music)
        os.rename(path, path + ".away")
        self.assertIn("no longer there", self.library("analyze", "-q", code=1).stderr)
        write_wav(path, noise(2, 3))
        self.assertIn("scan it first", self.library("analyze", "-q", code=1).stderr)
        self.assertIsNone(self.lines("info", "#1")[0]["content"])
        os.rename(path + ".away", path)
        self.assertEqual(self.lines("analyze", "-q")[0]["analysed"], 1, "what went away and came back is no failure")

    def test_embedded_art_is_written_out(self):
        path, cover = os.path.join(self.music, "a.mp3"), os.path.join(self.dir, "cover.png")
        subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "color=red:s=8x8", "-frames:v", "1", cover], check=True)
        subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "sine=d=1", "-i", cover, "-map", "0", "-map", "1",
                        "-c:v", "copy", path], check=True)
        self.wav("b.wav", 1)
        self.library("scan", "-q", self.music)
        out = os.path.join(self.dir, "out.png")
        self.library("info", path, "--art", out)
        with open(cover, "rb") as a, open(out, "rb") as b:
            self.assertEqual(a.read(), b.read())
        self.assertIn("no picture", self.library("info", os.path.join(self.music, "b.wav"), "--art", out, code=1).stderr)
        self.library("info", "--art", out, code=2)

    def test_words_for_scans_and_crates(self):
        self.assertIn("can't be found", self.library("scan", os.path.join(self.dir, "none"), code=1).stderr)
        self.wav("a.wav", 1)
        self.assertIn("100 %", self.library("scan", self.music).stderr.splitlines()[-1])
        self.assertIn("crates make", self.library("crates").stdout)
        self.assertEqual(self.lines("crates"), [])
        self.library("crates", "make", "Sets/Friday")
        self.assertEqual(self.library("crates").stdout, self.library("crates", "list").stdout)
        self.assertEqual([c["path"] for c in self.lines("crates")], ["Sets", "Sets/Friday"])

    def test_undo_takes_back_what_its_list_says(self):
        for i in range(2):
            self.wav(f"{i}.wav", i)
        self.library("scan", "-q", self.music)
        self.library("analyze", "-q")
        tracks = self.lines("info", "#1", "#2")
        one, two = (t["content"] + ".json" for t in tracks)
        self.library("edit", "#1", "--cue", "1=0.5")
        self.library("edit", "#1", "--set", "title=Wrong")
        # Meanwhile a cue is set on a deck, of another track.
        shutil.copy(os.path.join(self.cues_folder(), one), os.path.join(self.cues_folder(), two))
        last = self.lines("undo", "--list")[0]["what"]
        self.assertEqual(self.lines("undo")[0]["what"], last)
        self.assertEqual(self.lines("info", "#1")[0]["title"], tracks[0]["title"])
        self.assertEqual(self.hotcues("#2"), {1: 0.5})

    def test_history_comes_from_a_journal_and_counts_once(self):
        for i in range(2):
            self.wav(f"{i}.wav", i)
        self.library("scan", "-q", self.music)
        session = os.path.join(self.dir, "session")
        os.mkdir(session)
        paths = [os.path.join(self.music, f"{i}.wav") for i in (0, 1)] + ["/nowhere/x.wav"]
        header = {"tactus_journal": 1, "rate": 48000, "tempo": 120, "started": "2026-11-23T21:04:05Z", "version": "0.1.0"}
        with open(os.path.join(session, "journal.jsonl"), "w") as f:
            f.write(json.dumps(header) + "\n")
            for i, path in enumerate(paths):
                for j, intent in enumerate((f'/deck/{i % 2 + 1}/load "{path}"', f"/deck/{i % 2 + 1}/play")):
                    frame = 48000 * 60 * i + 480 * j
                    f.write(json.dumps({"frame": frame, "beat": frame / 24000, "do": intent, "from": "cli x"}) + "\n")
        for fresh in (2, 0):
            took = self.library("history", "--take", session)
            self.assertIn(f"{fresh} plays", took.stdout)
            self.assertIn("/nowhere/x.wav", took.stderr)
        sessions = self.lines("history")
        self.assertEqual([(s["session"], s["plays"]) for s in sessions], [("session 2026-11-23T21:04:05Z", 2)])
        plays = self.lines("history", sessions[0]["session"])
        self.assertEqual([p["deck"] for p in plays], [1, 2])
        self.assertEqual([p["track"]["plays"] for p in plays], [1, 1])
        self.assertAlmostEqual(plays[0]["seconds"], 1, places=2)  # the track is no longer

    def test_a_watched_folder_is_scanned_when_something_changes(self):
        self.wav("a.wav", 1)
        watch = subprocess.Popen([TACTUS, "library", "scan", "--watch", "-q", "--json", self.music], env={**os.environ, **self.env},
                                 stdout=subprocess.PIPE, text=True)
        self.addCleanup(watch.stdout.close)
        self.addCleanup(watch.wait)
        self.addCleanup(watch.kill)
        self.assertEqual(json.loads(watch.stdout.readline())["added"], 1)
        self.wav("b.wav", 2)
        self.assertEqual(json.loads(watch.stdout.readline())["added"], 1)
        os.mkdir(os.path.join(self.music, "deep"))
        os.rename(os.path.join(self.music, "a.wav"), os.path.join(self.music, "deep", "c.wav"))
        seen = json.loads(watch.stdout.readline())
        while seen["moved"] == 0:
            seen = json.loads(watch.stdout.readline())
        self.wav("deep/d.wav", 4)  # in a folder that came later
        while seen["added"] == 0:
            seen = json.loads(watch.stdout.readline())
        self.library("edit", "#1", "--set", "rating=3")  # others may write between its scans
        shutil.rmtree(os.path.join(self.music, "deep"))
        while seen["missing"] == 0:
            seen = json.loads(watch.stdout.readline())
        self.assertEqual(self.lines("info")[0]["missing"], 2)
        watch.send_signal(signal.SIGINT)
        self.assertEqual(watch.wait(timeout=30), 0)

    def test_a_writer_is_named_and_readers_go_on(self):
        self.wav("a.wav", 1)
        self.library("scan", "-q", self.music)
        lock = open(os.path.join(self.env["XDG_DATA_HOME"], "tactus/library/library.lock"))
        self.addCleanup(lock.close)
        fcntl.flock(lock, fcntl.LOCK_EX)
        refused = self.library("edit", "#1", "--set", "rating=3", code=1)
        self.assertIn("is being written by", refused.stderr)
        self.assertEqual(self.lines("info", "#1")[0]["rating"], 0)


if __name__ == "__main__":
    unittest.main()
