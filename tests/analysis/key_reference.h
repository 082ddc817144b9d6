// Written by tools/train/keys.py:
// the logits that the weights give for the test's input.
#pragma once

#include <array>

namespace tactus::analysis {

// clang-format off
constexpr std::array<double, 25> kKeyReference = {-3.78118, -2.88678, -2.18171, -4.37150, -3.21380, -3.30710, -1.89840, -3.49485, -4.38412, -1.94701, -3.64419, -3.94099, -2.49994, -0.55869, -0.74103, -2.31049, -1.23167, -1.44462, 1.13359, -1.71790, -2.04135, -1.16664, -1.22102, -0.62881, 6.70885};
// clang-format on

}  // namespace tactus::analysis
