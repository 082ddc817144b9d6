// Catches any system call made between arm() and disarm() on the calling thread, by the kernel's Syscall User Dispatch
// (prctl(2), PR_SET_SYSCALL_USER_DISPATCH; Linux 5.11, x86-64). An armed thread pays one byte store; nothing else is
// slowed down. Elsewhere supported() is false and the rest does nothing.
#pragma once

#include <cstdint>

namespace tactus::io {

class SyscallTrap {
 public:
  enum class Mode : std::uint8_t {
    count,  // the call is counted and then made
    abort,  // a stack trace on stderr, then abort(): which code called is what one wants to know
  };

  static bool supported() noexcept;
  // Process-wide, once, before any arm(): installs the SIGSYS handler. False where not supported.
  static bool install(Mode mode) noexcept;

  // Around what must make no system call. The first arm() on a thread makes two system calls of its own to enlist the
  // thread, so do that outside of measured code. Not reentrant. After a trapped call the thread is disarmed until the
  // next arm().
  static void arm() noexcept;
  static void disarm() noexcept;

  static std::uint64_t hits() noexcept;  // trapped calls of all threads since install()
  static int last_call() noexcept;       // number of the latest one, -1 before any
};

// What surrounds `process`; both or none.
struct TrapHooks {
  void (*arm)() noexcept = nullptr;
  void (*disarm)() noexcept = nullptr;
};

}  // namespace tactus::io
