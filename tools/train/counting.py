#!/usr/bin/python3
"""counting.py src/analysis/counting_weights.h DESCRIBED.jsonl TRUTH_FOLDER [...]: learns which way of counting is right (a conditional
logit over the ways of each piece: McFadden 1974) from what the describe program printed of pieces whose truth is known. Right
are the ways whose beats' F measure is about the best that any has."""
import json
import pathlib
import sys

import numpy

import header
from doubts import f_measure

RIDGE, STEPS = 0.1, 1500
CLOSE, LEAST = 0.03, 0.6   # F below the best, the best below which a piece teaches nothing


def choices():
    """(traits, whether right, which choice it belongs to) of all ways."""
    traits, right, which, count = [], [], [], 0
    for described, folder in zip(sys.argv[2::2], sys.argv[3::2]):
        for line in open(described):
            found = json.loads(line)
            path = pathlib.Path(folder) / (pathlib.Path(found["file"]).stem + ".json")
            if not path.exists():
                continue
            truth = json.loads(path.read_text())
            for ways in found.get("hearings", []):
                f = numpy.array([f_measure(way["beats"], truth["beats"]) for way in ways])
                if len(ways) < 2 or f.max() < LEAST:
                    continue
                traits += [way["traits"] for way in ways]
                right += list(f >= f.max() - CLOSE)
                which += [count] * len(ways)
                count += 1
    return numpy.array(traits), numpy.array(right, float), numpy.array(which)


def shares(values, which):
    """Each value as a share of its choice's sum."""
    return values / numpy.bincount(which, values)[which]


def fit(x, right, which):
    target, w = shares(right, which), numpy.zeros(x.shape[1])
    for step in range(STEPS):
        z = x @ w
        p = shares(numpy.exp(z - z.max()), which)
        w -= 0.3 * (1 - step / STEPS) * (x.T @ (p - target) / (which[-1] + 1) + RIDGE * w)
    return w, p


def main():
    x, right, which = choices()
    scale = x.std(0) + 1e-6
    w, p = fit((x - x.mean(0)) / scale, right, which)
    chosen = [numpy.flatnonzero(which == k)[p[which == k].argmax()] for k in range(which[-1] + 1)]
    print(len(chosen), "choices, right:", right[chosen].mean().round(3))
    weights = header.floats(w / scale)[1:]
    header.write(sys.argv[1], "counting.py", "how much each of Traits speaks for a way of counting.",
                 f"constexpr std::array<float, {len(w)}> kCountingWeights = {{\n    {weights};")


if __name__ == "__main__":
    main()
