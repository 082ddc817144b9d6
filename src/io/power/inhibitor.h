// Keeps the machine awake while music plays: asks logind not to suspend, nor to mind a closed lid, and the desktop not
// to blank the screen. What it asked for goes with the process, however that ends.
//
// Talks to both buses on a thread of its own: a bus that hangs keeps nobody waiting. Where there is no bus, nothing
// happens. Interfaces: org.freedesktop.login1.Manager.Inhibit (systemd), org.freedesktop.ScreenSaver.Inhibit
// (freedesktop.org's Idle Inhibition Service, draft).
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>

namespace tactus::io {

class Inhibitor {
 public:
  struct Options {
    std::chrono::milliseconds linger{30'000};  // after the music has ended: the next track is being looked for
    std::chrono::milliseconds retry{60'000};   // after a bus that refused, or wasn't there
  };
  static constexpr std::uint32_t kSleep = 1, kLid = 2, kScreen = 4;

  explicit Inhibitor(Options options);
  Inhibitor() : Inhibitor(Options{}) {}
  // Waits for a call that is under way, for at most two seconds.
  ~Inhibitor();
  Inhibitor(const Inhibitor&) = delete;
  Inhibitor& operator=(const Inhibitor&) = delete;

  // Any thread, as often as you like; not realtime-safe.
  void playing(bool on);
  // Any thread: what is kept from happening now, kSleep and so on.
  std::uint32_t held() const { return held_.load(std::memory_order_relaxed); }

 private:
  void run();

  const Options options_;
  std::atomic<bool> playing_{false};
  std::atomic<std::uint32_t> held_{0};
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace tactus::io
