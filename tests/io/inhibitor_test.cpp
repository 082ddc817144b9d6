// A machine that is kept awake, on buses of the test's own where a stand-in plays logind and the desktop.
#include "io/power/inhibitor.h"

#include <gtest/gtest.h>

#ifdef TACTUS_HAVE_SDBUS

#include <cstdlib>

#include "support/bus.h"

namespace tactus::io {
namespace {

using namespace std::chrono_literals;
using test::BusDaemon;
using test::StandIn;

template <typename Is>
bool soon(Is is) {
  for (int i = 0; i < 500; ++i) {
    if (is()) return true;
    ::usleep(10'000);
  }
  return false;
}

class KeepAwake : public ::testing::Test {
 protected:
  void SetUp() override {
    ::setenv("DBUS_SYSTEM_BUS_ADDRESS", bus_.address().c_str(), 1);
    ::setenv("DBUS_SESSION_BUS_ADDRESS", bus_.address().c_str(), 1);
  }
  void TearDown() override {
    ::unsetenv("DBUS_SYSTEM_BUS_ADDRESS");
    ::unsetenv("DBUS_SESSION_BUS_ADDRESS");
  }
  static constexpr std::uint32_t kAll = Inhibitor::kSleep | Inhibitor::kLid | Inhibitor::kScreen;
  const Inhibitor::Options quick_{200ms, 50ms};
  BusDaemon bus_;
};

TEST_F(KeepAwake, WhileMusicPlaysAndALittleLonger) {
  StandIn machine(bus_.address());
  ASSERT_TRUE(machine.ok());
  Inhibitor inhibitor(quick_);
  ::usleep(300'000);
  EXPECT_EQ(machine.asked_.load() + machine.screen_asked_.load(), 0);  // nothing plays
  inhibitor.playing(true);
  EXPECT_TRUE(soon([&] { return inhibitor.held() == kAll; }));
  EXPECT_TRUE(machine.sleep_locked());
  ::usleep(500'000);  // longer than it lingers
  EXPECT_TRUE(machine.sleep_locked());
  inhibitor.playing(false);
  ::usleep(50'000);
  EXPECT_EQ(inhibitor.held(), kAll);  // the next track is being looked for
  inhibitor.playing(true);
  ::usleep(400'000);
  EXPECT_EQ(inhibitor.held(), kAll);
  inhibitor.playing(false);
  EXPECT_TRUE(soon([&] { return inhibitor.held() == 0; }));
  EXPECT_TRUE(soon([&] { return !machine.sleep_locked(); }));
  EXPECT_TRUE(soon([&] { return machine.screen_let_go_.load() == 1; }));
  EXPECT_EQ(machine.asked_.load(), 1);  // asked once, not again and again
  EXPECT_EQ(machine.screen_asked_.load(), 1);
}

TEST_F(KeepAwake, ALidThatIsNotOursToLockLeavesTheRest) {
  StandIn machine(bus_.address(), false);
  Inhibitor inhibitor(quick_);
  inhibitor.playing(true);
  EXPECT_TRUE(soon([&] { return inhibitor.held() == (Inhibitor::kSleep | Inhibitor::kScreen); }));
  EXPECT_EQ(machine.lid_refused_.load(), 1);
}

TEST_F(KeepAwake, GoesWithTheProgram) {
  StandIn machine(bus_.address());
  {
    Inhibitor inhibitor;
    inhibitor.playing(true);
    ASSERT_TRUE(soon([&] { return inhibitor.held() == kAll; }));
  }
  EXPECT_TRUE(soon([&] { return !machine.sleep_locked(); }));
}

TEST_F(KeepAwake, WithoutABusOrAnybodyOnItNothingHappens) {
  Inhibitor alone(quick_);
  alone.playing(true);
  ::usleep(200'000);
  EXPECT_EQ(alone.held(), 0U);
  StandIn machine(bus_.address());  // it comes later, and is asked then
  EXPECT_TRUE(soon([&] { return alone.held() == kAll; }));
  bus_.end();
  EXPECT_TRUE(soon([&] { return (alone.held() & Inhibitor::kScreen) == 0; }));  // that lock went with the bus
  alone.playing(false);
  EXPECT_TRUE(soon([&] { return alone.held() == 0; }));
}

}  // namespace
}  // namespace tactus::io

#else

TEST(KeepAwake, IsTestedAgainstABusOfItsOwn) { GTEST_SKIP() << "libsystemd-dev is not installed"; }

#endif
