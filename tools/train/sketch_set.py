#!/usr/bin/python3
"""Sketches as music files: real analyses in large numbers, for benchmarks of what is kept of them.

sketch_set.py OUT --part train|dev|test [--count N] [--first K] [--phrases P] [--jobs J]

Writes OUT/PART-sketch-NNNNN.flac, each whole or not at all; what exists is skipped.
"""

import argparse
import multiprocessing
import os
import pathlib
import sys

import soundfile

import sketches
from fluid import RATE


def work(job):
    out, part, index, phrases = job
    path = out / f"{part}-sketch-{index:05d}.flac"
    if not path.exists():
        beside = path.with_suffix(f".{os.getpid()}")
        soundfile.write(beside, sketches.make(part, index, phrases)[0].T, RATE, "PCM_16", format="FLAC")
        os.replace(beside, path)
    return path.name


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--part", choices=("train", "dev", "test"), required=True)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--phrases", type=int, default=16)
    parser.add_argument("--jobs", type=int, default=1)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    jobs = [(options.out, options.part, i, options.phrases) for i in range(options.first, options.first + options.count)]
    with multiprocessing.get_context("fork").Pool(options.jobs) as pool:
        for done, name in enumerate(pool.imap_unordered(work, jobs), 1):
            print(f"{done}/{len(jobs)} {name}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
