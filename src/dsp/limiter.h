// The limiter at the end of the master: nothing leaves it above -0.1 dBTP, and what is below -0.2 dBTP passes bit for
// bit, only later by kLatency frames.
//
// Look ahead, hold the lowest gain needed, let it recover slowly, smooth it by two moving averages no longer than the
// look-ahead, so that it arrives in time. The gain's slope may lift a peak between samples a little above what the
// samples' own gains allow; the tenth of a decibel between threshold and ceiling is for that (an adversary who searched
// for it with the detector in hand found 0.03 dB; noise, squares and bursts stay within 0.002 dB). Gains are 30-bit
// fixed point: sums of a moving average stay exact for ever, and an idle limiter's gain is 1, not nearly 1.
// Input must be finite (dsp/guard.h). Audio thread; plain state by value.
#pragma once

#include <array>
#include <cstdint>

#include "base/rt.h"
#include "base/units.h"
#include "dsp/true_peak.h"

namespace tactus::dsp {

class Limiter {
  static constexpr int kBoxA = 32, kBoxB = 16;  // frames of the moving averages, powers of two
  static constexpr int kSmoothing = kBoxA + kBoxB - 1;

 public:
  // Delay in frames, whatever the rate and the signal: the gain is down while any sample that a peak depends on passes.
  static constexpr int kLatency = kSmoothing + TruePeakDetector::kTaps - 2;
  static constexpr double kCeilingDb = -0.1;    // dBTP, never exceeded
  static constexpr double kThresholdDb = -0.2;  // dBTP, untouched up to here

  // Control side: sets the rate and clears.
  void prepare(SampleRate rate) noexcept;
  void clear() TACTUS_RT;

  // Audio thread: n frames in place.
  void process(float* left, float* right, int n) TACTUS_RT;

  // Lowest linear gain since the last call; 1 when idle.
  float take_lowest_gain() TACTUS_RT {
    const float g = lowest_gain_;
    lowest_gain_ = 1;
    return g;
  }

 private:
  static constexpr std::int64_t kOne = std::int64_t{1} << 30;
  static constexpr int kHold = kLatency + 1;
  static constexpr std::uint32_t kRing = 64;  // a power of two above kHold
  static_assert(kHold < static_cast<int>(kRing));

  float gain_for(float peak) TACTUS_RT;
  std::int64_t hold_lowest(std::int64_t needed) TACTUS_RT;
  float smooth(std::int64_t gain) TACTUS_RT;

  TruePeakDetector detector_;
  std::array<float, kRing> left_{}, right_{};
  // Sliding minimum: gains in rising order, each with the frame that needs it.
  std::array<std::int32_t, kRing> lowest_{};
  std::array<std::uint32_t, kRing> lowest_at_{};
  std::uint32_t lowest_begin_ = 0, lowest_end_ = 0;
  std::array<std::int64_t, kBoxA> box_a_{};
  std::array<std::int64_t, kBoxB> box_b_{};
  std::int64_t sum_a_ = 0, sum_b_ = 0;
  std::int64_t gain_ = kOne;
  std::int64_t release_share_ = 0, release_step_ = 0;
  std::uint32_t now_ = 0;
  std::int32_t quiet_ = 0;  // frames since a gain below 1 was needed or left over
  float lowest_gain_ = 1;
};

}  // namespace tactus::dsp
