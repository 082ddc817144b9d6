#include "analysis/counting.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <utility>

#include "analysis/bars.h"
#include "analysis/counting_weights.h"
#include "analysis/grid.h"
#include "analysis/network_input.h"

namespace tactus::analysis {
namespace {

// How alike values are `apart` later: 1 for ever the same, 0 for nothing in common, below for the contrary.
double alike(const std::vector<double>& values, std::size_t apart) {
  if (values.size() < 3 * apart) return 0;
  const auto n = static_cast<double>(values.size());
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / n;
  double same = 0, all = 1e-9;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double mine = values[i] - mean;
    all += mine * mine;
    if (i >= apart) same += mine * (values[i - apart] - mean);
  }
  return same / all * n / (n - static_cast<double>(apart));
}

std::vector<double> downbeat_odds(const std::vector<TrackedBeat>& beats) {
  std::vector<double> out;
  for (const TrackedBeat& b : beats) out.push_back(b.downbeat);
  return out;
}

// How strongly snares and what else lies between basses and hats begins on each beat.
std::vector<double> strokes(const OnsetCurve& curve, const std::vector<double>& beats) {
  constexpr double kReach = 0.03, kOfBeat = 0.1, kMost = 2;
  std::vector<double> out;
  for (std::size_t i = 0; i + 1 < beats.size(); ++i) {
    const double reach = std::min(kReach, kOfBeat * (beats[i + 1] - beats[i]));
    out.push_back(std::min(kMost, strongest_near(curve.mid, curve.hop, beats[i], reach).strength));
  }
  return out;
}

Traits traits_of(const Counting& c, const std::vector<double>& struck) {
  constexpr double kMiddle = 120, kUsual = 0.25;
  const double octaves = std::log2(c.bpm / kMiddle);
  const std::vector<double> odds = downbeat_odds(c.beats);
  const auto f = [](double v) { return static_cast<float>(v); };
  return {c.evidence[1],
          c.evidence[2],
          c.evidence[3],
          c.evidence[5],
          c.evidence[7],
          c.evidence[8],
          f(octaves),
          f(octaves * octaves),
          f(std::max(0.0, octaves - kUsual)),
          f(std::max(0.0, -octaves - kUsual)),
          f(alike(odds, 2)),
          f(alike(odds, 4)),
          f(alike(odds, 8)),
          f(alike(struck, 1)),
          f(alike(struck, 6))};
}

// The grid and the bars that `beats` make.
Counting counted(std::vector<TrackedBeat> beats, const Activations& heard, const OnsetCurve& curve,
                 const TrackAnalysis& track) {
  Grid grid = find_grid(curve, beats, track.duration);
  if (grid.anchors.empty()) return {};
  Bars bars = find_bars(grid.anchors, beats);
  for (Anchor& a : grid.anchors) a.beat -= bars.first_downbeat;
  if (grid.anchors.size() == 1) {
    // One anchor may as well stand where the music starts.
    const double first = std::ceil(beat_of(grid.anchors, track.first_sound) - 0.1);
    const double bar = bars.metre.empty() ? 4 : bars.metre[0].beats_per_bar;
    const double moved = bars.metre.size() > 1 ? 0 : bar * std::ceil(first / bar);
    grid.anchors[0] = {seconds_of(grid.anchors, moved), 0, grid.anchors[0].bpm};
  }
  TrackAnalysis on_it;
  on_it.first_sound = track.first_sound;
  on_it.last_sound = track.last_sound;
  on_it.grid = std::move(grid.anchors);
  on_it.metre = std::move(bars.metre);
  on_it.bpm = median_bpm(on_it.grid, track.duration);
  Counting out;
  out.evidence = evidence_of(heard, beats, curve, on_it);
  const std::vector<double> struck = strokes(curve, on_it.beats());
  out.beats = std::move(beats);
  out.grid = std::move(on_it.grid);
  out.metre = std::move(on_it.metre);
  out.bpm = on_it.bpm;
  out.error_ms = grid.error_ms;
  out.traits = traits_of(out, struck);
  return out;
}

// Whether two ways are one: the same tempo, the same beats.
bool same(const Counting& a, const Counting& b) {
  constexpr double kTempo = 0.01, kClose = 0.05;
  if (std::fabs(a.bpm / b.bpm - 1) > kTempo) return false;
  const double middle = a.beats[a.beats.size() / 2].seconds;
  return std::any_of(b.beats.begin(), b.beats.end(),
                     [middle](const TrackedBeat& t) { return std::fabs(t.seconds - middle) < kClose; });
}

double speaks_for(const Traits& traits) {
  return std::inner_product(traits.begin(), traits.end(), kCountingWeights.begin(), 0.0);
}

}  // namespace

std::vector<Counting> countings(const Activations& heard, const OnsetCurve& curve, const TrackAnalysis& track) {
  constexpr std::array kFaster = {2.0, 1 / 2.0, 3 / 2.0, 2 / 3.0, 4 / 3.0, 3 / 4.0, 3.0, 1 / 3.0};
  constexpr double kSlowest = 46, kFastest = 225;  // BPM
  std::vector<Counting> out;
  const auto add = [&](const TrackerOptions& options) {
    Counting c = counted(track_bars(heard, options), heard, curve, track);
    if (c.grid.empty()) return;
    const bool known = std::any_of(out.begin(), out.end(), [&c](const Counting& o) { return same(c, o); });
    if (!known) out.push_back(std::move(c));
  };
  add({});
  if (out.empty()) return out;
  const double bpm = out[0].bpm;
  for (const double faster : kFaster) {
    if (faster * bpm < kSlowest || faster * bpm > kFastest) continue;
    // Half an octave either way: room for tempos that change.
    TrackerOptions options;
    options.slowest_bpm = std::max(40.0, 0.72 * faster * bpm);
    options.fastest_bpm = std::min(240.0, 1.39 * faster * bpm);
    add(options);
  }
  std::stable_sort(out.begin(), out.end(),
                   [](const Counting& a, const Counting& b) { return speaks_for(a.traits) > speaks_for(b.traits); });
  double all = 0;
  for (const Counting& c : out) all += std::exp(speaks_for(c.traits) - speaks_for(out[0].traits));
  for (Counting& c : out) {
    c.evidence[kOdds] = static_cast<float>(std::exp(speaks_for(c.traits) - speaks_for(out[0].traits)) / all);
  }
  return out;
}

Listening listen_and_count(const Features& features, const OnsetCurve& curve, const TrackAnalysis& track) {
  constexpr double kLikely = 0.8, kFaint = 0.45;
  const std::vector<std::uint8_t> input = network_input(features);
  Listening out{run_network(input), {}};
  out.ways = countings(out.heard, curve, track);
  if (out.ways.empty()) return out;
  const Evidence& first = out.ways[0].evidence;
  if (first[kOdds] >= kLikely && first[1] >= kFaint) return out;
  hear_again(input, out.heard);
  out.ways = countings(out.heard, curve, track);
  return out;
}

}  // namespace tactus::analysis
