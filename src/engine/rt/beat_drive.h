// Aims a dsp::Ramp as a command says: over frames, or over beats and then driven by the tempo map, so that a tempo
// change stretches the rest of the way. Realtime-safe.
#pragma once

#include "dsp/ramp.h"
#include "engine/msg/command.h"
#include "engine/rt/param_ramp.h"
#include "music/tempo_map.h"

namespace tactus::rt {

class BeatDrive {
 public:
  void aim(dsp::Ramp& ramp, double target, const msg::RampSpec& spec, std::int64_t frame,
           const music::TempoMap& map) TACTUS_RT {
    const auto curve = static_cast<dsp::Curve>(spec.curve);
    beats_ = static_cast<double>(spec.micro_beats) * 1e-6;
    if (beats_ > 0) {
      beat0_ = map.beat_of(static_cast<double>(frame));
      ramp.to_driven(static_cast<float>(target), curve);
      step(ramp, frame, map);
      return;
    }
    const std::int64_t frames = spec.frames > 0 ? spec.frames : default_frames(map);
    ramp.to(static_cast<float>(target), static_cast<std::int32_t>(frames), curve);
  }

  // At every multiple of kGrid.
  void step(dsp::Ramp& ramp, std::int64_t frame, const music::TempoMap& map) TACTUS_RT {
    if (beats_ <= 0) return;
    const double f = static_cast<double>(frame);
    ramp.drive((map.beat_of(f) - beat0_) / beats_, map.slope_at(f) / beats_);
    if (!ramp.active()) beats_ = 0;
  }

  static std::int64_t default_frames(const music::TempoMap& map) TACTUS_RT {
    return static_cast<std::int64_t>(kDefaultRampSeconds * map.rate());
  }

 private:
  double beat0_ = 0, beats_ = 0;
};

// A ramp with its drive.
struct Control {
  dsp::Ramp ramp;
  BeatDrive drive;

  Control() TACTUS_RT = default;
  explicit Control(float value) TACTUS_RT : ramp(value) {}
  void aim(double target, const msg::RampSpec& spec, std::int64_t frame, const music::TempoMap& map) TACTUS_RT {
    drive.aim(ramp, target, spec, frame, map);
  }
  void step(std::int64_t frame, const music::TempoMap& map) TACTUS_RT { drive.step(ramp, frame, map); }
};

}  // namespace tactus::rt
