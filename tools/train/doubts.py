#!/usr/bin/python3
"""doubts.py src/analysis/confidence_weights.h DESCRIBED.jsonl TRUTH_FOLDER [...]: learns how far findings are to be trusted (logistic
regression) from what the describe program printed of pieces whose truth is known; prints the reliability table."""
import json
import pathlib
import sys

import numpy

import header

NAMES = ("tempo", "beats", "downbeats")


def f_measure(found, true, within=0.07):
    i = j = hits = 0
    while i < len(found) and j < len(true):
        if abs(found[i] - true[j]) <= within:
            hits, i, j = hits + 1, i + 1, j + 1
        elif found[i] < true[j]:
            i += 1
        else:
            j += 1
    return 2 * hits / max(1, len(found) + len(true))


def outcomes(found, truth):
    """Whether tempo, beats (at any octave) and downbeats (as counted) are right; None where the truth doesn't tell."""
    beats, true = found["beats"], truth["beats"]
    if len(true) < 8 or len(beats) < 8:
        return None
    middles = [(a + b) / 2 for a, b in zip(true, true[1:])]
    ways = [true, sorted(true + middles), true[::2], true[1::2]]
    tempo = abs(found["bpm"] / (60 / numpy.median(numpy.diff(true))) - 1) < 0.04
    down = truth.get("downbeats")
    return [tempo, max(f_measure(beats, w) for w in ways) > 0.95, f_measure(found["downbeats"], down) > 0.85 if down else None]


def fit(x, y):
    w = numpy.zeros(x.shape[1])
    for _ in range(300):   # Newton's method with a little ridge
        p = 1 / (1 + numpy.exp(-x @ w))
        h = (x * (p * (1 - p))[:, None]).T @ x + 0.3 * numpy.eye(x.shape[1])
        w += numpy.linalg.solve(h, x.T @ (y - p) - 0.3 * w)
    return w


def main():
    rows = []
    for described, folder in zip(sys.argv[2::2], sys.argv[3::2]):
        for line in open(described):
            found = json.loads(line)
            path = pathlib.Path(folder) / (pathlib.Path(found["file"]).stem + ".json")
            if "evidence" in found and path.exists() and (right := outcomes(found, json.loads(path.read_text()))):
                rows.append((found["evidence"], right))
    x = numpy.array([r[0] for r in rows])
    weights, sure = [], []
    for k, name in enumerate(NAMES):
        told = numpy.array([r[1][k] is not None for r in rows])
        y = numpy.array([bool(r[1][k]) for r in rows], float)
        w = fit(x[told], y[told])
        weights.append(w)
        p = 1 / (1 + numpy.exp(-x @ w))
        sure.append(p)
        p = numpy.minimum(p, sure[1]) if k == 2 else p
        print(name, told.sum(), "pieces, right", y[told].mean().round(3))
        for low, high in ((0, 0.5), (0.5, 0.7), (0.7, 0.9), (0.9, 1.01)):
            inside = told & (p >= low) & (p < high)
            if inside.any():
                print(f"  {low} to {min(1, high)}: {inside.sum()}, right {y[inside].mean():.3f}")
    rows = ",\n".join("    " + header.floats(w) for w in weights)
    header.write(sys.argv[1], "doubts.py", "log odds by evidence that the tempo, the beats and the downbeats are right.",
                 f"constexpr std::array<std::array<float, {x.shape[1]}>, 3> kConfidenceWeights = {{{{\n{rows}}}}};")


if __name__ == "__main__":
    main()
