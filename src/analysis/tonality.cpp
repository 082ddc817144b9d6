#include "analysis/tonality.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

namespace tactus::analysis {
namespace {

using Profile = std::array<double, 12>;

// How much each degree, in semitones above the tonic, belongs to a key: the means over dance music of known key, with
// the degrees outside the chords taken out ("bgate"; Faraldo, Jorda and Herrera, "A multi-profile method for key
// estimation in EDM", 2017). Against Krumhansl's, Temperley's, Sha'ath's: docs/analysis.md.
constexpr Profile kMajor = {1.00, 0, 0.42, 0, 0.53, 0.37, 0, 0.77, 0, 0.38, 0.21, 0.30};
constexpr Profile kMinor = {1.00, 0, 0.36, 0.39, 0, 0.38, 0, 0.74, 0.27, 0, 0.42, 0.23};
// The bass says less of the scale, but more of where home is.
constexpr double kBassShare = 0.3;

// Twelve pitch classes of the track's own tuning. Frames count by the root of their loudness: neither one loud part nor
// the many frames of a fade decide alone.
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
    const double nearest = std::round(pitch);
    // What lies half-way between two notes counts for neither.
    const double share = 1 - 2 * std::fabs(pitch - nearest);
    out[static_cast<std::size_t>((static_cast<int>(nearest) + 12) % 12)] += share * sum[static_cast<std::size_t>(bin)];
  }
  return out;
}

// Mean and standard deviation.
struct Spread {
  double mean = 0, deviation = 0;
};

Spread spread_of(const Profile& profile) {
  Spread s;
  for (const double v : profile) s.mean += v / 12;
  for (const double v : profile) s.deviation += (v - s.mean) * (v - s.mean) / 12;
  s.deviation = std::sqrt(s.deviation);
  return s;
}

double correlation(const Profile& heard, const music::Key& key) {
  const Profile& profile = key.minor ? kMinor : kMajor;
  const Spread h = spread_of(heard), p = spread_of(profile);
  if (h.deviation <= 0) return 0;
  double sum = 0;
  for (std::size_t k = 0; k < 12; ++k) sum += (heard[(k + key.tonic) % 12] - h.mean) * (profile[k] - p.mean) / 12;
  return sum / (h.deviation * p.deviation);
}

}  // namespace

Tonality find_key(const Features& features) {
  // Some pitch classes must be heard clearly more than others (standard deviation over mean). Half a minute of noise
  // has 0.3, music 0.6 and more.
  constexpr double kContrast = 0.45;
  constexpr double kFits = 0.35;  // the score below which what is heard is no scale
  const Profile notes = pitch_classes(features.notes, features.tuning);
  const Profile bass = pitch_classes(features.bass, features.tuning);
  const Spread spread = spread_of(notes);
  if (spread.deviation <= kContrast * spread.mean) return {};

  std::array<double, 24> scores{};
  for (std::size_t i = 0; i < scores.size(); ++i) {
    const music::Key key = music::Key::of_index(static_cast<int>(i));
    scores[i] = correlation(notes, key) + kBassShare * correlation(bass, key);
  }
  const auto best = std::max_element(scores.begin(), scores.end());
  if (*best < kFits) return {};
  const music::Key key = music::Key::of_index(static_cast<int>(best - scores.begin()));
  double second = -2;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    const music::Key other = music::Key::of_index(static_cast<int>(i));
    if (other != key && other != key.relative()) second = std::max(second, scores[i]);
  }
  return {key, std::clamp((*best - second) * 4, 0.01, 1.0)};
}

}  // namespace tactus::analysis
