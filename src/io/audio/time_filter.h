// When a period really began: the jitter of callback times filtered out by a delay-locked loop.
//
// Second-order DLL after F. Adriaensen, "Using a DLL to filter time" (LAC 2005): it predicts each period's start from
// the last, and pulls the prediction and its slope toward what the clock said. Realtime-safe; one thread.
#pragma once

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
  // later. A jump beyond kResyncNs (a stall, another clock) starts afresh instead of being smeared over seconds.
  std::int64_t update(std::int64_t now_ns, int frames) TACTUS_RT {
    const double error = static_cast<double>(now_ns - origin_) - next_;
    if (!locked_ || std::abs(error) > kResyncNs) {
      locked_ = true;
      origin_ = now_ns;
      per_frame_ = nominal_;
      next_ = per_frame_ * frames;
      return now_ns;
    }
    const double omega = 2 * std::numbers::pi * bandwidth_ * frames * nominal_ * 1e-9;
    const double start = next_ + std::numbers::sqrt2 * omega * error;
    per_frame_ += omega * omega * error / frames;
    next_ = start + per_frame_ * frames;
    return origin_ + static_cast<std::int64_t>(start);
  }
  double ns_per_frame() const TACTUS_RT { return per_frame_; }
  void reset() TACTUS_RT { locked_ = false; }

 private:
  static constexpr double kResyncNs = 50e6;

  double nominal_, bandwidth_;
  double per_frame_ = nominal_;
  std::int64_t origin_ = 0;  // doubles count from here: nanoseconds since boot would cost them precision
  double next_ = 0;
  bool locked_ = false;
};

}  // namespace tactus::io
