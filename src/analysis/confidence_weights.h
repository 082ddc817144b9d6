// Written by tools/train/doubts.py:
// log odds by evidence that the tempo, the beats and the downbeats are right.
#pragma once

#include <array>

namespace tactus::analysis {

// clang-format off
constexpr std::array<std::array<float, 11>, 3> kConfidenceWeights = {{
    {-1.922f, 1.960f, -0.604f, 0.287f, 0.558f, -1.146f, -0.206f, 1.490f, -1.625f, 1.736f, 1.004f},
    {-1.912f, 3.685f, -1.300f, -1.339f, 0.031f, -0.382f, -0.409f, 2.535f, 0.031f, 0.417f, 1.634f},
    {-1.487f, 1.536f, -0.436f, -0.956f, -0.266f, -0.592f, -0.537f, 3.563f, -1.855f, 0.435f, 0.792f}}};
// clang-format on

}  // namespace tactus::analysis
