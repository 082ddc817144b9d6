// Lets a device run at another rate than the session: the engine renders blocks at its own rate, and both directions
// are resampled by the fixed ratio of the two rates, paced by the device. Realtime-safe after construction.
#pragma once

#include <vector>

#include "io/audio/resampler.h"

namespace tactus::io {

class RateAdapter {
 public:
  // Engine frames a call of the renderer: small, so that a device period never waits for much more than it needs.
  static constexpr int kBlock = 64;

  // Not realtime-safe. Periods passed to render() have up to max_frames frames.
  RateAdapter(int session_rate, int device_rate, int inputs, int outputs, int max_frames);

  // Fills n device frames. `block(in, out)` is called as often as needed, and renders kBlock session frames each time.
  template <typename Block>
  void render(const float* const* in, float* const* out, int n, Block&& block) noexcept {
    if (inputs_.channels() > 0) inputs_.take(from_device_, in, n);
    while (outputs_.frames() < n) {
      inputs_.give(block_in_.planes.data(), kBlock);
      block(block_in_.planes.data(), block_out_.planes.data());
      outputs_.take(to_device_, block_out_.planes.data(), kBlock);
    }
    outputs_.give(out, n);
  }

  // Device frames that are rendered and wait for the next render().
  int queued() const noexcept { return outputs_.frames(); }

 private:
  // Planar samples with room for `capacity` frames each.
  struct Planes {
    Planes(int channels, int capacity);
    std::vector<std::vector<float>> storage;
    std::vector<float*> planes;
  };
  // A short queue of planar frames.
  class Queue {
   public:
    Queue(int channels, int capacity, int silence);
    int channels() const noexcept { return static_cast<int>(store_.planes.size()); }
    int frames() const noexcept { return frames_; }
    void take(Resampler& resampler, const float* const* in, int n) noexcept;
    // The oldest n frames; silence for what isn't there.
    void give(float* const* out, int n) noexcept;

   private:
    Planes store_;
    std::vector<float*> tail_;
    int capacity_, frames_;
  };

  Resampler from_device_, to_device_;
  Queue inputs_, outputs_;
  Planes block_in_, block_out_;
};

}  // namespace tactus::io
