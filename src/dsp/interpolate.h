// Band-limited reading between samples: what a deck's direct path does when it plays at a speed other than 1,
// scratches, brakes or runs backwards.
//
// A windowed sinc (Kaiser) of 32 taps in 512 phases, linear between phases. Above speed 1 the cut-off falls with the
// speed, so that what would fold back is taken out first; tables exist up to speed 4, faster reading keeps the last one
// and aliases gracefully. On a sample at speed 1 or less the sample itself is returned, bit for bit.
// Theory: J. O. Smith, "Digital Audio Resampling", CCRMA; Kaiser & Schafer 1980 for the window.
#pragma once

#include <array>
#include <cstdint>

#include "base/rt.h"
#include "dsp/simd.h"

namespace tactus::dsp {

// The coefficients, some 470 KB. Made once by the control side, read-only afterwards, shared by all decks.
class SincTables {
 public:
  static constexpr int kTaps = 32;
  // The window of a read at position p starts kBefore frames before floor(p) and holds kTaps frames.
  static constexpr int kBefore = kTaps / 2 - 1;
  static constexpr int kPhases = 512;
  static constexpr int kTables = 7;
  // Speed up to which each table keeps out what would fold back; 10^(1/10) apart.
  static constexpr std::array<double, kTables> kSpeeds = {1.0, 1.25, 1.6, 2.0, 2.5, 3.2, 4.0};

  // Fills the tables. Not realtime-safe (some ten milliseconds); no allocation.
  void build() noexcept;

  // The coefficients of phase 0..kPhases of a table: kTaps floats, summing to 1.
  const float* row(int table, int phase) const TACTUS_RT {
    return rows_[static_cast<std::size_t>(table)][static_cast<std::size_t>(phase)].data();
  }

 private:
  std::array<std::array<std::array<float, kTaps>, kPhases + 1>, kTables> rows_;
};

// Reads one frame of Channels (2 or 8) interleaved channels between samples.
// window: kTaps frames, the first one kBefore frames before the frame floor(position).
// fraction: position - floor(position), 0 <= fraction < 1. speed: track frames an output frame, any sign.
template <int Channels>
void read_between(const SincTables& tables, const float* window, double fraction, double speed, float* out) TACTUS_RT;

template <>
void read_between<2>(const SincTables&, const float*, double, double, float*) TACTUS_RT;
template <>
void read_between<8>(const SincTables&, const float*, double, double, float*) TACTUS_RT;

}  // namespace tactus::dsp
