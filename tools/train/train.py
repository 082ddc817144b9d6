#!/usr/bin/python3
"""Trains the beat network on rendered pieces (make_set.py) and what the analysis sees of them (network_input).

train.py SETS... --out WEIGHTS.pt [--minutes 60] [--start WEIGHTS.pt|network.bin] [--held-out DIR]
Each of SETS is a folder of NAME.json (the truth) and NAME.in (the input). Training goes by the clock, so that it takes as
long as it is given; the order of pieces and what is done to them come from --seed.
"""
import argparse
import json
import math
import pathlib
import sys
import time

import numpy
import torch

import network
from network import FRAMES_PER_SECOND, HEADS, LEVEL_ROWS, ROWS

CROP = 4000      # frames: 80 s
STEP = 500       # what the length of a crop is rounded up to where pieces are shorter
BATCH = 8
MICRO = 2        # pieces at a time: the caches of a small machine hold no more
PITCHES = slice(LEVEL_ROWS, ROWS)


def bump(times, frames, reach):
    """1 at each of the times, falling to 0 `reach` frames away."""
    out = numpy.zeros(frames, numpy.float32)
    at = numpy.asarray(times, float) * FRAMES_PER_SECOND
    for offset in range(-int(reach), int(reach) + 1):
        index = numpy.round(at).astype(int) + offset
        inside = (index >= 0) & (index < frames)
        height = numpy.maximum(0, 1 - numpy.abs(index - at) / reach)
        numpy.maximum.at(out, index[inside], height[inside].astype(numpy.float32))
    return out


class Piece:
    def __init__(self, truth_path):
        truth = json.loads(truth_path.read_text())
        rows = numpy.fromfile(truth_path.with_suffix(".in"), numpy.uint8).reshape(-1, ROWS)
        self.rows = numpy.ascontiguousarray(rows.T)
        frames = self.rows.shape[1]
        targets = numpy.zeros((len(HEADS), frames), numpy.float32)
        self.known = numpy.zeros(len(HEADS), numpy.float32)
        targets[0] = bump(truth["beats"], frames, 1.6)
        self.known[0] = 1
        if truth.get("downbeats"):
            targets[1] = bump(truth["downbeats"], frames, 1.6)
            self.known[1] = 1
        if truth.get("sections"):
            targets[2] = bump([s["start"] for s in truth["sections"][1:]], frames, 20)
            self.known[2] = 1
        if truth.get("vocals") is not None:
            for start, end in truth["vocals"]:
                targets[3, int(start * FRAMES_PER_SECOND):int(end * FRAMES_PER_SECOND) + 1] = 1
            self.known[3] = 1
        self.targets = targets.astype(numpy.float16)


def changed(rows, targets, random):
    """The same music through another speaker, in another key, at another tempo: what is true of it stays true."""
    rows = rows.astype(numpy.int16)
    if random.random() < 0.7:
        tilt = random.uniform(-14, 14) * numpy.linspace(-1, 1, 64)
        bumps = numpy.interp(numpy.arange(64), numpy.sort(random.uniform(0, 64, 4)), random.uniform(-10, 10, 4))
        wide = tilt + bumps
        fast = numpy.interp(numpy.linspace(0, 63, 24), numpy.arange(64), wide)
        rows[:LEVEL_ROWS] += numpy.concatenate([wide, fast, fast]).astype(numpy.int16)[:, None]
    if random.random() < 0.5:
        turn = random.integers(12)
        for first in (LEVEL_ROWS, LEVEL_ROWS + 12):
            rows[first:first + 12] = numpy.roll(rows[first:first + 12], turn, 0)
    if random.random() < 0.2:   # a floor of noise, or a codec's silence
        rows[:LEVEL_ROWS] = numpy.maximum(rows[:LEVEL_ROWS], random.integers(20, 80))
    if random.random() < 0.35:
        ratio = random.uniform(0.85, 1.18)
        at = numpy.minimum(numpy.arange(int(rows.shape[1] / ratio)) * ratio, rows.shape[1] - 1)
        index = numpy.round(at).astype(int)
        rows = rows[:, index]
        targets = targets[:, index]
    return rows.clip(0, 255).astype(numpy.uint8), targets


def cut(piece, random, training):
    rows, targets = piece.rows, piece.targets
    longest = int(CROP * 1.2)
    if rows.shape[1] > longest:
        # Beginnings more often than chance would: there is little to go by there.
        start = 0 if random.random() < 0.15 else int(random.integers(rows.shape[1] - longest))
        rows, targets = rows[:, start:start + longest], targets[:, start:start + longest]
    if training:
        rows, targets = changed(rows, targets, random)
    return rows[:, :CROP], targets[:, :CROP], piece.known


