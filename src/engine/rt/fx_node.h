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
      wanted_ = c.a != 0 && !broken_;
      if (reset_ == Reset::none) slot_.set_on(wanted_);
    } else if (c.param == msg::Param::fx_wet) {
      wet_drive_.aim(slot_.wet(), c.a, c.ramp, frame, map);
    } else if (c.sub < fx_.info().params.size() && fx_.info().params[c.sub].role == msg::FxRole::user) {
      params_[c.sub].set(c.a, c.ramp, frame, map);
      moving_ = true;
    }
  }

  // Switches off and fades out all that is inside within `frames`, a tail that rings already too. Then the effect
  // forgets what it has heard, so that nothing of it sounds when it is switched on again; which, asked for meanwhile,
  // takes effect when that is done: within 150 ms (at 48 kHz) of the fade.
  void silence(std::int32_t frames) TACTUS_RT {
    wanted_ = false;
    if (!slot_.running() || reset_ != Reset::none) return;
    slot_.fade_out(frames);
    reset_ = Reset::fades;
  }

  // At every multiple of kGrid: all that an effect is told, it is told here.
  void step(std::int64_t frame, const music::TempoMap& map) TACTUS_RT {
    slot_.at_grid();
    if (reset_ != Reset::none) go_on_forgetting(map);
    running_.store(slot_.running(), std::memory_order_relaxed);
    if (moving_ && reset_ != Reset::wipes) move_params(frame, map);
    if (!slot_.running() && reset_ != Reset::settles) return;
    wet_drive_.step(slot_.wet(), frame, map);
    const double f = static_cast<double>(frame);
    fx_.set_clock(Bpm{map.bpm_at_frame(f)}, map.beat_of(f));
  }

  void process(float* left, float* right, int n) TACTUS_RT {
    float in[2][kGrid], wet[2][kGrid];
    if (reset_ == Reset::settles) settle(in, wet, n);
    if (!slot_.running()) return;
    slot_.send(left, right, in[0], in[1], n);
    fx_.compute(in[0], in[1], wet[0], wet[1], n);
    slot_.mix(left, right, wet[0], wet[1], n);
  }

  // It gave a NaN: dry from now on, and not switched on again.
  void bypass() TACTUS_RT {
    broken_ = true;
    wanted_ = false;
    slot_.stop();
  }

  // Any thread: whether it is on or its tail still rings.
  bool running() const noexcept { return running_.load(std::memory_order_relaxed); }

 private:
  // After silence(): what it does until it can be heard again.
  enum class Reset : std::uint8_t { none, fades, wipes, settles };
  static constexpr double kSettleSeconds = 0.1;  // as long as FxInstance::settle() takes

  void go_on_forgetting(const music::TempoMap& map) TACTUS_RT {
    if (reset_ == Reset::fades && !slot_.running()) reset_ = Reset::wipes;
    if (reset_ == Reset::wipes && fx_.wipe()) {
      reset_ = Reset::settles;
      moving_ = true;  // the parameters are to be told again
      settle_frames_ = static_cast<std::int64_t>(kSettleSeconds * map.rate());
    }
    if (reset_ == Reset::settles && settle_frames_ <= 0) {
      reset_ = Reset::none;
      slot_.set_on(wanted_);
    }
  }
  void settle(float (&in)[2][kGrid], float (&wet)[2][kGrid], int n) TACTUS_RT {
    for (int i = 0; i < n; ++i) in[0][i] = in[1][i] = 0;
    fx_.compute(in[0], in[1], wet[0], wet[1], n);
    settle_frames_ -= n;
  }
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
  bool wanted_ = false;  // on, as asked for
  Reset reset_ = Reset::none;
  std::int64_t settle_frames_ = 0;
  std::atomic<bool> running_{false};
};

}  // namespace tactus::rt
