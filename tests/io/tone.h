// How pure a tone is: a sine of the best frequency, amplitude and phase is fitted, and what is left is compared.
#pragma once

#include <algorithm>
#include <cmath>
#include <numbers>
#include <span>

namespace tactus::io {

struct Tone {
  double hz = 0;
  double amplitude = 0;
  double snr_db = 0;  // the tone over everything else
};

namespace detail {

inline Tone fit_at(std::span<const float> x, double hz, double rate) {
  const double w = 2 * std::numbers::pi * hz / rate;
  double cc = 0, ss = 0, cs = 0, yc = 0, ys = 0, yy = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double c = std::cos(w * static_cast<double>(i)), s = std::sin(w * static_cast<double>(i)), y = x[i];
    cc += c * c, ss += s * s, cs += c * s, yc += y * c, ys += y * s, yy += y * y;
  }
  const double d = cc * ss - cs * cs, a = (yc * ss - ys * cs) / d, b = (ys * cc - yc * cs) / d;
  const double rest = std::max(yy - a * yc - b * ys, 1e-30);
  return {hz, std::hypot(a, b), 10 * std::log10((yy + 1e-30) / rest)};
}

}  // namespace detail

// The tone near `hz` (within 0.5 %), its frequency refined by golden-section search on what is left over.
inline Tone measure_tone(std::span<const float> x, double hz, double rate) {
  // The fit has one hump about a bin wide: find it on a raster first.
  const double bin = rate / static_cast<double>(x.size());
  Tone best = detail::fit_at(x, hz, rate);
  for (double f = hz * 0.995; f < hz * 1.005; f += bin / 4) {
    const Tone t = detail::fit_at(x, f, rate);
    if (t.snr_db > best.snr_db) best = t;
  }
  double low = best.hz - bin / 2, high = best.hz + bin / 2;
  constexpr double kGolden = 0.6180339887498949;
  for (int i = 0; i < 40; ++i) {
    const double f1 = high - kGolden * (high - low), f2 = low + kGolden * (high - low);
    if (detail::fit_at(x, f1, rate).snr_db > detail::fit_at(x, f2, rate).snr_db) {
      high = f2;
    } else {
      low = f1;
    }
  }
  return detail::fit_at(x, (low + high) / 2, rate);
}

}  // namespace tactus::io
