// Sets that prove the traps: one that must pass, and one for each thing that the audio thread must never do.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cmath>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <mutex>
#include <new>
#include <thread>
#include <vector>

#include "scripted_set.h"

namespace tactus::test {

// Memory whose pages can be taken away, although the harness locks all there is.
class AbsentPages {
 public:
  AbsentPages() : at_(mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) {}
  ~AbsentPages() { munmap(at_, kBytes); }
  AbsentPages(const AbsentPages&) = delete;
  AbsentPages& operator=(const AbsentPages&) = delete;
  void drop() {
    munlock(at_, kBytes);
    madvise(at_, kBytes, MADV_DONTNEED);
  }
  void touch() { *static_cast<volatile char*>(at_) = 1; }

 private:
  static constexpr std::size_t kBytes = 1 << 16;
  void* at_;
};

struct Plant {
  std::mutex mutex;
  std::condition_variable condition;
  AbsentPages absent;
  char* volatile heap = nullptr;
};

using Fault = void (*)(Plant&) noexcept;

namespace {

constexpr std::int64_t kFaultFrame = 4096;  // the fault happens in the block that holds it

// A sine, with helpers that allocate and lock on another thread all the while: only the audio thread is watched.
class FakeSet : public ScriptedSet {
 public:
  FakeSet(const SetOptions& options, Fault fault) : options_(options), fault_(fault), noise_([this] { bystander(); }) {}
  ~FakeSet() override {
    stop_.store(true);
    noise_.join();
    delete[] plant_.heap;
  }
  bool before_block(std::int64_t frame) override {
    frame_ = frame;
    script_.assign(16, static_cast<float>(frame));  // the script may allocate
    if (frame == 0) plant_.absent.drop();
    return true;
  }
  msg::Callback callback() override { return {&FakeSet::process, nullptr, this}; }

 private:
  static void process(void* context, const msg::AudioBlock& block, const msg::BlockClock&) TACTUS_RT {
    auto& self = *static_cast<FakeSet*>(context);
    for (int i = 0; i < block.frames; ++i) {
      const float x = 0.25f * std::sin(static_cast<float>(self.frame_ % 48000 + i) * 0.0576f);
      for (int c = 0; c < block.outputs; ++c) block.out[c][i] = x;
    }
    if (self.fault_ != nullptr && self.frame_ <= kFaultFrame && kFaultFrame < self.frame_ + block.frames) {
      self.fault_(self.plant_);
    }
  }
  void bystander() {
    while (!stop_.load()) {
      const std::lock_guard lock(plant_.mutex);
      bystander_memory_.assign(64, 1.0f);
      bystander_memory_.clear();
      bystander_memory_.shrink_to_fit();
      std::this_thread::yield();
    }
  }

  SetOptions options_;
  Fault fault_;
  Plant plant_;
  std::int64_t frame_ = 0;
  std::vector<float> script_, bystander_memory_;
  std::atomic<bool> stop_{false};
  std::thread noise_;
};

}  // namespace

// The faults. Not in the unnamed namespace: a stack trace names only functions that are exported.
void plant_new(Plant& p) noexcept { p.heap = new char[100]; }
void plant_malloc_free(Plant&) noexcept {
  void* volatile memory = std::malloc(100);
  std::free(memory);
}
void plant_mutex(Plant& p) noexcept { const std::lock_guard lock(p.mutex); }
void plant_condition(Plant& p) noexcept { p.condition.notify_all(); }
void plant_file(Plant&) noexcept {
  const int fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (fd >= 0) ::close(fd);
}
void plant_print(Plant&) noexcept { std::puts("printed on the audio thread"); }
void plant_socket(Plant&) noexcept {
  const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
  if (fd >= 0) ::close(fd);
}
void plant_sleep(Plant&) noexcept {
  const timespec moment{0, 1000};
  nanosleep(&moment, nullptr);
}
// Straight into the kernel, past the C library: only the system-call trap can see it.
void plant_syscall(Plant&) noexcept {
#if defined(__x86_64__)
  long result;
  __asm__ volatile("syscall" : "=a"(result) : "0"(39L) : "rcx", "r11", "memory");  // getpid
#elif defined(__aarch64__)
  register long number __asm__("x8") = 172;  // getpid
  register long result __asm__("x0");
  __asm__ volatile("svc 0" : "=r"(result) : "r"(number) : "memory");
#endif
}
void plant_page_fault(Plant& p) noexcept { p.absent.touch(); }

namespace {

template <Fault fault>
std::unique_ptr<ScriptedSet> make(const SetOptions& options) {
  return std::make_unique<FakeSet>(options, fault);
}

}  // namespace

std::vector<SetEntry> planted_sets() {
  return {
      SetEntry{"clean", "a sine; nothing is wrong with it", make<nullptr>},
      SetEntry{"new", "one operator new in process", make<plant_new>},
      SetEntry{"malloc", "malloc and free", make<plant_malloc_free>},
      SetEntry{"mutex", "locks a mutex", make<plant_mutex>},
      SetEntry{"condition", "notifies a condition variable", make<plant_condition>},
      SetEntry{"file", "opens a file", make<plant_file>},
      SetEntry{"print", "prints a line", make<plant_print>},
      SetEntry{"socket", "makes a socket", make<plant_socket>},
      SetEntry{"sleep", "sleeps for a microsecond", make<plant_sleep>},
      SetEntry{"syscall", "a bare system call, past the C library", make<plant_syscall>},
      SetEntry{"page-fault", "touches a page that is not there", make<plant_page_fault>},
  };
}

}  // namespace tactus::test
