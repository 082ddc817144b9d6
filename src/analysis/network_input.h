// What the beat network is given of a track, and what it was trained on (tools/train).
#pragma once

#include <cstdint>
#include <vector>

#include "analysis/features.h"

namespace tactus::analysis {

constexpr int kPitchRows = 24;  // twelve pitch classes of the notes, twelve of the bass
constexpr int kInputRows = kWideBands + 2 * kFastBands + kPitchRows;

// kInputRows bytes for each frame of `features.spectra`: levels in half decibels, 160 where the loudest tenth of the
// track begins, so that the same music at another gain gives the same; then pitch classes, 0 to 255 of the strongest.
std::vector<std::uint8_t> network_input(const Features& features);

}  // namespace tactus::analysis
