// The one way in which a parameter changes: from its current value to a target along a curve, frame by frame.
//
// A ramp's value is a pure function of the number of frames since it was aimed (or driven), so the sound does not
// depend on how a block is cut into segments. No function here calls libm. Realtime-safe; plain state by value; not
// thread-safe.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/curve.h"
#include "base/rt.h"
#include "base/units.h"
#include "dsp/simd.h"

namespace tactus::dsp {

using Curve = CurveShape;
using tactus::curve_at;

// Length of a ramp nobody asked a length for.
constexpr Seconds kDefaultRamp{0.005};
constexpr std::int32_t default_ramp_frames(SampleRate rate) TACTUS_RT {
  return static_cast<std::int32_t>(rate.frames(kDefaultRamp).v);
}

class Ramp {
 public:
  constexpr explicit Ramp(float value = 0) TACTUS_RT : from_(value), to_(value), value_(value) {}

  // Stands at `value` at once. For setting up and restoring, not for moves that sound.
  constexpr void jump(float value) TACTUS_RT { *this = Ramp(value); }

  // Aims at `target` from the current value: the `frames`-th next() returns it. 0 frames: the very next one does.
  constexpr void to(float target, std::int32_t frames, Curve curve = Curve::linear) TACTUS_RT {
    aim(target, curve);
    const double step = frames > 0 ? 1.0 / frames : 1.0;
    start_ = step;
    step_ = step;
  }

  // Aims at `target` along progress that drive() supplies; stands still until it does.
  constexpr void to_driven(float target, Curve curve = Curve::linear) TACTUS_RT {
    aim(target, curve);
    start_ = step_ = 0;
  }

  // Progress of a driven ramp at the coming frame, and its growth a frame from there on. To be called at points of the
  // control grid only, so that the path does not depend on block sizes. Ends the ramp at progress 1.
  constexpr void drive(double progress, double per_frame) TACTUS_RT {
    start_ = progress;
    step_ = per_frame;
    elapsed_ = 0;
  }

  // The value at progress p in 0..1 of the current move; leaves the ramp as it is.
  constexpr float value_at(double p) const TACTUS_RT {
    if (p >= kDone) return to_;
    const double span = static_cast<double>(to_) - static_cast<double>(from_);
    return static_cast<float>(static_cast<double>(from_) + span * curve_at(curve_, p, to_ > from_));
  }

  // The value for the coming frame; moves on by one.
  constexpr float next() TACTUS_RT {
    if (!active_) return to_;
    const double p = start_ + static_cast<double>(elapsed_) * step_;
    ++elapsed_;
    value_ = value_at(p);
    if (p >= kDone) active_ = false;
    return value_;
  }

  // The values for the next n frames: those of n calls of next(), to the bit, and sooner.
  void fill(float* out, int n) TACTUS_RT {
    int i = 0;
    if (active_ && curve_ == Curve::linear && start_ >= 0 && step_ >= 0) i = fill_linear(out, n);
    for (; i < n && active_; ++i) out[i] = next();
    for (; i < n; ++i) out[i] = to_;
  }

  // False when next() will return target() for good.
  constexpr bool active() const TACTUS_RT { return active_; }
  // The value last returned by next().
  constexpr float value() const TACTUS_RT { return value_; }
  constexpr float target() const TACTUS_RT { return to_; }

 private:
  static constexpr double kDone = 1 - 1e-9;  // the last step may round to just below 1

  // What mixers do all the time: four frames at once, as long as none of them is the last of the way. How many it did.
  int fill_linear(float* out, int n) TACTUS_RT {
    const D2 from = splat2(static_cast<double>(from_));
    const D2 span = splat2(static_cast<double>(to_)) - from;
    const D2 start = splat2(start_), step = splat2(step_), two = splat2(2);
    D2 frame = D2{0, 1} + splat2(static_cast<double>(elapsed_));
    int i = 0;
    for (; i + 4 <= n; i += 4) {
      const D2 first = start + frame * step;
      frame += two;
      const D2 second = start + frame * step;
      frame += two;
      if (second[1] >= kDone) break;
      store4(out + i, narrow(from + span * first, from + span * second));
    }
    elapsed_ += i;
    if (i > 0) value_ = out[i - 1];
    return i;
  }

  constexpr void aim(float target, Curve curve) TACTUS_RT {
    from_ = value_;
    to_ = target;
    curve_ = curve;
    elapsed_ = 0;
    active_ = true;
  }

  float from_, to_, value_;
  Curve curve_ = Curve::linear;
  bool active_ = false;
  std::int64_t elapsed_ = 0;
  double start_ = 0, step_ = 0;
};

}  // namespace tactus::dsp