def together(crops):
    """Crops as one array each of rows, targets and masks, as long as the longest of them."""
    frames = math.ceil(max(rows.shape[1] for rows, _, _ in crops) / STEP) * STEP
    out_rows = numpy.zeros((len(crops), ROWS, frames), numpy.uint8)
    out_targets = numpy.zeros((len(crops), len(HEADS), frames), numpy.float32)
    mask = numpy.zeros((len(crops), len(HEADS), frames), numpy.float32)
    for i, (rows, targets, known) in enumerate(crops):
        out_rows[i, :, :rows.shape[1]] = rows
        out_targets[i, :, :targets.shape[1]] = targets
        mask[i, :, :rows.shape[1]] = known[:, None]
    return (torch.from_numpy(a) for a in (out_rows, out_targets, mask))


WEIGHT = torch.tensor([1.0, 1.2, 0.3, 0.12])[None, :, None]


def loss_of(net, micro):
    rows, targets, mask = together(micro)
    with torch.autocast("cpu", torch.bfloat16):
        logits = net(rows)
    each = torch.nn.functional.binary_cross_entropy_with_logits(logits.float(), targets, reduction="none")
    return (each * mask * WEIGHT).sum() / CROP / len(micro), (each * mask).sum((0, 2)).detach() / CROP / len(micro)


def held_out_loss(net, pieces):
    net.eval()
    random = numpy.random.default_rng(0)
    total = torch.zeros(len(HEADS))
    with torch.no_grad():
        for piece in pieces:
            total += loss_of(net, [cut(piece, random, False)])[1]
    net.train()
    return total / max(1, len(pieces))


def averaged(average, net, keep):
    for old, new in zip(average.parameters(), net.parameters()):
        old.data.lerp_(new.data, 1 - keep)


def load(folders, said):
    pieces = []
    for folder in folders:
        for path in sorted(pathlib.Path(folder).glob("*.json")):
            if path.with_suffix(".in").exists() and str(path) not in said:
                said.add(str(path))
                pieces.append(Piece(path))
    return pieces


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", nargs="+")
    parser.add_argument("--out", required=True)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--start")
    parser.add_argument("--held-out")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rate", type=float, default=2.5e-3)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()

    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    random = numpy.random.default_rng(options.seed)
    seen = set()
    pieces = load(options.sets, seen)
    held = load([options.held_out], set()) if options.held_out else []
    net, average = network.Network(), network.Network()
    if options.start:
        network.load(net, options.start)
    average.load_state_dict(net.state_dict())
    print(f"{len(pieces)} pieces, {sum(p.numel() for p in net.parameters())} weights", flush=True)
    optimizer = torch.optim.AdamW(net.parameters(), lr=options.rate, weight_decay=0.01)

    begun, step, recent = time.monotonic(), 0, 0.0
    order = []
    while (done := (time.monotonic() - begun) / 60 / options.minutes) < 1:
        # Warms up, then falls to nothing along a cosine (Loshchilov and Hutter 2017).
        rate = options.rate * min(1, (step + 1) / 50) * (0.5 + 0.5 * math.cos(math.pi * done))
        for group in optimizer.param_groups:
            group["lr"] = rate
        for _ in range(BATCH // MICRO):
            micro = []
            for _ in range(MICRO):
                if not order:
                    order = list(random.permutation(len(pieces)))
                micro.append(cut(pieces[order.pop()], random, True))
            loss, _ = loss_of(net, micro)
            (loss / (BATCH // MICRO)).backward()
            recent += float(loss) / (BATCH // MICRO)
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        averaged(average, net, min(0.995, step / (step + 10)))
        step += 1
        if step % 50 == 0:
            line = f"{done * options.minutes:.1f} min, step {step}: {recent / 50:.4f}"
            recent = 0
            if step % 200 == 0:
                torch.save(average.state_dict(), options.out)
                pieces += load(options.sets, seen)   # what was rendered meanwhile
                order = []
                if held:
                    line += "  held out " + " ".join(f"{name} {v:.4f}" for name, v in zip(HEADS, held_out_loss(average, held)))
                line += f"  {len(pieces)} pieces"
            print(line, flush=True)
    torch.save(average.state_dict(), options.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
