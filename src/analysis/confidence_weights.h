// Written by tools/train/doubts.py:
// log odds by evidence that the tempo, the beats and the downbeats are right.
#pragma once

#include <array>

namespace tactus::analysis {

// clang-format off
constexpr std::array<std::array<float, 12>, 3> kConfidenceWeights = {{
    {0.018f, 1.534f, -1.025f, -0.905f, -0.606f, 0.043f, -0.218f, 1.477f, -0.184f, -0.425f, 0.065f, 3.895f},
    {-0.998f, 2.390f, 0.236f, -1.482f, -0.712f, -0.162f, 0.850f, 2.907f, -0.955f, 0.103f, 0.233f, 1.733f},
    {0.112f, 1.230f, -0.121f, -2.239f, -0.633f, 0.543f, -0.418f, 3.750f, -0.714f, -0.685f, -0.116f, 1.606f}}};
// clang-format on

}  // namespace tactus::analysis
