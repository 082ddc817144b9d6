// The small parts around `process`: time filter, CPU meter, syscall trap, denormals, gate.
#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstring>
#include <random>
#include <thread>

#include "fake_engine.h"
#include "io/audio/cpu_meter.h"
#include "io/audio/flush_denormals.h"
#include "io/audio/gate.h"
#include "io/audio/syscall_trap.h"
#include "io/audio/time_filter.h"

namespace tactus::io {
namespace {

TEST(TimeFilter, TakesOutJitterAndFollowsTheRealRate) {
  // A device 80 ppm fast whose callbacks come up to 1 ms late, at random.
  const double period_ns = 64e9 / 48000 / 1.00008;
  std::mt19937 random(7);
  std::uniform_real_distribution<double> late(0, 1e6);
  TimeFilter filter(48000);
  const std::int64_t origin = 1'700'000'000'000'000'000;
  double worst = 0, worst_raw = 0, sum = 0;
  std::int64_t last = 0;
  const int n = 750 * 60, settled = 750 * 20;
  for (int k = 0; k < n; ++k) {
    const double ideal = k * period_ns + 0.5e6;  // half a millisecond late is the mean
    const std::int64_t now = origin + static_cast<std::int64_t>(k * period_ns + late(random));
    const std::int64_t start = filter.update(now, 64);
    EXPECT_GT(start, last);
    last = start;
    if (k < settled) continue;
    const double error = static_cast<double>(start - origin) - ideal;
    sum += error;
    worst = std::max(worst, std::abs(error));
    worst_raw = std::max(worst_raw, std::abs(static_cast<double>(now - origin) - ideal));
  }
  EXPECT_GT(worst_raw, 4.9e5);
  EXPECT_LT(worst, 5e4);                          // ten times less at worst
  EXPECT_LT(std::abs(sum / (n - settled)), 5e3);  // and no bias
  EXPECT_NEAR(filter.ns_per_frame() * 48000 * 1.00008, 1e9, 1e9 * 2e-5);
}

TEST(TimeFilter, StartsAfreshAfterAStall) {
  TimeFilter filter(48000);
  std::int64_t now = 1'000'000'000;
  for (int k = 0; k < 1000; ++k, now += 5'333'333) filter.update(now, 256);
  now += 800'000'000;
  EXPECT_EQ(filter.update(now, 256), now);
  EXPECT_NEAR(static_cast<double>(filter.update(now + 5'333'333, 256)), static_cast<double>(now + 5'333'333), 2e3);
}

// A driver of periods of `block` frames, as seen by a filter: how far off the filtered starts are, in ms.
class Driver {
 public:
  Driver(int block, int seed) : block_(block), period_ns_(block * 1e9 / 48000), random_(static_cast<unsigned>(seed)) {}
  // A period that begins where it should, noticed `late_ns` later and some jitter; returns the filtered time's error.
  double period(double late_ns = 0) {
    std::exponential_distribution<double> jitter(1 / 1e5);  // 0.1 ms, seldom more than half a millisecond
    const double true_ns = due_ns_;
    due_ns_ += period_ns_;
    const auto now = static_cast<std::int64_t>(true_ns + late_ns + jitter(random_));
    return (static_cast<double>(filter_.update(now, block_)) - true_ns) * 1e-6;
  }
  void run(double seconds) {
    for (double t = 0; t < seconds; t += period_ns_ * 1e-9) period();
  }
  // The device itself stands still for so long.
  void move(double ns) { due_ns_ += ns; }
  double period_ns() const { return period_ns_; }

