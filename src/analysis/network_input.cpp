#include "analysis/network_input.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

namespace tactus::analysis {
namespace {

constexpr int kLoud = 160;
constexpr double kLoudShare = 0.9;

// Of each frame's strongest band: what is exceeded in the loudest tenth of the track.
int loud_level(const std::vector<SpectrumFrame>& frames) {
  std::array<std::size_t, 256> count{};
  for (const SpectrumFrame& f : frames) ++count[*std::max_element(f.wide.begin(), f.wide.end())];
  auto left = static_cast<std::size_t>(kLoudShare * static_cast<double>(frames.size()));
  for (std::size_t level = 0; level < count.size(); ++level) {
    if (count[level] > left) return static_cast<int>(level);
    left -= count[level];
  }
  return 255;
}

// Twelve semitones of the track's own tuning; what lies half-way between two counts for neither.
std::array<float, 12> folded(const PitchClasses& bins, double tuning) {
  std::array<float, 12> out{};
  for (int bin = 0; bin < kPitchBins; ++bin) {
    const double pitch = bin / (kPitchBins / 12.0) - tuning;
    const double nearest = std::round(pitch);
    const auto share = static_cast<float>(1 - 2 * std::fabs(pitch - nearest));
    out[static_cast<std::size_t>((static_cast<int>(nearest) + 12) % 12)] += share * bins[static_cast<std::size_t>(bin)];
  }
  return out;
}

std::uint8_t* put_pitches(const PitchClasses& bins, double tuning, std::uint8_t* out) {
  const std::array<float, 12> pitches = folded(bins, tuning);
  const float most = *std::max_element(pitches.begin(), pitches.end());
  for (const float p : pitches) *out++ = most > 0 ? static_cast<std::uint8_t>(std::lround(255 * p / most)) : 0;
  return out;
}

}  // namespace

std::vector<std::uint8_t> network_input(const Features& features) {
  std::vector<std::uint8_t> out(features.spectra.size() * kInputRows);
  // Silence stays silence.
  constexpr int kAudible = 30;
  const int loud = loud_level(features.spectra);
  const int shift = loud < kAudible ? 0 : kLoud - loud;
  const auto shifted = [&](std::uint8_t v) { return static_cast<std::uint8_t>(std::clamp(v + shift, 0, 255)); };
  std::uint8_t* at = out.data();
  for (std::size_t i = 0; i < features.spectra.size(); ++i) {
    const SpectrumFrame& f = features.spectra[i];
    at = std::transform(f.wide.begin(), f.wide.end(), at, shifted);
    for (const auto& fast : f.fast) at = std::transform(fast.begin(), fast.end(), at, shifted);
    const double frame = (static_cast<double>(i) * kFrameSeconds - features.pitch_first) / features.pitch_step;
    if (features.notes.empty()) {
      at += kPitchRows;
      continue;
    }
    const auto nearest =
        static_cast<std::size_t>(std::clamp(std::lround(frame), 0l, static_cast<long>(features.notes.size()) - 1));
    at = put_pitches(features.notes[nearest], features.tuning, at);
    at = put_pitches(features.bass[nearest], features.tuning, at);
  }
  return out;
}

}  // namespace tactus::analysis
