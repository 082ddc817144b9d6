#include "io/audio/rate_adapter.h"

#include <algorithm>

namespace tactus::io {

namespace {

int scaled(int frames, int to, int from) {
  return static_cast<int>((static_cast<long long>(frames) * to + from - 1) / from);
}

}  // namespace

RateAdapter::RateAdapter(int session_rate, int device_rate, int inputs, int outputs, int max_frames)
    : from_device_(std::max(inputs, 1), static_cast<double>(device_rate) / session_rate),
      to_device_(std::max(outputs, 1), static_cast<double>(session_rate) / device_rate),
      // Inputs arrive a period at a time and leave a block at a time: two blocks in hand cover the difference.
      inputs_(inputs, scaled(max_frames, session_rate, device_rate) + 8 * kBlock, 2 * kBlock),
      outputs_(outputs, max_frames + scaled(2 * kBlock, device_rate, session_rate) + 64, 0),
      block_in_(inputs, kBlock),
      block_out_(outputs, kBlock) {}

RateAdapter::Planes::Planes(int channels, int capacity)
    : storage(static_cast<std::size_t>(channels), std::vector<float>(static_cast<std::size_t>(capacity))) {
  for (auto& plane : storage) planes.push_back(plane.data());
}

RateAdapter::Queue::Queue(int channels, int capacity, int silence)
    : store_(channels, capacity), tail_(store_.planes), capacity_(capacity), frames_(silence) {}

void RateAdapter::Queue::take(Resampler& resampler, const float* const* in, int n) noexcept {
  for (std::size_t c = 0; c < tail_.size(); ++c) tail_[c] = store_.planes[c] + frames_;
  frames_ += resampler.process(in, n, tail_.data(), capacity_ - frames_);
}

void RateAdapter::Queue::give(float* const* out, int n) noexcept {
  const int there = std::min(n, frames_);
  for (std::size_t c = 0; c < store_.planes.size(); ++c) {
    float* plane = store_.planes[c];
    std::copy_n(plane, there, out[c]);
    std::fill(out[c] + there, out[c] + n, 0.0f);
    std::copy(plane + there, plane + frames_, plane);
  }
  frames_ -= there;
}

}  // namespace tactus::io
