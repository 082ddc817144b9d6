#!/usr/bin/python3
"""Judges a rendered set by its sound: do percussive onsets fall on the truth's beats, and how late? check_set.py OUT [--limit N]

For each piece: the median of (nearest strong onset - beat) in ms, the share of beats that have one within 30 ms, and the same
share half a beat later. With --codecs it measures instead what each codec does to time, by cross-correlation.
"""

import argparse
import json
import os
import sys
import tempfile

import numpy as np
from scipy import signal

import master
from fluid import RATE

BLOCK = 22  # frames of the envelope: half a millisecond


def onsets(mono):
    """Times (s) of clear rises of energy, each the block in which it rises most, and how much (natural logarithm)."""
    times, rises = [], []
    for sos in (signal.butter(2, 2500, "high", fs=RATE, output="sos"), signal.butter(2, 180, "low", fs=RATE, output="sos")):
        band = signal.sosfilt(sos, mono)
        level = np.abs(band[: len(band) // BLOCK * BLOCK]).reshape(-1, BLOCK).max(axis=1)
        level = np.maximum(level, 0.02 * np.quantile(level, 0.98))
        before = signal.lfilter(np.ones(60) / 60, [1.0], level)
        rise = np.zeros(len(level))
        rise[4:-4] = np.log(np.maximum.reduce([level[4 + k : len(level) - 4 + k] for k in range(4)]) / before[3:-5])
        peaks, _ = signal.find_peaks(rise, height=0.9, distance=60)
        # the onset is where the level passes half of what it rises to
        for p in peaks:
            top = level[p : p + 12].max()
            passed = np.flatnonzero(level[max(0, p - 6) : p + 12] > 0.35 * top)
            times.append((max(0, p - 6) + passed[0] + 0.5) * BLOCK / RATE)
            rises.append(rise[p])
    order = np.argsort(times)
    return np.array(times)[order], np.array(rises)[order]


def distances(beats, found):
    """From each beat to its nearest onset, in seconds."""
    if len(found) < 2:
        return np.full(len(beats), np.inf)
    place = np.clip(np.searchsorted(found, beats), 1, len(found) - 1)
    left, right = found[place - 1] - beats, found[place] - beats
    return np.where(np.abs(left) < np.abs(right), left, right)


def judge(path, truth):
    """(median ms, median ms of those within 10, share of beats hit, share of half beats hit)"""
    beats = np.array(truth["beats"])
    found, _ = onsets(master.read(path).mean(axis=0))
    late = distances(beats, found)
    halves = distances((beats[1:] + beats[:-1]) / 2, found)
    near = late[np.abs(late) < 0.03]
    close = late[np.abs(late) < 0.012]
    middle = lambda x: float(np.median(x) * 1000) if len(x) else float("nan")
    return middle(near), middle(close), float(np.mean(np.abs(late) < 0.03)), float(np.mean(np.abs(halves) < 0.03))


def codecs():
    """Prints the time that each codec moves sound by."""
    rng = np.random.default_rng(0)
    x = np.zeros((2, RATE * 20), np.float32)
    for i in range(36):
        start = int((1 + i * 0.5) * RATE + rng.integers(0, 100))
        x[:, start : start + 4000] += 0.5 * rng.standard_normal(4000) * np.exp(-np.arange(4000) / 600)
    worst = 0.0
    with tempfile.TemporaryDirectory() as folder:
        for _, ending, options in master.CODECS:
            for option in options:
                for rate in (48000,) if ending == "opus" else (44100, 48000):
                    path = os.path.join(folder, "x." + ending)
                    master.write(path, x, f"{option} -ar {rate}")
                    y = master.read(path)
                    size = 1 << 21
                    product = np.fft.rfft(y[0], size) * np.conj(np.fft.rfft(x[0], size))
                    peak = int(np.argmax(np.fft.irfft(product, size * 8)))
                    moved = (peak - size * 8 if peak > size * 4 else peak) / 8 / RATE * 1000
                    worst = max(worst, abs(moved))
                    print(f"{ending:5} {rate} {option}: {moved:+.3f} ms")
    return 0 if worst < 1.0 else 1


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", nargs="?")
    parser.add_argument("--limit", type=int, default=10**9)
    parser.add_argument("--codecs", action="store_true")
    options = parser.parse_args()
    if options.codecs:
        return codecs()
    medians, closes = [], []
    with open(os.path.join(options.out, "TRUTH.jsonl")) as file:
        for line in list(file)[: options.limit]:
            truth = json.loads(line)
            median, close, hit, half = judge(os.path.join(options.out, truth["file"]), truth)
            print(
                f"{truth['file']:32} {truth['style']:16} median {median:+6.2f} ms, of the close {close:+6.2f} ms, beats hit {hit:.2f}, half beats {half:.2f}",
                flush=True,
            )
            medians.append(median)
            closes.append(close)
    print(f"median of medians {np.nanmedian(medians):+.2f} ms, of the close {np.nanmedian(closes):+.2f} ms")
    return 0 if abs(np.nanmedian(closes)) <= 2.0 else 1


if __name__ == "__main__":
    sys.exit(main())
