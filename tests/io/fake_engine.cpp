#include "fake_engine.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <string>

namespace tactus::io {

void FakeEngine::process(const msg::AudioBlock& b, const msg::BlockClock& clock) noexcept {
  if (inside.fetch_add(1) != 0) overlapped = true;
  if (planted_syscalls.load() > 0) {
    planted_syscalls.fetch_sub(1);
    syscall(SYS_getppid);
  }
  for (int i = 0; i < b.frames; ++i) {
    const std::int64_t f = frame_ + i;
    const float v =
        sound_ == Sound::ramp ? ramp(f) : static_cast<float>(0.5 * std::sin(step_ * static_cast<double>(f)));
    for (int c = 0; c < b.outputs; ++c) b.out[c][i] = c % 2 == 0 ? v : -v;
    // Pre-listening carries something of its own, so that it is known where it is heard.
    if (b.outputs > msg::kCue) b.out[msg::kCue][i] = sound_ == Sound::ramp ? 0.25f : v;
  }
  for (int c = 0; c < b.inputs && c < 4; ++c) last_in[c] = b.in[c][b.frames - 1];
  const std::size_t n = blocks.load(std::memory_order_relaxed);
  if (n < record_.size()) {
    record_[n] = {frame_, b.frames, monotonic_ns(), clock.host_ns};
    blocks.store(n + 1, std::memory_order_release);
  }
  frame_ += b.frames;
  inside.fetch_sub(1);
}

std::string discontinuity(const std::vector<BlockRecord>& record) {
  for (std::size_t i = 1; i < record.size(); ++i) {
    const BlockRecord &a = record[i - 1], &b = record[i];
    if (b.frame != a.frame + a.frames) {
      return "block " + std::to_string(i) + " begins at frame " + std::to_string(b.frame) + " instead of " +
             std::to_string(a.frame + a.frames);
    }
    if (b.at_ns < a.at_ns) return "block " + std::to_string(i) + " ran before the one before it";
  }
  return {};
}

}  // namespace tactus::io
