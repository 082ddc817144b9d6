"""Libraries of other programs, as a user brings them in, plays from them and takes them out again."""
import glob
import json
import os
import pty
import shutil
import signal
import statistics
import subprocess
import tempfile
import unittest

from engine_rig import TACTUS, Running, wait_until
from run_tests import main

REKORDBOX = """<?xml version="1.0" encoding="UTF-8"?>
<DJ_PLAYLISTS Version="1.0.0">
  <PRODUCT Name="rekordbox" Version="6.7.4" Company="AlphaTheta"/>
  <COLLECTION Entries="1">
    <TRACK TrackID="7" Name="First Light" AverageBpm="126.00" Mystery="42" Location="file://localhost{track}">
      <TEMPO Inizio="0.120" Bpm="126.00" Metro="4/4" Battito="1"/>
      <POSITION_MARK Name="start" Type="0" Start="1.500" Num="0"/>
      <POSITION_MARK Name="there" Type="0" Start="4.250" Num="2"/>
    </TRACK>
  </COLLECTION>
  <PLAYLISTS>
    <NODE Type="0" Name="ROOT" Count="1">
      <NODE Name="Friday" Type="1" KeyType="0" Entries="1">
        <TRACK Key="7"/>
      </NODE>
    </NODE>
  </PLAYLISTS>
</DJ_PLAYLISTS>
"""


class Exchange(Running):
    track_seconds = 8

    def library(self, *args, code=0):
        done = self.run_tactus("library", *args)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done

    def test_from_another_program_to_a_deck_and_back(self):
        source, out = self.dir + "/rekordbox.xml", self.dir + "/out.xml"
        text = REKORDBOX.format(track=self.track)
        with open(source, "w") as f:
            f.write(text)
        report = json.loads(self.library("import", source, "--json").stdout)
        self.assertEqual((report["tracks"], report["marks"], report["grids"], report["waiting"]), (1, 2, 1, []))
        self.library("analyze", "-q")
        os.remove(source)

        # Its hot cues and grid are on the deck.
        c = self.connect()
        self.assertEqual(c.send(f'/deck/1/load "{self.track}"').verdict, "accepted")
        self.assertTrue(wait_until(lambda: c.state()["deck/1/path"] == self.track, 20))
        self.assertTrue(wait_until(lambda: abs(c.state()["deck/1/grid_bpm"] - 126) < 1e-6, 20))
        state = c.state()
        self.assertEqual((state["deck/1/hotcue/1"], state["deck/1/hotcue/3"]), (1.5, 4.25))

        # One is moved there: that is all that differs in what goes back.
        self.assertEqual(c.send("/deck/1/hotcue/3/set 5").verdict, "accepted")
        self.assertTrue(wait_until(lambda: self.stored_cue(3) == 5))
        said = self.library("export", "--to", "rekordbox", "-o", out).stdout
        self.assertIn("1 tracks, 1 playlists", said)
        with open(out) as f:
            self.assertEqual(f.read(), text.replace('Start="4.250"', 'Start="5.000"'))
        self.assertIn("--force", self.library("export", "--to", "rekordbox", "-o", out, code=1).stderr)

        # A cue that is edited in the library is the deck's at its next load.
        self.library("edit", self.track, "--cue", "1=2.5,later")
        self.assertEqual(self.stored_cue(1), 2.5)
        self.assertEqual(self.stored_cue(3), 5)
        self.library("undo")
        self.assertEqual(self.stored_cue(1), 1.5)

    def stored_cue(self, number):
        folder = self.dir + "/data/tactus/cues"
        for name in glob.glob(f"{folder}/*.json"):
            with open(name) as f:
                for cue in json.load(f)["hotcues"]:
                    if cue["number"] == number:
                        return cue["seconds"]
        return None

VIRTUALDJ = """<?xml version="1.0" encoding="UTF-8"?>
<VirtualDJ_Database Version="2023">
{songs}</VirtualDJ_Database>
"""


