// A session on a device that may vanish: what passed, who drove the engine when, and how long nobody did.
//
// Clocks. The one bound on wall time is the 100 ms in which the standby takes over, read from the engine's own record:
// the time from the device's last block to the standby's first. On a shared virtual machine a thread may not run for
// tens of milliseconds. So a watch thread sleeps a millisecond at a time beside it and notes by how much it overslept
// at worst; the bound is 100 ms and that. No other test here depends on how fast time passes.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "fake_engine.h"
#include "io/audio/backend.h"
#include "support/soak.h"

namespace tactus::io {

constexpr std::int64_t kMs = 1'000'000;

class Oversleep {
 public:
  Oversleep() : thread_([this] { run(); }) {}
  ~Oversleep() {
    stop_ = true;
    thread_.join();
  }
  std::int64_t worst_ns() const { return worst_; }

 private:
  void run() {
    while (!stop_) {
      const std::int64_t before = monotonic_ns();
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      worst_ = std::max<std::int64_t>(worst_, monotonic_ns() - before - kMs);
    }
  }
  std::atomic<bool> stop_{false};
  std::atomic<std::int64_t> worst_{0};
  std::thread thread_;
};

class DeviceRig : public ::testing::Test {
 protected:
  void TearDown() override { opened_.audio.reset(); }  // before whatever server a test has
  bool wait_until(const std::function<bool()>& done, double seconds = 20) {
    for (int i = 0; i < seconds * 200; ++i) {
      if (done()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return false;
  }
  bool on_device() { return opened_.audio->status().on_device; }
  void gather() {
    for (const Handover& h : opened_.audio->take_handovers()) handovers_.push_back(h);
    for (const Notice& n : opened_.audio->take_notices()) notices_ += n.text + "\n";
  }
  bool handed_over(std::size_t times) {
    return wait_until([&] {
      gather();
      return handovers_.size() >= times;
    });
  }
  // Longest time between two blocks at hand-overs to the standby.
  std::int64_t longest_handover_ns() {
    const std::vector<BlockRecord> record = engine_.record();
    std::int64_t longest = -1;
    for (const Handover& h : handovers_) {
      if (h.to != EngineGate::kStandby) continue;
      for (std::size_t i = 1; i < record.size(); ++i) {
        if (record[i].frame == h.frame) longest = std::max(longest, record[i].at_ns - record[i - 1].at_ns);
      }
    }
    return longest;
  }
  // The standby takes over within 100 ms from `fault` on; what the machine overslept is not ours.
  void expect_standby(const std::string& what, const std::function<void()>& fault) {
    gather();
    handovers_.clear();
    const Oversleep watch;
    fault();
    ASSERT_TRUE(handed_over(1));
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    const std::int64_t took = longest_handover_ns();
    EXPECT_GT(took, 0);
    EXPECT_LE(took, 100 * kMs + watch.worst_ns());
    test::record(what + ": standby after " + std::to_string(took / 1000) + " us (oversleep of the machine " +
                 std::to_string(watch.worst_ns() / 1000) + " us)");
  }

  FakeEngine engine_;
  OpenedAudio opened_;
  std::vector<Handover> handovers_;
  std::string notices_;
};

}  // namespace tactus::io
