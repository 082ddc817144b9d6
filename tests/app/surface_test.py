#!/usr/bin/env python3
"""What a running engine shows, and to whom: its sockets, its terminal view, its health in words, all that can be asked
of it, and how soon a client knows that it doesn't answer.

surface_test.py FOLDER_OF_PROGRAMS [CLASS...]
"""
import fcntl
import glob
import json
import os
import pty
import random
import re
import select
import signal
import socket
import struct
import subprocess
import sys
import termios
import threading
import time

from engine_rig import BIN, TACTUS, Running, tactus, wait_until
from run_tests import main


def family(pid):
    """A process and all that it started."""
    found = [pid]
    for parent in found:
        for path in glob.glob(f"/proc/{parent}/task/*/children"):
            try:
                with open(path) as f:
                    found += [int(child) for child in f.read().split()]
            except OSError:
                continue  # a thread that ended since it was listed
    return found


def network_sockets(pid):
    """Everything of a process and its children that listens to a network: ("udp", "127.0.0.1") ..."""
    inodes = set()
    for member in family(pid):
        for path in glob.glob(f"/proc/{member}/fd/*"):
            try:
                name = os.readlink(path)
            except OSError:
                continue
            if name.startswith("socket:["):
                inodes.add(name[8:-1])
    found = []
    for kind in ("tcp", "tcp6", "udp", "udp6", "raw", "raw6"):
        try:
            with open(f"/proc/{pid}/net/{kind}") as f:
                rows = [line.split() for line in f][1:]
        except OSError:
            continue  # no such family here
        for row in rows:
            if row[9] in inodes:
                address = row[1].split(":")[0]
                octets = ".".join(str(b) for b in bytes.fromhex(address)[::-1]) if len(address) == 8 else address
                found.append((kind, octets))
    return sorted(found)


class Sockets(Running):
    """Judged by the system's own tables, not by what the engine says."""

    def test_by_default_nothing_listens_to_a_network(self):
        self.assertTrue(wait_until(self.connect().alive))
        self.assertGreater(len(family(self.engine.pid)), 1, "workers are looked at, too")
        self.assertEqual(network_sockets(self.engine.pid), [])
        where = self.card()["socket"]
        self.assertEqual(os.stat(where).st_mode & 0o777, 0o600, "nobody else's")

    def again(self, *more):
        self.assertEqual(self.run_tactus("stop").returncode, 0)
        self.engine.wait(10)
        self.engine.stdout.close()
        self.more = more
        self.start()
        return network_sockets(self.engine.pid)

    def test_osc_is_on_loopback_unless_told_otherwise(self):
        self.assertEqual(self.again("--osc", "udp:0", "--osc", "tcp:0"), [("tcp", "127.0.0.1"), ("udp", "127.0.0.1")])
        self.assertEqual(self.again("--osc", "udp:0"), [("udp", "127.0.0.1")])
        self.assertEqual(self.again("--osc", "udp:0", "--osc-bind", "0.0.0.0"), [("udp", "0.0.0.0")])


class OtherVersion(Running):
    def test_a_state_in_another_layout_is_refused_by_name(self):
        path = self.card()["socket"]
        self.assertEqual(self.run_tactus("stop").returncode, 0)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.addCleanup(listener.close)
        listener.bind(path)
        listener.listen()
        board = os.memfd_create("board")
        self.addCleanup(os.close, board)
        os.truncate(board, 1 << 20)

        def engine():
            peer, _ = listener.accept()
            with peer:
                peer.recv(4096)
                packet = tactus.encode("/welcome", 99, "7.0", 1, "{}")
                socket.send_fds(peer, [struct.pack(">I", len(packet)) + packet], [board])
                peer.recv(4096)  # until it hangs up
        thread = threading.Thread(target=engine)
        thread.start()
        r = self.run_tactus("state")
        thread.join()
        self.assertNotEqual(r.returncode, 0)
        self.assertRegex(r.stderr, r"the engine \(version 7\.0\) shows its state in layout 99, and this program reads "
                                   r"layout \d+: install both from one version")
        self.assertEqual(r.stdout, "")


