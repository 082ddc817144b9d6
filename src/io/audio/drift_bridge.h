// Carries a stereo bus from the engine's clock to another device's clock. The two crystals differ by some parts in a
// million and both callbacks jitter, so the reader resamples by a ratio that a slow controller steers.
//
// After F. Adriaensen, "Controlling adaptive resampling" (LAC 2012): the controlled quantity is not the count of
// samples in the ring, which jumps by whole blocks, but the distance between two straight lines in time, the writer's
// and the reader's, each known from filtered time stamps. So the ratio hardly moves once it is found, and a tone stays
// pure.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <vector>

#include "io/audio/resampler.h"
#include "lockfree/spsc_ring.h"

namespace tactus::io {

// The writer's end and the queue. One writer thread (whoever owns the engine), one reader.
class BridgeQueue {
 public:
  explicit BridgeQueue(int rate);  // frames a second of the writer, nominal; not realtime-safe

  // Realtime-safe. n stereo frames whose block began at host_ns (filtered CLOCK_MONOTONIC). What doesn't fit because
  // nobody reads is dropped.
  void write(const float* left, const float* right, int n, std::int64_t host_ns) noexcept;

  int rate() const noexcept { return rate_; }

 private:
  friend class BridgeReader;
  struct Stamp {
    std::int64_t frames = 0;  // written before this block
    std::int64_t host_ns = 0;
    int block = 0;
  };
  struct Pair {
    float left = 0, right = 0;
  };
  static constexpr std::size_t kFrames = 32768;

  int rate_;
  std::int64_t written_ = 0;  // writer's
  std::int64_t read_ = 0;     // of the reader of the day, handed on from one to the next
  std::vector<Pair> scratch_;
  lockfree::SpscRing<Pair> audio_{kFrames};
  lockfree::SpscRing<Stamp> stamps_{2048};
};

// The reader's end; made anew for each stream that reads, one at a time. All methods on the reader's thread.
class BridgeReader {
 public:
  // Not realtime-safe. block: frames of the reader's periods, at most kMaxRead.
  BridgeReader(BridgeQueue& queue, int rate, int block);

  static constexpr int kMaxRead = 4096;
  // Realtime-safe. Fills n frames for a period that began at host_ns (filtered). Silence until the queue holds the
  // wanted delay, and again after it has run dry; sound comes back with a short fade.
  void read(float* left, float* right, int n, std::int64_t host_ns) noexcept;

  // Of the last read(), for tests and displays.
  double delay() const noexcept { return delay_; }  // writer frames between writing and reading
  double target() const noexcept { return target_; }
  double ratio() const noexcept { return ratio_; }  // writer frames a reader frame
  std::uint64_t resyncs() const noexcept { return resyncs_; }

 private:
  void take_stamps() noexcept;
  double write_position(std::int64_t host_ns) const noexcept;
  void drop_until(double position) noexcept;
  void restart(std::int64_t host_ns) noexcept;
  void steer(double error, int n) noexcept;
  bool convert() noexcept;

  BridgeQueue& queue_;
  const double nominal_;
  const int rate_, block_;
  Resampler resampler_;
  BridgeQueue::Stamp latest_;
  bool sounding_ = false;
  int largest_block_ = 0;
  int made_ = 0;  // converted frames that wait in out_
  int fade_ = 0;
  double delay_ = 0, target_ = 0, ratio_, smooth_[2] = {}, drift_ = 0, settled_s_ = 0;
  std::uint64_t resyncs_ = 0;
  std::vector<BridgeQueue::Pair> pairs_;
  std::vector<float> in_[2], out_[2];
};

}  // namespace tactus::io
