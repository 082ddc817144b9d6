// Written by tools/train/export.py: every 40th probability that the weights give for the test's input.
#pragma once

#include <array>

namespace tactus::analysis {

constexpr std::array<std::array<double, 5>, 4> kNetworkReference = {
    {{{0.007520, 0.010354, 0.146174, 0.012845, 0.104617}},
     {{0.000015, 0.011077, 0.000330, 0.000336, 0.000024}},
     {{0.021608, 0.034767, 0.000472, 0.070608, 0.000034}},
     {{0.002113, 0.000008, 0.000002, 0.000002, 0.000573}}}};

}  // namespace tactus::analysis
