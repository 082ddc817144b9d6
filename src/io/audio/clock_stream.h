// A stream that is paced by CLOCK_MONOTONIC: the null device, which plays to nobody, and the file device, which writes
// a WAV in real time. Also what stands by while a real device is lost.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "io/audio/stream.h"
#include "io/audio/wav_sink.h"

namespace tactus::io {

// When the next period is due. After being late it catches up period by period, but forgets what is more than
// kCatchUpNs behind: a machine that slept for an hour must not render that hour in one go.
class Pacer {
 public:
  static constexpr std::int64_t kCatchUpNs = 100'000'000;

  Pacer(int rate, int block, std::int64_t now_ns) : rate_(rate), block_(block), origin_ns_(now_ns) {}
  // Exact: computed from the count, so nothing accumulates.
  std::int64_t due_ns() const noexcept { return origin_ns_ + periods_ * block_ * 1'000'000'000 / rate_; }
  // Asked once a period, when it begins: more than a whole block late, and the one before was not. A device that is
  // heard would have run out of audio.
  bool missed(std::int64_t now_ns) noexcept {
    const bool late = now_ns - due_ns() > block_ * 1'000'000'000 / rate_;
    return !std::exchange(late_, late) && late;
  }
  // A period was passed at `now_ns`.
  void passed(std::int64_t now_ns) noexcept {
    ++periods_;
    if (now_ns - due_ns() <= kCatchUpNs) return;
    origin_ns_ = now_ns;
    periods_ = 0;
    ++restarts_;
  }
  std::int64_t restarts() const noexcept { return restarts_; }

 private:
  std::int64_t rate_, block_, origin_ns_;
  std::int64_t periods_ = 0, restarts_ = 0;
  bool late_ = false;
};

class ClockStream final : public Stream {
 public:
  // `sink` may be null: then what is played is thrown away.
  ClockStream(const StreamInfo& info, std::unique_ptr<WavSink> sink);
  ~ClockStream() override;

  const StreamInfo& info() const override { return info_; }
  std::string start(PeriodHandler handler) override;
  bool running() const override { return !stop_.load(std::memory_order_relaxed); }
  std::string take_trouble() override { return sink_ ? sink_->take_trouble() : std::string(); }

 private:
  void run(PeriodHandler handler);

  StreamInfo info_;
  std::unique_ptr<WavSink> sink_;
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

}  // namespace tactus::io