class Asked(unittest.TestCase):
    """Where it can't be known from where on a program counts, a person says."""

    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="tactus-asked-")
        self.addCleanup(shutil.rmtree, self.dir)
        self.env = {**os.environ, "XDG_CACHE_HOME": self.dir + "/cache", "XDG_DATA_HOME": self.dir + "/data",
                    "XDG_STATE_HOME": self.dir + "/state", "HOME": self.dir}
        # MP3s with a header and without: of neither is it known for VirtualDJ.
        subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "sine=frequency=440:duration=1", "xing.mp3",
                        "-write_xing", "0", "none.mp3"], cwd=self.dir, check=True)
        songs = "".join(f'<Song FilePath="{self.dir}/{name}"><Poi Name="x" Pos="0.5" Num="1"/></Song>\n'
                        for name in ("xing.mp3", "none.mp3"))
        with open(self.path("database.xml"), "w") as f:
            f.write(VIRTUALDJ.format(songs=songs))

    def path(self, name):
        return os.path.join(self.dir, name)

    def run_tactus(self, *args, **more):
        return subprocess.run([TACTUS, *args], cwd=self.dir, env=self.env, capture_output=True, text=True, timeout=30,
                              **more)

    def ask(self, answers):
        """On a terminal, where the answers are given as they are asked for; "^C": it is interrupted there. What it
        asked, said, and its exit code."""
        screen, terminal = pty.openpty()
        self.addCleanup(os.close, screen)
        p = subprocess.Popen([TACTUS, "library", "import", "database.xml"], stdin=terminal, stderr=terminal,
                             stdout=subprocess.PIPE, text=True, cwd=self.dir, env=self.env)
        os.close(terminal)
        asked = ""
        for answer in answers:
            before = asked.count("[y]es")
            while asked.count("[y]es") == before or not asked.rstrip().endswith("here:"):
                asked += os.read(screen, 4096).decode()
            p.send_signal(signal.SIGINT) if answer == "^C" else os.write(screen, answer.encode() + b"\n")
        said = p.communicate(timeout=20)[0]
        return asked, said, p.returncode

    def starts(self):
        """Of the hot cues that came in."""
        out = {}
        for name in ("xing.mp3", "none.mp3"):
            done = self.run_tactus("library", "info", self.path(name), "--json")
            self.assertEqual(done.returncode, 0, done.stderr)
            out[name] = [m["start"] for m in json.loads(done.stdout)["marks"]]
        return out

    def test_each_kind_is_asked_for_once_and_what_waits_is_asked_for_again(self):
        asked, _, code = self.ask(["^C"])
        self.assertEqual(code, 130, asked)
        asked, said, code = self.ask(["what?", "n", "y"])
        self.assertEqual(code, 0, said)
        self.assertEqual(asked.count("1 tracks: MP3 with a Xing header: where VirtualDJ"), 2, asked)
        self.assertEqual(asked.count("1 tracks: MP3 without a header: where VirtualDJ"), 1)
        self.assertIn("positions move by -25.1 ms: no program that was measured", asked)
        self.assertIn("Possible, too: -51.2 ms, +0.0 ms.", asked)
        self.assertIn("Positions of 1 tracks wait", said)
        none, xing = self.starts()["none.mp3"], self.starts()["xing.mp3"]
        self.assertEqual((none, xing), ([0.5], []))
        # What was accepted stays so, and isn't asked for again.
        asked, said, code = self.ask(["a"])
        self.assertEqual(code, 0, said)
        self.assertNotIn("without a header: where", asked)
        self.assertIn("as at the last import", said)
        self.assertEqual(self.starts()["none.mp3"], [0.5])
        self.assertAlmostEqual(self.starts()["xing.mp3"][0], 0.5 - 1105 / 44100, places=6)

    def test_without_a_terminal_it_waits_or_takes_what_it_is_told_to(self):
        done = self.run_tactus("library", "import", "database.xml", stdin=subprocess.DEVNULL)
        self.assertIn("Positions of 2 tracks wait", done.stdout)
        self.assertEqual(self.starts()["none.mp3"], [])
        done = self.run_tactus("library", "import", "database.xml", "--accept-proposed", stdin=subprocess.DEVNULL)
        self.assertEqual(self.starts()["none.mp3"], [0.5])


