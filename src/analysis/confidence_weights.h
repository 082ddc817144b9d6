// Written by tools/train/doubts.py:
// log odds by evidence that the tempo, the beats and the downbeats are right.
#pragma once

#include <array>

namespace tactus::analysis {

// clang-format off
constexpr std::array<std::array<float, 12>, 3> kConfidenceWeights = {{
    {0.421f, 1.749f, -1.130f, 0.028f, -1.347f, 0.278f, 0.005f, 1.911f, -1.292f, -1.033f, -1.018f, 4.082f},
    {-1.677f, 3.245f, -0.052f, -1.639f, -0.915f, 0.308f, 1.547f, 2.342f, -1.861f, 0.697f, -0.581f, 2.033f},
    {-0.308f, 1.108f, -0.181f, -1.344f, -0.842f, 0.040f, 1.251f, 4.428f, -2.790f, -0.483f, -1.149f, 2.338f}}};
// clang-format on

}  // namespace tactus::analysis
