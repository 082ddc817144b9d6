// Cutting a stem in and out without a click: at a zero crossing when one comes soon, else by a short fade.
// Realtime-safe; plain state by value.
#pragma once

#include <cmath>
#include <cstdint>

#include "base/rt.h"
#include "base/units.h"
#include "dsp/ramp.h"

namespace tactus::dsp {

// True when a stereo signal may be cut between `before` and `now`: each side changes sign or is next to silent there.
inline bool is_zero_crossing(float left_before, float right_before, float left, float right) TACTUS_RT {
  constexpr float kSilent = 1e-3f;  // -60 dBFS: a step of this size does not click
  const bool l = left_before * left <= 0.0f || std::fabs(left) < kSilent;
  const bool r = right_before * right <= 0.0f || std::fabs(right) < kSilent;
  return l && r;
}

// First index i in 0..n at which the signal may be cut before frame i, given the frame ahead of it; n when none.
inline int find_zero_crossing(const float* left, const float* right, int n, float left_before,
                              float right_before) TACTUS_RT {
  for (int i = 0; i < n; ++i) {
    if (is_zero_crossing(left_before, right_before, left[i], right[i])) return i;
    left_before = left[i];
    right_before = right[i];
  }
  return n;
}

// One stem's gain, mute and solo.
class StemGate {
 public:
  static constexpr Seconds kPatience{0.010};  // how long a cut waits for a zero crossing
  static constexpr Seconds kFade{0.002};      // then fades over this

  void prepare(SampleRate rate) noexcept {
    patience_ = static_cast<std::int32_t>(rate.frames(kPatience).v);
    fade_ = static_cast<std::int32_t>(rate.frames(kFade).v);
  }

  // The stem's own level, linear.
  Ramp& gain() TACTUS_RT { return gain_; }
  const Ramp& gain() const TACTUS_RT { return gain_; }

  void set_mute(bool on) TACTUS_RT {
    mute_ = on;
    decide();
  }
  // solo: this stem is soloed. any_solo: some stem of the same deck is; then only soloed ones sound.
  void set_solo(bool solo, bool any_solo) TACTUS_RT {
    solo_ = solo;
    others_only_ = any_solo && !solo;
    decide();
  }
  bool muted() const TACTUS_RT { return mute_; }
  bool soloed() const TACTUS_RT { return solo_; }
  // Whether the stem sounds, or will once the pending cut has happened.
  bool open() const TACTUS_RT { return !mute_ && !others_only_; }
  // True while closed with nothing pending: the output is silence whatever comes in.
  bool shut() const TACTUS_RT { return waiting_ == 0 && !cut_.active() && cut_.target() == 0.0f; }

  // n frames in place. A cut asked for before this call may happen at its first frame.
  void process(float* left, float* right, int n) TACTUS_RT {
    for (int i = 0; i < n; ++i) {
      if (waiting_ > 0) {
        const float target = open() ? 1.0f : 0.0f;
        if (is_zero_crossing(left_before_, right_before_, left[i], right[i])) {
          cut_.jump(target);
          waiting_ = 0;
        } else if (--waiting_ == 0) {
          cut_.to(target, fade_);
        }
      }
      left_before_ = left[i];
      right_before_ = right[i];
      const float g = gain_.next() * cut_.next();
      left[i] *= g;
      right[i] *= g;
    }
  }

 private:
  void decide() TACTUS_RT {
    // A fade that is under way is turned round at once; a step from a standing gain waits for its crossing.
    const float target = open() ? 1.0f : 0.0f;
    if (cut_.active()) {
      if (cut_.target() != target) cut_.to(target, fade_);
      waiting_ = 0;
    } else if (cut_.target() == target) {
      waiting_ = 0;
    } else if (waiting_ == 0) {
      waiting_ = patience_;
    }
  }

  Ramp gain_{1}, cut_{1};
  float left_before_ = 0, right_before_ = 0;
  std::int32_t patience_ = 480, fade_ = 96;
  std::int32_t waiting_ = 0;  // frames left to wait; 0: nothing pending
  bool mute_ = false, solo_ = false, others_only_ = false;
};

}  // namespace tactus::dsp
