#!/usr/bin/python3
"""Trains the key network (keynet.py) on pieces whose key is known and what the analysis hears of them (the keys program).

keys.py SETS... --out src/analysis/weights/key.bin --reference tests/analysis/key_reference.h [--steps 3000] [--held-out DIR ...]
                [--seed 1] [--rate 3e-3] [--start KEY.bin] [--imagined 3000] [--folds N]
Each of SETS is a folder of NAME.json (the truth; "key" is null where there is none) and NAME.key. Up to --share of what is learned from is
of these, the rest of imagined pieces (imagined.py). --folds N: instead of training on all, trains N times on all but an Nth and judges that.
"""
import argparse
import dataclasses
import hashlib
import json
import math
import pathlib
import sys

import numpy
import torch

import header
import imagined
import keynet
import parts

NAMES = {"C": 0, "C#": 1, "Db": 1, "D": 2, "D#": 3, "Eb": 3, "E": 4, "F": 5, "F#": 6, "Gb": 6, "G": 7, "G#": 8, "Ab": 8, "A": 9,
         "A#": 10, "Bb": 10, "B": 11}
NONE = 24
CROPS = (24, 48, 96, 160)   # frames of 0.37 s: nine seconds to a minute
BATCH = 16


def number_of(key):
    """0 to 11 major from C, 12 to 23 minor, 24 none."""
    if key is None:
        return NONE
    tonic, mode = key.split()
    return NAMES[tonic] + (12 if mode == "minor" else 0)


def mirex(found, true):
    if found == true:
        return 1.0
    if NONE in (found, true):
        return 0.0
    f, t, fm, tm = found % 12, true % 12, found >= 12, true >= 12
    if fm == tm:
        return 0.5 if (f - t) % 12 in (5, 7) else 0.0
    if f == t:
        return 0.2
    return 0.3 if f == ((t + 3) % 12 if tm else (t - 3) % 12) else 0.0


WORTH = numpy.array([[mirex(f, t) for t in range(25)] for f in range(25)])


@dataclasses.dataclass
class Piece:
    name: str
    kind: str
    style: str
    key: int
    rows: numpy.ndarray


def load(folders):
    pieces = []
    for folder in folders:
        for path in sorted(pathlib.Path(folder).glob("*.json")):
            if path.with_suffix(".key").exists() and "key" in json.loads(path.read_text()):
                truth = json.loads(path.read_text())
                rows = keynet.rows_of(*keynet.read(path.with_suffix(".key")))
                pieces.append(Piece(path.stem, truth.get("kind", "?"), truth.get("style", "?"), number_of(truth["key"]), rows))
    return [p for p in pieces if p.rows.shape[1] >= 20]


def imagine(count):
    pieces = []
    for i in range(count):
        key, rows = imagined.make(parts.rng_for("train", "imagined", i), "train")
        pieces.append(Piece(f"imagined-{i}", "imagined", "imagined", number_of(key), rows))
    return pieces


