#include "io/ahead.h"

#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>
#include <time.h>

namespace tactus::io {
namespace {

constexpr int kPriority = 10;                // feeders have 50, what makes sound more
constexpr int kNice = -10;                   // otherwise
constexpr std::int64_t kSpan = 100'000'000;  // ns over which work is judged: three quarters of them are too much
constexpr std::int64_t kRest = 1'000'000'000;

std::int64_t ns(clockid_t clock) {
  timespec t{};
  ::clock_gettime(clock, &t);
  return std::int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec;
}

bool schedule_as(int policy, int priority) {
  sched_param param{};
  param.sched_priority = priority;
#ifdef SCHED_RESET_ON_FORK
  return ::sched_setscheduler(0, policy | SCHED_RESET_ON_FORK, &param) ==
         0;  // threads that it starts are ordinary ones
#else
  return ::pthread_setschedparam(::pthread_self(), policy, &param) == 0;
#endif
}

}  // namespace

Ahead::Ahead() {
  ::setpriority(PRIO_PROCESS, 0, kNice);  // the thread's own, on Linux
  schedule_as(SCHED_OTHER, 0);
  ask();
}

void Ahead::ask() {
  ahead_ = may_ = schedule_as(SCHED_FIFO, kPriority);
  since_ = ns(CLOCK_MONOTONIC);
  worked_ = ns(CLOCK_THREAD_CPUTIME_ID);
}

void Ahead::turn() {
  if (!may_) return;
  const std::int64_t now = ns(CLOCK_MONOTONIC);
  if (ahead_ && now - since_ >= kSpan) judge(now);
  if (!ahead_ && now >= again_) ask();
}

void Ahead::judge(std::int64_t now) {
  const std::int64_t worked = ns(CLOCK_THREAD_CPUTIME_ID);
  if (4 * (worked - worked_) > 3 * (now - since_)) {
    ahead_ = !schedule_as(SCHED_OTHER, 0);
    again_ = now + kRest;
  }
  since_ = now;
  worked_ = worked;
}

}  // namespace tactus::io
