// Written by tools/train/counting.py:
// how much each of Traits speaks for a way of counting.
#pragma once

#include <array>

namespace tactus::analysis {

// clang-format off
constexpr std::array<float, 12> kCountingWeights = {
    2.360f, -2.500f, 1.246f, 2.615f, 2.027f, -1.681f, 0.415f, -0.699f, -0.407f, -1.005f, 1.792f, 1.347f};
// clang-format on

}  // namespace tactus::analysis
