#include "analysis/grid_fit.h"

#include <algorithm>
#include <cmath>
#include <complex>
#include <numbers>
#include <optional>

namespace tactus::analysis {
namespace {

constexpr double kTau = 2 * std::numbers::pi;
constexpr double kHuber = 0.004;   // seconds: beyond this a tap is an outlier
constexpr double kExcerpt = 300;   // seconds that the first estimate looks at
constexpr double kEarly = 0.0005;  // the onset curve peaks so much before an attack (measured on the tests' drums)

struct Excerpt {
  double from, to;
};

// The middle of the track: beginnings and endings have fewer drums.
Excerpt middle(double duration, double length) {
  if (duration <= length) return {0, duration};
  return {0.5 * (duration - length), 0.5 * (duration + length)};
}

// How strongly the onsets repeat with `period`, half of it and a quarter of it: magnitudes of the spectrum of a train
// of impulses.
double periodicity(const std::vector<Onset>& onsets, double period) {
  std::complex<double> one, two, four;
  for (const Onset& o : onsets) {
    const double turn = kTau * o.seconds / period;
    const std::complex<double> e(std::cos(turn), std::sin(turn));
    const std::complex<double> e2 = e * e;
    one += o.strength * e;
    two += o.strength * e2;
    four += o.strength * e2 * e2;
  }
  return std::abs(one) + std::abs(two) + std::abs(four);
}

struct Period {
  double seconds = 0, score = -1;
};

// The best one within 4 %: taps scatter, so their median interval is that much off at worst.
Period best_near(const std::vector<Onset>& onsets, double near, double length) {
  constexpr double kReach = 0.04;
  // A peak of the fourth harmonic is 1 / length wide in its own frequency; six points across it can't miss the top.
  const double step = 1 / (24 * length);
  Period best{near, -1};
  for (double hz = (1 - kReach) / near; hz <= (1 + kReach) / near; hz += step) {
    const double score = periodicity(onsets, 1 / hz);
    if (score > best.score) best = {1 / hz, score};
  }
  return best;
}

// The tracker sometimes taps every third eighth (116 for 174) or three against four. The pulse that was tapped wins
// unless another is clearly stronger.
double best_period(const std::vector<Onset>& onsets, double tapped, double length) {
  constexpr double kClearly = 1.25;
  Period best = best_near(onsets, tapped, length);
  best.score *= kClearly;
  for (const double ratio : {2.0 / 3, 3.0 / 2, 3.0 / 4, 4.0 / 3}) {
    const Period other = best_near(onsets, tapped * ratio, length);
    if (other.score > best.score) best = other;
  }
  return best.seconds;
}

// What begins at each phase of a period, smoothed over 6 ms either way.
std::vector<double> folded(const std::vector<float>& curve, double hop, double period, const Excerpt& excerpt) {
  const auto bins = static_cast<std::size_t>(std::lround(period / hop));
  std::vector<double> sum(bins, 0.0);
  const auto from = static_cast<std::size_t>(excerpt.from / hop);
  const auto to = std::min(curve.size(), static_cast<std::size_t>(excerpt.to / hop));
  for (std::size_t i = from; i < to; ++i) {
    const double turns = static_cast<double>(i) * hop / period;
    sum[static_cast<std::size_t>((turns - std::floor(turns)) * static_cast<double>(bins)) % bins] += curve[i];
  }
  constexpr std::ptrdiff_t kReach = 4;
  std::vector<double> out(bins, 0.0);
  const auto n = static_cast<std::ptrdiff_t>(bins);
  for (std::ptrdiff_t i = 0; i < n; ++i) {
    for (std::ptrdiff_t k = -kReach; k <= kReach; ++k) {
      out[static_cast<std::size_t>(i)] +=
          sum[static_cast<std::size_t>(((i + k) % n + n) % n)] * static_cast<double>(kReach + 1 - std::abs(k));
    }
  }
  return out;
}

// Low and mid at once. The low end of a kick rises some milliseconds after its click.
std::vector<float> body_of(const OnsetCurve& curve) {
  constexpr std::size_t kLater = 5;  // hops
  std::vector<float> out(curve.low.size());
  for (std::size_t i = 0; i < out.size(); ++i) {
    const auto from = curve.low.begin() + static_cast<std::ptrdiff_t>(i);
    const auto to = curve.low.begin() + static_cast<std::ptrdiff_t>(std::min(i + kLater + 1, out.size()));
    out[i] = std::sqrt(*std::max_element(from, to) * curve.mid[i]);
  }
  return out;
}

// The phase where the most begins that has body: low and mid at once, as kicks and most snares have. Open hats between
// the beats are the loudest onsets of much dance music, and a bass line between them is as low, but neither is both.
// Where a listener tapped counts, less: it is led by the same hats.
double best_phase(const OnsetCurve& curve, const std::vector<double>& beats, double period, const Excerpt& excerpt) {
  const std::vector<double> all = folded(curve.all, curve.hop, period, excerpt);
  const std::vector<float> both = body_of(curve);
  const std::vector<double> body = folded(both, curve.hop, period, excerpt);
  const double n = static_cast<double>(all.size());
  std::vector<double> tapped(all.size(), 0.0);
  constexpr double kTapWidth = 0.02;  // seconds: how exactly the tracker taps
  const auto reach = static_cast<std::ptrdiff_t>(2 * kTapWidth / curve.hop);
  for (const double b : beats) {
    const double turns = b / period;
    const auto at = static_cast<std::ptrdiff_t>((turns - std::floor(turns)) * n);
    for (std::ptrdiff_t k = -reach; k <= reach; ++k) {
      const auto i = static_cast<std::size_t>(((at + k) % std::ssize(all) + std::ssize(all)) % std::ssize(all));
      const double x = static_cast<double>(k) * curve.hop / kTapWidth;
      tapped[i] += std::exp(-0.5 * x * x);
    }
  }
  std::size_t best = 0;
  double best_score = -1;
  for (std::size_t i = 0; i < all.size(); ++i) {
    // Music without drums has no body to go by, so the rest decides there.
    const double score = (body[i] + 0.05 * all[i]) * (1 + 0.15 * tapped[i] / static_cast<double>(beats.size()));
    if (score > best_score) {
      best_score = score;
      best = i;
    }
  }
  return static_cast<double>(best) / n * period;
}

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

Line fit_constant(const OnsetCurve& curve, const std::vector<double>& beats, double period, double duration) {
  const Excerpt excerpt = middle(duration, kExcerpt);
  std::vector<Onset> onsets;
  for (const Onset& o : peaks(curve.all, curve.hop, 0.5)) {
    if (o.seconds >= excerpt.from && o.seconds < excerpt.to) onsets.push_back(o);
  }
  std::vector<double> inside;
  for (const double b : beats) {
    if (b >= excerpt.from && b < excerpt.to) inside.push_back(b);
  }
  Line line;
  line.period = best_period(onsets, period, excerpt.to - excerpt.from);
  line.phase = best_phase(curve, inside.empty() ? beats : inside, line.period, excerpt);
  return line;
}

Line polish(const OnsetCurve& curve, Line line, double duration) {
  // What is known of the excerpt is trusted a little way beyond it, and so on to the ends of the track.
  for (double length = std::min(duration, kExcerpt);; length = std::min(duration, length * 1.5)) {
    const Excerpt excerpt = middle(duration, length);
    for (const double reach : {0.03, 0.02, 0.015}) line = fit_line(taps_near(curve, line, excerpt, reach), line);
    if (length >= duration) break;
  }
  const std::vector<Tap> taps = taps_near(curve, line, {0, duration}, 0.015);
  if (const std::optional<double> period = round_period(taps, line)) {
    const double middle_beat = taps.empty() ? 0 : 0.5 * (taps.front().beat + taps.back().beat);
    line = fit_phase(taps, {line.at(middle_beat) - *period * middle_beat, *period});
  }
  return line;
}

}  // namespace tactus::analysis
