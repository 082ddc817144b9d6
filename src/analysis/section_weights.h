// Written by tools/train/labels.py:
// how much each of SectionFeatures speaks for each Part (rows in the order of Part).
#pragma once

#include <array>

namespace tactus::analysis {

// clang-format off
constexpr std::array<std::array<float, 15>, 6> kSectionWeights = {{
    {-0.870f, 3.834f, -0.141f, -1.232f, -0.698f, 0.377f, 0.603f, 0.165f, -0.898f, -0.153f, 0.045f, -0.018f, -0.338f, -0.403f, -1.664f},
    {1.667f, -0.096f, -0.875f, 0.067f, 0.569f, 0.148f, -1.129f, 0.275f, 1.204f, 0.358f, -0.328f, -0.375f, -0.213f, 0.421f, -1.719f},
    {1.173f, -2.166f, -0.487f, 0.347f, 0.375f, -0.112f, 1.528f, 0.843f, -2.037f, 0.605f, -0.381f, 1.298f, -0.236f, 0.206f, -0.036f},
    {-0.038f, -0.964f, -0.733f, 0.786f, 0.615f, 0.132f, -0.900f, -0.056f, 1.808f, -0.406f, -0.232f, -0.482f, -0.195f, -0.137f, 1.538f},
    {-1.038f, -0.436f, -1.202f, 0.241f, -0.840f, -0.380f, 0.686f, -0.729f, 0.921f, 0.034f, 0.272f, -0.072f, 0.388f, 0.193f, 0.622f},
    {-0.895f, -0.173f, 3.437f, -0.209f, -0.020f, -0.165f, -0.788f, -0.498f, -0.999f, -0.438f, 0.625f, -0.350f, 0.594f, -0.280f, 1.260f}}};
// clang-format on

}  // namespace tactus::analysis
