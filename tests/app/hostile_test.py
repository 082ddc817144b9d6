#!/usr/bin/env python3
"""Hostile clients around a synced mix of two decks: all at once, on every way in.

hostile_test.py FOLDER_OF_PROGRAMS; with TACTUS_LONG set for five minutes.
"""
import multiprocessing
import os
import threading

from attacks import Attacks, attack
from engine_rig import wait_until
from mixing import LONG, Mixing
from run_tests import main

SECONDS = 300 if LONG else 8


def attack_from(attacks, seconds, counts):
    """In a process of its own, so that it keeps from nobody but the engine what it takes."""
    counts.put(attack(attacks, seconds))


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
        attacker = multiprocessing.Process(target=attack_from, args=(attacks, SECONDS, counts))
        attacker.start()
        self.addCleanup(attacker.join)
        torment = threading.Thread(target=lambda: killed.update(self.torment(SECONDS, seed=3)))
        torment.start()
        slowest = self.slowest_answer(SECONDS * 5 / 8)
        self.soon_there(SECONDS / 8, "hostile clients", 5, 25)
        done = counts.get(timeout=SECONDS + 30)
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
