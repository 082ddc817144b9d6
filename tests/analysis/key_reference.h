// Written by tools/train/keys.py:
// the logits that the weights give for the test's input.
#pragma once

#include <array>

namespace tactus::analysis {

// clang-format off
constexpr std::array<double, 25> kKeyReference = {-7.35369, -7.12793, -7.19811, -7.53818, -7.74326, -7.79292, -7.49425, -7.17769, -7.38852, -6.94234, -7.68995, -7.99408, -5.27677, -4.89432, -5.06925, -5.79591, -5.99091, -5.72787, -5.16885, -5.13202, -5.20002, -5.23689, -5.90843, -5.62381, 5.22091};
// clang-format on

}  // namespace tactus::analysis
