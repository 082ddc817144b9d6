// The one way in which a parameter changes: from its current value to a target along a curve, frame by frame.
//
// A ramp's value is a pure function of the number of frames since it was aimed (or driven), so the sound does not
// depend on how a block is cut into segments. No function here calls libm: the curves are polynomials, the same on
// every machine. Realtime-safe; plain state by value; not thread-safe.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>

#include "base/rt.h"
#include "base/units.h"

namespace tactus::dsp {

// In the order of msg::Curve.
enum class Curve : std::uint8_t { linear, equal_power, exponential, s_curve };

// Length of a ramp nobody asked a length for.
constexpr Seconds kDefaultRamp{0.005};
constexpr std::int32_t default_ramp_frames(SampleRate rate) TACTUS_RT {
  return static_cast<std::int32_t>(rate.frames(kDefaultRamp).v);
}

// sin(pi/2 x) for x in 0..1, within 1e-9 (Taylor to the 13th power); exactly 0 and 1 at the ends.
constexpr double quarter_sine(double x) TACTUS_RT {
  if (x >= 1) return 1;
  const double t = x * 1.57079632679489661923;
  const double s = t * t;
  return t * (1 + s * (-1.0 / 6 +
                       s * (1.0 / 120 + s * (-1.0 / 5040 +
                                             s * (1.0 / 362880 + s * (-1.0 / 39916800 + s * (1.0 / 6227020800.0)))))));
}

// 2^x for x in -1000..1000, relative error below 1e-8 (Taylor to the 8th power around the middle of the octave).
constexpr double exp2_poly(double x) TACTUS_RT {
  const auto whole = static_cast<std::int64_t>(x < 0 ? x - 1 : x);
  const double t = (x - static_cast<double>(whole) - 0.5) * 0.69314718055994530942;
  const double s = t * t;
  const double even = 1 + s * (1.0 / 2 + s * (1.0 / 24 + s * (1.0 / 720 + s * (1.0 / 40320))));
  const double odd = t * (1 + s * (1.0 / 6 + s * (1.0 / 120 + s * (1.0 / 5040))));
  constexpr double kHalfOctave = 1.41421356237309504880;
  return (even + odd) * kHalfOctave * std::bit_cast<double>(static_cast<std::uint64_t>(1023 + whole) << 52);
}

// Where between start (0) and target (1) a ramp stands at progress p in 0..1.
// equal_power: a rise and a fall of the same length add up to constant power. exponential: even steps of loudness over
// 60 dB, mirrored for a fall. s_curve: 3p^2 - 2p^3.
constexpr double curve_at(Curve curve, double p, bool rising) TACTUS_RT {
  if (p <= 0) return 0;
  if (p >= 1) return 1;
  constexpr double kOctaves = 9.96578428466208704576;  // log2(1000): 60 dB
  switch (curve) {
    case Curve::linear:
      return p;
    case Curve::equal_power:
      return rising ? quarter_sine(p) : 1 - quarter_sine(1 - p);
    case Curve::exponential:
      return rising ? (exp2_poly(kOctaves * p) - 1) / 999 : 1 - (exp2_poly(kOctaves * (1 - p)) - 1) / 999;
    case Curve::s_curve:
      return p * p * (3 - 2 * p);
  }
  return p;
}

class Ramp {
 public:
  constexpr explicit Ramp(float value = 0) TACTUS_RT : from_(value), to_(value), value_(value) {}

  // Stands at `value` at once. For setting up and restoring, not for moves that sound.
  constexpr void jump(float value) TACTUS_RT { *this = Ramp(value); }

  // Aims at `target` from the current value: the `frames`-th next() returns it. 0 frames: the very next one does.
  constexpr void to(float target, std::int32_t frames, Curve curve = Curve::linear) TACTUS_RT {
    aim(target, curve);
    const double step = frames > 0 ? 1.0 / frames : 1.0;
    start_ = step;
    step_ = step;
  }

  // Aims at `target` along progress that drive() supplies; stands still until it does.
  constexpr void to_driven(float target, Curve curve = Curve::linear) TACTUS_RT {
    aim(target, curve);
    start_ = step_ = 0;
  }

  // Progress of a driven ramp at the coming frame, and its growth a frame from there on. To be called at points of the
  // control grid only, so that the path does not depend on block sizes. Ends the ramp at progress 1.
  constexpr void drive(double progress, double per_frame) TACTUS_RT {
    start_ = progress;
    step_ = per_frame;
    elapsed_ = 0;
  }

  // The value at progress p in 0..1 of the current move; leaves the ramp as it is.
  constexpr float value_at(double p) const TACTUS_RT {
    if (p >= kDone) return to_;
    const double span = static_cast<double>(to_) - static_cast<double>(from_);
    return static_cast<float>(static_cast<double>(from_) + span * curve_at(curve_, p, to_ > from_));
  }

  // The value for the coming frame; moves on by one.
  constexpr float next() TACTUS_RT {
    if (!active_) return to_;
    const double p = start_ + static_cast<double>(elapsed_) * step_;
    ++elapsed_;
    value_ = value_at(p);
    if (p >= kDone) active_ = false;
    return value_;
  }

  // The values for the next n frames.
  constexpr void fill(float* out, int n) TACTUS_RT {
    for (int i = 0; i < n; ++i) out[i] = next();
  }

  // False when next() will return target() for good.
  constexpr bool active() const TACTUS_RT { return active_; }
  // The value last returned by next().
  constexpr float value() const TACTUS_RT { return value_; }
  constexpr float target() const TACTUS_RT { return to_; }

 private:
  static constexpr double kDone = 1 - 1e-9;  // the last step may round to just below 1

  constexpr void aim(float target, Curve curve) TACTUS_RT {
    from_ = value_;
    to_ = target;
    curve_ = curve;
    elapsed_ = 0;
    active_ = true;
  }

  float from_, to_, value_;
  Curve curve_ = Curve::linear;
  bool active_ = false;
  std::int64_t elapsed_ = 0;
  double start_ = 0, step_ = 0;
};

}  // namespace tactus::dsp
