// The curves along which a parameter changes, in sound and in what is sent to other gear alike.
//
// Pure functions, constexpr and realtime-safe. None calls libm: they are polynomials, the same on every machine.
#pragma once

#include <bit>
#include <cstdint>

#include "base/rt.h"

namespace tactus {

// In the order of msg::Curve.
enum class CurveShape : std::uint8_t { linear, equal_power, exponential, s_curve };

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
constexpr double curve_at(CurveShape curve, double p, bool rising) TACTUS_RT {
  if (p <= 0) return 0;
  if (p >= 1) return 1;
  constexpr double kOctaves = 9.96578428466208704576;  // log2(1000): 60 dB
  switch (curve) {
    case CurveShape::linear:
      return p;
    case CurveShape::equal_power:
      return rising ? quarter_sine(p) : 1 - quarter_sine(1 - p);
    case CurveShape::exponential:
      return rising ? (exp2_poly(kOctaves * p) - 1) / 999 : 1 - (exp2_poly(kOctaves * (1 - p)) - 1) / 999;
    case CurveShape::s_curve:
      return p * p * (3 - 2 * p);
  }
  return p;
}

}  // namespace tactus
