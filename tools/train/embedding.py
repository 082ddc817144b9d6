#!/usr/bin/python3
"""embedding.py learn SET src/analysis/weights/embedding.bin [CROWD]: learns the built-in embedder's projections from what embedding_set.py made
of pieces of the part train (and, clean only, of a crowd of that part).
embedding.py check embedding.bin SET: whether the measure program, built with these weights, makes the same vectors of the same measures.
embedding.py judge embedding.bin SET CROWD...: how often the nearest of all phrases is the right one, for each distortion.

The projections are linear discriminants (Fisher 1936; Rao 1948): directions in which phrases differ from each other much and from their own
distortions little, for rhythm, harmony and timbre apart, each scaled so that distortions move it alike.
"""

import json
import pathlib
import sys

import numpy as np
import scipy.linalg

HEADS = (("rhythm", 544, 40), ("harmony", 436, 32), ("timbre", 504, 56))  # measures, numbers; as in src/analysis
SHARES = (0.40, 0.20, 0.40)  # of the likeness of two phrases
MEASURES = sum(h[1] for h in HEADS)
NUMBERS = sum(h[2] for h in HEADS)
SHRINK = 0.1  # of the within-class scatter, towards its mean
DISTORTIONS = 11  # of embedding_set.py's drawn()


def measures(path):
    return np.fromfile(path, np.float32).reshape(-1, MEASURES)


def read_learned(folder):
    """(phrases, 1 + distortions, measures), the clean one first, and whose phrase each is."""
    rows, pieces = [], []
    for done in sorted(pathlib.Path(folder).glob("*.done")):
        name = str(done)[: -len(".done")]
        kinds = [measures(f"{name}.{kind}.measures") for kind in ("clean", *range(DISTORTIONS))]
        if len({len(k) for k in kinds}) == 1 and len(kinds[0]):
            rows.append(np.stack(kinds, 1))
            pieces += [name] * len(kinds[0])
    return np.concatenate(rows), np.array(pieces)


def read_crowd(folder):
    return np.concatenate([measures(p) for p in sorted(pathlib.Path(folder).glob("*.measures"))])


def discriminants(groups, others, numbers):
    """(weights, biases) of the best directions for groups (phrases, versions, measures)."""
    everything = np.concatenate([groups.reshape(-1, groups.shape[2]), others]).astype(np.float64)
    scale = everything.std(0) + 1e-4
    means = np.concatenate([groups.mean(1), others]).astype(np.float64) / scale
    inside = ((groups - groups.mean(1, keepdims=True)) / scale).reshape(-1, groups.shape[2])
    within = inside.T @ inside / (len(inside) * (1 - 1 / groups.shape[1]))
    within = (1 - SHRINK) * within + SHRINK * np.trace(within) / len(within) * np.eye(len(within))
    between = np.cov(means.T)
    values, vectors = scipy.linalg.eigh(between, within, subset_by_index=[len(within) - numbers, len(within) - 1])
    w = vectors[:, ::-1] / scale[:, None]
    return w.astype(np.float32), -(means.mean(0) * scale @ w).astype(np.float32)


def learned(groups, others):
    heads, at = [], 0
    for _, size, numbers in HEADS:
        heads.append(discriminants(groups[:, :, at : at + size], others[:, at : at + size], numbers))
        at += size
    return heads


def embedded(heads, x):
    """As src/analysis/embedding.cpp does it: a byte a number, then to length 1."""
    at, parts = 0, []
    for (_, size, _), (w, b), share in zip(HEADS, heads, SHARES):
        y = x[..., at : at + size] @ w + b
        parts.append(y * (share**0.5 / np.maximum(1e-9, np.linalg.norm(y, axis=-1, keepdims=True))))
        at += size
    y = np.concatenate(parts, -1)
    y = np.round(127 * y / np.abs(y).max(axis=-1, keepdims=True))
    return y / np.linalg.norm(y, axis=-1, keepdims=True)


def read_heads(path):
    values, heads = np.fromfile(path, "<f2").astype(np.float32), []
    for _, size, numbers in HEADS:
        heads.append((values[: size * numbers].reshape(size, numbers), values[size * numbers : (size + 1) * numbers]))
        values = values[(size + 1) * numbers :]
    return heads


