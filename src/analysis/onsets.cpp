#include "analysis/onsets.h"

#include <algorithm>
#include <cmath>

namespace tactus::analysis {
namespace {

constexpr std::size_t kBefore = 10, kAfter = 4;  // hops
constexpr float kMostRise = 4;                   // in e-folds of energy: 17 dB

float percentile(std::vector<float> values, double share) {
  if (values.empty()) return 0;
  const auto at = static_cast<std::size_t>(share * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(at), values.end());
  return values[at];
}

std::vector<float> rises(const std::vector<float>& energy) {
  const std::size_t n = energy.size();
  std::vector<float> out(n, 0.0f);
  if (n < kAfter) return out;
  const auto mean = [&](std::size_t from, std::size_t to) {
    double sum = 0;
    for (std::size_t i = from; i < to; ++i) sum += energy[i];
    return to > from ? static_cast<float>(sum / static_cast<double>(to - from)) : 0.0f;
  };
  std::vector<float> after(n);
  for (std::size_t i = 0; i < n; ++i) after[i] = mean(i, std::min(n, i + kAfter));
  const float loud = std::max(1e-9f, percentile(after, 0.95));
  const float floor = loud * 1e-4f;
  for (std::size_t i = 0; i < n; ++i) {
    const float before = mean(i < kBefore ? 0 : i - kBefore, i);
    const float rise = std::log((after[i] + floor) / (before + floor));
    out[i] = std::clamp(rise, 0.0f, kMostRise) * std::sqrt(std::min(1.0f, after[i] / loud));
  }
  return out;
}

// The top of a parabola through three values around a maximum, in steps from the middle one.
double vertex(double a, double b, double c) {
  const double curve = a - 2 * b + c;
  return curve < 0 ? std::clamp(0.5 * (a - c) / curve, -0.5, 0.5) : 0;
}

}  // namespace

OnsetCurve onset_curve(const Features& features) {
  OnsetCurve out;
  out.hop = features.hop;
  out.low = rises(features.energy[0]);
  out.mid = rises(features.energy[1]);
  out.high = rises(features.energy[2]);
  out.all.resize(out.low.size());
  for (std::size_t i = 0; i < out.all.size(); ++i) out.all[i] = out.low[i] + out.mid[i] + 0.7f * out.high[i];
  return out;
}

Onset strongest_near(const std::vector<float>& curve, double hop, double seconds, double reach) {
  const auto last = static_cast<std::ptrdiff_t>(curve.size()) - 2;
  const auto from = std::max<std::ptrdiff_t>(1, std::llround((seconds - reach) / hop));
  const auto to = std::min<std::ptrdiff_t>(last, std::llround((seconds + reach) / hop));
  Onset best;
  for (std::ptrdiff_t i = from; i <= to; ++i) {
    const auto k = static_cast<std::size_t>(i);
    if (curve[k] <= best.strength || curve[k] < curve[k - 1] || curve[k] < curve[k + 1]) continue;
    best = {(static_cast<double>(i) + vertex(curve[k - 1], curve[k], curve[k + 1])) * hop, curve[k]};
  }
  return best;
}

std::vector<Onset> peaks(const std::vector<float>& curve, double hop, double least) {
  std::vector<Onset> out;
  for (std::size_t i = 1; i + 1 < curve.size(); ++i) {
    const float v = curve[i];
    if (v < least || v <= curve[i - 1] || v < curve[i + 1]) continue;
    out.push_back({(static_cast<double>(i) + vertex(curve[i - 1], v, curve[i + 1])) * hop, v});
  }
  return out;
}

}  // namespace tactus::analysis
