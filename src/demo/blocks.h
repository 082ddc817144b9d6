// The small signal blocks that the demo crate's voices are built of. Offline only: for a few notes of synthesis code,
// not for the audio thread (that has src/dsp). Frequencies in Hz, times in seconds, phases in cycles.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <numbers>

namespace tactus::demo {

inline float gain_of_db(float db) noexcept { return std::pow(10.0f, db / 20.0f); }
inline float hz_of(float midi) noexcept { return 440.0f * std::exp2((midi - 69.0f) / 12.0f); }
// The factor a frame that makes an exponential fall by 60 dB in `seconds`.
inline float decay_of(float seconds, float rate) noexcept {
  return std::exp(-6.9078f / std::max(seconds * rate, 1.0f));
}

namespace detail {
constexpr int kSineSize = 2048;
inline const std::array<float, kSineSize + 1> kSine = [] {
  std::array<float, kSineSize + 1> t{};
  for (int i = 0; i <= kSineSize; ++i) t[i] = static_cast<float>(std::sin(2.0 * std::numbers::pi * i / kSineSize));
  return t;
}();
}  // namespace detail

// sin(2 pi phase) for 0 <= phase < 1, within 1.2e-6 (linear interpolation).
inline float sine(float phase) noexcept {
  const float x = phase * detail::kSineSize;
  const int i = static_cast<int>(x);
  const float f = x - static_cast<float>(i);
  return detail::kSine[i] + f * (detail::kSine[i + 1] - detail::kSine[i]);
}
// The same for any phase.
inline float sine_any(float phase) noexcept { return sine(std::min(phase - std::floor(phase), 0.99999994f)); }

// Pade approximation of tanh, exactly +-1 from |x| = 3 on.
inline float soft(float x) noexcept {
  x = std::clamp(x, -3.0f, 3.0f);
  return x * (27.0f + x * x) / (27.0f + 9.0f * x * x);
}
// The correction that takes most of the aliasing off a step: PolyBLEP (Valimaki and Huovilainen 2007).
inline float polyblep(float phase, float inc) noexcept {
  if (phase < inc) {
    const float t = phase / inc;
    return t + t - t * t - 1.0f;
  }
  if (phase > 1.0f - inc) {
    const float t = (phase - 1.0f) / inc;
    return t * t + t + t + 1.0f;
  }
  return 0.0f;
}

struct Oscillator {
  float phase = 0;
  void step(float inc) noexcept {
    phase += inc;
    if (phase >= 1.0f) phase -= 1.0f;
  }
  float saw(float inc) noexcept {
    step(inc);
    return 2.0f * phase - 1.0f - polyblep(phase, inc);
  }
  float pulse(float inc, float width) noexcept {
    step(inc);
    float other = phase + 1.0f - width;
    if (other >= 1.0f) other -= 1.0f;
    return (phase < width ? 1.0f : -1.0f) + polyblep(phase, inc) - polyblep(other, inc) + (1.0f - 2.0f * width);
  }
  float sin(float inc) noexcept {
    step(inc);
    return sine(phase);
  }
};

// State-variable filter by trapezoidal integration (Simper 2013, Zavalishin 2012): stable under fast modulation.
struct Svf {
  float g = 0, k = 1, a1 = 1, a2 = 0, a3 = 0, s1 = 0, s2 = 0;

  void set(float hz, float q, float rate) noexcept {
    // tan by its continued fraction: within 0.1 % below 0.42 of the rate, where we stop.
    const float x = std::numbers::pi_v<float> * std::clamp(hz / rate, 1e-5f, 0.42f);
    const float x2 = x * x;
    g = x * (105.0f - 10.0f * x2) / (105.0f - 45.0f * x2 + x2 * x2);
    k = 1.0f / q;
    a1 = 1.0f / (1.0f + g * (g + k));
    a2 = g * a1;
    a3 = g * a2;
  }
  struct Out {
    float low, band, high;
  };
  Out step(float in) noexcept {
    const float v3 = in - s2;
    const float v1 = a1 * s1 + a2 * v3;
    const float v2 = s2 + a2 * s1 + a3 * v3;
    s1 = 2.0f * v1 - s1;
    s2 = 2.0f * v2 - s2;
    return {v2, v1, in - k * v1 - v2};
  }
  float low(float in) noexcept { return step(in).low; }
  float high(float in) noexcept { return step(in).high; }
  float band(float in) noexcept { return k * step(in).band; }  // 0 dB at the centre
};

struct OnePole {
  float a = 1, y = 0;
  void set(float hz, float rate) noexcept { a = 1.0f - std::exp(-2.0f * std::numbers::pi_v<float> * hz / rate); }
  float low(float in) noexcept { return y += a * (in - y); }
  float high(float in) noexcept { return in - low(in); }
};

// Linear attack, exponential decay to a sustain level, exponential release after `gate` frames.
class Envelope {
 public:
  Envelope() = default;
  Envelope(float attack, float decay, float sustain, float release, std::int64_t gate, float rate) noexcept
      : rise_(1.0f / std::max(attack * rate, 1.0f)),
        fall_(decay_of(decay, rate)),
        sustain_(sustain),
        release_(decay_of(release, rate)),
        gate_(gate) {}
  float step() noexcept {
    if (t_++ >= gate_) return level_ *= release_;
    if (rising_) {
      level_ += rise_;
      if (level_ >= 1.0f) {
        level_ = 1.0f;
        rising_ = false;
      }
    } else {
      level_ = sustain_ + (level_ - sustain_) * fall_;
    }
    return level_;
  }
  float level() const noexcept { return level_; }
  bool done() const noexcept { return (t_ >= gate_ || (!rising_ && sustain_ == 0.0f)) && level_ < 2e-5f; }
  // A legato note: keep the level, move the end.
  void extend(std::int64_t frames) noexcept { gate_ = t_ + frames; }

 private:
  float rise_ = 1, fall_ = 0, sustain_ = 0, release_ = 0, level_ = 0;
  std::int64_t gate_ = 0, t_ = 0;
  bool rising_ = true;
};

}  // namespace tactus::demo
