#include "analysis/sections.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>

#include "analysis/log_odds.h"
#include "analysis/section_weights.h"

namespace tactus::analysis {
namespace {

// Of the 64 wide bands: what is below 150 Hz, and what is above 4 kHz.
constexpr std::size_t kLowBands = 7, kHighBands = 45;

double mean_of(const BandLevels& levels, std::size_t from, std::size_t to) {
  double sum = 0;
  for (std::size_t i = from; i < to; ++i) sum += levels[i];
  return sum / static_cast<double>(to - from);
}

double mean_between(const std::vector<float>& activation, double from, double to) {
  const auto first = std::clamp<std::ptrdiff_t>(std::llround(from / kFrameSeconds), 0, std::ssize(activation));
  const auto last = std::clamp<std::ptrdiff_t>(std::llround(to / kFrameSeconds), first, std::ssize(activation));
  double sum = 0;
  for (std::ptrdiff_t i = first; i < last; ++i) sum += activation[static_cast<std::size_t>(i)];
  return last > first ? sum / static_cast<double>(last - first) : 0;
}

double most_about(const std::vector<float>& activation, double seconds, double reach) {
  const auto first = std::max<std::ptrdiff_t>(0, std::llround((seconds - reach) / kFrameSeconds));
  const auto last =
      std::min(std::ssize(activation), static_cast<std::ptrdiff_t>(std::llround((seconds + reach) / kFrameSeconds)));
  float most = 0;
  for (std::ptrdiff_t i = first; i < last; ++i) most = std::max(most, activation[static_cast<std::size_t>(i)]);
  return most;
}

struct Levels {
  double all = 0, low = 0, high = 0;
};

Levels levels_of(const BarTable& bars, std::size_t from, std::size_t to) {
  Levels out;
  const double n = std::max<double>(1, static_cast<double>(to - from));
  for (std::size_t i = from; i < to; ++i) {
    out.all += mean_of(bars.levels[i], 0, kWideBands) / n;
    out.low += mean_of(bars.levels[i], 0, kLowBands) / n;
    out.high += mean_of(bars.levels[i], kHighBands, kWideBands) / n;
  }
  return out;
}

// --- Where parts begin ----------------------------------------------------------------------------------------------

// Parts of dance music are eight bars long or a multiple; a part of less than four is a fill.
double worth_of_length(std::size_t bars) {
  return bars < 4 ? -3 : bars % 8 == 0 ? 0.4 : bars % 4 == 0 ? 0 : bars % 2 == 0 ? -0.8 : -1.4;
}

// The bars at which parts begin that explain best what the network and the bars' own sounds say, by dynamic
// programming over all ways to cut the track.
std::vector<std::size_t> find_edges(const BarTable& bars, const Activations& heard) {
  constexpr double kBias = 0.9, kChange = 1.6;
  const std::size_t n = bars.size();
  const std::vector<double> change = changes(bars);
  std::vector<double> best(n + 1, -std::numeric_limits<double>::infinity());
  std::vector<std::size_t> from(n + 1, 0);
  best[0] = 0;
  for (std::size_t i = 1; i <= n; ++i) {
    const double here =
        i == n ? 0
               : log_odds(most_about(heard.section, bars.seconds[i], 0.3), 0.003) + kBias + kChange * (change[i] - 0.3);
    for (std::size_t j = 0; j < i; ++j) {
      const double score = best[j] + worth_of_length(i - j) * (i == n ? 0.3 : 1) + here;
      if (score > best[i]) {
        best[i] = score;
        from[i] = j;
      }
    }
  }
  std::vector<std::size_t> edges = {n};
  while (edges.back() > 0) edges.push_back(from[edges.back()]);
  std::reverse(edges.begin(), edges.end());
  return edges;
}

// --- What they are for
// ------------------------------------------------------------------------------------------------

Part label_of(const SectionFeatures& features, double* confidence) {
  std::array<double, kPartNames.size()> scores{};
  for (std::size_t p = 0; p < scores.size(); ++p) {
    for (std::size_t k = 0; k < features.size(); ++k) scores[p] += kSectionWeights[p][k] * features[k];
  }
  const auto best = std::max_element(scores.begin(), scores.end());
  double sum = 0;
  for (const double s : scores) sum += std::exp(s - *best);
  *confidence = 1 / sum;
  return static_cast<Part>(best - scores.begin());
}

// 10: the loudest part of a loud track. A part without bass has less energy than its level says.
int energy_of(const SectionFeatures& f, double lufs) {
  const double against_track = 10 * (0.3 * f[3] + 0.12 * f[4]);
  const double against_others = std::isfinite(lufs) ? std::clamp((lufs + 9) / 5, -2.0, 0.0) : -2;
  return static_cast<int>(std::lround(std::clamp(10 + against_track + against_others, 1.0, 10.0)));
}

}  // namespace

std::vector<SectionFeatures> section_features(const BarTable& bars, const Activations& heard,
                                              std::span<const std::size_t> edges) {
  const std::size_t n = edges.size() - 1;
  std::vector<Levels> levels;
  Levels most{-1e9, -1e9, -1e9};
  for (std::size_t s = 0; s < n; ++s) {
    levels.push_back(levels_of(bars, edges[s], edges[s + 1]));
    most = {std::max(most.all, levels[s].all), std::max(most.low, levels[s].low), std::max(most.high, levels[s].high)};
  }
  std::vector<SectionFeatures> out;
  for (std::size_t s = 0; s < n; ++s) {
    const std::size_t from = edges[s], to = edges[s + 1], quarter = std::max<std::size_t>(1, (to - from) / 4);
    const Levels here = levels[s], next = levels[std::min(s + 1, n - 1)], before = levels[s == 0 ? 0 : s - 1];
    const double rise = levels_of(bars, to - quarter, to).all - levels_of(bars, from, from + quarter).all;
    const double start = bars.seconds[from], end = bars.seconds[to];
    const double length = bars.seconds.back() - bars.seconds.front();
    const auto f = [](double v) { return static_cast<float>(v); };
    out.push_back({1, s == 0 ? 1.0f : 0.0f, s + 1 == n ? 1.0f : 0.0f, f((here.all - most.all) / 10),
                   f((here.low - most.low) / 10), f((here.high - most.high) / 10), f(rise / 10),
                   f(10 * mean_between(heard.beat, start, end)), f(std::log2(static_cast<double>(to - from)) / 4),
                   f((next.all - here.all) / 10), f((before.all - here.all) / 10), f((next.low - here.low) / 10),
                   f((before.low - here.low) / 10), f(mean_between(heard.voice, start, end)),
                   f((0.5 * (start + end) - bars.seconds.front()) / length)});
  }
  return out;
}

std::vector<Section> find_sections(const BarTable& bars, const Activations& heard, const TrackAnalysis& analysis) {
  constexpr std::size_t kFewBars = 8;
  if (bars.size() < kFewBars) return {};
  const std::vector<std::size_t> edges = find_edges(bars, heard);
  const std::vector<SectionFeatures> features = section_features(bars, heard, edges);
  std::vector<Section> out;
  for (std::size_t s = 0; s + 1 < edges.size(); ++s) {
    Section section;
    section.start = s == 0 ? analysis.first_sound : bars.seconds[edges[s]];
    section.end = s + 2 == edges.size() ? analysis.last_sound : bars.seconds[edges[s + 1]];
    section.label = label_of(features[s], &section.confidence);
    section.energy = energy_of(features[s], analysis.lufs);
    out.push_back(section);
  }
  return out;
}

void suggest_mix(TrackAnalysis& a) {
  a.mix_in = a.mix_out = 0;
  if (a.sections.size() < 2 || !a.has_grid()) return;
  const auto downbeat_near = [&](double seconds) {
    const std::vector<double> ones = a.downbeats();
    const auto after = std::lower_bound(ones.begin(), ones.end(), seconds - 0.1);
    // A downbeat may lie a little before the file begins.
    return after == ones.end() ? seconds : std::max(0.0, *after);
  };
  // A mix in ends its blend where the intro ends; a mix out begins where the outro does.
  if (a.sections.front().label == Part::intro) a.mix_in = downbeat_near(a.sections.front().start);
  if (a.sections.back().label == Part::outro) a.mix_out = downbeat_near(a.sections.back().start);
  if (a.mix_out <= a.mix_in) a.mix_in = a.mix_out = 0;
}

namespace {

// Means of the voice's odds over half a second about each frame.
std::vector<double> smooth_voice(const Activations& heard) {
  constexpr std::size_t kReach = 12;
  const std::size_t n = heard.voice.size();
  std::vector<double> out;
  double sum = 0;
  for (std::size_t i = 0; i < n + kReach; ++i) {
    if (i < n) sum += heard.voice[i];
    if (i > 2 * kReach) sum -= heard.voice[i - 2 * kReach - 1];
    if (i >= kReach) out.push_back(sum / (2 * kReach + 1));
  }
  return out;
}

std::vector<TimeSpan> join_vocals(const std::vector<TimeSpan>& spans) {
  constexpr double kShortest = 0.5, kGap = 0.7;
  std::vector<TimeSpan> joined;
  for (const TimeSpan& span : spans) {
    if (!joined.empty() && span.start - joined.back().end < kGap) {
      joined.back().end = span.end;
    } else {
      joined.push_back(span);
    }
  }
  std::erase_if(joined, [](const TimeSpan& span) { return span.end - span.start < kShortest; });
  return joined;
}

// How likely the voices are right (F from 0.8), by the odds where they are or, without any, by the highest.
// Logistic regression on 204 pieces; how well it does is in docs/analysis.md.
double trust_in_vocals(const std::vector<double>& odds, const std::vector<TimeSpan>& vocals) {
  if (odds.empty()) return 0;
  double sum = 0, frames = 0;
  for (const TimeSpan& span : vocals) {
    const auto from = static_cast<std::size_t>(std::lround(span.start / kFrameSeconds));
    const auto to = std::min(odds.size(), static_cast<std::size_t>(std::lround(span.end / kFrameSeconds)));
    for (std::size_t i = from; i < to; ++i) sum += odds[i];
    frames += static_cast<double>(to - from);
  }
  const double z = frames > 0 ? 7.97 * sum / frames - 5.58 : 2.87 - 5.39 * *std::max_element(odds.begin(), odds.end());
  return 1 / (1 + std::exp(-z));
}

}  // namespace

std::vector<TimeSpan> find_vocals(const Activations& heard, double* confidence) {
  constexpr double kBegin = 0.5, kEnd = 0.3;
  const std::vector<double> odds = smooth_voice(heard);
  std::vector<TimeSpan> spans;
  bool on = false;
  for (std::size_t i = 0; i < odds.size(); ++i) {
    const double at = static_cast<double>(i) * kFrameSeconds;
    if (!on && odds[i] > kBegin) spans.push_back({at, at});
    on = odds[i] > (on ? kEnd : kBegin);
    if (on) spans.back().end = at;
  }
  std::vector<TimeSpan> out = join_vocals(spans);
  *confidence = trust_in_vocals(odds, out);
  return out;
}

}  // namespace tactus::analysis
