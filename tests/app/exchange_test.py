"""Libraries of other programs, as a user brings them in, plays from them and takes them out again."""
import json
import os

from engine_rig import Running, wait_until
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
        for name in os.listdir(folder):
            with open(f"{folder}/{name}") as f:
                for cue in json.load(f)["hotcues"]:
                    if cue["number"] == number:
                        return cue["seconds"]
        return None


if __name__ == "__main__":
    main()
