// How high a signal rises between its samples, by interpolation at four times the rate.
//
// Two interpolators look at once, because meters disagree near the Nyquist frequency and a limiter must satisfy them
// all: the 48-tap filter of ITU-R BS.1770 annex 2 (points at odd eighths of a sample), and a Hann-windowed sinc of the
// same length (points at quarters, the samples themselves among them), which is what libebur128 uses.
// Realtime-safe; plain state by value.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>

#include "base/rt.h"
#include "dsp/simd.h"

namespace tactus::dsp {

namespace true_peak {

constexpr int kTaps = 12;
constexpr int kDelay = 6;

// Newest sample first; lane = phase.
inline constexpr std::array<F4, kTaps> kItu = {
    F4{0.0017089843750f, -0.0291748046875f, -0.0189208984375f, -0.0083007812500f},
    F4{0.0109863281250f, 0.0292968750000f, 0.0330810546875f, 0.0148925781250f},
    F4{-0.0196533203125f, -0.0517578125000f, -0.0582275390625f, -0.0266113281250f},
    F4{0.0332031250000f, 0.0891113281250f, 0.1015625000000f, 0.0476074218750f},
    F4{-0.0594482421875f, -0.1665039062500f, -0.2003173828125f, -0.1022949218750f},
    F4{0.1373291015625f, 0.4650878906250f, 0.7797851562500f, 0.9721679687500f},
    F4{0.9721679687500f, 0.7797851562500f, 0.4650878906250f, 0.1373291015625f},
    F4{-0.1022949218750f, -0.2003173828125f, -0.1665039062500f, -0.0594482421875f},
    F4{0.0476074218750f, 0.1015625000000f, 0.0891113281250f, 0.0332031250000f},
    F4{-0.0266113281250f, -0.0582275390625f, -0.0517578125000f, -0.0196533203125f},
    F4{0.0148925781250f, 0.0330810546875f, 0.0292968750000f, 0.0109863281250f},
    F4{-0.0083007812500f, -0.0189208984375f, -0.0291748046875f, 0.0017089843750f}};

// sinc(x) * hann(x) at distance x = quarters / 4 samples, |x| <= 6; sine and cosine of multiples of a quarter turn
// and of 1/24 turn by recurrence, so that it is a constant expression.
constexpr float windowed_sinc(int quarters) noexcept {
  if (quarters == 0) return 1;
  if (quarters % 4 == 0) return 0;
  constexpr double kPi = 3.14159265358979323846;
  constexpr double kEighthTurn = 0.70710678118654752440;
  constexpr double kSine[8] = {0, kEighthTurn, 1, kEighthTurn, 0, -kEighthTurn, -1, -kEighthTurn};
  const int q = quarters < 0 ? -quarters : quarters;
  constexpr double kCos24 = 0.99144486137381041114, kSin24 = 0.13052619222005159155;  // of 7.5 degrees
  double c = 1, s = 0;
  for (int i = 0; i < q; ++i) {
    const double turned = c * kCos24 - s * kSin24;
    s = s * kCos24 + c * kSin24;
    c = turned;
  }
  return static_cast<float>(kSine[q % 8] / (kPi * q / 4) * (0.5 + 0.5 * c));
}

constexpr std::array<F4, kTaps> make_sinc() noexcept {
  std::array<F4, kTaps> taps{};
  for (int k = 0; k < kTaps; ++k) {  // sample k frames ago seen from the points 6, 5.75, 5.5, 5.25 frames ago
    const int q = 4 * (kDelay - k);
    taps[static_cast<std::size_t>(k)] =
        F4{windowed_sinc(q), windowed_sinc(q - 1), windowed_sinc(q - 2), windowed_sinc(q - 3)};
  }
  return taps;
}
inline constexpr std::array<F4, kTaps> kSinc = make_sinc();

}  // namespace true_peak

class TruePeakDetector {
 public:
  static constexpr int kTaps = true_peak::kTaps;  // samples that a point depends on
  static constexpr int kDelay =
      true_peak::kDelay;                // push() speaks of the time between this many frames ago and one later
  static constexpr float kGain = 2.1f;  // no point exceeds the highest of those samples by more than this factor

  void clear() TACTUS_RT { *this = TruePeakDetector(); }

  // Takes a frame; returns the highest absolute value, left or right, between the frames pushed kDelay and kDelay - 1
  // calls ago. What cannot exceed `ignore` (linear) may be returned as 0: quiet passages cost nothing.
  float push(float left, float right, float ignore) TACTUS_RT {
    // Histories are kept twice over, so that the last 12 frames always lie in one piece.
    at_ = at_ == 0 ? kTaps - 1 : at_ - 1;
    const auto a = static_cast<std::size_t>(at_);
    left_[a] = left_[a + kTaps] = left;
    right_[a] = right_[a + kTaps] = right;
    if (std::max(std::fabs(left), std::fabs(right)) * kGain > ignore) loud_ = kTaps;
    if (loud_ == 0) return 0;
    --loud_;
    return highest(&left_[a], &right_[a]);
  }

 private:
  static float highest(const float* left, const float* right) TACTUS_RT {
    F4 itu_l = splat4(0), itu_r = splat4(0), sinc_l = splat4(0), sinc_r = splat4(0);
    for (std::size_t k = 0; k < kTaps; ++k) {
      const F4 l = splat4(left[k]), r = splat4(right[k]);
      itu_l += true_peak::kItu[k] * l;
      itu_r += true_peak::kItu[k] * r;
      sinc_l += true_peak::kSinc[k] * l;
      sinc_r += true_peak::kSinc[k] * r;
    }
    const F4 peak = larger(larger(magnitude(itu_l), magnitude(itu_r)), larger(magnitude(sinc_l), magnitude(sinc_r)));
    return std::max(std::max(peak[0], peak[1]), std::max(peak[2], peak[3]));
  }
  static F4 magnitude(F4 x) TACTUS_RT { return larger(x, -x); }
  static F4 larger(F4 a, F4 b) TACTUS_RT { return a > b ? a : b; }

  std::array<float, 2 * kTaps> left_{}, right_{};
  int at_ = 0;
  int loud_ = 0;  // frames until everything in the history is too quiet to matter
};

}  // namespace tactus::dsp
