// Second-order Butterworth sections (bilinear transform). Two in a row are a Linkwitz-Riley filter of fourth order.
#pragma once

#include <algorithm>
#include <cmath>
#include <numbers>

namespace tactus::analysis {

class Biquad {
 public:
  static Biquad low_pass(double hz, double rate) { return Biquad(hz, rate, false); }
  static Biquad high_pass(double hz, double rate) { return Biquad(hz, rate, true); }
  float operator()(float x) {
    const float y = b0_ * x + s1_;
    s1_ = b1_ * x - a1_ * y + s2_;
    s2_ = b0_ * x - a2_ * y;
    return y;
  }

 private:
  Biquad(double hz, double rate, bool high) {
    const double k = std::tan(std::numbers::pi * std::min(hz, 0.45 * rate) / rate);
    const double norm = 1 / (1 + std::numbers::sqrt2 * k + k * k);
    const double b = high ? norm : k * k * norm;
    b0_ = static_cast<float>(b);
    b1_ = static_cast<float>(high ? -2 * b : 2 * b);
    a1_ = static_cast<float>(2 * (k * k - 1) * norm);
    a2_ = static_cast<float>((1 - std::numbers::sqrt2 * k + k * k) * norm);
  }
  float b0_, b1_, a1_, a2_;
  float s1_ = 0, s2_ = 0;
};

}  // namespace tactus::analysis
