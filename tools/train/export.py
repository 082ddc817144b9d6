#!/usr/bin/python3
"""export.py WEIGHTS.pt network.bin network_reference.h [START.bin]: the weights as src/analysis/network.cpp reads them: 16-bit floats, little-endian, layer
by layer as network.py has them, each kernel as (tap, input, output) and then its biases; and what they make of a fixed input,
for a test (tests/analysis/network_reference.h). With START.bin, what they were taught further from: the mean of both, which forgets
less of what it knew (Wortsman et al. 2022, "Robust fine-tuning of zero-shot models")."""
import sys

import torch

import network


def main():
    net = network.Network()
    network.load(net, sys.argv[1])
    if len(sys.argv) > 4:
        start = network.Network()
        network.load(start, sys.argv[4])
        for mine, other in zip(net.parameters(), start.parameters()):
            mine.data = (mine.data + other.data) / 2
    weights = network.shipped(net)
    weights.tofile(sys.argv[2])
    print(len(weights), "weights")
    write_reference(net, sys.argv[3])


def write_reference(net, path):
    """Of an input that the test makes, too: a linear congruential generator's top bytes."""
    frames, state, values = 200, 1, []
    for _ in range(frames * network.ROWS):
        state = (state * 1664525 + 1013904223) % 2**32
        values.append(state >> 24)
    # The weights as they are shipped.
    for parameter in net.parameters():
        parameter.data = parameter.data.half().float()
    rows = torch.tensor(values, dtype=torch.uint8).reshape(frames, network.ROWS).T[None]
    with torch.no_grad():
        p = torch.sigmoid(net.eval()(rows))[0]
    lines = [", ".join(f"{float(v):.6f}" for v in head[::40]) for head in p]
    body = ",\n".join("    {{" + line + "}}" for line in lines)
    with open(path, "w") as out:
        out.write("// Written by tools/train/export.py: every 40th probability that the weights give for the test's input.\n"
                  "#pragma once\n\n#include <array>\n\nnamespace tactus::analysis {\n\n"
                  f"constexpr std::array<std::array<double, 5>, 4> kNetworkReference = {{{{\n{body}}}}};\n\n"
                  "}  // namespace tactus::analysis\n")


if __name__ == "__main__":
    main()
