#!/usr/bin/env python3
"""What hostile clients do to an engine, on every way in.

attacks.py SOCKET SECONDS    all of it at once on the engine's socket; prints as JSON how often each was done
"""
import json
import os
import random
import socket
import struct
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "clients", "python"))
import tactus  # noqa: E402

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

    def __init__(self, path, tcp=None, udp=None):
        self.path, self.tcp, self.udp = path, tcp, udp

    def open(self, rng):
        if self.tcp is None or rng.random() < 0.7:
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


def attack(attacks, seconds):
    """All kinds at once, a thread each; how many of each were done."""
    kinds = [n for n in vars(Attacks) if not n.startswith("_") and n not in ("open", "say")]
    if attacks.udp is None:
        kinds.remove("datagrams")
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
    return done


if __name__ == "__main__":
    print(json.dumps(attack(Attacks(sys.argv[1]), float(sys.argv[2]))))
