#!/usr/bin/env python3
"""Clients in Python and C start an engine where none runs, and play the one that does.

on_demand_test.py FOLDER_OF_PROGRAMS
"""
import os
import subprocess
import sys

from app_rig import BIN, TACTUS, Folder
from run_tests import main

PYTHON = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "clients", "python")


class OnDemand(Folder):
    def setUp(self):
        super().setUp()
        self.env["XDG_RUNTIME_DIR"] = self.dir
        self.session = self.path("session")
        self.addCleanup(self.run_tactus, "stop", "--session", self.session)

    def python(self, *words, program=TACTUS):
        code = ("import sys, tactus\n"
                "e = tactus.Engine.start(sys.argv[1], *sys.argv[3:], program=sys.argv[2], name='late')\n"
                "print(e.state()['epoch'], e.send('/deck/1/fader 0.5').verdict)\n")
        return subprocess.run([sys.executable, "-c", code, self.session, program, *words], capture_output=True, text=True,
                              env={**os.environ, **self.env, "PYTHONPATH": PYTHON}, timeout=60)

    def test_from_python_one_engine_for_all_that_plays_on(self):
        clients = [self.python("--audio", "null") for _ in range(2)]
        for r in clients:
            self.assertEqual(r.returncode, 0, r.stderr)
        first, second = (r.stdout.split() for r in clients)
        self.assertEqual(first[1], "accepted")
        self.assertEqual(first[0], second[0], "the second found the first one's engine")

    def test_from_python_what_kept_it_from_starting_is_said(self):
        r = self.python("--audio", "nonsense")
        self.assertNotEqual(r.returncode, 0)
        self.assertIn("nonsense", r.stderr)
        self.assertIn("Gone", r.stderr)

    def test_from_c(self):
        def client():
            return subprocess.run([os.path.join(BIN, "c_client"), self.session, "start:" + TACTUS], capture_output=True,
                                  text=True, env={**os.environ, **self.env}, timeout=60)
        r = client()
        # Where there is no device at all it says so, and that is all that can be asked here.
        if r.returncode:
            self.assertIn("no audio device", r.stdout)
            self.assertEqual(self.python("--audio", "null").returncode, 0)
            r = client()
        self.assertEqual((r.returncode, r.stdout), (0, "alive\n"), r.stderr)


if __name__ == "__main__":
    main()