def cut(piece, longest, random, drums):
    """A stretch of a piece through another mixing desk; beginnings and ends as often as not."""
    rows, key = piece.rows, piece.key
    frames = rows.shape[1]
    length = min(frames, longest)
    start = int(random.choice([0, frames - length, random.integers(frames - length + 1), random.integers(frames - length + 1)]))
    rows = rows[:, start:start + length].copy()
    sounds = rows[:keynet.REGISTERS]
    sounds *= numpy.exp(random.normal(0, 0.4, (keynet.REGISTERS, 1, 1)) + random.normal(0, 0.25))
    if random.random() < 0.2:
        sounds[:int(random.integers(1, 3))] *= random.uniform(0, 0.3)
    if random.random() < 0.2:
        sounds[-int(random.integers(1, 3)):] *= random.uniform(0, 0.3)
    if drums and random.random() < 0.25:   # louder drums
        other = drums[random.integers(len(drums))].rows[:keynet.REGISTERS]
        at = int(random.integers(max(1, other.shape[1] - length + 1)))
        other = numpy.roll(other[:, at:at + length], int(random.integers(12)), 2)
        sounds[:, :other.shape[1]] += random.uniform(0.2, 1.2) * other
    if random.random() < 0.3:              # what is no part of the harmony
        noise = (random.random(sounds.shape) < random.uniform(0.01, 0.08)) * random.exponential(random.uniform(0.1, 0.6), sounds.shape)
        sounds += noise
    if random.random() < 0.02:             # nothing but that
        sounds[:] = (random.random(sounds.shape) < random.uniform(0.1, 0.9)) * random.exponential(random.uniform(0.05, 0.5), sounds.shape)
        key = NONE
    if key != NONE and random.random() < 0.03:
        key = NONE                         # never long in one key
        piece_length = int(random.integers(3, 9))
        for a in range(0, length, piece_length):
            sounds[:, a:a + piece_length] = numpy.roll(sounds[:, a:a + piece_length], int(random.integers(12)), 2)
    if random.random() < 0.3:
        rows[keynet.REGISTERS + 2:] = 0
    out = numpy.zeros((keynet.ROWS, longest, 12), numpy.float32)
    out[:, :length] = rows
    mask = numpy.zeros(longest // 2, numpy.float32)
    mask[:length // 2] = 1
    return out, mask, key


def train(pieces, dreams, steps, seed, rate=3e-3, start=None, report=None, most=0.5):
    torch.manual_seed(seed)
    random = numpy.random.default_rng(seed)
    net, average = keynet.Network(), keynet.Network()
    if start:
        start_from(net, start)
    average.load_state_dict(net.state_dict())
    optimizer = torch.optim.AdamW(net.parameters(), lr=rate, weight_decay=0.05)
    drums = [p for p in pieces if p.key == NONE]
    order, recent = [], 0.0
    share = min(most, len(pieces) / 200) if dreams else 1   # a piece that is heard too often is learned by heart
    net.train()
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = rate * min(1, (step + 1) / 50) * (0.5 + 0.5 * math.cos(math.pi * step / steps))
        batch, longest = [], int(random.choice(CROPS))
        for i in range(BATCH):
            if i >= share * BATCH:
                batch.append(cut(dreams[random.integers(len(dreams))], longest, random, drums))
                continue
            if not order:
                order = list(random.permutation(len(pieces)))
            batch.append(cut(pieces[order.pop()], longest, random, drums))
        rows, masks, keys = (numpy.stack(v) for v in zip(*batch))
        logits = net(torch.from_numpy(rows), torch.from_numpy(masks))
        loss = torch.nn.functional.cross_entropy(logits, torch.from_numpy(keys))
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()
        keep = min(0.995, step / (step + 10))
        for old, new in zip(average.parameters(), net.parameters()):
            old.data.lerp_(new.data, 1 - keep)
        recent += float(loss)
        if report and (step + 1) % 250 == 0:
            report(step + 1, recent / 250, average)
            recent = 0.0
    return average


def probabilities(net, piece):
    net.eval()
    rows = piece.rows[:, :piece.rows.shape[1] // 2 * 2]
    with torch.no_grad():
        logits = net(torch.from_numpy(rows)[None], torch.ones(1, rows.shape[1] // 2))
    return torch.softmax(logits[0], 0).numpy()


def found(p):
    """The key that is expected to score best, or none where that is likelier to be right than the key is worth."""
    return int((WORTH @ p).argmax())


def cool(net, pieces):
    """Divides the last layers by the temperature (Guo et al. 2017) at which the right keys of these pieces are likeliest."""
    logs = [numpy.log(probabilities(net, p) + 1e-9) for p in pieces]

    def surprise(t):
        return numpy.mean([numpy.log(numpy.exp(v / t).sum()) - v[p.key] / t for v, p in zip(logs, pieces)])
    best = min(numpy.arange(0.8, 3.01, 0.05), key=surprise)
    print(f"temperature {best:.2f}")
    for layer in (net.keys, net.none):
        layer.weight.data /= best
        layer.bias.data /= best


def judge(pieces, results):
    """Prints scores by kind and style and the reliability of what was said."""
    groups, sure = {}, []
    for piece, p in zip(pieces, results):
        f = found(p)
        for name in ("all", piece.kind, f"  {piece.kind} {piece.style}"):
            groups.setdefault((name, piece.key == NONE), []).append((WORTH[f, piece.key], f == piece.key))
        if f != NONE:
            sure.append((p[f], f == piece.key))
    for (name, none), scores in sorted(groups.items()):
        s = numpy.array(scores)
        if not name.startswith(" ") or len(s) >= 5:
            print(f"{name}{' (no key)' if none else ''}: {len(s)} pieces, weighted {s[:, 0].mean():.3f}, right {s[:, 1].mean():.3f}")
    sure = numpy.array(sure)
    for low, high in ((0, 0.5), (0.5, 0.7), (0.7, 0.8), (0.8, 0.9), (0.9, 0.95), (0.95, 1.01)):
        inside = (sure[:, 0] >= low) & (sure[:, 0] < high)
        if inside.any():
            print(f"  given {low} to {min(1, high)}: {inside.sum()}, right {sure[inside, 1].mean():.3f}")


def export(net, path):
    """The weights as src/analysis/key_network.cpp reads them: 16-bit floats, little-endian; kernels as (tap, input, degree, output)."""
    parts = []
    for layer in (net.chords, net.changes, net.turns, net.attention, net.head, net.keys, net.none):
        if isinstance(layer, keynet.Turning):
            parts += [layer.convolution.weight.permute(2, 1, 3, 0), layer.convolution.bias]
        else:
            parts += [layer.weight, layer.bias]
    weights = numpy.concatenate([p.detach().numpy().ravel() for p in parts])
    assert numpy.abs(weights).max() < 60000
    weights.astype("<f2").tofile(path)


def start_from(net, path):
    """The other way round."""
    weights, at = numpy.fromfile(path, "<f2").astype(numpy.float32), 0
    for layer in (net.chords, net.changes, net.turns, net.attention, net.head, net.keys, net.none):
        for parameter in layer.parameters():
            values = torch.tensor(weights[at:at + parameter.numel()])
            at += parameter.numel()
            if parameter.dim() == 4:
                outputs, inputs, taps, degrees = parameter.shape
                values = values.reshape(taps, inputs, degrees, outputs).permute(3, 1, 0, 2)
            parameter.data = values.reshape(parameter.shape).contiguous()
    assert at == len(weights)


def write_reference(net, path):
    """What the weights, as they are shipped, make of an input that the test makes, too: a linear congruential generator's top bytes."""
    frames, state, values = 64, 1, []
    for _ in range(frames * keynet.ROWS * 12):
        state = (state * 1664525 + 1013904223) % 2**32
        values.append((state >> 24) / 255)
    for parameter in net.parameters():
        parameter.data = parameter.data.half().float()
    rows = torch.tensor(values).reshape(1, frames, keynet.ROWS, 12).permute(0, 2, 1, 3)
    with torch.no_grad():
        logits = net.eval()(rows, torch.ones(1, frames // 2))[0]
    header.write(path, "keys.py", "the logits that the weights give for the test's input.",
                 f"constexpr std::array<double, 25> kKeyReference = {{{', '.join(f'{float(v):.5f}' for v in logits)}}};")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", nargs="*")
    parser.add_argument("--out")
    parser.add_argument("--reference")
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--held-out", nargs="*", default=[])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rate", type=float, default=3e-3)
    parser.add_argument("--start")
    parser.add_argument("--imagined", type=int, default=3000)
    parser.add_argument("--share", type=float, default=0.5, help="at most, of what is learned from, pieces of SETS")
    parser.add_argument("--folds", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    pieces, held, dreams = load(options.sets), load(options.held_out), imagine(options.imagined)
    print(f"{len(pieces)} pieces, {sum(p.key == NONE for p in pieces)} without a key; {sum(p.numel() for p in keynet.Network().parameters())} weights", flush=True)

    def report(step, loss, net):
        line = f"step {step}: {loss:.4f}"
        if held:
            results = [probabilities(net, p) for p in held]
            line += f"  held out {numpy.mean([WORTH[found(r), p.key] for r, p in zip(results, held) if p.key != NONE]):.3f}"
        print(line, flush=True)

    if options.folds:
        fold = [int(hashlib.sha256(p.name.encode()).hexdigest()[:8], 16) % options.folds for p in pieces]
        results = [None] * len(pieces)
        for k in range(options.folds):
            others = [p for p, f in zip(pieces, fold) if f != k]
            net = train(others, dreams, options.steps, options.seed, options.rate, options.start, most=options.share)
            for i, f in enumerate(fold):
                if f == k:
                    results[i] = probabilities(net, pieces[i])
        judge(pieces, results)
        return 0
    net = train(pieces, dreams, options.steps, options.seed, options.rate, options.start, report, options.share)
    if held:
        cool(net, held)
        judge(held, [probabilities(net, p) for p in held])
    if options.out:
        export(net, options.out)
    if options.reference:
        write_reference(net, options.reference)
    return 0


if __name__ == "__main__":
    sys.exit(main())
