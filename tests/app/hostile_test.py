#!/usr/bin/env python3
"""Hostile clients around a synced mix of two decks: all at once, on every way in.

hostile_test.py FOLDER_OF_PROGRAMS; with TACTUS_LONG set for five minutes.
"""
import multiprocessing
import os
import random
import socket
import struct
import threading
import time

from engine_rig import tactus, wait_until
from mixing import LONG, Mixing
from run_tests import main

SECONDS = 300 if LONG else 8
NOW = struct.pack(">II", 0, 1)  # OSC's time tag for at once


def bundle(*elements, tag=NOW):
    return b"#bundle\0" + tag + b"".join(struct.pack(">i", len(e)) + e for e in elements)


def framed(packet):
    return struct.pack(">I", len(packet)) + packet


def spoilt(rng, packet, share=0.1):
    return bytes(b ^ (rng.random() < share) * 255 for b in packet)


GOOD = tactus.encode("/do", 1, "/deck/4/fader 0.5")


class Attacks:
    """Each is one deed; what the engine makes of it is its business. Intents that happen to be sound are to decks 3 and
    4, which stand still."""

    def __init__(self, path, tcp, udp):
        self.path, self.tcp, self.udp = path, tcp, udp

    def open(self, rng):
        if rng.random() < 0.7:
            s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            where = self.path
        else:
            s = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            where = ("127.0.0.1", self.tcp)
        s.settimeout(5)
        s.connect(where)
        return s

    def say(self, rng, data):
        with self.open(rng) as s:
            s.sendall(data)

    def garbage(self, rng):
        self.say(rng, rng.choice((rng.randbytes(rng.randrange(1, 400)), framed(rng.randbytes(rng.randrange(4, 400))),
                                  framed(spoilt(rng, GOOD)), framed(bundle(spoilt(rng, GOOD), GOOD)))))

    def absurd_bundles(self, rng):
        deep = GOOD
        for _ in range(rng.randrange(2, 60)):
            deep = bundle(deep)
        self.say(rng, rng.choice((
            framed(deep),
            framed(bundle(*[GOOD] * 1400)),  # more messages than a packet may hold
            framed(b"#bundle\0" + NOW + struct.pack(">i", rng.choice((-1, -4, 3, 2 ** 31 - 1))) + GOOD),
            framed(b"#bundle\0" + NOW[:rng.randrange(8)]),
            framed(bundle(GOOD, tag=struct.pack(">II", rng.randrange(2 ** 32), rng.randrange(2 ** 32))) * 2))))

    def half_messages(self, rng):
        whole = framed(GOOD)
        self.say(rng, rng.choice((whole[:rng.randrange(1, len(whole))], struct.pack(">I", 40) + GOOD[:20],
                                  struct.pack(">I", rng.choice((0, 1 << 30, 2 ** 32 - 1, 65508))))))

    def huge_strings(self, rng):
        long = "x" * rng.randrange(20000, 65000)
        self.say(rng, framed(rng.choice((tactus.encode("/do", 1, "/deck/3/load " + long),
                                         tactus.encode("/hello", long, long), tactus.encode("/" + long, 1),
                                         tactus.encode("/subscribe", "state", 60.0, long)))))

    def never_reads(self, rng):
        with self.open(rng) as s:
            s.sendall(framed(tactus.encode("/hello", "deaf", "osc")))
            s.sendall(framed(tactus.encode("/subscribe", "state", 60.0, "")))
            s.sendall(framed(tactus.encode("/subscribe", "events")))
            for _ in range(300):
                s.sendall(framed(GOOD))
            time.sleep(rng.uniform(0.2, 1))

    def connects(self, rng):
        held = [self.open(rng) for _ in range(rng.randrange(1, 40))]
        for s in held:
            s.close()
        return len(held)

    def datagrams(self, rng):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            for _ in range(20):
                s.sendto(rng.choice((rng.randbytes(rng.randrange(1, 1400)), spoilt(rng, GOOD), b"", b"#bundle\0", GOOD,
                                     bundle(*[GOOD] * 30), tactus.encode("/reply_to", rng.randrange(-9, 70000)),
                                     tactus.encode("/stop"))), ("127.0.0.1", self.udp))

    def floods(self, rng):
        with self.open(rng) as s:
            for _ in range(30):
                s.sendall(framed(tactus.encode("/deck/3/eq/low", -3.0)) * 400)


def attack(attacks, seconds, counts):
    """All kinds at once, a thread each; puts how many of each were done. A process of its own, so that it keeps from
    nobody but the engine what it takes."""
    kinds = [n for n in vars(Attacks) if not n.startswith("_") and n not in ("open", "say")]
    until, done = time.monotonic() + seconds, dict.fromkeys(kinds, 0)

    def run(kind, seed):
        rng = random.Random(seed)
        while time.monotonic() < until:
            try:
                done[kind] += getattr(attacks, kind)(rng) or 1
            except OSError:
                done[kind] += 1  # closed on us, rightly
            time.sleep(rng.uniform(0, 0.02))
    threads = [threading.Thread(target=run, args=(kind, 7 + i)) for i, kind in enumerate(kinds)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    counts.put(done)


class Hostile(Mixing):
    more = ("--osc", "udp:0", "--osc", "tcp:0")

    def memory(self):
        with open(f"/proc/{self.engine.pid}/statm") as f:
            return int(f.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2 ** 20

    def test_everything_at_once_beside_a_synced_mix(self):
        ports = [int(self.said.split(f"{way} on 127.0.0.1:")[1].split(",")[0]) for way in ("TCP", "UDP")]
        attacks = Attacks(self.card()["socket"], *ports)
        memory = self.memory()
        counts, killed = multiprocessing.Queue(), {}
        attacker = multiprocessing.Process(target=attack, args=(attacks, SECONDS, counts))
        attacker.start()
        self.addCleanup(attacker.join)
        torment = threading.Thread(target=lambda: killed.update(self.torment(SECONDS, seed=3)))
        torment.start()
        slowest = self.slowest_answer(SECONDS * 5 / 8)
        self.soon_there(SECONDS / 8, "hostile clients", 5, 25)
        done = counts.get(timeout=30)
        torment.join()
        self.assertNotEqual(self.client.send("/deck/1/eq/mid 0 @bar").verdict, "refused", "a hand always finds room")
        print(f"measured: {done}, {killed}; {self.client.state()['malformed']} malformed, "
              f"{self.client.state()['throttled']} throttled; slowest answer {1000 * slowest:.0f} ms; memory "
              f"{memory:.0f} to {self.memory():.0f} MiB")
        self.assertGreaterEqual(done["connects"], 1000)
        self.assertTrue(all(done.values()), done)
        self.assertGreater(self.client.state()["malformed"], 100)
        self.assertLess(slowest, 2)
        self.assertLess(self.memory(), memory + 64, "what they send isn't kept")
        self.no_dropout()
        self.assertTrue(wait_until(lambda: self.client.state()["clients"] == 1, 15))


if __name__ == "__main__":
    main()
