#!/usr/bin/env python3
"""A running engine and its clients by OSC over UDP and TCP: liblo's own programs, time tags, and nobody who ends the sound.

network_test.py FOLDER_OF_PROGRAMS
"""
import os
import re
import select
import shutil
import socket
import struct
import subprocess
import time

from engine_rig import Running, tactus, wait_until
from run_tests import main


class Network(Running):
    more = ("--osc", "udp:0", "--osc", "tcp:0")

    def port(self, way):
        return self.said.split(f"{way} on 127.0.0.1:")[1].split(",")[0].strip()

    def test_liblos_own_programs(self):
        if not shutil.which("oscsend"):
            self.skipTest("oscsend is not installed")
        c = self.connect()
        for url, value in ((f"osc.udp://127.0.0.1:{self.port('UDP')}", "0.25"),
                           (f"osc.tcp://127.0.0.1:{self.port('TCP')}", "0.5")):
            subprocess.run(["oscsend", url, "/deck/4/fader", "f", value], check=True, timeout=10)
            self.assertTrue(wait_until(lambda: c.state()["deck/4/fader"] == float(value), 5), url)
        # Words behind the numbers: when, and over how long.
        c.post("/subscribe", "events")
        url = f"osc.udp://127.0.0.1:{self.port('UDP')}"
        subprocess.run(["oscsend", url, "/deck/4/fader", "fssis", "1.0", "@bar", "over", "2", "beats"], check=True,
                       timeout=10)
        subprocess.run(["oscsend", url, "/do", "is", "1", "/deck/3/fader 0.5 @now"], check=True, timeout=10)
        subprocess.run(["oscsend", url, "/deck/4/keylock", "F"], check=True, timeout=10)
        done, until = {}, time.monotonic() + 8
        while len(done) < 3 and time.monotonic() < until:
            got = c.next(0.2)
            if got and got[0] == "/done":
                done[got[1][3]] = got[1][1]
        self.assertEqual(set(done), {"/deck/4/fader 1 @bar over 2 beats", "/deck/3/fader 0.5 @now", "/deck/4/keylock 0"})
        self.assertEqual(done["/deck/4/fader 1 @bar over 2 beats"] % 4, 0)

    def test_liblos_oscdump_hears_fates_and_state(self):
        if not shutil.which("oscdump"):
            self.skipTest("oscdump is not installed")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        dump = subprocess.Popen(["oscdump", "-L", str(port)], stdout=subprocess.PIPE, text=True)
        self.addCleanup(dump.stdout.close)
        self.addCleanup(dump.wait)
        self.addCleanup(dump.kill)
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(udp.close)

        def send(*message):
            udp.sendto(tactus.encode(*message), ("127.0.0.1", int(self.port("UDP"))))

        heard = []
        wanted = {r"/pong \w+ 7 \d+": None, r"/fate \w+ 0 \"accepted\" .*fader": None,
                  r"/fate \w+ 0 \"refused\" .*no_such": None, r"/state/deck/4/fader f 0\.25": None}
        until = time.monotonic() + 15
        while not all(wanted.values()) and time.monotonic() < until:
            send("/reply_to", port)  # it may not listen yet
            send("/subscribe", "fates")
            send("/subscribe", "state", 20, "deck/4/")
            send("/ping", 7)
            send("/deck/4/fader", 0.25)
            send("/deck/4/no_such", 1)
            while select.select([dump.stdout], [], [], 0.3)[0]:
                heard.append(dump.stdout.readline())
                for pattern in wanted:
                    wanted[pattern] = wanted[pattern] or re.search(pattern, heard[-1])
        self.assertTrue(all(wanted.values()), f"{wanted}\n{''.join(heard[-40:])}")

    def test_time_tags_are_honoured(self):
        c = self.connect()
        c.post("/subscribe", "events")
        self.assertTrue(wait_until(c.alive))
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(udp.close)
        message = tactus.encode("/deck/4/fader", 0.75)
        when = time.time() + 1
        frame = c.state()["frame"]
        tag = struct.pack(">II", int(when) + 2208988800, int(when % 1 * 2 ** 32))
        udp.sendto(b"#bundle\0" + tag + struct.pack(">I", len(message)) + message,
                   ("127.0.0.1", int(self.port("UDP"))))
        done, until = None, time.monotonic() + 5
        while done is None and time.monotonic() < until:
            got = c.next(0.2)
            if got and got[0] == "/done" and "fader" in got[1][3]:
                done = got[1][2]
        # What passes between the two lines that read clock and frame is the machine's.
        self.assertLess(abs(done - frame - 48000), 12000)

    def test_bundles_keep_their_distance(self):
        c = self.connect()
        c.post("/subscribe", "events")
        self.assertTrue(wait_until(c.alive))
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(udp.close)
        TICK = 0.003 * 48000
        for again in range(3):  # a machine that stands still between two datagrams moves the second
            when, data = time.time() + 0.5, b""
            for n in range(4):
                at = when + n / 10
                message = tactus.encode(f"/deck/{n + 1}/keylock", again % 2)
                tag = struct.pack(">II", int(at) + 2208988800, int(at % 1 * 2 ** 32))
                udp.sendto(b"#bundle\0" + tag + struct.pack(">I", len(message)) + message,
                           ("127.0.0.1", int(self.port("UDP"))))
            frames, until = [], time.monotonic() + 5
            while len(frames) < 4 and time.monotonic() < until:
                got = c.next(0.2)
                if got and got[0] == "/done" and "keylock" in got[1][3]:
                    frames.append(got[1][2])
            self.assertEqual(len(frames), 4)
            off = [b - a - 4800 for a, b in zip(frames, frames[1:])]
            print(f"measured: bundles 100 ms apart were played {', '.join(f'{o / 48:+.2f}' for o in off)} ms off")
            if max(map(abs, off)) <= TICK:
                return
        self.fail("off by more than a control tick, three times")

    def test_nobody_ends_the_sound_from_the_network(self):
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(udp.close)
        for message in (tactus.encode("/stop"), b"", b"/", b"#bundle\0", os.urandom(600)):
            udp.sendto(message, ("127.0.0.1", int(self.port("UDP"))))
        time.sleep(0.3)
        self.assertIsNone(self.engine.poll())
        self.assertEqual(self.connect().send("/deck/1/fader 1").verdict, "accepted")


if __name__ == "__main__":
    main()
