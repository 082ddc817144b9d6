#include "dsp/filter.h"

#include <algorithm>
#include <cmath>

namespace tactus::dsp {
namespace {

constexpr double kPi = 3.14159265358979323846;

// Travel outside the dead zone, 0..1, for a distance of the knob from the middle.
constexpr float travel(float distance) TACTUS_RT {
  return std::clamp((distance - Filter::kDeadZone) / (1 - Filter::kDeadZone), 0.0f, 1.0f);
}

constexpr float wet_share(float distance) TACTUS_RT {
  return std::clamp((distance - Filter::kDeadZone) / (Filter::kBlendZone - Filter::kDeadZone), 0.0f, 1.0f);
}

constexpr float towards(float from, float to, float step) TACTUS_RT {
  return to > from ? std::min(to, from + step) : std::max(to, from - step);
}

double along(double open, double closed, double t) noexcept { return open * std::pow(closed / open, t); }

inline float between(const float* table, float t, int steps) TACTUS_RT {
  const float x = t * static_cast<float>(steps);
  const int i = static_cast<int>(x);
  return table[i] + (x - static_cast<float>(i)) * (table[i + 1] - table[i]);
}

}  // namespace

double Filter::cutoff_hz(double knob) noexcept {
  const double t = static_cast<double>(travel(static_cast<float>(std::abs(knob))));
  return knob < 0 ? along(kLowPassOpen, kLowPassClosed, t) : along(kHighPassOpen, kHighPassClosed, t);
}

void Filter::prepare(SampleRate rate) noexcept {
  const double highest = 0.46 * rate.hz;
  for (int i = 0; i <= kSteps; ++i) {
    const double t = static_cast<double>(i) / kSteps;
    const auto k = static_cast<std::size_t>(i);
    low_g_[k] = static_cast<float>(std::tan(kPi * std::min(highest, along(kLowPassOpen, kLowPassClosed, t)) / rate.hz));
    high_g_[k] = static_cast<float>(std::tan(kPi * along(kHighPassOpen, kHighPassClosed, t) / rate.hz));
  }
  low_g_[kSteps + 1] = low_g_[kSteps];
  high_g_[kSteps + 1] = high_g_[kSteps];
  set_coefficients(knob_.value(), resonance_.value());
  share_step_ = 1 / static_cast<float>(kBlend.v * rate.hz);
  clear();
}

void Filter::clear() TACTUS_RT {
  state1_ = state2_ = splat4(0);
  low_share_ = now_.low_share;
  high_share_ = now_.high_share;
}

void Filter::set_coefficients(float knob, float resonance) TACTUS_RT {
  const float low = travel(-knob), high = travel(knob);
  const float g_low = between(low_g_.data(), low, kSteps);
  const float g_high = between(high_g_.data(), high, kSteps);
  // Damping 1/Q from sqrt(2) down to 0.1, even in octaves to the ear; less resonance where the filter barely bites.
  const float amount = std::clamp(resonance, 0.0f, 1.0f) * std::min(1.0f, 8 * std::max(low, high));
  if (amount != now_.amount) {
    constexpr double kSpan = 3.8219280948873623;  // log2(sqrt(2) / 0.1)
    now_.damping = splat4(static_cast<float>(1.41421356237309504880 * exp2_poly(-kSpan * static_cast<double>(amount))));
    now_.amount = amount;
  }
  const F4 g{g_low, g_low, g_high, g_high};
  now_.a1 = splat4(1) / (splat4(1) + g * (g + now_.damping));
  now_.a2 = g * now_.a1;
  now_.a3 = g * now_.a2;
  now_.knob = knob;
  now_.resonance = resonance;
  now_.low_share = wet_share(-knob);
  now_.high_share = wet_share(knob);
}

void Filter::process(float* left, float* right, int n) TACTUS_RT {
  F4 s1 = state1_, s2 = state2_;
  for (int i = 0; i < n; ++i) {
    const float knob = knob_.next(), resonance = resonance_.next();
    if (knob != now_.knob || resonance != now_.resonance) set_coefficients(knob, resonance);
    const F4 x{left[i], right[i], left[i], right[i]};
    const F4 v3 = x - s2;
    const F4 band = now_.a1 * s1 + now_.a2 * v3;
    const F4 low = s2 + now_.a2 * s1 + now_.a3 * v3;
    s1 = band + band - s1;
    s2 = low + low - s2;
    const F4 high = x - now_.damping * band - low;
    low_share_ = towards(low_share_, now_.low_share, share_step_);
    high_share_ = towards(high_share_, now_.high_share, share_step_);
    left[i] += low_share_ * (low[0] - left[i]) + high_share_ * (high[2] - left[i]);
    right[i] += low_share_ * (low[1] - right[i]) + high_share_ * (high[3] - right[i]);
  }
  state1_ = s1;
  state2_ = s2;
}

}  // namespace tactus::dsp
