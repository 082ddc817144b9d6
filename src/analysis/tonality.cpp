#include "analysis/tonality.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

namespace tactus::analysis {
namespace {

using Profile = std::array<double, 12>;

// How much each degree, in semitones above the tonic, belongs to a key: the probe-tone ratings of Krumhansl and Kessler
// (1982), as Sha'ath (2011) changed them for dance music.
constexpr Profile kMajor = {6.6, 2.0, 3.5, 2.3, 4.6, 4.0, 2.5, 5.2, 2.4, 3.7, 2.3, 3.4};
constexpr Profile kMinor = {6.5, 2.7, 3.5, 5.4, 2.6, 3.5, 2.5, 5.2, 4.0, 2.7, 4.3, 3.2};

// Twelve pitch classes of the track's own tuning, summed over the track. Each frame counts with the square root of its
// loudness.
Profile pitch_classes(const std::vector<PitchClasses>& frames, double tuning) {
  std::array<double, kPitchBins> sum{};
  for (const PitchClasses& frame : frames) {
    double all = 0;
    for (const float v : frame) all += v;
    if (all <= 0) continue;
    const double weight = 1 / std::sqrt(all);
    for (std::size_t k = 0; k < sum.size(); ++k) sum[k] += frame[k] * weight;
  }
  Profile out{};
  for (int bin = 0; bin < kPitchBins; ++bin) {
    const double pitch = bin / (kPitchBins / 12.0) - tuning;
    const double below = std::floor(pitch);
    // A triangle one semitone wide either way: what lies between two notes counts for neither.
    const double above_share = pitch - below;
    const auto at = [&](double semitone) -> double& {
      return out[static_cast<std::size_t>((static_cast<int>(semitone) % 12 + 12) % 12)];
    };
    const auto share = [](double away) { return std::max(0.0, 1 - 2 * away); };
    at(below) += sum[static_cast<std::size_t>(bin)] * share(above_share);
    at(below + 1) += sum[static_cast<std::size_t>(bin)] * share(1 - above_share);
  }
  return out;
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

}  // namespace

Tonality find_key(const Features& features) {
  const Profile treble = pitch_classes(features.treble, features.tuning);
  const Profile bass = pitch_classes(features.bass, features.tuning);
  std::array<double, 24> scores{};
  for (int i = 0; i < 24; ++i) {
    const music::Key key = music::Key::of_index(i);
    // The bass says less of the scale but more of where home is.
    scores[static_cast<std::size_t>(i)] = correlation(treble, key.minor ? kMinor : kMajor, key.tonic) +
                                          0.4 * correlation(bass, key.minor ? kMinor : kMajor, key.tonic);
  }
  const auto best = std::max_element(scores.begin(), scores.end());
  const auto index = static_cast<std::size_t>(best - scores.begin());
  if (*best < 0.3) return {};
  double second = -2;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    if (i != index) second = std::max(second, scores[i]);
  }
  return {music::Key::of_index(static_cast<int>(index)), std::clamp((*best - second) * 4, 0.01, 1.0)};
}

}  // namespace tactus::analysis