class Watched(Running):
    def watch(self, *args):
        pid, terminal = pty.fork()
        if pid == 0:
            os.execve(TACTUS, [TACTUS, "watch", *args], self.env)
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 160, 0, 0))
        self.addCleanup(os.close, terminal)
        return pid, terminal

    @staticmethod
    def screens(terminal, seconds):
        """What stands on the screen, one after another."""
        text, until = "", time.monotonic() + seconds
        while time.monotonic() < until:
            if not select.select([terminal], [], [], 0.1)[0]:
                continue
            try:
                text += os.read(terminal, 65536).decode(errors="replace")
            except OSError:  # it has ended
                return
            *whole, text = text.split("\x1b[H\x1b[J")
            yield from whole

    def test_shows_decks_clock_meters_and_what_is_pending(self):
        c = self.connect()
        self.play(c)
        self.assertEqual(c.send("/deck/2/fader 0.5 @8bar").verdict, "accepted")
        pid, terminal = self.watch("--hz", "20")
        shown = [r"^120\.00 BPM  beat [1-4]\.\d of the bar, \d+\.\d in all ", r"^master \[=+ *\] -\d+\.\d dB, limiter ",
                 r"^deck 1 > \[=+ *\] 0:0\d / 1:00  .*tone\.wav", r"^deck 2  empty", r"^deck 4  empty",
                 r"^  at \d+\.\d: /deck/2/fader 0\.5 @8bar \(test\)"]
        last, beats = "", set()
        for last in self.screens(terminal, 10):
            beats.update(re.findall(r"([\d.]+) in all", last))
            if len(beats) > 3 and all(re.search(p, last.replace("\r", ""), re.M) for p in shown):
                break
        for pattern in shown:
            self.assertRegex(last.replace("\r", ""), re.compile(pattern, re.M))
        self.assertGreater(len(beats), 3, "it moves")
        took = []
        while len(took) < 3 and (not took or took[-1] > 0.5):  # a machine may stand still for once
            os.kill(self.engine.pid, signal.SIGSTOP)
            stopped = time.monotonic()
            told = any("DOES NOT ANSWER" in s for s in self.screens(terminal, 3))
            took.append(time.monotonic() - stopped)
            os.kill(self.engine.pid, signal.SIGCONT)
            self.assertTrue(told)
            print(f"measured: watch said so {took[-1]:.3f} s after its engine had stopped")
            self.assertTrue(any("DOES NOT ANSWER" not in s for s in self.screens(terminal, 3)))
        self.assertLess(took[-1], 0.5)
        os.kill(pid, signal.SIGINT)
        for _ in self.screens(terminal, 2):
            pass
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), 0)


class Health(Running):
    def doctor(self):
        return json.loads(self.run_tactus("doctor", "--json").stdout)["session"]

    def doctor_and_dropouts(self, c):
        """With what it had to go by: beside other tests even the null device may come too late."""
        while True:
            before = c.state()["xruns"]
            said = self.doctor()
            if c.state()["xruns"] == before:
                return before, said

    def test_the_doctor_says_what_went_wrong_in_the_session_that_runs(self):
        c = self.connect()
        self.assertTrue(wait_until(c.alive))
        dropouts, said = self.doctor_and_dropouts(c)
        self.assertRegex(" ".join(said), "ran out of audio" if dropouts else "minutes without a dropout")
        # Two decks under key lock whose feeders get no time beside a hog.
        self.play(c)
        c.send("/deck/1/tempo 3")
        self.assertTrue(wait_until(lambda: c.state()["deck/1/source"] == 2))
        core = sorted(os.sched_getaffinity(0))[0]
        hog = subprocess.Popen([sys.executable, "-c", "while True: pass"])
        self.addCleanup(hog.wait)
        self.addCleanup(hog.kill)
        os.sched_setaffinity(hog.pid, {core})
        for path in glob.glob(f"/proc/{self.engine.pid}/task/*/comm"):
            with open(path) as f:
                if f.read().strip() != "tactus-feeder":
                    continue
            thread = int(path.split("/")[-2])
            os.sched_setaffinity(thread, {core})
            os.sched_setscheduler(thread, os.SCHED_IDLE, os.sched_param(0))
        self.assertTrue(wait_until(lambda: c.state()["deck/1/fallbacks"] > 0, 20))
        times = c.state()["deck/1/fallbacks"]
        said = self.doctor()
        self.assertTrue([s for s in said if re.match(r"Key lock was let go for a moment (once|twice|\d+ times), because "
                                                     r"time-stretching fell behind", s)], (said, times))
        self.assertIn("Key lock was let go", self.run_tactus("doctor").stdout.split("The engine that runs:")[1])
        hog.kill()  # a feeder that never gets its turn couldn't end, either
        self.assertEqual(self.run_tactus("stop").returncode, 0)
        self.engine.wait(10)
        self.assertIsNone(self.doctor(), "none runs")


