#include "io/audio/syscall_trap.h"

// ThreadSanitizer delivers signals late, which a system call that waits for its handler can't survive.
#if defined(__linux__) && defined(__x86_64__) && !defined(__SANITIZE_THREAD__)

#include <execinfo.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <ucontext.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <cstring>

// Names of Linux 5.11 that older C libraries lack.
#ifndef PR_SET_SYSCALL_USER_DISPATCH
#define PR_SET_SYSCALL_USER_DISPATCH 59
#define PR_SYS_DISPATCH_OFF 0
#define PR_SYS_DISPATCH_ON 1
#endif

namespace tactus::io {

namespace {

constexpr char kAllow = 0, kBlock = 1;  // SYSCALL_DISPATCH_FILTER_*

// The kernel reads it on each system call of its thread, so it must not move and must not need lazy TLS.
thread_local volatile char selector __attribute__((tls_model("initial-exec"))) = kAllow;
thread_local bool enlisted __attribute__((tls_model("initial-exec"))) = false;

std::atomic<std::uint64_t> hit_count{0};
std::atomic<int> last_number{-1};
std::atomic<SyscallTrap::Mode> trap_mode{SyscallTrap::Mode::count};

void on_sigsys(int, siginfo_t* info, void* context) {
  selector = kAllow;  // first: even returning from here is a system call
  hit_count.fetch_add(1, std::memory_order_relaxed);
  last_number.store(info->si_syscall, std::memory_order_relaxed);
  if (trap_mode.load(std::memory_order_relaxed) == SyscallTrap::Mode::abort) {
    constexpr char text[] = "tactus: a system call on the audio thread:\n";
    [[maybe_unused]] const auto written = write(STDERR_FILENO, text, sizeof text - 1);
    void* frames[64];
    backtrace_symbols_fd(frames, backtrace(frames, 64), STDERR_FILENO);
    std::abort();
  }
  // Registers are as before the call but for the instruction pointer, which is past the two bytes of `syscall`.
  static_cast<ucontext_t*>(context)->uc_mcontext.gregs[REG_RIP] -= 2;
}

bool enlist() noexcept {
  // A thread that blocks SIGSYS, as a library's may, would be killed by it.
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGSYS);
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
  return prctl(PR_SET_SYSCALL_USER_DISPATCH, PR_SYS_DISPATCH_ON, 0, 0, &selector) == 0;
}

}  // namespace

bool SyscallTrap::supported() noexcept {
  // On for an instant on this thread, whose selector allows everything.
  if (prctl(PR_SET_SYSCALL_USER_DISPATCH, PR_SYS_DISPATCH_ON, 0, 0, &selector) != 0) return false;
  prctl(PR_SET_SYSCALL_USER_DISPATCH, PR_SYS_DISPATCH_OFF, 0, 0, 0);
  enlisted = false;
  return true;
}

bool SyscallTrap::install(Mode mode) noexcept {
  if (!supported()) return false;
  void* warm[4];
  backtrace(warm, 4);  // loads libgcc now rather than inside a signal handler
  trap_mode.store(mode);
  struct sigaction action;
  std::memset(&action, 0, sizeof action);
  action.sa_sigaction = on_sigsys;
  action.sa_flags = SA_SIGINFO;
  return sigaction(SIGSYS, &action, nullptr) == 0;
}

void SyscallTrap::arm() noexcept {
  if (!enlisted) enlisted = enlist();
  selector = enlisted ? kBlock : kAllow;
}

void SyscallTrap::disarm() noexcept { selector = kAllow; }

std::uint64_t SyscallTrap::hits() noexcept { return hit_count.load(std::memory_order_relaxed); }
int SyscallTrap::last_call() noexcept { return last_number.load(std::memory_order_relaxed); }

}  // namespace tactus::io

#else

namespace tactus::io {

bool SyscallTrap::supported() noexcept { return false; }
bool SyscallTrap::install(Mode) noexcept { return false; }
void SyscallTrap::arm() noexcept {}
void SyscallTrap::disarm() noexcept {}
std::uint64_t SyscallTrap::hits() noexcept { return 0; }
int SyscallTrap::last_call() noexcept { return -1; }

}  // namespace tactus::io

#endif
