#include "analysis/grid.h"

#include <algorithm>
#include <cmath>
#include <complex>
#include <cstddef>
#include <numbers>
#include <optional>

#include "analysis/grid_fit.h"

namespace tactus::analysis {
namespace {

constexpr std::size_t kLeastBeats = 8;

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

// --- Constant tempo -------------------------------------------------------------------------------------------------

// The length of the mean of the beats as turns of a wheel of this period, 0 to 1, and the angle of that mean.
std::complex<double> agreement(const std::vector<TrackedBeat>& beats, double period) {
  std::complex<double> sum;
  double weight = 1e-9;
  for (const TrackedBeat& b : beats) {
    const double w = 0.1 + b.strength;
    sum += std::polar(w, 2 * std::numbers::pi * b.seconds / period);
    weight += w;
  }
  return sum / weight;
}

double typical_period(const std::vector<TrackedBeat>& beats) {
  const std::size_t apart = std::min<std::size_t>(16, beats.size() / 2);
  std::vector<double> periods;
  for (std::size_t i = apart; i < beats.size(); ++i) {
    periods.push_back((beats[i].seconds - beats[i - apart].seconds) / static_cast<double>(apart));
  }
  return median(periods);
}

// How well `beats` are on `line`: the share of them, by their strength, within 40 ms.
double share_on(const std::vector<TrackedBeat>& beats, const Line& line) {
  constexpr double kClose = 0.04;
  double on = 0, all = 1e-9;
  for (const TrackedBeat& b : beats) {
    const double error = b.seconds - line.at(std::round((b.seconds - line.phase) / line.period));
    const double w = 0.1 + b.strength;
    all += w;
    if (std::fabs(error) < kClose) on += w;
  }
  return on / all;
}

struct Agreed {
  double period = 0, how_well = 0;
};

// The period near `near` of whose `turns`-th part the beats are multiples, best of all.
Agreed best_period(const std::vector<TrackedBeat>& beats, double near, double turns) {
  constexpr double kReach = 0.03;
  // The peak is 1 / (turns * length) wide.
  const double step = 1 / (12 * turns * (beats.back().seconds - beats.front().seconds));
  Agreed best{near};
  for (double hz = (1 - kReach) / near; hz <= (1 + kReach) / near; hz += step) {
    const double r = std::abs(agreement(beats, 1 / (hz * turns)));
    if (r > best.how_well) best = {1 / hz, r};
  }
  return best;
}

// The one period that the beats agree on best, if they agree: a track of constant tempo whose beats were lost in a
// break and found again half a beat off still agrees for the most part, or on half-beats; then most of them say where.
std::optional<Line> common_line(const std::vector<TrackedBeat>& beats) {
  constexpr double kAgreed = 0.72, kHalves = 0.93;
  const double near = typical_period(beats);
  const auto phase = [&beats](double period) {
    return std::arg(agreement(beats, period)) / (2 * std::numbers::pi) * period;
  };
  if (const Agreed whole = best_period(beats, near, 1); whole.how_well >= kAgreed)
    return Line{phase(whole.period), whole.period};
  const Agreed halves = best_period(beats, near, 2);
  if (halves.how_well < kHalves) return std::nullopt;
  const Line line{phase(halves.period / 2), halves.period}, other{line.phase + halves.period / 2, halves.period};
  return share_on(beats, line) >= share_on(beats, other) ? line : other;
}

// `line`, moved so that the network's beats lie evenly about it. Onsets know best how long a beat is; the network,
// which has learned how long after its beat a bowed string or a soft pad is heard to begin, where it is.
Line moved_to(const std::vector<TrackedBeat>& beats, Line line) {
  constexpr double kFar = 0.03, kHeard = 0.3;
  std::vector<double> errors;
  for (const TrackedBeat& b : beats) {
    const double error = b.seconds - line.at(std::round((b.seconds - line.phase) / line.period));
    if (b.strength > kHeard && std::fabs(error) < kFar) errors.push_back(error);
  }
  line.phase += median(errors);
  return line;
}

// --- Tempo that moves
// -------------------------------------------------------------------------------------------------

// The onset at a beat where there is a clear one: the network's beats are good to some 10 ms.
std::vector<Tap> taps_of(const OnsetCurve& curve, const std::vector<TrackedBeat>& beats) {
  constexpr double kReach = 0.03, kClear = 0.3;
  std::vector<Tap> out;
  for (std::size_t i = 0; i < beats.size(); ++i) {
    const Onset o = strongest_near(curve.all, curve.hop, beats[i].seconds, kReach);
    const bool clear = o.strength > kClear;
    out.push_back({static_cast<double>(i), clear ? o.seconds + kEarly : beats[i].seconds, clear ? 1.0 : 0.3});
  }
  return out;
}

// Where a line through the taps [from, to) puts tap i, and how far they are from it (mean square, at least a little).
struct Guess {
  double seconds, error;
};
Guess guess(const std::vector<Tap>& taps, std::size_t from, std::size_t to, std::size_t i) {
  const std::vector<Tap> part(taps.begin() + static_cast<std::ptrdiff_t>(from),
                              taps.begin() + static_cast<std::ptrdiff_t>(to));
  const double period = (part.back().seconds - part.front().seconds) / static_cast<double>(part.size() - 1);
  const Line line = fit_line(part, {part.front().seconds - period * part.front().beat, period});
  double squares = 1e-6, weight = 0;
  for (const Tap& t : part) {
    const double e = t.seconds - line.at(t.beat);
    squares += t.weight * std::min(e * e, 0.0016);
    weight += t.weight;
  }
  return {line.at(taps[i].beat), squares / weight};
}

// Each tap as its neighbours have it: of five lines through six taps that hold it, mostly the ones that fit best, so
// that a jump in tempo stays where it is.
std::vector<double> smoothed(const std::vector<Tap>& taps) {
  constexpr std::size_t kLength = 6;
  std::vector<double> out;
  for (std::size_t i = 0; i < taps.size(); ++i) {
    double sum = 0, weight = 0;
    const std::size_t first = i + 1 < kLength ? 0 : i + 1 - kLength;
    for (std::size_t from = first; from <= i && from + kLength <= taps.size(); ++from) {
      const Guess g = guess(taps, from, from + kLength, i);
      const double w = 1 / (g.error * g.error);
      sum += w * g.seconds;
      weight += w;
    }
    out.push_back(weight > 0 ? sum / weight : taps[i].seconds);
  }
  for (std::size_t i = 1; i < out.size(); ++i) out[i] = std::max(out[i], out[i - 1] + 0.05);
  return out;
}

// Keeps the fewest of the points whose polyline is within `tolerance` of all (Ramer 1972; Douglas and Peucker 1973).
void keep_corners(const std::vector<double>& at, std::size_t from, std::size_t to, double tolerance,
                  std::vector<bool>& kept) {
  double worst = 0;
  std::size_t corner = from;
  for (std::size_t i = from + 1; i < to; ++i) {
    const double x = static_cast<double>(i - from) / static_cast<double>(to - from);
    const double error = std::fabs(at[i] - (at[from] + x * (at[to] - at[from])));
    if (error > worst) {
      worst = error;
      corner = i;
    }
  }
  if (worst <= tolerance) return;
  kept[corner] = true;
  keep_corners(at, from, corner, tolerance, kept);
  keep_corners(at, corner, to, tolerance, kept);
}

std::vector<Anchor> follow(const std::vector<Tap>& taps) {
  constexpr double kTolerance = 0.006;
  const std::vector<double> at = smoothed(taps);
  std::vector<bool> kept(at.size(), false);
  kept.front() = kept.back() = true;
  keep_corners(at, 0, at.size() - 1, kTolerance, kept);
  std::vector<Anchor> out;
  for (std::size_t i = 0; i < at.size(); ++i) {
    if (kept[i]) out.push_back({at[i], static_cast<double>(i), 0});
  }
  for (std::size_t i = 0; i + 1 < out.size(); ++i) {
    out[i].bpm = 60 * (out[i + 1].beat - out[i].beat) / (out[i + 1].seconds - out[i].seconds);
  }
  // Past the last beat, the tempo that the last few had.
  const std::size_t few = std::min<std::size_t>(8, at.size() - 1);
  out.back().bpm = 60 * static_cast<double>(few) / (at.back() - at[at.size() - 1 - few]);
  return out;
}

// Median distance of clear onsets from the beats, milliseconds.
double error_of(const OnsetCurve& curve, const std::vector<Anchor>& anchors, double duration) {
  std::vector<double> errors;
  for (double b = std::ceil(beat_of(anchors, 0)); seconds_of(anchors, b) < duration; b += 1) {
    const double at = seconds_of(anchors, b);
    const Onset o = strongest_near(curve.all, curve.hop, at, 0.05);
    if (o.strength >= 0.3) errors.push_back(std::fabs(o.seconds - at));
  }
  return 1e3 * median(errors);
}

}  // namespace

double median_bpm(const std::vector<Anchor>& grid, double duration) {
  std::vector<std::pair<double, double>> spans;  // tempo, seconds
  for (std::size_t i = 0; i < grid.size(); ++i) {
    const double from = i == 0 ? 0 : grid[i].seconds;
    const double to = i + 1 < grid.size() ? grid[i + 1].seconds : duration;
    spans.emplace_back(grid[i].bpm, std::max(0.0, to - from));
  }
  std::sort(spans.begin(), spans.end());
  double left = duration / 2;
  for (const auto& [bpm, seconds] : spans) {
    left -= seconds;
    if (left <= 0) return bpm;
  }
  return spans.back().first;
}

double alternative_to(double bpm) {
  constexpr double kUsual = 115;
  return std::fabs(std::log(bpm * 2 / kUsual)) < std::fabs(std::log(bpm / 2 / kUsual)) ? bpm * 2 : bpm / 2;
}

double seconds_of(const std::vector<Anchor>& anchors, double beat) {
  std::size_t i = anchors.size() - 1;
  while (i > 0 && anchors[i].beat > beat) --i;
  return anchors[i].seconds + (beat - anchors[i].beat) * 60 / anchors[i].bpm;
}

double beat_of(const std::vector<Anchor>& anchors, double seconds) {
  std::size_t i = anchors.size() - 1;
  while (i > 0 && anchors[i].seconds > seconds) --i;
  return anchors[i].beat + (seconds - anchors[i].seconds) * anchors[i].bpm / 60;
}

Grid find_grid(const OnsetCurve& curve, const std::vector<TrackedBeat>& beats, double duration) {
  if (beats.size() < kLeastBeats) return {};
  constexpr double kConstant = 0.8, kOnHalves = 0.93;
  Grid out;
  if (std::optional<Line> line = common_line(beats)) {
    const Line exact = moved_to(beats, polish(curve, *line, beats.front().seconds, beats.back().seconds, duration));
    if (share_on(beats, exact) >= kConstant || share_on(beats, {exact.phase, exact.period / 2}) >= kOnHalves) {
      // Numbered as the beats are, by most of them.
      std::vector<double> shifts;
      for (std::size_t i = 0; i < beats.size(); ++i) {
        shifts.push_back(std::round((beats[i].seconds - exact.phase) / exact.period) - static_cast<double>(i));
      }
      out.anchors = {{exact.at(median(shifts)), 0, 60 / exact.period}};
    }
  }
  if (out.anchors.empty()) {
    const std::vector<Tap> taps = taps_of(curve, beats);
    out.anchors = follow(taps);
  }
  out.error_ms = error_of(curve, out.anchors, duration);
  return out;
}

}  // namespace tactus::analysis