class Heard(unittest.TestCase):
    """Grids of other programs, as those are known to count, lie on the beats that the analysis hears, for each codec
    and kind of header."""
    RATE = 44100
    DELAY = {"mp3": 1105, "m4a": 1024}  # samples that libmp3lame and libavcodec's AAC put before the first one
    # MPEG frames without sound that a program counts, by the table of docs/formats.md; None: it isn't known.
    COUNTED = {"none.mp3": {"rekordbox": 0, "Traktor": 0, "VirtualDJ": None},
               "xing.mp3": {"rekordbox": 0, "Traktor": 1, "VirtualDJ": None},
               "lame.mp3": {"rekordbox": 1, "Traktor": 1, "VirtualDJ": None},
               "edits.m4a": {"rekordbox": 0, "Traktor": None, "VirtualDJ": None},
               "plain.m4a": {"rekordbox": 0, "Traktor": 0, "VirtualDJ": 0},
               **{name: {"rekordbox": 0, "Traktor": 0, "VirtualDJ": 0} for name in ("a.wav", "a.flac", "a.ogg", "a.opus")}}

    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="tactus-heard-")
        self.addCleanup(shutil.rmtree, self.dir)
        subprocess.run([TACTUS, "demo", self.dir, "--only", "5", "--seconds", "16", "--rate", str(self.RATE), "-q"],
                       check=True, capture_output=True)
        music, truth = (os.path.join(self.dir, n) for ending in (".flac", ".truth.json")
                        for n in os.listdir(self.dir) if n.endswith(ending))
        with open(truth) as f:
            grid = json.load(f)["grid"]
        self.bpm, self.first = grid["bpm"], grid["first_downbeat_seconds"]
        subprocess.run(["ffmpeg", "-v", "error", "-i", music, "a.wav", "a.flac", "a.ogg", "a.opus", "-b:a", "192k",
                        "xing.mp3", "-b:a", "192k", "-write_xing", "0", "none.mp3", "-b:a", "192k", "edits.m4a",
                        "-b:a", "192k", "-use_editlist", "0", "plain.m4a"], cwd=self.dir, check=True)
        if shutil.which("lame"):
            subprocess.run(["lame", "--quiet", "-b", "192", "a.wav", "lame.mp3"], cwd=self.dir, check=True)
        else:
            print("Skipped in part: no lame, whose header is its own")
        self.names = [n for n in self.COUNTED if os.path.exists(f"{self.dir}/{n}")]

    def run_lines(self, *args):
        env = {**os.environ, "XDG_CACHE_HOME": self.dir + "/cache", "HOME": self.dir}
        done = subprocess.run([TACTUS, *args], cwd=self.dir, env=env, capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def source(self, program, starts):
        """A library of that program in which the grid of each file starts where it is said to."""
        if program == "rekordbox":
            return "rekordbox.xml", '<DJ_PLAYLISTS Version="1.0.0"><COLLECTION>' + "".join(
                f'<TRACK TrackID="{i}" Location="file://localhost{self.dir}/{name}">'
                f'<TEMPO Inizio="{at:.3f}" Bpm="{self.bpm}.00" Metro="4/4" Battito="1"/></TRACK>'
                for i, (name, at) in enumerate(starts.items())) + "</COLLECTION></DJ_PLAYLISTS>"
        if program == "Traktor":
            folder = self.dir.replace("/", "/:") + "/:"
            return "collection.nml", '<NML VERSION="19"><COLLECTION>' + "".join(
                f'<ENTRY><LOCATION DIR="{folder}" FILE="{name}" VOLUME=""/><TEMPO BPM="{self.bpm}"/>'
                f'<CUE_V2 NAME="AutoGrid" TYPE="4" START="{1000 * at:.6f}" LEN="0" REPEATS="-1" HOTCUE="-1"/></ENTRY>'
                for name, at in starts.items()) + "</COLLECTION></NML>"
        return "database.xml", '<VirtualDJ_Database Version="2023">' + "".join(
            f'<Song FilePath="{self.dir}/{name}"><Scan Bpm="{60 / self.bpm}"/><Poi Pos="{at}" Type="beatgrid"/></Song>'
            for name, at in starts.items()) + "</VirtualDJ_Database>"

    def test_grids_lie_on_what_is_heard(self):
        heard = {os.path.basename(t["file"]): t["beats"] for t in self.run_lines("analyze", "--jsonl", "-q", *self.names)}
        for program in ("rekordbox", "Traktor", "VirtualDJ"):
            known = {n: self.COUNTED[n][program] for n in self.names}
            starts = {n: self.first + (self.DELAY.get(n[-3:], 0) + 1152 * (frames or 0)) / self.RATE
                      for n, frames in known.items()}
            name, text = self.source(program, starts)
            with open(f"{self.dir}/{name}", "w") as f:
                f.write(text)
            tracks = self.run_lines("library", "import", name, "--dry-run", "--jsonl")[0]["tracks"]
            self.assertEqual(len(tracks), len(self.names))
            for track in tracks:
                file = os.path.basename(track["path"])
                with self.subTest(program=program, file=file):
                    ours = track["grid"][0]["t_ours"]
                    self.assertEqual(ours is None, known[file] is None, track["timeline"])
                    if ours is None:
                        continue
                    beat = 60 / self.bpm
                    apart = [abs((b - ours + beat / 2) % beat - beat / 2) for b in heard[file]]
                    print(f"measured: {program}, {file}: {1000 * statistics.median(apart):.2f} ms from the beats heard")
                    self.assertGreater(len(apart), 20)
                    self.assertLessEqual(statistics.median(apart), 0.003)


if __name__ == "__main__":
    main()
