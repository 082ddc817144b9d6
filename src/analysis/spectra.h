// Spectra as the beat network sees them: 50 frames a second, 64 bands of a long window for pitch and timbre and, twice
// a frame, 24 bands of a short one for attacks. 5.6 kilobytes for each second of audio.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace tactus::analysis {

constexpr double kFrameSeconds = 0.02;
constexpr int kWideBands = 64;  // of about 46 ms
constexpr int kFastBands = 24;  // of about 23 ms

// Levels in half decibels above -100 dB (a full-scale sine is about 0 dB in the band that holds it), 0 to 255.
struct SpectrumFrame {
  std::array<std::uint8_t, kWideBands> wide;                 // centred at the frame's time
  std::array<std::array<std::uint8_t, kFastBands>, 2> fast;  // centred there and 10 ms later
};

// Frame i is centred at i * kFrameSeconds of what was fed; before the first sample lies silence.
class SpectraExtractor {
 public:
  explicit SpectraExtractor(int rate);
  ~SpectraExtractor();
  void feed(std::span<const float> mono);
  // A copy of the frames that need nothing that is still to come.
  std::vector<SpectrumFrame> so_far() const;
  // All frames up to the last sample's.
  std::vector<SpectrumFrame> finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tactus::analysis
