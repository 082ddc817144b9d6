// An effect slot that is occupied: the effect, its dry/wet mix, its parameters on their way. Realtime-safe but for
// construction. Made and freed by the plan builder (engine/ctl); the plans that hold it point at it.
#pragma once

#include <atomic>

#include "dsp/fx_slot.h"
#include "engine/rt/beat_drive.h"
#include "engine/rt/fx/fx_instance.h"
#include "engine/rt/param_ramp.h"

namespace tactus::rt {

class FxNode {
 public:
  // Control side. The instance outlives the node. Off, and with the effect's own defaults.
  FxNode(FxInstance& fx, SampleRate rate) noexcept : fx_(fx) {
    slot_.prepare(rate, static_cast<dsp::MixLaw>(fx.info().mix));
    for (std::size_t p = 0; p < fx.info().params.size(); ++p) {
      params_[p] = ParamRamp(static_cast<double>(fx.info().params[p].initial));
    }
  }

  // Param::fx_on, fx_wet, fx_param. A parameter that the engine fills itself, or that isn't there, is ignored.
  void set_param(const msg::Command& c, std::int64_t frame, const music::TempoMap& map) TACTUS_RT {
    if (c.param == msg::Param::fx_on) {
      slot_.set_on(c.a != 0 && !broken_);
    } else if (c.param == msg::Param::fx_wet) {
      wet_drive_.aim(slot_.wet(), c.a, c.ramp, frame, map);
    } else if (c.sub < fx_.info().params.size() && fx_.info().params[c.sub].role == msg::FxRole::user) {
      params_[c.sub].set(c.a, c.ramp, frame, map);
      moving_ = true;
    }
  }

  // At every multiple of kGrid: all that an effect is told, it is told here.
  void step(std::int64_t frame, const music::TempoMap& map) TACTUS_RT {
    slot_.at_grid();
    running_.store(slot_.running(), std::memory_order_relaxed);
    if (moving_) move_params(frame, map);
    if (!slot_.running()) return;
    wet_drive_.step(slot_.wet(), frame, map);
    const double f = static_cast<double>(frame);
    fx_.set_clock(Bpm{map.bpm_at_frame(f)}, map.beat_of(f));
  }

  void process(float* left, float* right, int n) TACTUS_RT {
    if (!slot_.running()) return;
    float in[2][kGrid], wet[2][kGrid];
    slot_.send(left, right, in[0], in[1], n);
    fx_.compute(in[0], in[1], wet[0], wet[1], n);
    slot_.mix(left, right, wet[0], wet[1], n);
  }

  // It gave a NaN: dry from now on, and not switched on again.
  void bypass() TACTUS_RT {
    broken_ = true;
    slot_.stop();
  }

  // Any thread: whether it is on or its tail still rings.
  bool running() const noexcept { return running_.load(std::memory_order_relaxed); }

 private:
  void move_params(std::int64_t frame, const music::TempoMap& map) TACTUS_RT {
    moving_ = false;
    for (std::size_t p = 0; p < fx_.info().params.size(); ++p) {
      if (fx_.info().params[p].role != msg::FxRole::user) continue;
      fx_.set(static_cast<int>(p), static_cast<float>(params_[p].value(frame, map)));
      params_[p].settle(frame, map);
      moving_ = moving_ || params_[p].active();
    }
  }

  FxInstance& fx_;
  dsp::FxSlot slot_;
  BeatDrive wet_drive_;
  ParamRamp params_[msg::kMaxFxParams];
  bool moving_ = false;
  bool broken_ = false;
  std::atomic<bool> running_{false};
};

}  // namespace tactus::rt
