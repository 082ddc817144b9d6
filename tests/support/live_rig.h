// A live engine host without a clock: a feeder thread that works whenever it is woken, and a device that wakes it too
// late, or in time, as the test likes.
#pragma once

#include <array>
#include <chrono>
#include <thread>
#include <vector>

#include "support/host_commands.h"

namespace tactus::testing {

class LiveRig : public HostCommands {
 public:
  explicit LiveRig(double bpm = 120, int block = 64)
      : HostCommands({SampleRate{48000}, 1, Bpm{bpm}, 1, block, false}), block_(block) {
    for (auto& plane : planes_) plane.resize(static_cast<std::size_t>(block));
    for (std::size_t c = 0; c < planes_.size(); ++c) out_[c] = planes_[c].data();
  }
  void block(bool wake) {
    msg::AudioBlock b;
    b.out = out_;
    b.outputs = msg::kBusChannels;
    b.frames = block_;
    const msg::Callback callback = host.callback();
    callback.process(callback.context, b, {});
    if (wake) callback.wake(callback.context);
    master.insert(master.end(), planes_[0].begin(), planes_[0].end());
    msg::Event e;
    while (host.poll(e)) continue;
  }
  // Until the feeder has slept through nothing: it has seen the last block.
  void settle() {
    const std::uint64_t seen = host.grace();
    const msg::Callback callback = host.callback();
    for (int i = 0; i < 3; ++i) {
      const std::int64_t before = host.feeder_stats().cpu_ns;
      callback.wake(callback.context);
      // A pass always takes some time of the CPU's.
      while (host.feeder_stats().cpu_ns == before) std::this_thread::sleep_for(std::chrono::microseconds(100));
    }
    EXPECT_GE(host.grace(), seen);
  }
  // A device whose feeder always has its time.
  void in_time(std::int64_t frames) {
    for (std::int64_t i = 0; i < frames; i += block_) {
      block(true);
      // A pass may have been under way, which has seen nothing of this block: the second to end from now on has,
      for (int pass = 0; pass < 2; ++pass) {
        const std::int64_t before = host.feeder_stats().cpu_ns;
        const msg::Callback callback = host.callback();
        callback.wake(callback.context);
        for (int spins = 0; host.feeder_stats().cpu_ns == before && spins < 20000; ++spins) {
          std::this_thread::sleep_for(std::chrono::microseconds(20));
        }
      }
      // and it has done what it owes.
      for (int spins = 0; host.fed_until() < host.frame() + block_ + 448 && spins < 20000; ++spins) {
        std::this_thread::sleep_for(std::chrono::microseconds(50));
      }
    }
  }
  // A device with a clock: a block whenever one is due, whatever the feeder has done by then.
  void in_real_time(std::int64_t frames) {
    const auto start = std::chrono::steady_clock::now();
    for (std::int64_t i = 0; i < frames; i += block_) {
      block(true);
      std::this_thread::sleep_until(start + std::chrono::microseconds((i + block_) * 1'000'000 / 48000));
    }
  }
  void render(std::int64_t frames) { in_time(frames); }
  const std::vector<float>& bus() const { return master; }
  // The feeder sleeps until all that it has made is played, and then finds itself behind.
  void starve() {
    for (int i = 0; i < 40; ++i) block(false);
    settle();
  }
  const msg::DeckSnapshot& deck() { return host.snapshot().decks[0]; }

  std::vector<float> master;

 private:
  std::array<std::vector<float>, msg::kBusChannels> planes_;
  float* out_[msg::kBusChannels];
  int block_;
};

}  // namespace tactus::testing
