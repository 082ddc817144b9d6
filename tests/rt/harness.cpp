// Plays a scripted set through process(), block by block and as fast as it goes, with the realtime traps armed around
// each call and page faults counted across it.
//   rt_harness SET [--seconds S] [--block N] [--trap-syscalls] [--need-preload]
//   rt_harness --list
// The preload trap is armed whenever rt_preload.so is loaded, RealtimeSanitizer whenever this was built with it.
// Exit: 0 nothing was caught, 1 the set failed or pages were missing, 2 wrong use, 77 the kernel lacks the system-call
// trap; a trap that catches something aborts (SIGABRT), and RealtimeSanitizer exits with 43.
#include <sys/mman.h>
#include <sys/resource.h>

#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <vector>

#include "io/audio/syscall_trap.h"
#include "scripted_set.h"
#include "trap_mark.h"

namespace tactus::test {
namespace {

struct Arguments {
  std::string_view set;
  SetOptions options;
  bool trap_syscalls = false;
  bool need_preload = false;
};

struct PageFaults {
  long minor = 0, major = 0;
  static PageFaults now() {
    rusage usage{};
    getrusage(RUSAGE_THREAD, &usage);
    return {usage.ru_minflt, usage.ru_majflt};
  }
};

[[noreturn]] void fail(int status, const char* why) {
  std::fprintf(stderr, "rt_harness: %s\n", why);
  std::exit(status);
}

Arguments parse(int argc, char** argv) {
  Arguments a;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    const bool last = i + 1 == argc;
    if (word == "--list") {
      for (const SetEntry& s : scripted_sets()) std::printf("%-12s %s\n", s.name, s.what);
      std::exit(0);
    } else if (word == "--trap-syscalls") {
      a.trap_syscalls = true;
    } else if (word == "--need-preload") {
      a.need_preload = true;
    } else if (word == "--seconds" && !last) {
      a.options.seconds = std::atof(argv[++i]);
    } else if (word == "--block" && !last) {
      a.options.block = std::atoi(argv[++i]);
    } else if (word.front() != '-' && a.set.empty()) {
      a.set = word;
    } else {
      fail(2, "usage: rt_harness SET [--seconds S] [--block N] [--trap-syscalls] [--need-preload] | --list");
    }
  }
  if (a.options.block < 1 || a.options.block > msg::kMaxBlock) fail(2, "the block is out of range");
  return a;
}

// The stack that process() will use, touched once so that its pages are there.
void prefault_stack() {
  std::array<char, 256 * 1024> pages;
  for (std::size_t i = 0; i < pages.size(); i += 1024) *static_cast<volatile char*>(&pages[i]) = 0;
}

bool finite(const std::vector<std::vector<float>>& planes) {
  for (const auto& plane : planes) {
    for (float x : plane) {
      if (!std::isfinite(x)) return false;
    }
  }
  return true;
}

class Player {
 public:
  explicit Player(const Arguments& a) : options_(a.options), trap_syscalls_(a.trap_syscalls) {
    const auto frames = static_cast<std::size_t>(a.options.block);
    in_.assign(msg::kMaxDeviceChannels, std::vector<float>(frames, 0.0f));
    out_.assign(msg::kMaxDeviceChannels, std::vector<float>(frames, 0.0f));
    for (auto& plane : in_) in_planes_.push_back(plane.data());
    for (auto& plane : out_) out_planes_.push_back(plane.data());
  }

  // Plays to the end. Returns the page faults that happened inside process().
  PageFaults play(ScriptedSet& set) {
    const msg::Callback callback = set.callback();
    const msg::AudioBlock block{in_planes_.data(), out_planes_.data(), msg::kMaxDeviceChannels, msg::kMaxDeviceChannels,
                                options_.block};
    const auto end = static_cast<std::int64_t>(options_.seconds * options_.rate);
    PageFaults faults;
    prefault_stack();
    if (trap_syscalls_) {
      io::SyscallTrap::arm();  // enlists this thread, by system calls that are not the set's
      io::SyscallTrap::disarm();
    }
    for (std::int64_t frame = 0; frame < end && set.before_block(frame); frame += options_.block) {
      const msg::BlockClock clock{static_cast<std::int64_t>(static_cast<double>(frame) / options_.rate * 1e9), 0};
      const PageFaults before = PageFaults::now();
      guarded_process(callback, block, clock);
      const PageFaults after = PageFaults::now();
      faults.minor += after.minor - before.minor;
      faults.major += after.major - before.major;
      if (callback.wake != nullptr) callback.wake(callback.context);
      if (!finite(out_)) fail(1, "process() wrote a NaN or an infinity");
      ++blocks_;
    }
    return faults;
  }
  long blocks() const { return blocks_; }
  const PreloadTrap& preload() const { return preload_; }

 private:
  void guarded_process(const msg::Callback& callback, const msg::AudioBlock& block, const msg::BlockClock& clock) {
    preload_.enter();
    if (trap_syscalls_) io::SyscallTrap::arm();
    callback.process(callback.context, block, clock);
    if (trap_syscalls_) io::SyscallTrap::disarm();
    preload_.leave();
  }

  SetOptions options_;
  bool trap_syscalls_;
  PreloadTrap preload_;
  std::vector<std::vector<float>> in_, out_;
  std::vector<const float*> in_planes_;
  std::vector<float*> out_planes_;
  long blocks_ = 0;
};

int run(const Arguments& a) {
  for (const SetEntry& entry : scripted_sets()) {
    if (a.set != entry.name) continue;
    Player player(a);
    if (a.need_preload && !player.preload().present()) fail(2, "rt_preload.so is not loaded");
    if (a.trap_syscalls && !io::SyscallTrap::install(io::SyscallTrap::Mode::abort)) {
      std::puts("rt_harness: skipped, this kernel has no Syscall User Dispatch");
      return 77;
    }
    const auto set = entry.make(a.options);
    // Without the right to lock memory, pages are absent for reasons that are not the engine's.
    const bool locked = mlockall(MCL_CURRENT | MCL_FUTURE) == 0;
    const PageFaults faults = player.play(*set);
    std::printf("rt_harness: '%s': %ld blocks of %d frames, page faults in process: %ld minor, %ld major%s\n",
                entry.name, player.blocks(), a.options.block, faults.minor, faults.major,
                locked ? "" : " (memory could not be locked: not judged)");
    const std::string problem = set->problem();
    if (!problem.empty()) fail(1, problem.c_str());
    return locked && faults.minor + faults.major > 0 ? 1 : 0;
  }
  fail(2, "no set of that name; see --list");
}

}  // namespace
}  // namespace tactus::test

int main(int argc, char** argv) { return tactus::test::run(tactus::test::parse(argc, argv)); }
