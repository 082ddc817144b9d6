// When a period really began: the one map from a driver's frames to host time. MIDI out, Link and the second device all
// take their times from it.
//
// A second-order delay-locked loop after F. Adriaensen, "Using a DLL to filter time" (LAC 2005): it predicts each
// period's start from the last, and pulls the prediction and its slope toward what the clock said. Wide at first, so
// that it locks within a second, narrow from then on. Two things are told apart that a plain loop smears over seconds:
// - A callback that was held up, and those that catch up after it, tell little of the device: a period that is off by
//   more than kNearNs pulls by kFarPullNs, however late it comes.
// - A device that itself was held up goes on later for good (a JACK server without hardware does after each xrun): what
//   has been off to the same side for kMovedNs is where the device is now, and the loop steps there.
// Realtime-safe; one thread.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>

#include "base/rt.h"

namespace tactus::io {

class TimeFilter {
 public:
  // rate: nominal frames a second. bandwidth in Hz: how fast it follows; 0.1 follows a crystal's drift and leaves of
  // 1 ms of jitter some tens of microseconds.
  explicit TimeFilter(double rate, double bandwidth = 0.1) : nominal_(1e9 / rate), bandwidth_(bandwidth) {}

  // A period of `frames` frames was started at `now_ns`. Returns its filtered start, and expects the next one `frames`
  // later. Beyond kResyncNs (the machine slept, another clock) it starts afresh.
  std::int64_t update(std::int64_t now_ns, int frames) TACTUS_RT {
    double error = static_cast<double>(now_ns - origin_) - next_;
    if (!locked_ || std::abs(error) > kResyncNs) {
      locked_ = true;
      origin_ = now_ns;
      per_frame_ = nominal_;
      next_ = per_frame_ * frames;
      age_s_ = 0;
      side_ = 0;
      return now_ns;
    }
    if (has_moved(error, now_ns)) {
      next_ += least_;
      error -= least_;
    }
    const double pull = std::abs(error) <= kNearNs ? error : std::copysign(kFarPullNs, error);
    const double period_s = frames * nominal_ * 1e-9;
    const double omega = 2 * std::numbers::pi * std::clamp(kSettle / age_s_, bandwidth_, kWidestHz) * period_s;
    age_s_ += period_s;
    const double start = next_ + std::numbers::sqrt2 * omega * pull;
    per_frame_ += omega * omega * pull / frames;
    next_ = start + per_frame_ * frames;
    return origin_ + static_cast<std::int64_t>(start);
  }
  double ns_per_frame() const TACTUS_RT { return per_frame_; }
  void reset() TACTUS_RT { locked_ = false; }

 private:
  static constexpr double kResyncNs = 150e6;  // a driver that catches up by more than this doesn't exist here
  static constexpr double kNearNs = 1e6, kFarPullNs = 2e5;
  static constexpr std::int64_t kMovedNs = 50'000'000;
  static constexpr int kMovedPeriods = 4;
  // Bandwidth while it is young: kSettle / seconds, in Hz, at most kWidestHz.
  static constexpr double kSettle = 0.4, kWidestHz = 1;

  // Whether periods have been far off, to one side, for long enough; by how much at least is in least_.
  bool has_moved(double error, std::int64_t now_ns) TACTUS_RT {
    const int side = error > kNearNs ? 1 : error < -kNearNs ? -1 : 0;
    if (side != side_ || side == 0) {
      side_ = side;
      since_ns_ = now_ns;
      least_ = error;
      periods_ = 1;
      return false;
    }
    ++periods_;
    if (std::abs(error) < std::abs(least_)) least_ = error;
    if (now_ns - since_ns_ < kMovedNs || periods_ < kMovedPeriods) return false;
    side_ = 0;
    return true;
  }

  double nominal_, bandwidth_;
  double per_frame_ = nominal_;
  std::int64_t origin_ = 0;  // doubles count from here: nanoseconds since boot would cost them precision
  double next_ = 0;
  double age_s_ = 0;
  bool locked_ = false;

  int side_ = 0, periods_ = 0;  // of those that are off: late 1, early -1
  std::int64_t since_ns_ = 0;
  double least_ = 0;
};

}  // namespace tactus::io
