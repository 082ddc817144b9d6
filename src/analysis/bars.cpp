#include "analysis/bars.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <map>
#include <optional>

#include "analysis/grid.h"

namespace tactus::analysis {
namespace {

// A downbeat that the tracker heard, as a beat of the grid.
struct Heard {
  double beat;
  int length;
  double weight;
};

std::vector<Heard> downbeats_of(const std::vector<Anchor>& anchors, const std::vector<TrackedBeat>& beats) {
  std::vector<Heard> out;
  for (const TrackedBeat& b : beats) {
    if (b.in_bar == 0) out.push_back({std::round(beat_of(anchors, b.seconds)), b.bar_length, 0.1 + b.strength});
  }
  return out;
}

double in_bar(double beat, double length) { return beat - length * std::floor(beat / length); }

// The length and the place of bars that stay the same through the whole track, if nine in ten do.
std::optional<Bars> steady(const std::vector<Heard>& heard) {
  constexpr double kMost = 0.85;
  std::map<std::pair<int, int>, double> votes;
  double all = 1e-9;
  for (const Heard& h : heard) {
    votes[{h.length, static_cast<int>(in_bar(h.beat, h.length))}] += h.weight;
    all += h.weight;
  }
  const auto best =
      std::max_element(votes.begin(), votes.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  if (best == votes.end() || best->second < kMost * all) return std::nullopt;
  const auto [length, place] = best->first;
  Bars out;
  out.first_downbeat = place;
  if (length != 4) out.metre = {{0, length}};
  return out;
}

}  // namespace

Bars find_bars(const std::vector<Anchor>& anchors, const std::vector<TrackedBeat>& beats) {
  const std::vector<Heard> heard = downbeats_of(anchors, beats);
  if (heard.empty()) return {};
  if (std::optional<Bars> bars = steady(heard)) return *bars;
  Bars out;
  out.first_downbeat = heard.front().beat;
  double expected = 0;
  for (const Heard& h : heard) {
    const double beat = h.beat - out.first_downbeat;
    const bool in_time =
        !out.metre.empty() && in_bar(beat - out.metre.back().beat, out.metre.back().beats_per_bar) == 0;
    if (out.metre.empty() || beat < expected || !in_time || h.length != out.metre.back().beats_per_bar) {
      if (!out.metre.empty() && beat <= out.metre.back().beat) continue;
      out.metre.push_back({beat, h.length});
    }
    expected = beat + h.length;
  }
  return out;
}

}  // namespace tactus::analysis
