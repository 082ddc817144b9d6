#include "demo/effects.h"

namespace tactus::demo {

float Reverb::Allpass::step(float in) noexcept {
  const float delayed = line.read(length);
  const float fed = in - 0.6f * delayed;
  line.write(fed);
  return delayed + 0.6f * fed;
}

Reverb::Reverb(const ReverbSettings& s, float rate) : rate_(rate) {
  // Mutually prime in spirit: no common echo. Seconds at size 1.
  static constexpr std::array<float, 8> kSeconds{0.0297f, 0.0371f, 0.0411f, 0.0437f,
                                                 0.0533f, 0.0617f, 0.0683f, 0.0797f};
  static constexpr std::array<float, 6> kDiffuse{0.0047f, 0.0036f, 0.0107f, 0.0051f, 0.0041f, 0.0119f};
  for (std::size_t i = 0; i < 8; ++i) {
    length_[i] = kSeconds[i] * s.size * rate;
    lines_[i] = Line(static_cast<std::size_t>(length_[i]) + 40);
    gain_[i] = std::pow(10.0f, -3.0f * length_[i] / (s.seconds * rate));
    damp_[i].set(s.damping, rate);
  }
  // A line that keeps g of its level a pass gathers 1 / (1 - g^2) of the energy: a send of 1 comes back as loud as it
  // went.
  level_ = 0.5f * std::sqrt(1.0f - gain_[3] * gain_[3]);
  for (std::size_t i = 0; i < diffuse_.size(); ++i) {
    diffuse_[i].length = static_cast<std::size_t>(kDiffuse[i] * rate);
    diffuse_[i].line = Line(diffuse_[i].length);
  }
  pre_ = std::max<std::size_t>(1, static_cast<std::size_t>(s.predelay * rate));
  pre_l_ = Line(pre_);
  pre_r_ = Line(pre_);
  cut_l_.set(s.low_cut, 0.7f, rate);
  cut_r_.set(s.low_cut, 0.7f, rate);
}

void Reverb::process(const float* in_l, const float* in_r, float* out_l, float* out_r, int count) {
  for (int n = 0; n < count; ++n) {
    float l = pre_l_.read(pre_), r = pre_r_.read(pre_);
    pre_l_.write(cut_l_.high(in_l[n]));
    pre_r_.write(cut_r_.high(in_r[n]));
    for (std::size_t i = 0; i < 3; ++i) {
      l = diffuse_[i].step(l);
      r = diffuse_[i + 3].step(r);
    }
    wander_ += 0.7f / rate_;
    if (wander_ >= 1) wander_ -= 1;
    const float move = 8.0f * sine(wander_);
    std::array<float, 8> x;
    for (std::size_t i = 0; i < 8; ++i) {
      const float at = i == 3 ? length_[i] + 10.0f + move : i == 6 ? length_[i] + 10.0f - move : length_[i];
      x[i] = damp_[i].low(gain_[i] *
                          (i == 3 || i == 6 ? lines_[i].read(at) : lines_[i].read(static_cast<std::size_t>(at))));
    }
    out_l[n] += level_ * (x[0] + x[2] - x[4] + x[6]);
    out_r[n] += level_ * (x[1] - x[3] + x[5] + x[7]);
    for (std::size_t half = 1; half < 8; half *= 2)
      for (std::size_t i = 0; i < 8; i += 2 * half)
        for (std::size_t k = i; k < i + half; ++k) {
          const float a = x[k], b = x[k + half];
          x[k] = a + b;
          x[k + half] = a - b;
        }
    for (std::size_t i = 0; i < 8; ++i) lines_[i].write(0.353553f * x[i] + (i % 2 == 0 ? l : r));
  }
}

Delay::Delay(const DelaySettings& s, float bpm, float rate)
    : frames_(static_cast<std::size_t>(std::lround(s.beats * 60.0f / bpm * rate))), feedback_(s.feedback) {
  left_ = Line(frames_);
  right_ = Line(frames_);
  for (OnePole* p : {&high_l_, &high_r_}) p->set(s.low_cut, rate);
  for (OnePole* p : {&low_l_, &low_r_}) p->set(s.high_cut, rate);
}

void Delay::process(const float* in_l, const float* in_r, float* out_l, float* out_r, int count) {
  for (int n = 0; n < count; ++n) {
    const float l = left_.read(frames_), r = right_.read(frames_);
    out_l[n] += l;
    out_r[n] += r;
    // All of it starts on the left and bounces: an echo that travels.
    left_.write(low_l_.low(high_l_.high(0.5f * (in_l[n] + in_r[n]) + feedback_ * r)));
    right_.write(low_r_.low(high_r_.high(feedback_ * l * 1.3f)));
  }
}

Chorus::Chorus(float depth, float rate)
    : left_(static_cast<std::size_t>(0.03f * rate)),
      right_(static_cast<std::size_t>(0.03f * rate)),
      depth_(depth),
      rate_(rate) {}

void Chorus::process(float* left, float* right, int count) {
  for (int n = 0; n < count; ++n) {
    phase_ += 0.45f / rate_;
    if (phase_ >= 1) phase_ -= 1;
    left_.write(left[n]);
    right_.write(right[n]);
    const float swing = 0.003f * rate_ * sine(phase_), base = 0.009f * rate_;
    const float l = left_.read(base + swing), r = right_.read(base - swing);
    left[n] = (1.0f - 0.3f * depth_) * left[n] + 0.6f * depth_ * l;
    right[n] = (1.0f - 0.3f * depth_) * right[n] + 0.6f * depth_ * r;
  }
}

}  // namespace tactus::demo
