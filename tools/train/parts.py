"""What keeps the three parts of the set apart: a share of every pool of material, and seeds of their own.

Material (one-shots, kits, soundfont programs, grooves, progressions) is dealt to train, dev and test by a hash of its
name, so that adding some never moves the rest.
"""

import hashlib

import numpy as np

PARTS = ("train", "dev", "test")


def number_of(*words):
    """A 64-bit number that depends on nothing but the words."""
    return int.from_bytes(hashlib.blake2b("/".join(map(str, words)).encode(), digest_size=8).digest(), "big")


def rng_for(part, kind, index):
    """The one source of chance of a piece."""
    return np.random.default_rng(number_of("piece", part, kind, index))


def part_of(name, purpose):
    """Two thirds of the names belong to train, a sixth each to dev and test."""
    place = number_of(purpose, name) % 6
    return "dev" if place == 4 else "test" if place == 5 else "train"


def share(names, part, purpose):
    """The part's share of a pool. One too small to be dealt gives its fewest-hashed third rather than nothing."""
    names = sorted(names)
    mine = [name for name in names if part_of(name, purpose) == part]
    if mine or not names:
        return mine
    ranked = sorted(names, key=lambda name: number_of(purpose, part, name))
    return ranked[: max(1, len(ranked) // 3)]
