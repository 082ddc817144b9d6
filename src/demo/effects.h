// Room and echo for the demo crate: each stem has its own, so that a stem's file carries its own space and the mix is
// exactly the sum of the stems. Offline; stereo blocks in place.
#pragma once

#include <array>
#include <cstddef>
#include <vector>

#include "demo/blocks.h"

namespace tactus::demo {

// A delay line of fixed length; reads with linear interpolation.
class Line {
 public:
  Line() = default;
  explicit Line(std::size_t frames) : data_(frames + 2, 0.0f) {}
  void write(float v) noexcept {
    data_[at_] = v;
    at_ = at_ + 1 == data_.size() ? 0 : at_ + 1;
  }
  // `frames` >= 1 back from the next write.
  float read(std::size_t frames) const noexcept {
    return data_[at_ >= frames ? at_ - frames : at_ + data_.size() - frames];
  }
  float read(float frames) const noexcept {
    const auto whole = static_cast<std::size_t>(frames);
    const float f = frames - static_cast<float>(whole);
    return (1.0f - f) * read(whole) + f * read(whole + 1);
  }

 private:
  std::vector<float> data_ = std::vector<float>(2, 0.0f);
  std::size_t at_ = 0;
};

struct ReverbSettings {
  float seconds = 2.0f;     // until -60 dB
  float size = 1.0f;        // 0.3 room to 1.5 hall
  float predelay = 0.015f;  // seconds
  float damping = 5000;     // Hz above which it dies sooner
  float low_cut = 250;      // Hz: no mud
};

// Eight lines fed back through a Hadamard matrix (Jot 1991), diffused by allpasses before; two lines wander a little.
class Reverb {
 public:
  Reverb(const ReverbSettings& settings, float rate);
  void process(const float* in_l, const float* in_r, float* out_l, float* out_r, int count);  // adds

 private:
  struct Allpass {
    Line line;
    std::size_t length = 1;
    float step(float in) noexcept;
  };
  std::array<Line, 8> lines_;
  std::array<float, 8> length_{}, gain_{};
  float level_ = 1;
  std::array<OnePole, 8> damp_;
  std::array<Allpass, 6> diffuse_;
  Line pre_l_, pre_r_;
  std::size_t pre_ = 1;
  Svf cut_l_, cut_r_;
  float rate_, wander_ = 0;
};

struct DelaySettings {
  float beats = 0.75f;
  float feedback = 0.45f;
  float low_cut = 350, high_cut = 4200;  // Hz, in the loop: repeats grow thinner and darker
};

// Ping-pong: the sides feed each other.
class Delay {
 public:
  Delay(const DelaySettings& settings, float bpm, float rate);
  void process(const float* in_l, const float* in_r, float* out_l, float* out_r, int count);  // adds

 private:
  Line left_, right_;
  std::size_t frames_;
  float feedback_;
  OnePole high_l_, high_r_, low_l_, low_r_;
};

// Two slowly moving copies.
class Chorus {
 public:
  Chorus(float depth, float rate);
  void process(float* left, float* right, int count);

 private:
  Line left_, right_;
  float depth_, rate_, phase_ = 0;
};

}  // namespace tactus::demo
