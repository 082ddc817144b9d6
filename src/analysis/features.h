// What the rest of the analysis looks at instead of PCM: how energy moves, spectra, and which
// pitches sound. One pass over the audio; 17 kilobytes for each second of it, at any rate.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "analysis/spectra.h"

namespace tactus::analysis {

constexpr int kPitchBins = 36;  // a third of a semitone each, bin 0 = C
using PitchClasses = std::array<float, kPitchBins>;

constexpr int kTones = 72;       // semitones from C1 (MIDI note 24, 32.7 Hz) on
constexpr int kBinsPerTone = 3;  // bin 1 of a semitone is its middle at A = 440 Hz
constexpr int kLowestTone = 24;
// Levels in half decibels above -100 dB (a full-scale sine is 0 dB), 0 to 255; 0: no peak.
using Tones = std::array<std::uint8_t, static_cast<std::size_t>(kTones* kBinsPerTone)>;

struct Features {
  int rate = 44100;
  std::int64_t frames = 0;

  // Mean square of each hop of about 1.45 ms below 150 Hz, from there to 2 kHz, and above 2 kHz.
  double hop = 0;  // seconds
  std::array<std::vector<float>, 3> energy;

  std::vector<SpectrumFrame> spectra;  // 50 a second

  // Spectral peaks as pitch classes, every `pitch_step` seconds, centred at `pitch_first` onwards. Only peaks that
  // stand well above their surroundings: drums' noise and gliding kicks don't.
  double pitch_step = 0;
  double pitch_first = 0;
  std::vector<PitchClasses> notes;  // 60 to 2,000 Hz, each peak by the root of its magnitude
  std::vector<PitchClasses> bass;   // 30 to 260 Hz, by its magnitude
  std::vector<Tones> tones;         // the same peaks, octave by octave
  double tuning = 0;                // of the whole track against A = 440 Hz, -0.5 to 0.5 semitones

  std::int64_t first_sound = 0;  // frames: first and one past the last above -60 dBFS; equal when there is none
  std::int64_t last_sound = 0;
};

class FeatureExtractor {
 public:
  explicit FeatureExtractor(int rate);
  ~FeatureExtractor();
  void feed(std::span<const float> interleaved_stereo);
  Features so_far() const;  // a copy, of what was fed until now
  Features finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tactus::analysis