class Library(Running):
    more = ("--midi",)

    def start(self):
        self.mappings = self.dir + "/config/tactus/mappings"
        os.makedirs(self.mappings)
        self.env["XDG_CONFIG_HOME"] = self.dir + "/config"
        self.env["XDG_MUSIC_DIR"] = self.dir
        super().start()

    def test_clients_are_told_what_to_read_again(self):
        c = self.connect()
        self.assertTrue(wait_until(lambda: c.library_changes() == {"analyses", "recordings", "mappings"}), "at first all")
        time.sleep(1)
        c.library_changes()  # mappings were found meanwhile
        revision = c.state()["library_revision"]

        def only(kind):
            grown = set()
            self.assertTrue(wait_until(lambda: grown.update(c.library_changes()) or kind in grown, 20), kind)
            time.sleep(0.3)
            self.assertEqual(grown | c.library_changes(), {kind})
        c.send(f'/deck/1/load "{self.track}"')  # nobody knows it yet
        only("analyses")
        c.send("/mixer/record 1")
        only("recordings")
        c.send("/mixer/record 0")
        only("recordings")
        with open(self.mappings + "/mine.part", "w") as f:
            f.write('tactus_mapping = 1\nname = "Mine"\ndevices = ["mine"]\n[[control]]\nmidi = "note 1 11"\n'
                    'do = "/deck/1/play"\n')
        os.rename(self.mappings + "/mine.part", self.mappings + "/mine.toml")
        only("mappings")
        self.assertEqual(c.state()["library_revision"], revision + 4)
        self.assertEqual(c.library_changes(), set(), "each once")
        said = subprocess.run([os.path.join(BIN, "c_client"), self.session, "library"], env=self.env, text=True,
                              capture_output=True, timeout=30).stdout
        self.assertEqual(said, "3 analyses recordings mappings\n0 \n")


