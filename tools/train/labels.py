#!/usr/bin/python3
"""labels.py SECTIONS.txt src/analysis/section_weights.h: learns what parts are for (multinomial logistic regression with a little
ridge) from what the sections program printed of pieces whose truth is known."""
import sys

import numpy

import header

PARTS = ["intro", "verse", "build", "drop", "break", "outro"]


def main():
    rows = [line.split() for line in open(sys.argv[1])]
    rows = [row for row in rows if row[0] in PARTS]
    y = numpy.array([PARTS.index(row[0]) for row in rows])
    x = numpy.array([[float(v) for v in row[1:]] for row in rows])
    target = numpy.eye(len(PARTS))[y]
    # Rare parts count as much as common ones, nearly.
    weight = (len(y) / numpy.maximum(1, target.sum(0)) ** 1.0) ** 0.5
    weight = weight[y] / weight[y].mean()
    w = numpy.zeros((len(PARTS), x.shape[1]))
    for step in range(4000):
        z = x @ w.T
        p = numpy.exp(z - z.max(1, keepdims=True))
        p /= p.sum(1, keepdims=True)
        w -= 0.5 * (((p - target) * weight[:, None]).T @ x / len(y) + 0.002 * w)
    print(len(y), "parts, right:", (p.argmax(1) == y).mean())
    for i, part in enumerate(PARTS):
        print(f"  {part}: {(y == i).sum()}, right {((p.argmax(1) == y) & (y == i)).sum() / max(1, (y == i).sum()):.2f}")
    rows = ",\n".join("    " + header.floats(row) for row in w)
    header.write(sys.argv[2], "labels.py", "how much each of SectionFeatures speaks for each Part (rows in the order of Part).",
                 f"constexpr std::array<std::array<float, {x.shape[1]}>, {len(PARTS)}> kSectionWeights = {{{{\n{rows}}}}};")


if __name__ == "__main__":
    main()
