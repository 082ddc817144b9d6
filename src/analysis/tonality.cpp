#include "analysis/tonality.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

namespace tactus::analysis {
namespace {

using Profile = std::array<double, 12>;

// How much each degree, in semitones above the tonic, belongs to a key: Temperley's (1999), sharp about which notes are
// in the scale,
constexpr Profile kMajorScale = {5, 2, 3.5, 2, 4.5, 4, 2, 4.5, 2, 3.5, 1.5, 4};
constexpr Profile kMinorScale = {5, 2, 3.5, 4.5, 2, 4, 2, 4.5, 3.5, 2, 1.5, 4};
// and a plainer one that is sharp about the tonic triad, to tell a key from its relative.
constexpr Profile kMajorHome = {1, 0, 0.5, 0, 0.6, 0.4, 0, 0.7, 0, 0.5, 0, 0.4};
constexpr Profile kMinorHome = {1, 0, 0.4, 0.7, 0, 0.5, 0, 0.7, 0.3, 0.05, 0.4, 0.05};

using Scores = std::array<double, 24>;

// Adds one frame, folded to twelve pitch classes of the track's own tuning. Frames count by the root of their loudness.
void add_frame(Profile& sum, const PitchClasses& frame, double tuning) {
  double all = 0;
  for (const float v : frame) all += v;
  if (all <= 0) return;
  const double weight = 1 / std::sqrt(all);
  for (int bin = 0; bin < kPitchBins; ++bin) {
    const double pitch = bin / (kPitchBins / 12.0) - tuning;
    const double nearest = std::round(pitch);
    // What lies half-way between two notes counts for neither.
    const double share = 1 - 2 * std::fabs(pitch - nearest);
    sum[static_cast<std::size_t>((static_cast<int>(nearest) + 12) % 12)] +=
        share * weight * frame[static_cast<std::size_t>(bin)];
  }
}

double correlation(const Profile& heard, const Profile& profile, int tonic) {
  double mean_heard = 0, mean_profile = 0;
  for (std::size_t k = 0; k < 12; ++k) {
    mean_heard += heard[k] / 12;
    mean_profile += profile[k] / 12;
  }
  double hp = 0, hh = 1e-12, pp = 1e-12;
  for (int k = 0; k < 12; ++k) {
    const double h = heard[static_cast<std::size_t>((k + tonic) % 12)] - mean_heard;
    const double p = profile[static_cast<std::size_t>(k)] - mean_profile;
    hp += h * p;
    hh += h * h;
    pp += p * p;
  }
  return hp / std::sqrt(hh * pp);
}

// Each stretch of ten seconds votes for every key by how well it fits; so one loud part doesn't decide alone.
Scores votes(const std::vector<PitchClasses>& frames, const Features& features, const Profile& major,
             const Profile& minor) {
  const auto stretch = std::max<std::size_t>(1, static_cast<std::size_t>(10 / features.pitch_step));
  Scores out{};
  for (std::size_t from = 0; from < frames.size(); from += stretch) {
    Profile heard{};
    for (std::size_t i = from; i < std::min(frames.size(), from + stretch); ++i) {
      add_frame(heard, frames[i], features.tuning);
    }
    for (std::size_t k = 0; k < out.size(); ++k) {
      const music::Key key = music::Key::of_index(static_cast<int>(k));
      out[k] += correlation(heard, key.minor ? minor : major, key.tonic);
    }
  }
  const double stretches = std::ceil(static_cast<double>(frames.size()) / static_cast<double>(stretch));
  for (double& v : out) v /= std::max(1.0, stretches);
  return out;
}

}  // namespace

Tonality find_key(const Features& features) {
  constexpr double kTonal = 0.25;  // correlation below which there is no scale to speak of
  const Scores scale = votes(features.scale, features, kMajorScale, kMinorScale);
  // First the notes: the twelve scales, each with its major and its relative minor.
  const auto of_scale = [&](int tonic) {
    const music::Key key{static_cast<std::uint8_t>(tonic), false};
    return std::max(scale[static_cast<std::size_t>(key.index())],
                    scale[static_cast<std::size_t>(key.relative().index())]);
  };
  int best = 0;
  for (int tonic = 1; tonic < 12; ++tonic) {
    if (of_scale(tonic) > of_scale(best)) best = tonic;
  }
  if (of_scale(best) < kTonal) return {};
  double second = -1;
  for (int tonic = 0; tonic < 12; ++tonic) {
    if (tonic != best) second = std::max(second, of_scale(tonic));
  }
  // Then which of the two is home.
  const Scores home = votes(features.home, features, kMajorHome, kMinorHome);
  const music::Key major{static_cast<std::uint8_t>(best), false};
  const double lead =
      home[static_cast<std::size_t>(major.index())] - home[static_cast<std::size_t>(major.relative().index())];
  const double sure_of_scale = std::clamp((of_scale(best) - second) * 5, 0.0, 1.0);
  const double sure_of_home = std::clamp(0.5 + std::fabs(lead) * 5, 0.0, 1.0);
  return {lead > 0 ? major : major.relative(), std::max(0.01, sure_of_scale * sure_of_home)};
}

}  // namespace tactus::analysis
