#!/usr/bin/python3
"""export.py WEIGHTS.pt network.bin network_reference.h: the weights as src/analysis/network.cpp reads them: 16-bit floats, little-endian, layer
by layer as network.py has them, each kernel as (tap, input, output) and then its biases; and what they make of a fixed input,
for a test (tests/analysis/network_reference.h)."""
import sys

import numpy
import torch

import network


def main():
    net = network.Network()
    net.load_state_dict(torch.load(sys.argv[1]))
    convolutions = [net.front]
    for layer in net.layers:
        convolutions += [layer.wide, layer.narrow]
    convolutions.append(net.heads)
    parts = []
    for convolution in convolutions:
        parts.append(convolution.weight.detach().numpy().transpose(2, 1, 0).ravel())
        parts.append(convolution.bias.detach().numpy())
    weights = numpy.concatenate(parts)
    assert numpy.abs(weights).max() < 60000
    weights.astype("<f2").tofile(sys.argv[2])
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
