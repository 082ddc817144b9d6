"""tactus phrases and tactus next, as a user and as a script runs them, on music that was analysed."""
import json
import math
import os
import random
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

from app_rig import RATE, TACTUS, pcm, tactus, write_wav


def groove(bpm, hat_hz, beats=64):
    """Kicks, a bass between them and hats of a pitch; the second half without bass."""
    noise = random.Random(bpm)

    def beat(bass):
        out = []
        for i in range(RATE * 60 // bpm):
            at = i / RATE
            behind = i - RATE * 30 // bpm
            hat = 0.3 * noise.uniform(-1, 1) * math.exp(-behind / 600) * math.sin(2 * math.pi * hat_hz * at) if behind >= 0 else 0
            out.append(0.6 * math.exp(-25 * at) * math.sin(2 * math.pi * 55 * at) + bass * math.sin(2 * math.pi * 82.4 * at) + hat)
        return pcm(out)

    return beat(0.25) * (beats // 2) + beat(0) * (beats // 2)


class Phrases(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="tactus-phrases-")
        self.addCleanup(shutil.rmtree, self.dir)
        names = ("XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME")
        self.env = {name: os.path.join(self.dir, name.lower()) for name in names}
        os.mkdir(self.env["XDG_RUNTIME_DIR"])

    def run_tactus(self, *args, code=0):
        done = tactus(*args, env=self.env)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done

    def lines(self, *args):
        return [json.loads(line) for line in self.run_tactus(*args, "--json").stdout.splitlines()]

    def test_from_music_to_what_comes_next(self):
        self.assertIn("tactus library scan", self.run_tactus("phrases", "text", "bass", code=1).stderr)
        music = os.path.join(self.dir, "music")
        os.mkdir(music)
        paths = [os.path.join(music, name) for name in ("one.wav", "two.wav")]
        write_wav(paths[0], groove(120, 9000))
        write_wav(paths[1], groove(125, 6000))
        self.run_tactus("library", "scan", "-q", music)
        self.assertIn("no phrases yet", self.run_tactus("phrases", "like", "#1", code=1).stderr)
        self.run_tactus("library", "analyze", "-q")

        one, two = self.lines("library", "info", *paths)
        alike = self.lines("phrases", "like", paths[0])
        self.assertEqual([(p["track"], p["path"]) for p in alike], [(two["id"], paths[1])])
        self.assertTrue(-1 <= alike[0]["similarity"] <= 1)
        self.assertAlmostEqual(alike[0]["bpm"], 125, places=0)
        self.assertEqual(self.lines("phrases", "like", f"{paths[0]}@16", "--bpm", "62-63"), self.lines("phrases", "like", paths[0] + "@16"))
        self.assertEqual(self.lines("phrases", "like", paths[0], "--bpm", "90-100"), [])
        self.assertIn("no key", self.run_tactus("phrases", "like", paths[0], "--key", "H", code=2).stderr)
        self.assertIn("no label", self.run_tactus("phrases", "text", "x", "--label", "chorus", code=2).stderr)
        self.assertIn("no such track", self.run_tactus("phrases", "like", "Nobody", code=1).stderr)

        self.run_tactus("library", "edit", paths[1], "--set", "title=Lighthouse")
        self.assertEqual({p["track"] for p in self.lines("phrases", "text", "lighthouse", "instrumental")}, {two["id"]})
        self.assertEqual({p["track"] for p in self.lines("phrases", "text", "heavy bass")}, {one["id"], two["id"]})
        following = self.lines("next", paths[0])
        self.assertEqual([n["title"] for n in following], ["Lighthouse"])
        faster = 100 * (two["bpm"] / one["bpm"] - 1)
        self.assertAlmostEqual(faster, 4.17, delta=0.05)
        self.assertTrue(any(f"BPM, {faster:+.1f} %" in reason for reason in following[0]["reasons"]), following)
        self.assertEqual(self.lines("next", paths[1], paths[0]), [])

        alike = self.lines("phrases", "like", paths[0])
        made = self.lines("phrases", "index", "-q")[0]
        self.assertGreater(made["phrases"], 2)
        index = os.path.join(self.env["XDG_DATA_HOME"], "tactus/library/phrases.index")
        self.assertEqual(self.lines("phrases", "like", paths[0]), alike)
        with open(index, "r+b") as f:
            f.seek(600)
            f.write(b"broken")
        self.assertEqual(self.lines("phrases", "like", paths[0]), alike)
        self.assertIn("damaged", self.run_tactus("phrases", "index").stderr)
        self.ask_the_one_who_serves(paths[0], alike)

    def ask_the_one_who_serves(self, path, alike):
        following = self.lines("next", path)
        with subprocess.Popen([TACTUS, "phrases", "serve", "--json"], env={**os.environ, **self.env}, stdout=subprocess.PIPE, text=True) as server:
            self.addCleanup(server.kill)
            self.assertEqual(json.loads(server.stdout.readline()), {"complete": True})
            self.assertEqual(self.lines("phrases", "like", path), alike)
            self.assertEqual(self.lines("next", path), following)
            self.assertIn("another process", self.run_tactus("phrases", "serve", code=1).stderr)
            server.send_signal(signal.SIGSTOP)
            os.waitid(os.P_PID, server.pid, os.WSTOPPED | os.WNOWAIT)
            asked = time.monotonic()
            self.assertEqual(self.lines("phrases", "like", path), alike)
            self.assertGreater(time.monotonic() - asked, 0.3, "it was asked, and waited for")
            server.kill()
        self.assertEqual(self.lines("phrases", "like", path), alike)
        with subprocess.Popen([TACTUS, "phrases", "serve", "--json"], env={**os.environ, **self.env}, stdout=subprocess.PIPE, text=True) as server:
            self.addCleanup(server.kill)
            self.assertEqual(json.loads(server.stdout.readline()), {"complete": True})
            server.send_signal(signal.SIGINT)
            self.assertEqual(server.wait(5), 0)


if __name__ == "__main__":
    unittest.main()
