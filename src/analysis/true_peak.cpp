#include "analysis/true_peak.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace tactus::analysis {
namespace {

constexpr std::size_t kPhases = 3;

// The taps of the points at 1/4, 2/4 and 3/4 of the way from the sixth to the seventh sample.
std::array<std::array<float, TruePeak::kTaps>, kPhases> make_taps() {
  std::array<std::array<float, TruePeak::kTaps>, kPhases> taps{};
  for (std::size_t p = 0; p < kPhases; ++p) {
    for (std::size_t k = 0; k < TruePeak::kTaps; ++k) {
      const double x = static_cast<double>(k) - 5 - 0.25 * static_cast<double>(p + 1);
      const double turn = std::numbers::pi * x;
      taps[p][k] = static_cast<float>(std::sin(turn) / turn * (0.5 + 0.5 * std::cos(turn / 6)));
    }
  }
  return taps;
}

// No point rises above the highest of the samples around it by more.
constexpr float kGain = 2.1f;

}  // namespace

void TruePeak::feed(std::span<const float> interleaved) {
  const std::size_t frames = interleaved.size() / 2;
  for (std::size_t at = 0; at < frames;) {
    const std::size_t n = std::min(frames - at, static_cast<std::size_t>(kBlock - filled_));
    for (std::size_t i = 0; i < n; ++i) {
      const std::size_t to = static_cast<std::size_t>(kTaps - 1 + filled_) + i;
      samples_[0][to] = interleaved[2 * (at + i)];
      samples_[1][to] = interleaved[2 * (at + i) + 1];
    }
    at += n;
    filled_ += static_cast<int>(n);
    if (filled_ == kBlock) look();
  }
}

float TruePeak::highest() const {
  TruePeak whole = *this;
  whole.look();
  return whole.highest_;
}

void TruePeak::look() {
  static const auto taps = make_taps();
  for (auto& channel : samples_) {
    const auto end = channel.begin() + kTaps - 1 + filled_;
    float loudest = 0;
    for (auto v = channel.begin(); v != end; ++v) loudest = std::max(loudest, std::fabs(*v));
    highest_ = std::max(highest_, loudest);
    if (loudest * kGain > highest_) {
      for (const auto& phase : taps) {
        std::array<float, kBlock> points{};
        for (std::size_t k = 0; k < TruePeak::kTaps; ++k) {
          for (std::size_t i = 0; i < kBlock; ++i) points[i] += phase[k] * channel[i + k];
        }
        for (auto v = points.begin(); v != points.begin() + filled_; ++v) highest_ = std::max(highest_, std::fabs(*v));
      }
    }
    std::copy(end - (kTaps - 1), end, channel.begin());
  }
  filled_ = 0;
}

}  // namespace tactus::analysis
