#include "io/power/inhibitor.h"

#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include <memory>

#include "io/power/sd_bus.h"

namespace tactus::io {

namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

// Where there is no sd-bus nothing can be opened, so nothing else is called.
const SdBus& sd() { return *SdBus::get(); }

constexpr std::uint64_t kCallTimeoutUs = 1'000'000;
constexpr const char* kName = "Tactus";
constexpr const char* kWhy = "a set is playing";

struct BusEnd {
  void operator()(sd_bus* bus) const { sd().flush_close_unref(bus); }
};
using Bus = std::unique_ptr<sd_bus, BusEnd>;
struct MessageEnd {
  void operator()(sd_bus_message* m) const { sd().message_unref(m); }
};
using Message = std::unique_ptr<sd_bus_message, MessageEnd>;

Bus open_bus(int (*SdBus::*open)(sd_bus**)) {
  sd_bus* raw = nullptr;
  if (!SdBus::get() || (sd().*open)(&raw) < 0) return {};
  Bus bus(raw);
  sd().set_method_call_timeout(raw, kCallTimeoutUs);
  return bus;
}

// A lock of logind's lasts as long as the descriptor that it answers with.
class SleepLock {
 public:
  ~SleepLock() { release(); }
  std::uint32_t take() {
    const Bus bus = open_bus(&SdBus::open_system);
    if (!bus) return 0;
    // Whether the lid is ours to lock is for the system's policy to say; sleep is the one that matters.
    if (ask(bus.get(), "sleep:idle:handle-lid-switch")) return Bits::kBoth;
    return ask(bus.get(), "sleep:idle") ? Bits::kSleepOnly : 0;
  }
  void release() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

 private:
  struct Bits {
    static constexpr std::uint32_t kBoth = Inhibitor::kSleep | Inhibitor::kLid, kSleepOnly = Inhibitor::kSleep;
  };
  bool ask(sd_bus* bus, const char* what) {
    sd_bus_message* raw = nullptr;
    const int code =
        sd().call_method(bus, "org.freedesktop.login1", "/org/freedesktop/login1", "org.freedesktop.login1.Manager",
                         "Inhibit", nullptr, &raw, "ssss", what, kName, kWhy, "block");
    const Message answer(raw);
    int fd = -1;
    if (code < 0 || sd().message_read(raw, "h", &fd) < 0) return false;
    fd_ = ::fcntl(fd, F_DUPFD_CLOEXEC, 3);  // the message's own goes with it
    return fd_ >= 0;
  }
  int fd_ = -1;
};

// The desktop's lasts as long as the connection that asked for it.
class ScreenLock {
 public:
  std::uint32_t take() {
    bus_ = open_bus(&SdBus::open_user);
    sd_bus_message* raw = nullptr;
    const int code =
        bus_ ? sd().call_method(bus_.get(), kService, kPath, kService, "Inhibit", nullptr, &raw, "ss", kName, kWhy)
             : -1;
    const Message answer(raw);
    if (code >= 0 && sd().message_read(raw, "u", &cookie_) >= 0) return Inhibitor::kScreen;
    bus_.reset();
    return 0;
  }
  void release() {
    if (bus_) sd().call_method(bus_.get(), kService, kPath, kService, "UnInhibit", nullptr, nullptr, "u", cookie_);
    bus_.reset();
  }
  // False when the connection has gone, and the lock with it.
  bool holds() {
    if (!bus_) return false;
    int more = 1;
    while (more > 0) more = sd().process(bus_.get(), nullptr);
    if (more == 0 && sd().is_open(bus_.get()) > 0) return true;
    bus_.reset();
    return false;
  }

 private:
  static constexpr const char* kService = "org.freedesktop.ScreenSaver";
  static constexpr const char* kPath = "/org/freedesktop/ScreenSaver";
  Bus bus_;
  std::uint32_t cookie_ = 0;
};

}  // namespace

Inhibitor::Inhibitor(Options options) : options_(options), thread_([this] { run(); }) {}

Inhibitor::~Inhibitor() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void Inhibitor::playing(bool on) {
  if (playing_.exchange(on) == on) return;
  { const std::lock_guard lock(mutex_); }  // it is asleep, or hasn't looked yet
  changed_.notify_one();
}

void Inhibitor::run() {
  pthread_setname_np(pthread_self(), "tactus-awake");
  SleepLock sleep;
  ScreenLock screen;
  Clock::time_point ask_sleep{}, ask_screen{}, last{};
  std::unique_lock lock(mutex_);
  while (!stop_) {
    const auto now = Clock::now();
    const bool on = playing_.load();
    if (on) last = now;
    const bool wanted = last != Clock::time_point{} && now - last <= options_.linger;
    lock.unlock();
    std::uint32_t held = held_.load();
    if ((held & kScreen) && !screen.holds()) held &= ~kScreen, ask_screen = now + options_.retry;
    if (wanted && !(held & kSleep) && now >= ask_sleep) held |= sleep.take(), ask_sleep = now + options_.retry;
    if (wanted && !(held & kScreen) && now >= ask_screen) held |= screen.take(), ask_screen = now + options_.retry;
    if (!wanted) {
      if (held) sleep.release(), screen.release();
      held = 0;
      ask_sleep = ask_screen = {};
    }
    held_.store(held);
    lock.lock();
    // While something is wanted, now and then a look at the time and at the connection.
    const auto look =
        std::min<std::chrono::milliseconds>(500ms, std::max<std::chrono::milliseconds>(10ms, options_.linger / 4));
    const auto news = [&] { return stop_ || playing_.load() != on; };
    if (wanted) {
      changed_.wait_for(lock, look, news);
    } else {
      changed_.wait(lock, news);
    }
  }
  lock.unlock();
  sleep.release();
  screen.release();
  held_.store(0);
}

}  // namespace tactus::io
