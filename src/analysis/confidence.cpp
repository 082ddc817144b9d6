#include "analysis/confidence.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "analysis/confidence_weights.h"
#include "analysis/spectra.h"

namespace tactus::analysis {
namespace {

double near(const std::vector<float>& activation, double seconds) {
  const auto frame = std::llround(seconds / kFrameSeconds);
  float most = 0;
  for (auto i = std::max<long long>(0, frame - 1); i <= frame + 1 && i < std::ssize(activation); ++i) {
    most = std::max(most, activation[static_cast<std::size_t>(i)]);
  }
  return most;
}

double mean_of(const std::vector<double>& values) {
  double sum = 0;
  for (const double v : values) sum += v;
  return values.empty() ? 0 : sum / static_cast<double>(values.size());
}

std::vector<double> every_other(const std::vector<double>& values, std::size_t from) {
  std::vector<double> out;
  for (std::size_t i = from; i < values.size(); i += 2) out.push_back(values[i]);
  return out;
}

// The share of tracked beats within 40 ms of a beat of the grid, and of tracked downbeats among them on a downbeat.
std::array<double, 2> agreement(const std::vector<TrackedBeat>& tracked, const TrackAnalysis& a) {
  constexpr double kClose = 0.04;
  const std::vector<double> ones = a.downbeats();
  double on = 0, downbeats = 0, right = 0;
  for (const TrackedBeat& b : tracked) {
    const double at = a.seconds_of(std::round(a.beat_of(b.seconds)));
    const bool close = std::fabs(at - b.seconds) < kClose;
    on += close ? 1 : 0;
    if (b.in_bar != 0) continue;
    downbeats += 1;
    const auto one = std::lower_bound(ones.begin(), ones.end(), b.seconds - kClose);
    right += one != ones.end() && *one < b.seconds + kClose ? 1 : 0;
  }
  return {tracked.empty() ? 0 : on / static_cast<double>(tracked.size()), downbeats > 0 ? right / downbeats : 0};
}

double share_of_onsets(const OnsetCurve& curve, const std::vector<double>& beats) {
  constexpr double kNear = 0.05, kClose = 0.012, kClear = 0.3;
  double close = 0, all = 1e-9;
  for (const double b : beats) {
    const Onset o = strongest_near(curve.all, curve.hop, b, kNear);
    if (o.strength < kClear) continue;
    all += 1;
    close += std::fabs(o.seconds - b) < kClose ? 1 : 0;
  }
  return close / all;
}

// 1: all intervals of the tracked beats alike.
double steadiness(const std::vector<TrackedBeat>& beats) {
  if (beats.size() < 3) return 0;
  double sum = 0;
  for (std::size_t i = 2; i < beats.size(); ++i) {
    const double a = beats[i - 1].seconds - beats[i - 2].seconds, b = beats[i].seconds - beats[i - 1].seconds;
    sum += std::min(1.0, 4 * std::fabs(std::log(b / a)));
  }
  return 1 - sum / static_cast<double>(beats.size() - 2);
}

}  // namespace

Evidence evidence_of(const Activations& heard, const std::vector<TrackedBeat>& tracked, const OnsetCurve& curve,
                     const TrackAnalysis& a) {
  const std::vector<double> beats = a.beats(), ones = a.downbeats();
  std::vector<double> on, between, down_on, down_off;
  for (std::size_t i = 0; i < beats.size(); ++i) {
    on.push_back(near(heard.beat, beats[i]));
    if (i > 0) between.push_back(near(heard.beat, 0.5 * (beats[i - 1] + beats[i])));
  }
  std::array<std::vector<double>, 8> by_place;
  std::size_t place = 0, bar = 0;
  for (const double b : beats) {
    if (bar < ones.size() && b > ones[bar] - 0.01) {
      place = 0;
      ++bar;
    }
    by_place[std::min(place++, by_place.size() - 1)].push_back(near(heard.downbeat, b));
  }
  double other = 0;
  for (std::size_t p = 1; p < by_place.size(); ++p) other = std::max(other, mean_of(by_place[p]));
  const double even = mean_of(every_other(on, 0)), odd = mean_of(every_other(on, 1));
  const auto [close, bars] = agreement(tracked, a);
  const auto f = [](double v) { return static_cast<float>(v); };
  return {1,
          f(mean_of(on)),
          f(mean_of(between)),
          f(std::min(even, odd) / (std::max(even, odd) + 1e-3)),
          f(close),
          f(steadiness(tracked)),
          f(std::fabs(std::log2(std::max(1.0, a.bpm) / 120))),
          f(mean_of(by_place[0])),
          f(other),
          f(bars),
          f(share_of_onsets(curve, beats)),
          0};
}

Confidences confidences_of(const Evidence& evidence) {
  std::array<double, 3> out{};
  for (std::size_t k = 0; k < out.size(); ++k) {
    double odds = 0;
    for (std::size_t i = 0; i < kEvidence; ++i) odds += kConfidenceWeights[k][i] * evidence[i];
    out[k] = 1 / (1 + std::exp(-odds));
  }
  // Tempo and bars can't be right where the beats aren't.
  return {std::min(out[0], out[1]), out[1], std::min(out[2], out[1])};
}

}  // namespace tactus::analysis
