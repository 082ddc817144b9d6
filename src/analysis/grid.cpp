#include "analysis/grid.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "analysis/grid_fit.h"

namespace tactus::analysis {
namespace {

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

// How well beats explain the onsets: the share of them that have an onset within `close` of where they are, among
// those that have one anywhere near.
struct Fit {
  double share = 0;
  double error = 0;  // seconds, median
};

Fit judge(const OnsetCurve& curve, const std::vector<double>& beats) {
  constexpr double kNear = 0.05, kClose = 0.012;
  std::vector<double> errors;
  double close = 0, all = 0;
  for (const double b : beats) {
    const Onset o = strongest_near(curve.all, curve.hop, b, kNear);
    if (o.strength < 0.3) continue;
    const double error = std::fabs(o.seconds - b);
    all += 1;
    if (error < kClose) close += 1;
    errors.push_back(error);
  }
  // Few onsets among many beats are no proof of a pulse.
  const double heard = beats.empty() ? 0 : all / static_cast<double>(beats.size());
  return {all > 0 ? close / all * std::min(1.0, heard * 3) : 0, median(errors)};
}

std::vector<double> beats_of(const Line& line, double duration) {
  std::vector<double> out;
  for (double k = std::ceil(-line.phase / line.period); line.at(k) < duration; k += 1) out.push_back(line.at(k));
  return out;
}

// --- Half or double ---------------------------------------------------------------------------------------------

constexpr double kSlowest = 80, kFastest = 160, kTooFast = 200;

// Whether a bar of the music is eight beats of `line` rather than four. Drum and bass at 174 has its snare on two beats
// of the four, two beats apart; hip hop at 87 counted at 174 has it on one; slow house has nothing between its kicks.
bool counts_double(const OnsetCurve& curve, const Line& line, double duration) {
  using PerBeat = std::array<double, 4>;
  PerBeat kick{}, middle{}, snare{};
  const std::vector<double> beats = beats_of(line, duration);
  for (std::size_t k = 0; k < beats.size(); ++k) {
    const auto near = [&](const std::vector<float>& band) {
      return strongest_near(band, curve.hop, beats[k], 0.02).strength;
    };
    const double low = near(curve.low), mid = near(curve.mid);
    kick[k % 4] += low;
    middle[k % 4] += mid;
    // Mid and high at once, where kicks with a click have low as well and hats lack the middle.
    snare[k % 4] += std::max(0.0, std::sqrt(mid * near(curve.high)) - low);
  }
  const auto strongest = [](const PerBeat& of) {
    return static_cast<std::size_t>(std::max_element(of.begin(), of.end()) - of.begin());
  };
  const auto after = [](const PerBeat& of, std::size_t beat) { return of[beat % 4]; };

  const std::size_t one = strongest(kick);
  const double between = std::max(after(kick, one + 1), after(kick, one + 3));
  if (std::min(after(kick, one + 1), after(kick, one + 3)) > 0.6 * kick[one]) return false;  // kicks on all four
  if (after(kick, one + 2) > 0.6 * kick[one] && between < 0.4 * kick[one]) {
    const double off = after(middle, one + 1) + after(middle, one + 3), on = middle[one] + after(middle, one + 2);
    if (off < 0.3 * on) return true;
  }
  const std::size_t back = strongest(snare);
  return after(snare, back + 2) < 0.6 * snare[back];
}

// The tempo people would write on the record.
double octave_of(const OnsetCurve& curve, const Line& line, double duration) {
  double factor = 1;
  const double bpm = 60 / line.period;
  while (bpm * factor < kSlowest) factor *= 2;
  while (bpm * factor >= kTooFast) factor /= 2;
  if (bpm * factor < kTooFast / 2 || bpm * factor >= kFastest) {
    const double fast = bpm * factor < kTooFast / 2 ? factor * 2 : factor;
    factor = counts_double(curve, {line.phase, line.period / fast}, duration) ? fast / 2 : fast;
  }
  return factor;
}

// --- Tempo that moves ---------------------------------------------------------------------------------------------

// Tapped beats put onto their onsets and smoothed over 16 beats either way; an anchor every 16 beats.
std::vector<Anchor> follow(const OnsetCurve& curve, const std::vector<double>& tapped) {
  constexpr std::size_t kEvery = 16;
  std::vector<double> beats;
  for (const double b : tapped) {
    const Onset o = strongest_near(curve.all, curve.hop, b, 0.03);
    beats.push_back(o.strength > 0.3 ? o.seconds : b);
  }
  std::vector<Anchor> out;
  for (std::size_t i = 0; i < beats.size(); i += kEvery) {
    const std::size_t from = i < kEvery ? 0 : i - kEvery, to = std::min(beats.size(), i + kEvery + 1);
    if (to - from < kEvery) break;
    std::vector<Tap> taps;
    for (std::size_t k = from; k < to; ++k) taps.push_back({static_cast<double>(k), beats[k], 1});
    const double at = static_cast<double>(i);
    const Line line =
        fit_line(taps, {beats[i] - at * (beats[to - 1] - beats[from]) / static_cast<double>(to - 1 - from),
                        (beats[to - 1] - beats[from]) / static_cast<double>(to - 1 - from)});
    out.push_back({line.at(at), at, 60 / line.period});
  }
  for (std::size_t i = 0; i + 1 < out.size(); ++i) {
    const double seconds = out[i + 1].seconds - out[i].seconds;
    if (seconds <= 0) return {};
    out[i].bpm = 60 * (out[i + 1].beat - out[i].beat) / seconds;
  }
  return out;
}

std::vector<double> beats_of(const std::vector<Anchor>& anchors, double duration) {
  std::vector<double> out;
  for (double b = std::ceil(beat_of(anchors, 0)); seconds_of(anchors, b) < duration; b += 1) {
    out.push_back(seconds_of(anchors, b));
  }
  return out;
}

std::vector<Anchor> scaled(std::vector<Anchor> anchors, double factor) {
  for (Anchor& a : anchors) {
    a.beat *= factor;
    a.bpm *= factor;
  }
  return anchors;
}

// Beats renumbered so that beat 0 is the first one at or after the start.
std::vector<Anchor> from_start(std::vector<Anchor> anchors) {
  const double first = std::ceil(beat_of(anchors, 0) - 1e-6);
  for (Anchor& a : anchors) a.beat -= first;
  if (anchors.size() == 1) anchors[0] = {seconds_of(anchors, 0), 0, anchors[0].bpm};
  return anchors;
}

}  // namespace

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

Grid find_grid(const OnsetCurve& curve, const std::vector<double>& beats, double duration) {
  constexpr std::size_t kLeastBeats = 8;
  if (beats.size() < kLeastBeats) return {};
  std::vector<double> intervals;
  for (std::size_t i = 1; i < beats.size(); ++i) intervals.push_back(beats[i] - beats[i - 1]);

  Line line = fit_constant(curve, beats, median(intervals), duration);
  line.period /= octave_of(curve, line, duration);
  line = polish(curve, line, duration);
  const Fit constant = judge(curve, beats_of(line, duration));

  constexpr double kGood = 0.6;
  if (constant.share < kGood) {
    std::vector<Anchor> moving = follow(curve, beats);
    if (moving.size() > 1) {
      const double bpm = 60 / median(intervals);
      // The backbeat can't be counted on a grid that moves: the range decides alone.
      moving = scaled(std::move(moving), bpm < kSlowest ? 2 : bpm >= kTooFast ? 0.5 : 1);
      const Fit fit = judge(curve, beats_of(moving, duration));
      if (fit.share > constant.share + 0.1) return {from_start(std::move(moving)), fit.share * 0.8, fit.error * 1e3};
    }
  }
  return {from_start({{line.phase, 0, 60 / line.period}}), constant.share, constant.error * 1e3};
}

}  // namespace tactus::analysis