 private:
  int block_;
  double period_ns_, due_ns_ = 9e15;
  std::mt19937 random_;
  TimeFilter filter_{48000};
};

TEST(TimeFilter, LocksWithinASecondAfterAFirstPeriodThatCameLate) {
  for (const int block : {64, 256, 1024}) {
    Driver driver(block, 3);
    driver.period(20e6);
    driver.run(1);
    for (int k = 0; k < 100; ++k) EXPECT_LT(std::abs(driver.period()), 0.6) << block;
  }
}

// What a busy machine does to a driver that catches up: the music is where it was.
TEST(TimeFilter, CallbacksThatWereHeldUpAndCatchUpMoveNothing) {
  for (const int block : {64, 128, 512}) {
    Driver driver(block, 5);
    driver.run(5);
    double worst = 0;
    for (int stall = 0; stall < 20; ++stall) {
      for (double late = 40e6; late > 0; late -= driver.period_ns()) {
        worst = std::max(worst, std::abs(driver.period(late)));
      }
      for (int k = 0; k < 40; ++k) worst = std::max(worst, std::abs(driver.period()));
    }
    EXPECT_LT(worst, 0.4) << block;  // a plain loop of this bandwidth: 2 to 9
  }
}

// What it does to a JACK server without hardware, whose periods go on later for good after each xrun.
TEST(TimeFilter, ADeviceThatGoesOnLaterIsFollowedWithinATenthOfASecond) {
  for (const int block : {64, 128, 1024}) {
    Driver driver(block, 7);
    driver.run(5);
    std::mt19937 dice(1);
    for (int xrun = 0; xrun < 60; ++xrun) {
      driver.move(std::uniform_real_distribution<double>(0, 15e6)(dice));
      driver.run(0.1);
      for (int k = 0; k < 5; ++k) EXPECT_LT(std::abs(driver.period()), 1.1) << block;  // a plain loop: 20 to 22
      driver.run(0.3);
    }
  }
}

TEST(CpuMeter, QuantilesAreWithinABucketAbove) {
  CpuMeter meter;
  for (int us = 1; us <= 10000; ++us) meter.add(us * 1000);
  EXPECT_EQ(meter.blocks(), 10000u);
  EXPECT_NEAR(meter.mean_ns(), 5000.5e3, 1);
  EXPECT_EQ(meter.max_ns(), 1e7);
  for (const double share : {0.01, 0.5, 0.9, 0.99, 0.999}) {
    const double exact = share * 1e7;
    EXPECT_GE(meter.quantile_ns(share), exact * 0.999) << share;
    EXPECT_LE(meter.quantile_ns(share), exact * 1.13) << share;
  }
  EXPECT_EQ(meter.quantile_ns(1), 1e7);
  CpuMeter extremes;
  extremes.add(0);
  extremes.add(std::int64_t{1} << 60);
  EXPECT_EQ(extremes.blocks(), 2u);
}

TEST(FlushDenormals, MakesThemZero) {
  std::thread([] {
    volatile float tiny = 1e-38f;
    EXPECT_NE(tiny * 0.01f, 0.0f);
    flush_denormals();
    EXPECT_EQ(tiny * 0.01f, 0.0f);
    volatile float denormal;
    volatile std::uint32_t bits = 1;
    std::memcpy(const_cast<float*>(&denormal), const_cast<std::uint32_t*>(&bits), 4);
    EXPECT_EQ(denormal * 1e38f, 0.0f);
  }).join();
}

class Trap : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!SyscallTrap::supported()) GTEST_SKIP() << "this kernel has no Syscall User Dispatch";
    ASSERT_TRUE(SyscallTrap::install(SyscallTrap::Mode::count));
  }
};

TEST_F(Trap, CountsAPlantedCallAndMakesItAllTheSame) {
  std::thread([] {
    const std::uint64_t before = SyscallTrap::hits();
    SyscallTrap::arm();
    volatile double x = 1;
    for (int i = 0; i < 1000; ++i) x = x + std::sin(i);
    SyscallTrap::disarm();
    EXPECT_EQ(SyscallTrap::hits(), before);
    SyscallTrap::arm();
    const long parent = syscall(SYS_getppid);
    SyscallTrap::disarm();
    EXPECT_EQ(SyscallTrap::hits(), before + 1);
    EXPECT_EQ(SyscallTrap::last_call(), SYS_getppid);
    EXPECT_EQ(parent, getppid());
    syscall(SYS_getppid);  // disarmed: nobody minds
    EXPECT_EQ(SyscallTrap::hits(), before + 1);
  }).join();
}

TEST_F(Trap, WatchesOnlyTheThreadThatArmedIt) {
  const std::uint64_t before = SyscallTrap::hits();
  SyscallTrap::arm();
  SyscallTrap::disarm();
  std::thread([] { syscall(SYS_getppid); }).join();
  EXPECT_EQ(SyscallTrap::hits(), before);
}

TEST_F(Trap, SurroundsProcessInTheGate) {
  FakeEngine engine;
  EngineGate gate(engine.callback(), {SyscallTrap::arm, SyscallTrap::disarm}, {});
  std::vector<float> plane(64);
  float* out[8];
  std::fill_n(out, 8, plane.data());
  const auto run = [&](bool planted) {
    const std::uint64_t before = SyscallTrap::hits();
    engine.planted_syscalls = planted;
    EXPECT_TRUE(gate.enter(EngineGate::kStandby, 1));
    gate.process({nullptr, out, 0, 8, 64}, {});
    gate.leave();
    return SyscallTrap::hits() - before;
  };
  gate.give_to(EngineGate::kStandby, 1, 0);
  run(false);  // the engine stand-in's own first clock reading
  EXPECT_EQ(run(false), 0u);
  EXPECT_EQ(run(true), 1u);
  EXPECT_EQ(run(false), 0u);
}

TEST(TrapDeath, AbortsWithATrace) {
  if (!SyscallTrap::supported()) GTEST_SKIP() << "this kernel has no Syscall User Dispatch";
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(
      {
        SyscallTrap::install(SyscallTrap::Mode::abort);
        SyscallTrap::arm();
        syscall(SYS_getppid);
      },
      "a system call on the audio thread");
}

