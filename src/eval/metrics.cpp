#include "eval/metrics.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

namespace tactus::eval {
namespace {

constexpr double kContinuity = 0.175;

double median(std::vector<double> v) {
  std::sort(v.begin(), v.end());
  const std::size_t half = v.size() / 2;
  return v.size() % 2 == 1 ? v[half] : (v[half - 1] + v[half]) / 2;
}

// Beats with one more half-way between any two.
std::vector<double> doubled(Times beats) {
  std::vector<double> out;
  for (std::size_t i = 0; i < beats.size(); ++i) {
    if (i > 0) out.push_back((beats[i - 1] + beats[i]) / 2);
    out.push_back(beats[i]);
  }
  return out;
}

std::vector<double> every_second(Times beats, std::size_t from) {
  std::vector<double> out;
  for (std::size_t i = from; i < beats.size(); i += 2) out.push_back(beats[i]);
  return out;
}

std::size_t nearest(Times beats, double t) {
  const auto after = static_cast<std::size_t>(std::lower_bound(beats.begin(), beats.end(), t) - beats.begin());
  if (after == 0) return 0;
  if (after == beats.size()) return after - 1;
  return t - beats[after - 1] <= beats[after] - t ? after - 1 : after;
}

// Whether found beat m goes on (or, as the first one, begins) as the truth does at its beat n.
bool goes_on(Times truth, std::size_t n, Times found, std::size_t m) {
  // The interval before counts; the one after for the first beat of either.
  const bool ahead = m == 0 || n == 0;
  const auto interval = [ahead](Times beats, std::size_t i) {
    const bool next = ahead ? i + 1 < beats.size() : false;
    return next ? beats[i + 1] - beats[i] : beats[i] - beats[i - 1];
  };
  const double true_interval = interval(truth, n), found_interval = interval(found, m);
  if (true_interval <= 0) return false;
  const double phase = std::fabs(found[m] - truth[n]) / true_interval;
  const double period = std::fabs(1 - found_interval / true_interval);
  return phase < kContinuity && period < kContinuity;
}

struct Runs {
  double longest = 0, all = 0;
};

Runs right_runs(Times truth, Times found) {
  if (truth.size() < 2) return {};
  std::vector<bool> used(truth.size(), false);
  std::size_t run = 0, longest = 0, all = 0;
  for (std::size_t m = 0; m < found.size(); ++m) {
    const std::size_t n = nearest(truth, found[m]);
    const bool right = !used[n] && goes_on(truth, n, found, m);
    if (right) used[n] = true;
    run = right ? run + 1 : 0;
    longest = std::max(longest, run);
    all += right ? 1 : 0;
  }
  const auto of = static_cast<double>(std::max(truth.size(), found.size()));
  return {static_cast<double>(longest) / of, static_cast<double>(all) / of};
}

bool within_share(double truth, double found) { return std::fabs(found - truth) <= kTempoShare * truth; }

std::vector<double> inner_boundaries(std::span<const Span> spans) {
  std::vector<double> out;
  for (std::size_t i = 1; i < spans.size(); ++i) out.push_back(spans[i].start);
  return out;
}

}  // namespace

std::vector<Match> match(Times truth, Times found, double window) {
  // Taking the earliest pair that fits is the best there is: all windows are equally wide. What the decimal places of
  // the window would decide, a microsecond does not.
  const double most = window + 1e-9;
  std::vector<Match> out;
  std::size_t t = 0, f = 0;
  while (t < truth.size() && f < found.size()) {
    if (std::fabs(found[f] - truth[t]) <= most) {
      out.push_back({truth[t++], found[f++]});
    } else if (found[f] < truth[t]) {
      ++f;
    } else {
      ++t;
    }
  }
  return out;
}

double f_measure(Times truth, Times found, double window) {
  if (truth.empty() && found.empty()) return 1;
  return 2 * static_cast<double>(match(truth, found, window).size()) / static_cast<double>(truth.size() + found.size());
}

std::optional<double> median_offset(Times truth, Times found, double window) {
  std::vector<double> offsets;
  for (const Match& m : match(truth, found, window)) offsets.push_back(m.found - m.truth);
  if (offsets.empty()) return std::nullopt;
  return median(std::move(offsets));
}

Continuity continuity(Times truth, Times found) {
  if (truth.size() < 2 || found.size() < 2) return {};
  const std::vector<double> twice = doubled(truth);
  const std::array<std::vector<double>, 4> others = {every_second(twice, 1), twice, every_second(truth, 0),
                                                     every_second(truth, 1)};
  const Runs level = right_runs(truth, found);
  Continuity out{level.longest, level.all, level.longest, level.all};
  for (const std::vector<double>& other : others) {
    const Runs runs = right_runs(other, found);
    out.aml_c = std::max(out.aml_c, runs.longest);
    out.aml_t = std::max(out.aml_t, runs.all);
  }
  return out;
}

bool tempo_accuracy_1(double truth, double found) { return within_share(truth, found); }

bool tempo_accuracy_2(double truth, double found) {
  constexpr std::array kLevels = {1.0, 2.0, 3.0, 1.0 / 2, 1.0 / 3};
  return std::any_of(kLevels.begin(), kLevels.end(), [&](double level) { return within_share(truth * level, found); });
}

bool tempo_within(double truth, double found, double bpm) {
  constexpr std::array kLevels = {1.0, 2.0, 0.5};
  return std::any_of(kLevels.begin(), kLevels.end(),
                     [&](double level) { return std::fabs(found / level - truth) <= bpm; });
}

bool GridEnds::within(double seconds) const { return std::max(std::fabs(first), std::fabs(last)) <= seconds; }

std::optional<GridEnds> grid_ends(Times truth, const std::vector<analysis::Anchor>& grid) {
  analysis::TrackAnalysis on;
  on.grid = grid;
  const double first = on.beat_of(truth.front()), last = on.beat_of(truth.back());
  std::vector<double> intervals;
  for (std::size_t i = 1; i < truth.size(); ++i) intervals.push_back(truth[i] - truth[i - 1]);
  const double beats = std::round((truth.back() - truth.front()) / median(std::move(intervals)));
  for (const double level : {1.0, 2.0, 0.5}) {
    // On a grid of half the tempo every second true beat is half-way between two of its beats.
    const double step = std::min(level, 1.0);
    const double a = std::round(first / step) * step, b = a + beats * level;
    if (std::fabs(last - b) > 0.501 * step) continue;  // half a step is as near as the next beat
    return GridEnds{on.seconds_of(a) - truth.front(), on.seconds_of(b) - truth.back()};
  }
  return std::nullopt;
}

double key_score(music::Key truth, music::Key found) {
  if (found == truth) return 1;
  if (found.minor == truth.minor) return found == truth.shifted(7) || found == truth.shifted(-7) ? 0.5 : 0;
  if (found == truth.relative()) return 0.3;
  return found.tonic == truth.tonic ? 0.2 : 0;
}

std::optional<double> boundary_f(std::span<const Span> truth, std::span<const Span> found, double window) {
  const std::vector<double> at = inner_boundaries(truth);
  if (at.empty()) return std::nullopt;
  return f_measure(at, inner_boundaries(found), window);
}

std::optional<double> label_share(std::span<const Span> truth, std::span<const Span> found,
                                  std::span<const std::string_view> labels) {
  double all = 0, right = 0;
  for (const Span& t : truth) {
    if (std::find(labels.begin(), labels.end(), t.label) == labels.end()) continue;
    all += t.end - t.start;
    for (const Span& f : found) {
      if (f.label == t.label) right += std::max(0.0, std::min(f.end, t.end) - std::max(f.start, t.start));
    }
  }
  if (all <= 0) return std::nullopt;
  return right / all;
}

std::string_view label_at(std::span<const Span> spans, double seconds) {
  for (const Span& s : spans) {
    if (seconds >= s.start && seconds < s.end) return s.label;
  }
  return {};
}

double Overlap::f() const { return truth + found > 0 ? 2 * both / (truth + found) : 1; }

Overlap overlap(std::span<const analysis::TimeSpan> truth, std::span<const analysis::TimeSpan> found) {
  Overlap out;
  for (const analysis::TimeSpan& f : found) out.found += f.end - f.start;
  for (const analysis::TimeSpan& t : truth) {
    out.truth += t.end - t.start;
    for (const analysis::TimeSpan& f : found) {
      out.both += std::max(0.0, std::min(f.end, t.end) - std::max(f.start, t.start));
    }
  }
  return out;
}

}  // namespace tactus::eval