def learn(folder, out, crowd=None):
    groups, pieces = read_learned(folder)
    others = read_crowd(crowd) if crowd else np.zeros((0, MEASURES), np.float32)
    print(len(groups), "phrases under", groups.shape[1] - 1, "distortions,", len(others), "others")
    held = np.isin(pieces, np.unique(pieces)[::5])
    heads = learned(groups[~held], others)
    index = embedded(heads, np.concatenate([groups[held][:, 0], groups[~held][:, 0], others]))
    for kind in range(1, groups.shape[1]):
        best = (embedded(heads, groups[held][:, kind]) @ index.T).argmax(1)
        print(f"held out, distortion {kind - 1}: {(best == np.arange(held.sum())).mean():.3f} of {held.sum()} found among {len(index)}")
    values = [v for w, b in learned(groups, others) for v in (w.ravel(), b)]
    values = np.concatenate(values)
    assert np.abs(values).max() < 60000
    values.astype("<f2").tofile(out)
    print(len(values), "weights")


def check(weights, folder):
    heads, most, count = read_heads(weights), 0, 0
    for path in sorted(pathlib.Path(folder).glob("*.vectors")):
        told = np.fromfile(path, np.int8).reshape(-1, NUMBERS).astype(np.float32)
        told /= np.linalg.norm(told, axis=1, keepdims=True)
        most = max(most, np.abs(told - embedded(heads, measures(str(path)[: -len("vectors")] + "measures"))).max(initial=0))
        count += len(told)
    print(f"{count} vectors differ by {most:.4f} of their length at most")


class Phrases:
    """Vectors of one file's phrases, and where they begin and end in seconds of the clean one."""

    def __init__(self, heads, stem, rate=1.0):
        known = json.loads(pathlib.Path(stem + ".json").read_text())
        self.bpm = known["bpm"] / rate
        grid, beats = known["grid"], np.array([p["beat"] for p in known["phrases"]])
        self.vectors = embedded(heads, measures(stem + ".measures"))
        self.start = np.array([seconds(grid, b) for b in beats]) * rate
        self.end = np.array([seconds(grid, b + 16) for b in beats]) * rate


def seconds(grid, beat):
    ruling = [a for a in grid if a["beat"] <= beat]
    a = ruling[-1] if ruling else grid[0]
    return a["seconds"] + (beat - a["beat"]) * 60 / a["bpm"]


def judge(weights, folder, crowds):
    import embedding_set

    heads = read_heads(weights)
    names = [str(done)[: -len(".done")] for done in sorted(pathlib.Path(folder).glob("*.done"))]
    clean = [Phrases(heads, name + ".clean") for name in names]
    index = np.concatenate([c.vectors for c in clean] + [embedded(heads, read_crowd(crowd)) for crowd in crowds])
    piece = np.concatenate([np.full(len(c.vectors), i) for i, c in enumerate(clean)])
    piece = np.pad(piece, (0, len(index) - len(piece)), constant_values=-1)
    starts, ends = (np.concatenate([getattr(c, side) for c in clean]) for side in ("start", "end"))
    print(f"{len(index)} phrases, {len(starts)} of them of {len(names)} pieces to be found again")
    print("| distortion | grid given: phrases | found | its track | analysed anew: phrases | found | its track | files counted in another octave |")
    print("|---|---|---|---|---|---|---|---|")
    for key, (_, rate) in embedding_set.JUDGED.items():
        row = [key]
        for how in ("given", "anew"):
            found, track, octave = [], [], 0
            for i, name in enumerate(names):
                asked = Phrases(heads, f"{name}.{key.replace(' ', '_')}-{how}", rate)
                octave += how == "anew" and abs(np.log2(asked.bpm / clean[i].bpm)) > 0.5
                best = (asked.vectors @ index.T).argmax(1)
                same = piece[best] == i
                # The right one: at least half of it is the same music.
                at = np.minimum(best, len(starts) - 1)
                both = np.minimum(asked.end, ends[at]) - np.maximum(asked.start, starts[at])
                found += list(same & (both > 0.499 * np.maximum(asked.end - asked.start, ends[at] - starts[at])))
                track += list(same)
            row += [str(len(found)), f"{np.mean(found):.3f}", f"{np.mean(track):.3f}"]
        print("| " + " | ".join(row) + f" | {octave} |")
    # What else is nearest: another phrase of the same track shares its groove.
    near = index[: len(starts)] @ index.T
    for i, (start, end, p) in enumerate(zip(starts, ends, piece)):
        near[i, : len(starts)][(piece[: len(starts)] == p) & (starts < end) & (ends > start)] = -2
    print(f"nearest of what doesn't overlap is of the same track: {(piece[near.argmax(1)] == piece[: len(starts)]).mean():.3f}")


if __name__ == "__main__":
    if sys.argv[1] == "learn":
        learn(*sys.argv[2:])
    elif sys.argv[1] == "check":
        check(*sys.argv[2:])
    else:
        judge(sys.argv[2], sys.argv[3], sys.argv[4:])
