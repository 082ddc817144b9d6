// What the built-in embedder knows of sixteen beats of music before it is boiled down: several hundred plain numbers of
// rhythm, harmony and timbre each (docs/analysis.md). They are made to move little when the music is louder, filtered,
// faster, in another key or has speech over it; tools/train/embedding.py learns which of them say what music it is.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "analysis/features.h"

namespace tactus::analysis {

constexpr int kStretchBeats = 16;
constexpr int kSteps = 4 * kStretchBeats;  // sixteenths of a bar of four beats

// Where sixteen beats lie: seconds of each sixteenth, and of the end.
using Stretch = std::array<double, kSteps + 1>;

constexpr int kOnsetBands = kFastBands / 3;
// Onsets and levels of each step of a bar; onsets of three bands step by step, levels beat by beat; periods.
constexpr std::size_t kRhythmMeasures = 2 * 16 * kOnsetBands + 3 * kSteps + 3 * kStretchBeats + 3 * 16;
// Fourier magnitudes of notes and bass; bass against notes; chords against those one to eight beats earlier; bars
// against bars.
constexpr std::size_t kHarmonyMeasures = 2 * 98 + 12 + 7 * 12 + 2 * 6 * 12;
constexpr int kCorrelated = kWideBands / 4;
// Six statistics of each band; how bands move together.
constexpr std::size_t kTimbreMeasures = 6 * kWideBands + kCorrelated * (kCorrelated - 1) / 2;

struct Measures {
  std::array<float, kRhythmMeasures> rhythm;
  std::array<float, kHarmonyMeasures> harmony;
  std::array<float, kTimbreMeasures> timbre;
};

// Measures stretches of one track, whose `features` it borrows.
class Measurer {
 public:
  explicit Measurer(const Features& features);
  // What lies outside the track is silence.
  Measures of(const Stretch& stretch) const;

 private:
  void rhythm(const Stretch& stretch, float* out) const;
  void harmony(const Stretch& stretch, float* out) const;
  void timbre(const Stretch& stretch, float* out) const;
  float onset_level(std::ptrdiff_t row, int band) const;

  const Features& features_;
  std::array<int, kOnsetBands> loud_{};  // of each band of onsets: half decibels that a twentieth of the track exceeds
  int loudest_ = 0;                      // of each frame's strongest band: exceeded by a tenth of the track
  std::array<float, kWideBands> track_levels_{};  // decibels, means over the track
};

}  // namespace tactus::analysis
