// A control value on its way to a target. Evaluated only at the control grid (multiples of 32 frames and event frames),
// as a pure function of the frame and the tempo map, so it is the same however a block is cut.
// Realtime-safe. A new target starts from the current value: nothing ever jumps.
#pragma once

#include "base/rt.h"
#include "dsp/ramp.h"
#include "engine/msg/command.h"
#include "music/tempo_map.h"

namespace tactus::rt {

constexpr std::int64_t kGrid = 32;  // frames of the control grid
constexpr double kDefaultRampSeconds = 0.005;

class ParamRamp {
 public:
  ParamRamp() TACTUS_RT = default;
  explicit ParamRamp(double value) TACTUS_RT : from_(value), to_(value) {}

  void set(double target, const msg::RampSpec& spec, std::int64_t frame, const music::TempoMap& map) TACTUS_RT {
    from_ = value(frame, map);
    to_ = target;
    curve_ = spec.curve;
    beats_ = static_cast<double>(spec.micro_beats) * 1e-6;
    frame0_ = frame;
    frames_ = spec.frames > 0 ? spec.frames : static_cast<std::int64_t>(kDefaultRampSeconds * map.rate());
    if (beats_ > 0) beat0_ = map.beat_of(static_cast<double>(frame));
    active_ = from_ != to_;
  }
  // For switches that select and don't sound by themselves, and for freshly loaded state.
  void jump(double value) TACTUS_RT {
    from_ = to_ = value;
    active_ = false;
  }

  double value(std::int64_t frame, const music::TempoMap& map) const TACTUS_RT {
    if (!active_) return to_;
    const double x = beats_ > 0 ? (map.beat_of(static_cast<double>(frame)) - beat0_) / beats_
                                : static_cast<double>(frame - frame0_) / static_cast<double>(frames_);
    if (x >= 1) return to_;
    if (x <= 0) return from_;
    return from_ + (to_ - from_) * shape(x);
  }
  // Call once a control step, at its first frame: lets a finished ramp go idle.
  void settle(std::int64_t frame, const music::TempoMap& map) TACTUS_RT {
    if (active_ && value(frame, map) == to_) active_ = false;
  }
  bool active() const TACTUS_RT { return active_; }
  double target() const TACTUS_RT { return to_; }

 private:
  double shape(double x) const TACTUS_RT { return dsp::curve_at(static_cast<dsp::Curve>(curve_), x, to_ > from_); }

  double from_ = 0, to_ = 0, beat0_ = 0, beats_ = 0;
  std::int64_t frame0_ = 0, frames_ = 1;
  msg::Curve curve_ = msg::Curve::linear;
  bool active_ = false;
};

}  // namespace tactus::rt
