// A stream that is opened again when it is lost. All that may block (a frozen JACK server blocks both closing and
// opening for as long as it is frozen) happens on a thread of its own; the one who keeps the stream only looks, and
// never waits.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "io/audio/callback_driver.h"
#include "io/audio/stream.h"

namespace tactus::io {

// An open, started stream with what its callbacks need; destroying it closes the stream first.
class LiveStream {
 public:
  virtual ~LiveStream() = default;
  virtual Stream& stream() = 0;
  virtual const SignOfLife& beat() const = 0;
};

struct MadeStream {
  std::shared_ptr<LiveStream> live;
  std::string error;  // when live is null
};
using MakeStream = std::function<MadeStream()>;  // opens and starts; called on any thread, one call at a time

class KeptStream {
 public:
  enum class Change : std::uint8_t { none, lost, opened, failed };

  explicit KeptStream(MakeStream make) : make_(std::move(make)) {}
  ~KeptStream();  // waits for opening and closing for kCloseNs each, then leaves them to their own thread

  // Opens for the first time and waits for at most `wait_ns`. Empty, or why not: the driver's sentence, or that `who`
  // doesn't answer. tick() goes on trying.
  std::string open(std::int64_t wait_ns, const std::string& who);

  // Looks after the stream: every 20 ms or so, one thread, never blocks. `failed` comes once a loss, with error().
  Change tick(std::int64_t now_ns);

  // The stream is open and its periods have come regularly for kSteadyNs.
  bool steady(std::int64_t now_ns) const noexcept;
  // Open, and periods have come within the last kHeardNs, or it was opened since.
  bool heard(std::int64_t now_ns) const noexcept;
  // Null while there is none.
  LiveStream* live() const noexcept { return live_.get(); }
  const std::string& error() const noexcept { return error_; }

  static constexpr std::int64_t kSteadyNs = 100'000'000, kHeardNs = 500'000'000, kCloseNs = 1'000'000'000;
  // A stream that takes longer to close is left to its thread, and the device opened beside it: RtAudio waits without
  // end for an ALSA device that takes no more samples.
  static constexpr std::int64_t kStuckNs = 3'000'000'000;
  static constexpr std::int64_t kFirstRetryNs = 100'000'000, kLastRetryNs = 2'000'000'000;
  // A driver whose card was pulled may call back without pause: more than kRunaway times real time over kWindowNs.
  static constexpr double kRunaway = 2.0;
  static constexpr std::int64_t kWindowNs = 500'000'000;

 private:
  struct Job;

  Change look(std::int64_t now_ns);
  Change finish_job(std::int64_t now_ns);
  void start_job();
  bool runaway(std::int64_t now_ns);
  std::int64_t longest_gap_ns() const noexcept;

  MakeStream make_;
  std::shared_ptr<LiveStream> live_;
  std::shared_ptr<Job> job_;
  std::string error_;
  std::int64_t retry_at_ns_ = 0, retry_after_ns_ = kFirstRetryNs;
  std::int64_t job_since_ns_ = 0;  // when it was first seen; 0: not yet
  std::int64_t opened_ns_ = 0, steady_since_ns_ = 0, window_ns_ = 0, window_frames_ = 0;
  bool told_ = false;
};

}  // namespace tactus::io
