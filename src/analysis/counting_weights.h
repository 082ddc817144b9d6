// Written by tools/train/counting.py:
// how much each of Traits speaks for a way of counting.
#pragma once

#include <array>

namespace tactus::analysis {

// clang-format off
constexpr std::array<float, 15> kCountingWeights = {
    1.519f, -1.898f, 1.165f, 3.300f, 1.179f, -0.389f, 0.366f, -0.768f, -0.530f, -0.985f, -0.619f, 1.168f, 0.725f, 0.469f, -0.495f};
// clang-format on

}  // namespace tactus::analysis
