// What surrounds an effect: how much of it is heard, and switching it without cutting off its tail.
//
// Off does not mute the effect, it stops feeding it: the dry signal is whole again within 5 ms and what is still inside
// rings out, unless it is asked to fade. The dry path has no latency, and passes bit for bit when the slot is off or
// its wet share is 0. Audio thread but for prepare(); plain state by value. The effect itself is the caller's
// (rt::FxInstance).
//
// In each segment:  if (slot.running()) { slot.send(in); effect: in -> wet; slot.mix(dry, wet); }
// and at every multiple of 32 frames, before the segment, slot.at_grid().
#pragma once

#include <cmath>
#include <cstdint>

#include "base/rt.h"
#include "base/units.h"
#include "dsp/ramp.h"

namespace tactus::dsp {

enum class MixLaw : std::uint8_t { linear, equal_power };  // in the order of msg::FxMix

class FxSlot {
 public:
  // An effect that is off and has been below this for so long has rung out: longer than any gap between two repeats.
  static constexpr float kSilence = 1e-5f;  // -100 dBFS
  static constexpr Seconds kRingOut{6.0};

  void prepare(SampleRate rate, MixLaw law) noexcept {
    switch_frames_ = default_ramp_frames(rate);
    ring_out_ = rate.frames(kRingOut).v;
    law_ = law;
    update_gains(wet_.value());
  }

  // Wet share, 0 (dry) .. 1 (wet).
  Ramp& wet() TACTUS_RT { return wet_; }
  const Ramp& wet() const TACTUS_RT { return wet_; }

  void set_on(bool on) TACTUS_RT {
    if (on == on_) return;
    on_ = on;
    feed_.to(on ? 1.0f : 0.0f, switch_frames_);
    if (on) running_ = true;
    quiet_ = 0;
  }
  bool on() const TACTUS_RT { return on_; }

  // Whether the effect is to be computed: on, or still ringing. Becomes false in at_grid() only.
  bool running() const TACTUS_RT { return running_; }
  void at_grid() TACTUS_RT {
    if (!running_ || on_ || feed_.active()) return;
    if (fading_ && !level_.active()) stop();
    if (quiet_ >= ring_out_) running_ = false;
  }
  // Off, and in `frames` what is inside has faded too: running() is false at the grid point after. What the effect
  // holds then is to be cleared before the slot is switched on again, and that not before running() is false.
  void fade_out(std::int32_t frames) TACTUS_RT {
    on_ = false;
    fading_ = true;
    feed_.to(0, frames);
    level_.to(0, frames);
  }
  // After a fault of the effect, or when it has faded: dry at once, nothing rings.
  void stop() TACTUS_RT {
    on_ = running_ = fading_ = false;
    feed_.jump(0);
    level_.jump(1);
  }

  // The effect's input of n frames (1 to 32) from the dry signal.
  void send(const float* left, const float* right, float* in_left, float* in_right, int n) TACTUS_RT {
    for (int i = 0; i < n; ++i) {
      const float f = fed_[i] = feed_.next();
      in_left[i] = left[i] * f;
      in_right[i] = right[i] * f;
    }
  }

  // Mixes what the effect made of it into the dry signal. The same n as in send() before.
  void mix(float* left, float* right, const float* wet_left, const float* wet_right, int n) TACTUS_RT {
    for (int i = 0; i < n; ++i) {
      const float share = wet_.next();
      if (share != share_) update_gains(share);
      const float dry = 1.0f + fed_[i] * (dry_gain_ - 1.0f), wet = wet_gain_ * level_.next();
      left[i] = left[i] * dry + wet_left[i] * wet;
      right[i] = right[i] * dry + wet_right[i] * wet;
      const bool quiet = std::fabs(wet_left[i]) < kSilence && std::fabs(wet_right[i]) < kSilence;
      quiet_ = quiet && !on_ ? quiet_ + 1 : 0;
    }
  }

 private:
  void update_gains(float share) TACTUS_RT {
    share_ = share;
    const double s = static_cast<double>(share);
    dry_gain_ = law_ == MixLaw::linear ? 1.0f - share : static_cast<float>(quarter_sine(1 - s));
    wet_gain_ = law_ == MixLaw::linear ? share : static_cast<float>(quarter_sine(s));
  }

  Ramp wet_{0.5f}, feed_{0}, level_{1};  // level: of all that comes out of the effect
  float fed_[32] = {};
  float share_ = -1, dry_gain_ = 1, wet_gain_ = 0;
  std::int64_t quiet_ = 0, ring_out_ = 288000;
  std::int32_t switch_frames_ = 240;
  MixLaw law_ = MixLaw::linear;
  bool on_ = false, running_ = false, fading_ = false;
};

}  // namespace tactus::dsp
