// Streaming conversion between two rates whose ratio may glide: soxr's variable-rate engine, fed and drained in blocks
// of any size. After construction process() allocates nothing and makes no system call (measured with soxr 0.1.3), and
// its work is even: no bursts.
#pragma once

#include <memory>

namespace tactus::io {

class Resampler {
 public:
  static constexpr int kMaxChannels = 8;
  // What it holds back, in input frames: the first output appears after so many.
  static constexpr int kDelay = 256;

  // in_per_out: input frames for one output frame, 1/24 to 24; set_ratio() may later go up to 1 % beyond.
  // Not realtime-safe. Throws std::bad_alloc.
  Resampler(int channels, double in_per_out);
  ~Resampler();
  Resampler(Resampler&&) noexcept;

  // Glides to a new ratio over the next `over` output frames.
  void set_ratio(double in_per_out, int over) noexcept;

  // Takes all n planar input frames and writes what comes out, at most `room` frames; returns how many. What does not
  // fit comes out with the next call.
  int process(const float* const* in, int n, float* const* out, int room) noexcept;

 private:
  struct Soxr;
  std::unique_ptr<Soxr> soxr_;
};

}  // namespace tactus::io
