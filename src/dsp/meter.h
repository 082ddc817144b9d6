// Level meters: highest absolute sample and mean power since the last reading, left and right.
// Audio thread; the ballistics of a display belong to the display.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/rt.h"
#include "base/units.h"
#include "dsp/simd.h"

namespace tactus::dsp {

struct MeterReading {
  float peak_left = 0, peak_right = 0;    // linear
  float power_left = 0, power_right = 0;  // mean square: its root is the RMS level, 0.707 for a full-scale sine
};

class Meter {
 public:
  // Takes n frames into account.
  void process(const float* left, const float* right, int n) TACTUS_RT {
    F4 peak = peak_;
    D2 power = power_;
    for (int i = 0; i < n; ++i) {
      const F4 x{left[i], right[i], -left[i], -right[i]};
      peak = x > peak ? x : peak;
      const D2 d{static_cast<double>(left[i]), static_cast<double>(right[i])};
      power += d * d;
    }
    peak_ = peak;
    power_ = power;
    frames_ += n;
  }

  // The reading since the last one, and starts anew.
  MeterReading take() TACTUS_RT {
    MeterReading r;
    r.peak_left = std::max(peak_[0], peak_[2]);
    r.peak_right = std::max(peak_[1], peak_[3]);
    if (frames_ > 0) {
      r.power_left = static_cast<float>(power_[0] / static_cast<double>(frames_));
      r.power_right = static_cast<float>(power_[1] / static_cast<double>(frames_));
    }
    *this = Meter();
    return r;
  }

 private:
  F4 peak_{};
  D2 power_{};
  std::int64_t frames_ = 0;
};

// The highest of what was shown within the last 50 to 100 ms: whoever looks 20 times a second misses no peak, although
// readings are made once a block and only the latest can be seen.
class PeakHold {
 public:
  // Control side.
  void prepare(SampleRate rate) noexcept {
    *this = PeakHold();
    window_ = rate.frames(Seconds{0.050}).v;
  }

  // Takes the reading of `frames` frames into account; the highest.
  float hold(float reading, std::int64_t frames) TACTUS_RT {
    if (frames_ >= window_) {
      before_ = now_;
      now_ = 0;
      frames_ = 0;
    }
    now_ = std::max(now_, reading);
    frames_ += frames;
    return std::max(now_, before_);
  }

 private:
  std::int64_t window_ = 0, frames_ = 0;
  float now_ = 0, before_ = 0;
};

}  // namespace tactus::dsp