class Unanswered(Running):
    """How soon clients of each kind say that the engine doesn't answer, from when it was stopped."""
    TIMES = 12

    def measure(self, told):
        """`told` waits until its client says so, and gives the time."""
        rng, took = random.Random(2), []
        for _ in range(self.TIMES):
            self.assertTrue(wait_until(self.alive, 5))
            time.sleep(rng.uniform(0.05, 0.15))
            stopped = time.monotonic()
            os.kill(self.engine.pid, signal.SIGSTOP)
            took.append(told() - stopped)
            os.kill(self.engine.pid, signal.SIGCONT)
        return sorted(took)

    def test_within_half_a_second(self):
        c = self.connect()
        self.alive = c.alive
        self.assertTrue(wait_until(c.alive))

        def python():
            while c.alive():
                time.sleep(0.002)
            return time.monotonic()
        took = {"Python": self.measure(python)}
        for name, program in (("C++", "cpp_client"), ("C", "c_client")):
            # Prints the time, CLOCK_MONOTONIC in ns, whenever its engine ceases to answer.
            p = subprocess.Popen([os.path.join(BIN, program), self.session, "watch"], env=self.env, text=True,
                                 stdout=subprocess.PIPE)
            self.addCleanup(p.stdout.close)
            self.addCleanup(p.wait)
            self.addCleanup(p.kill)

            def told():
                line = p.stdout.readline()
                while line == "alive\n":
                    line = p.stdout.readline()
                return int(line) * 1e-9
            time.sleep(0.3)
            took[name] = self.measure(told)
        for name, times in took.items():
            print(f"measured: {name}: said so after {times[len(times) // 2]:.3f} s at median, {times[-1]:.3f} at worst")
            # A machine that stands still for a while now and then, does so to clients, too: once in twelve.
            self.assertLess(times[-2], 0.5, name)
            self.assertGreater(times[len(times) // 4], 0.25, f"{name}: not for a hiccup")


NOT_UNDERSTOOD = "expected|takes no|nothing more belongs"


class Asked(Running):
    """`tactus intents --json` is enough to speak to the engine: typed arguments, made of what it says."""

    def test_every_intent_is_understood_as_it_is_described(self):
        described = json.loads(self.run_tactus("intents", "--json").stdout)
        c = self.connect()
        self.assertTrue(wait_until(c.alive))
        effect = next(e for e in described["effects"] if e["parameters"])
        stands_for = {"N": "4", "K": "1", "UNIT": "1", "SLOT": "1", "STEM": "vocals",
                      "PARAM": effect["parameters"][0]["id"]}
        for row in described["intents"]:
            if row["address"].endswith("PARAM"):
                c.send(f"/deck/4/fx/1/1/type {effect['id']}")
                time.sleep(0.2)
            address = "/".join(stands_for.get(part, part) for part in row["address"].split("/"))
            args = []
            for arg in row["arguments"]:
                if arg.get("optional"):
                    break
                if "only_after" in arg and args[-1] != arg["only_after"]:
                    continue
                # As near to the middle of its range as its type lets it be.
                args.append({"number": lambda: float(arg["min"] + arg["max"]) / 2, "level": lambda: float(arg["max"]),
                             "beats": lambda: 4.0, "count": lambda: int(arg["min"]), "flag": lambda: 0,
                             "choice": lambda: arg["choices"][0], "text": lambda: "none"}[arg["type"]]())
            fate = self.ask(c, address, *args)
            # A guard may refuse it; what it is made of is right.
            self.assertNotRegex(fate.reason, NOT_UNDERSTOOD, row["address"])
            odd = self.ask(c, address, *args, *["no-such-word"] * 5)
            self.assertRegex(odd.reason, NOT_UNDERSTOOD, row["address"])

    def test_every_request_is_answered_as_it_is_described(self):
        described = json.loads(self.run_tactus("intents", "--json").stdout)
        c = self.connect()
        self.assertTrue(wait_until(c.alive))
        replies = {row["address"]: [a["type"] for a in row["arguments"]] for row in described["replies"]}
        python = {"int": int, "number": float, "string": str, "bool": bool}
        c.post("/subscribe", "events")
        asked = {"/hello": (("test", "hand", 1.0), "/welcome"), "/do": ((7, "/deck/4/fader 0.5"), "/fate"),
                 "/cancel": ((8, 12345), "/cancelled"), "/ping": ((9,), "/pong"),
                 "/subscribe": (("nothing",), "/refused"), "/unsubscribe": (("nothing",), "/refused")}
        for row in described["requests"]:
            if row["address"] not in asked:
                self.assertIn(row["where"] + row["address"], ("local/stop", "udp/reply_to"), "each is asked here, or there")
                continue
            args, reply = asked[row["address"]]
            self.assertLessEqual(len(args), len(row["arguments"]))
            c.post(row["address"], *args)
            self.assertTrue(wait_until(lambda: self.next_is(c, reply)), row["address"])
            for value, kind in zip(self.heard[1], replies[reply], strict=True):
                self.assertIsInstance(value, python[kind], (reply, self.heard))
        c.post("/do", 10, "/deck/4/fader 0.4")  # that of the other came while something else was waited for
        self.assertTrue(wait_until(lambda: self.next_is(c, "/done")))
        c.send('/deck/4/load "/nothing.wav"')
        self.assertTrue(wait_until(lambda: self.next_is(c, "/failed")))
        self.assertEqual(len(self.heard[1]), len(replies["/failed"]))

    def next_is(self, c, address):
        self.heard = c.next(0.05) or ("", ())
        return self.heard[0] == address

    @staticmethod
    def ask(c, address, *args):
        c.post(address, *args)
        until = time.monotonic() + 5
        while time.monotonic() < until:
            message = c.next(0.5)
            if message and message[0] == "/fate" and message[1][0] == 0:
                return tactus.Fate(*message[1])
        raise AssertionError("no fate for " + address)


if __name__ == "__main__":
    main()
