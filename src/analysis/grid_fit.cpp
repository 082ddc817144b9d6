#include "analysis/grid_fit.h"

#include <algorithm>
#include <cmath>
#include <optional>

namespace tactus::analysis {
namespace {

constexpr double kHuber = 0.004;  // seconds: beyond this a tap is an outlier
constexpr double kExcerpt = 100;  // seconds that the first estimate looks at

struct Excerpt {
  double from, to;
};

std::vector<Tap> taps_near(const OnsetCurve& curve, const Line& line, const Excerpt& excerpt, double reach) {
  std::vector<Tap> out;
  const double first = std::ceil((excerpt.from - line.phase) / line.period);
  for (double k = first; line.at(k) < excerpt.to; k += 1) {
    const Onset o = strongest_near(curve.all, curve.hop, line.at(k), reach);
    if (o.strength > 0.2) out.push_back({k, o.seconds + kEarly, o.strength});
  }
  return out;
}

Line weighted_fit(const std::vector<Tap>& taps, const std::vector<double>& weights, const Line& otherwise) {
  double w = 0, mean_k = 0, mean_t = 0;
  for (std::size_t i = 0; i < taps.size(); ++i) {
    w += weights[i];
    mean_k += weights[i] * taps[i].beat;
    mean_t += weights[i] * taps[i].seconds;
  }
  if (w <= 0) return otherwise;
  mean_k /= w;
  mean_t /= w;
  double kk = 0, kt = 0;
  for (std::size_t i = 0; i < taps.size(); ++i) {
    const double k = taps[i].beat - mean_k;
    kk += weights[i] * k * k;
    kt += weights[i] * k * (taps[i].seconds - mean_t);
  }
  if (kk <= 0 || kt <= 0) return otherwise;
  const double period = kt / kk;
  return {mean_t - period * mean_k, period};
}

std::vector<double> huber_weights(const std::vector<Tap>& taps, const Line& line) {
  std::vector<double> out;
  for (const Tap& t : taps) {
    const double error = std::fabs(t.seconds - line.at(t.beat));
    out.push_back(t.weight * (error < kHuber ? 1 : kHuber / error));
  }
  return out;
}

// The tempo as a round number, when calling it that moves no beat of the track by more than the onsets' own doubt.
std::optional<double> round_period(const std::vector<Tap>& taps, const Line& line) {
  double w = 0, ww = 0, kk = 0, k1 = 0, squares = 0;
  const std::vector<double> weights = huber_weights(taps, line);
  for (std::size_t i = 0; i < taps.size(); ++i) {
    const double error = taps[i].seconds - line.at(taps[i].beat);
    w += weights[i];
    ww += weights[i] * weights[i];
    k1 += weights[i] * taps[i].beat;
    kk += weights[i] * taps[i].beat * taps[i].beat;
    squares += weights[i] * std::min(error * error, kHuber * kHuber);
  }
  if (w <= 0 || taps.size() < 8) return std::nullopt;
  const double spread = std::sqrt(std::max(1e-9, kk / w - k1 / w * (k1 / w)));  // of beats
  const double independent = w * w / ww;
  const double doubt = std::sqrt(squares / w / independent) / spread;  // standard error of the period
  const double beats = taps.back().beat - taps.front().beat;
  const double bpm = 60 / line.period;
  for (const double grain : {1.0, 0.5}) {
    const double candidate = 60 / (std::round(bpm / grain) * grain);
    const double moved = std::fabs(candidate - line.period) * beats;  // from one end to the other, seconds
    if (moved < std::min(0.012, std::max(0.002 * grain, 4 * doubt * beats))) return candidate;
  }
  return std::nullopt;
}

// Where the beats of a known period lie.
Line fit_phase(const std::vector<Tap>& taps, Line line) {
  for (int round = 0; round < 8; ++round) {
    const std::vector<double> weights = huber_weights(taps, line);
    double w = 0, sum = 0;
    for (std::size_t i = 0; i < taps.size(); ++i) {
      w += weights[i];
      sum += weights[i] * (taps[i].seconds - line.at(taps[i].beat));
    }
    if (w > 0) line.phase += sum / w;
  }
  return line;
}

}  // namespace

Line fit_line(const std::vector<Tap>& taps, Line line) {
  for (int round = 0; round < 8; ++round) line = weighted_fit(taps, huber_weights(taps, line), line);
  return line;
}

Line polish(const OnsetCurve& curve, Line line, double from, double to, double duration) {
  // What is known of the middle is trusted a little way beyond it, and so on to the ends.
  const double centre = 0.5 * (from + to), whole = to - from;
  for (double length = std::min(whole, kExcerpt);; length = std::min(whole, length * 1.5)) {
    const Excerpt excerpt{centre - length / 2, centre + length / 2};
    for (const double reach : {0.03, 0.02, 0.015}) line = fit_line(taps_near(curve, line, excerpt, reach), line);
    if (length >= whole) break;
  }
  const std::vector<Tap> taps = taps_near(curve, line, {0, duration}, 0.015);
  if (const std::optional<double> period = round_period(taps, line)) {
    const double middle_beat = taps.empty() ? 0 : 0.5 * (taps.front().beat + taps.back().beat);
    line = fit_phase(taps, {line.at(middle_beat) - *period * middle_beat, *period});
  }
  return line;
}

}  // namespace tactus::analysis
