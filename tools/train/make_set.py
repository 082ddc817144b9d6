#!/usr/bin/python3
"""Renders pieces with exact truth: make_set.py OUT --part train|dev|test --kind electronic|band|piano|drums --count N [--first K] [--jobs J] [--short]

Each piece is made from (part, kind, index) alone, so any of them can be made again. For each there is the sound, a JSON
file with its truth beside it, and a line in OUT/TRUTH.jsonl. What exists is skipped. Short ones last about a minute: for keys, many
count for more than long ones.
"""

import argparse
import importlib
import json
import multiprocessing
import os
import sys
import time

import fluid
import master
import parts
import piece as pieces

KINDS = {"electronic": "electronic", "band": "bands", "piano": "piano", "drums": "drums"}


def render(job):
    """Makes one piece; returns (name, seconds of CPU, seconds of music) or (name, error)."""
    out, part, kind, index, short = job
    name = name_of(part, kind, index, short)
    begun = time.process_time()
    try:
        rng = parts.rng_for(part, kind + "-short" if short else kind, index)
        made = pieces.finished(importlib.import_module(KINDS[kind]).make(rng, part, short), rng)
        ending, arguments = master.draw_codec(rng)
        temporary = os.path.join(out, f".{os.getpid()}-{name}.{ending}")
        master.write(temporary, made.mix, arguments)
        os.replace(temporary, os.path.join(out, f"{name}.{ending}"))
        truth = {"file": f"{name}.{ending}", **made.truth()}
        replace(os.path.join(out, name + ".json"), json.dumps(truth))
        return name, time.process_time() - begun, truth["duration"]
    except Exception as error:  # one piece that fails must not end a night's rendering
        return name, f"{type(error).__name__}: {error}", 0.0


def name_of(part, kind, index, short):
    return f"{part}-{kind}-{'short-' if short else ''}{index:04d}"


def replace(path, text):
    """Writes a file whole or not at all, also when others render into the same folder."""
    temporary = os.path.join(os.path.dirname(path), f".{os.getpid()}-{os.path.basename(path)}")
    with open(temporary, "w") as file:
        file.write(text)
    os.replace(temporary, path)


def collect(out):
    """Writes TRUTH.jsonl from all the truths beside it."""
    lines = []
    for name in sorted(os.listdir(out)):
        if name.endswith(".json") and not name.startswith("."):
            with open(os.path.join(out, name)) as file:
                lines.append(json.dumps(json.load(file)))
    replace(os.path.join(out, "TRUTH.jsonl"), "".join(line + "\n" for line in lines))
    return len(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out")
    parser.add_argument("--part", choices=parts.PARTS, required=True)
    parser.add_argument("--kind", choices=sorted(KINDS), required=True)
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--short", action="store_true")
    options = parser.parse_args()
    os.makedirs(options.out, exist_ok=True)
    wanted = range(options.first, options.first + options.count)
    jobs = [
        (options.out, options.part, options.kind, i, options.short)
        for i in wanted
        if not os.path.exists(os.path.join(options.out, name_of(options.part, options.kind, i, options.short) + ".json"))
    ]
    importlib.import_module(KINDS[options.kind])
    fluid.preload()
    begun, failed = time.monotonic(), 0
    # A process a piece: synthesisers then begin afresh, so that a piece doesn't depend on those before it.
    with multiprocessing.get_context("fork").Pool(options.jobs, maxtasksperchild=1) as pool:
        for done, (name, cost, seconds) in enumerate(pool.imap_unordered(render, jobs), 1):
            left = (time.monotonic() - begun) / done * (len(jobs) - done)
            failed += isinstance(cost, str)
            report = cost if isinstance(cost, str) else f"{seconds:.0f} s of music, {cost:.1f} s of CPU"
            print(f"{done}/{len(jobs)} {name}: {report}; {left / 60:.0f} min left", flush=True)
            if done % 10 == 0:
                collect(options.out)
    print(f"{collect(options.out)} truths in {options.out}, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