class Gate : public ::testing::Test {
 protected:
  static constexpr std::int64_t kMs = 1'000'000;
  void block(int frames = 64) {
    float* out[8];
    std::fill_n(out, 8, plane_.data());
    gate_.process({nullptr, out, 0, 8, frames}, {});
  }
  // One period of driver `id`: true if it played.
  bool period(std::uint32_t id, std::int64_t now_ns) {
    if (!gate_.enter(id, now_ns)) return false;
    block();
    gate_.leave();
    return true;
  }
  std::vector<float> plane_ = std::vector<float>(4096);
  FakeEngine engine_;
  EngineGate gate_{engine_.callback(), {}, {}};
};

TEST_F(Gate, OnlyTheOwnerPlays) {
  EXPECT_FALSE(period(2, 0)) << "nobody owns it yet";
  gate_.give_to(2, 90 * kMs, 0);
  EXPECT_TRUE(period(2, 1));
  EXPECT_FALSE(period(3, 1));
  EXPECT_FALSE(period(EngineGate::kStandby, 1));
  EXPECT_EQ(gate_.frames(), 64);
  EXPECT_EQ(engine_.wakes, 1);
}

TEST_F(Gate, StandbyTakesOverFromASilentDeviceOnlyAndFramesGoOn) {
  gate_.give_to(2, 90 * kMs, 0);
  period(2, 10 * kMs);
  gate_.watch(100 * kMs);
  EXPECT_EQ(gate_.owner(), 2u);
  gate_.watch(100 * kMs + 1);
  EXPECT_EQ(gate_.owner(), EngineGate::kStandby);
  EXPECT_TRUE(period(EngineGate::kStandby, 100 * kMs + 1));
  EXPECT_FALSE(period(2, 101 * kMs)) << "a late callback must be silent";
  Handover h;
  ASSERT_TRUE(gate_.next_handover(h));
  EXPECT_EQ(h.frame, 64);
  EXPECT_EQ(h.from, 2u);
  EXPECT_EQ(h.to, EngineGate::kStandby);

  gate_.offer(3, 90 * kMs);
  EXPECT_FALSE(period(3, 110 * kMs)) << "an offer is taken up by the standby, between blocks";
  gate_.watch(111 * kMs);
  EXPECT_TRUE(period(3, 112 * kMs));
  EXPECT_FALSE(period(EngineGate::kStandby, 112 * kMs));
  ASSERT_TRUE(gate_.next_handover(h));
  EXPECT_EQ(h.frame, 128);
  EXPECT_EQ(h.to, 3u);
  EXPECT_EQ(discontinuity(engine_.record()), "");
}

TEST_F(Gate, NeverTakesTheTokenFromADriverThatIsInside) {
  gate_.give_to(2, 90 * kMs, 0);
  ASSERT_TRUE(gate_.enter(2, 0));
  gate_.watch(500 * kMs);
  EXPECT_EQ(gate_.owner(), 2u);
  gate_.leave();
  gate_.watch(501 * kMs);
  EXPECT_EQ(gate_.owner(), EngineGate::kStandby);
}

TEST_F(Gate, ARevokedDeviceLosesItAtOnceAndAnOfferOfItIsForgotten) {
  gate_.give_to(2, 90 * kMs, 0);
  period(2, 10 * kMs);
  gate_.revoke(2);
  gate_.watch(11 * kMs);
  EXPECT_EQ(gate_.owner(), EngineGate::kStandby);
  gate_.offer(2, 90 * kMs);
  gate_.revoke(2);
  gate_.watch(12 * kMs);
  EXPECT_EQ(gate_.owner(), EngineGate::kStandby);
}

TEST_F(Gate, ClosedMeansNeverAgain) {
  gate_.give_to(2, 90 * kMs, 0);
  gate_.close();
  EXPECT_FALSE(period(2, 1));
  gate_.offer(3, 90 * kMs);
  gate_.watch(1000 * kMs);
  EXPECT_FALSE(period(3, 1));
  EXPECT_FALSE(period(EngineGate::kStandby, 1));
}

// Two devices and the standby fight for the token as fast as they can; run under ThreadSanitizer too.
TEST_F(Gate, UnderContentionProcessIsNeverEnteredTwice) {
  std::atomic<bool> stop{false};
  std::atomic<std::int64_t> now{0};
  gate_.give_to(2, 1, 0);
  const auto device = [&](std::uint32_t id) {
    while (!stop) period(id, now.load());
  };
  std::thread a(device, 2u), b(device, 3u), standby([&] {
    for (int k = 0; k < 20000; ++k) {
      gate_.watch(now.fetch_add(2));
      period(EngineGate::kStandby, now.load());
      gate_.offer(2u + static_cast<std::uint32_t>(k & 1), 1);
      if (k % 64 == 0) std::this_thread::yield();
    }
    stop = true;
  });
  a.join();
  b.join();
  standby.join();
  EXPECT_FALSE(engine_.overlapped);
  EXPECT_EQ(discontinuity(engine_.record()), "");
  EXPECT_GT(gate_.frames(), 0);
}

}  // namespace
}  // namespace tactus::io
