// Arms Linux' Syscall User Dispatch for the calling thread: between arm() and disarm() any system call raises SIGSYS,
// and the handler names its number, prints a stack trace and aborts. Armed or not, it costs one byte's store.
// Linux 5.11 or newer (see prctl(2), PR_SET_SYSCALL_USER_DISPATCH).
#pragma once

#include <execinfo.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>

namespace tactus::test {

class SyscallTrap {
 public:
  // For the calling thread, which alone may arm it. False: the kernel does not have it.
  bool install() {
    struct sigaction action {};
    action.sa_sigaction = &SyscallTrap::caught;
    action.sa_flags = SA_SIGINFO;
    sigaction(SIGSYS, &action, nullptr);
    void* frames[4];
    backtrace(frames, 4);  // loads the unwinder now, not in the middle of a report
    return prctl(kSet, kOn, 0L, 0L, &selector_) == 0;
  }
  static void arm() { selector_ = kBlock; }
  static void disarm() { selector_ = kAllow; }

 private:
  static constexpr int kSet = 59;  // PR_SET_SYSCALL_USER_DISPATCH
  static constexpr long kOn = 1;
  static constexpr char kAllow = 0, kBlock = 1;

  static void caught(int, siginfo_t* info, void*) {
    disarm();  // the report may do what the audio thread may not, and returning from a signal is a system call too
    char text[96];
    const int n = std::snprintf(text, sizeof text, "tactus trap: system call %d on the audio thread, called from\n",
                                info->si_syscall);
    if (write(STDERR_FILENO, text, static_cast<std::size_t>(n)) < 0) std::abort();
    void* frames[64];
    backtrace_symbols_fd(frames, backtrace(frames, 64), STDERR_FILENO);
    std::abort();
  }

  // Read by the kernel, and by nobody else but this thread.
  static inline thread_local volatile char selector_ = kAllow;
};

}  // namespace tactus::test
