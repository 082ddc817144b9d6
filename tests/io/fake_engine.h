// Stands in for the engine behind msg::Callback: renders a function of the frame's number, so that whoever hears the
// audio can say which frames it was, and keeps a record of every block.
#pragma once

#include <atomic>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <vector>

#include "engine/msg/callback.h"
#include "io/audio/stream.h"

namespace tactus::io {

struct BlockRecord {
  std::int64_t frame = 0;  // first of the block
  int frames = 0;
  std::int64_t at_ns = 0;    // when the callback ran
  std::int64_t host_ns = 0;  // what the block clock said
};

class FakeEngine {
 public:
  enum class Sound { ramp, sine };
  static constexpr int kRamp = 1 << 16;

  explicit FakeEngine(Sound sound = Sound::ramp, double hz = 997, int rate = 48000)
      : sound_(sound), step_(2 * std::numbers::pi * hz / rate), record_(1 << 18) {}

  msg::Callback callback() noexcept {
    return {[](void* context, const msg::AudioBlock& b, const msg::BlockClock& c)
                TACTUS_RT { static_cast<FakeEngine*>(context)->process(b, c); },
            [](void* context) noexcept { static_cast<FakeEngine*>(context)->wakes.fetch_add(1); }, this};
  }

  // Exact in a float, never 0 on the left: frame 0 is 1/65536.
  static float ramp(std::int64_t frame) { return static_cast<float>(frame % (kRamp - 1) + 1) / kRamp; }

  // Blocks so far; each whole once it is counted.
  std::vector<BlockRecord> record() const {
    return {record_.begin(), record_.begin() + static_cast<std::ptrdiff_t>(blocks.load(std::memory_order_acquire))};
  }

  std::atomic<std::size_t> blocks{0};
  std::atomic<int> wakes{0}, inside{0};
  std::atomic<bool> overlapped{false};
  std::atomic<int> planted_syscalls{0};  // so many of the coming blocks make a system call
  float last_in[4] = {};

 private:
  void process(const msg::AudioBlock& b, const msg::BlockClock& clock) noexcept;

  Sound sound_;
  double step_;
  std::int64_t frame_ = 0;
  std::vector<BlockRecord> record_;
};

// Empty when each block of the record begins where the last ended; else what is wrong.
std::string discontinuity(const std::vector<BlockRecord>& record);

}  // namespace tactus::io
