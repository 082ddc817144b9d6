// Threads that go ahead of others, and when they don't.
#include "io/ahead.h"

#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <chrono>
#include <functional>
#include <thread>

namespace tactus::io {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

int policy() { return ::sched_getscheduler(0) & ~SCHED_RESET_ON_FORK; }

void in_a_thread(const std::function<void()>& what) { std::thread(what).join(); }

TEST(Ahead, IsGivenUpByWhoIsBusyForLongAndTakenAgain) {
  in_a_thread([] {
    Ahead ahead;
    if (!ahead.ahead()) GTEST_SKIP() << "this user may not run realtime threads (RLIMIT_RTPRIO)";
    EXPECT_EQ(policy(), SCHED_FIFO);
    std::thread([] {
      EXPECT_EQ(policy(), SCHED_OTHER) << "who is started by it is an ordinary one";
      EXPECT_EQ(::getpriority(PRIO_PROCESS, 0), 0);
    }).join();
    // A tick that works for a tenth of its time.
    for (auto end = Clock::now() + 300ms; Clock::now() < end; std::this_thread::sleep_for(3ms)) ahead.turn();
    EXPECT_TRUE(ahead.ahead());
    const auto busy = Clock::now();
    while (ahead.ahead() && Clock::now() < busy + 5s) ahead.turn();
    EXPECT_FALSE(ahead.ahead());
    EXPECT_EQ(policy(), SCHED_OTHER);
    const auto since = Clock::now();
    EXPECT_LT(since - busy, 1s);
    while (!ahead.ahead() && Clock::now() < since + 5s) {
      std::this_thread::sleep_for(5ms);
      ahead.turn();
    }
    EXPECT_EQ(policy(), SCHED_FIFO);
    EXPECT_GE(Clock::now() - since, 900ms);
  });
}

TEST(Ahead, WithoutTheRightToItNothingHappens) {
  in_a_thread([] {
#ifdef __linux__
    // This thread alone gives up what it may.
    if (::syscall(SYS_setresuid, 65534, 65534, 65534) != 0 && ::geteuid() == 0) GTEST_SKIP() << "can't be tried";
    rlimit none{};
    ::getrlimit(RLIMIT_RTPRIO, &none);
    if (none.rlim_cur > 0) GTEST_SKIP() << "any user may here";
#endif
    Ahead ahead;
    EXPECT_FALSE(ahead.ahead());
    EXPECT_EQ(policy(), SCHED_OTHER);
    for (int i = 0; i < 3; ++i) ahead.turn();
    EXPECT_FALSE(ahead.ahead());
  });
}

}  // namespace
}  // namespace tactus::io
