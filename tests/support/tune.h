// Synthetic music for the engine's tests: four bars in four stereo stems, computed once and repeated.
#pragma once

#include <cmath>
#include <cstdint>
#include <memory>
#include <vector>

#include "support/engine_rig.h"

namespace tactus::testing {

// Vocals, drums, bass, other. Everything is periodic in 16 beats, so the repeat has no seam.
class Tune {
 public:
  enum class Kind {
    full,  // with hats and claps: noise up to the top
    soft,  // nothing above 3 kHz: whatever is found above 8 kHz was made by a cut
  };

  Tune(double bpm, double rate, Kind kind)
      : rate_(rate), frames_(std::llround(16 * 60 * rate / bpm)), beat_(static_cast<double>(frames_) / 16) {
    audio_.resize(static_cast<std::size_t>(frames_ * 8));
    for (std::int64_t i = 0; i < frames_; ++i) {
      for (int side = 0; side < 2; ++side) {
        at(i, side) = vocals(i, side);
        at(i, 2 + side) = drums(i, side, kind);
        at(i, 4 + side) = bass(i);
        at(i, 6 + side) = pad(i, side);
      }
    }
  }

  // channels 8: the stems; 2: their mix.
  std::unique_ptr<RigTrack> track(double seconds, int channels) const {
    const double bpm = 60 * rate_ / beat_;
    return make_track(
        static_cast<std::int64_t>(seconds * rate_), channels, bpm, 0,
        [&](std::int64_t f, int c) { return channels == 8 ? stem(f, c) : mix(f, c); }, rate_);
  }
  float stem(std::int64_t f, int c) const { return audio_[static_cast<std::size_t>(f % frames_ * 8 + c)]; }
  float mix(std::int64_t f, int side) const {
    float sum = 0;
    for (int s = 0; s < 4; ++s) sum += stem(f, 2 * s + side);
    return sum;
  }

 private:
  float& at(std::int64_t i, int c) { return audio_[static_cast<std::size_t>(i * 8 + c)]; }
  // A sine of about `hz` that fits the loop a whole number of times.
  double tone(double hz, std::int64_t i, double phase = 0) const {
    const auto loop = static_cast<double>(frames_);
    return std::sin(2 * M_PI * std::round(hz * loop / rate_) * static_cast<double>(i) / loop + phase);
  }
  // Seconds since the last multiple of `beats`, `offset` beats late.
  double since(std::int64_t i, double beats, double offset) const {
    const double x = static_cast<double>(i) / beat_ - offset;
    return (x - beats * std::floor(x / beats)) * beat_ / rate_;
  }
  // Starts and ends at zero, without a corner that would ring to the top of the spectrum.
  static double swell(double t, double attack) { return t >= attack ? 1 : 0.5 - 0.5 * std::cos(M_PI * t / attack); }
  double release(std::int64_t i, double beats, double offset, double fade) const {
    return swell(beats * beat_ / rate_ - since(i, beats, offset), fade);
  }

  float vocals(std::int64_t i, int side) const {
    const double notes[] = {220, 246.94, 261.63, 196};
    const double f0 = notes[static_cast<std::size_t>(static_cast<double>(i) / beat_ / 4) % 4];
    double sum = 0;
    for (int h = 1; h <= 8; ++h) {
      const double f = f0 * h;
      sum += (std::exp(-std::pow((f - 700) / 300, 2)) + 0.05) * tone(f, i, 1.3 * h + 0.4 * side);
    }
    return static_cast<float>(0.08 * sum * swell(since(i, 4, 0), 0.03) * release(i, 4, 0, 0.03));
  }
  float drums(std::int64_t i, int side, Kind kind) {
    const double k = since(i, 1, 0);
    double x = 0.45 * std::exp(-k * 14) * std::sin(2 * M_PI * (50 * k + 3 * (1 - std::exp(-k * 30)))) *
               swell(k, 0.004) * release(i, 1, 0, 0.02);
    if (kind == Kind::full) {
      const double hat = noise(), clap = noise();
      x += 0.10 * std::exp(-since(i, 1, 0.5) * 60) * (hat - last_hat_) +
           0.15 * std::exp(-since(i, 2, 1) * 35) * clap * (side ? 0.8 : 1);
      last_hat_ = hat;
    }
    return static_cast<float>(x);
  }
  float bass(std::int64_t i) const {
    const double notes[] = {55, 55, 65.41, 49};
    const double f = notes[static_cast<std::size_t>(static_cast<double>(i) / beat_) % 4];
    double sum = 0;
    for (int h = 1; h <= 8; ++h) sum += tone(f * h, i) / h;
    const double t = since(i, 0.5, 0);
    return static_cast<float>(0.15 * sum * std::exp(-t * 4) * swell(t, 0.006) * release(i, 0.5, 0, 0.02));
  }
  float pad(std::int64_t i, int side) const {
    double sum = 0;
    for (const double f : {261.63, 329.63, 392.0, 493.88}) {
      for (int h = 1; h <= 4; ++h) sum += tone(f * h * (side ? 1.002 : 0.998), i, h) / (h * h);
    }
    return static_cast<float>(0.05 * sum * (0.8 + 0.2 * tone(0.5, i)));
  }
  double noise() {  // xorshift
    seed_ ^= seed_ << 13, seed_ ^= seed_ >> 7, seed_ ^= seed_ << 17;
    return static_cast<double>(seed_ >> 11) / 4503599627370496.0 - 1;
  }

  double rate_;
  std::int64_t frames_;
  double beat_;  // frames
  std::vector<float> audio_;
  std::uint64_t seed_ = 88172645463325252ull;
  double last_hat_ = 0;
};

}  // namespace tactus::testing
