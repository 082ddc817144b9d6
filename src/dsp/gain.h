// Gains: applying a ramp to a buffer, and what the positions of the mixer's faders mean.
// Realtime-safe, no state but the ramps.
#pragma once

#include <cstdint>

#include "base/rt.h"
#include "dsp/ramp.h"

namespace tactus::dsp {

// Multiplies n frames of a stereo segment by a ramped linear gain.
inline void apply_gain(float* left, float* right, int n, Ramp& gain) TACTUS_RT {
  if (!gain.active()) {
    const float g = gain.target();
    if (g == 1.0f) return;
    // Silence is a product too, not a fill with zeros: the sign of a zero must not depend on where a segment ends.
    for (int i = 0; i < n; ++i) left[i] *= g;
    for (int i = 0; i < n; ++i) right[i] *= g;
    return;
  }
  constexpr int kPart = 32;
  float g[kPart];
  for (int at = 0; at < n; at += kPart) {
    const int m = std::min(kPart, n - at);
    gain.fill(g, m);
    for (int i = 0; i < m; ++i) left[at + i] *= g[i];
    for (int i = 0; i < m; ++i) right[at + i] *= g[i];
  }
}

// Adds n frames of `from`, multiplied by a ramped linear gain, to `to`.
inline void mix_in(float* to_left, float* to_right, const float* left, const float* right, int n,
                   Ramp& gain) TACTUS_RT {
  for (int i = 0; i < n; ++i) {
    const float g = gain.next();
    to_left[i] += left[i] * g;
    to_right[i] += right[i] * g;
  }
}

// Linear gain of a channel fader at position x in 0..1: 0 and 1 at the ends, -12 dB half way (x squared: close to the
// taper of common mixers and free of a jump at the bottom).
constexpr float fader_gain(float x) TACTUS_RT { return x * x; }

// In the order of msg::Param::xf_curve's values.
enum class CrossfaderCurve : std::uint8_t {
  smooth,          // amplitudes add up to 1: no bump when both sides play the same
  constant_power,  // powers add up to 1: no dip between different tracks
  cut,             // both sides full but for the last twentieth of the way: scratching
};

struct CrossfaderGains {
  float left = 1, right = 1;
};

// Linear gains of the two sides with the crossfader at x in -1 (left) .. 1 (right). A channel assigned `thru` has 1.
constexpr CrossfaderGains crossfader_gains(CrossfaderCurve curve, float x) TACTUS_RT {
  const float p = std::clamp(0.5f * (x + 1.0f), 0.0f, 1.0f);
  switch (curve) {
    case CrossfaderCurve::smooth:
      return {1.0f - p, p};
    case CrossfaderCurve::constant_power:
      return {static_cast<float>(quarter_sine(1.0 - static_cast<double>(p))),
              static_cast<float>(quarter_sine(static_cast<double>(p)))};
    case CrossfaderCurve::cut: {
      constexpr float kTravel = 20;  // 1 / (share of the whole way that a cut takes)
      return {std::min(1.0f, (1.0f - p) * kTravel), std::min(1.0f, p * kTravel)};
    }
  }
  return {};
}

}  // namespace tactus::dsp
