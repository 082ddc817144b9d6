#include "engine/rt/mixer.h"

#include <cmath>

namespace tactus::rt {

using msg::Param;

void Mixer::prepare(SampleRate rate, TapRing* tap, StreamRing* master, StreamRing* cue) noexcept {
  limiter_.prepare(rate);
  static_assert(dsp::Limiter::kLatency < Delay::kMax);
  latency_ = dsp::Limiter::kLatency;
  tap_ = tap;
  master_stream_ = master;
  cue_stream_ = cue;
}

void Mixer::set_param(const msg::Command& c, std::int64_t frame, const music::TempoMap& map) TACTUS_RT {
  switch (c.param) {
    case Param::crossfader:
      crossfader_.aim(c.a, c.ramp, frame, map);
      break;
    case Param::xf_curve: {
      const int curve = static_cast<int>(c.a);
      if (curve >= 0 && curve <= 2) curve_ = static_cast<dsp::CrossfaderCurve>(curve);
      break;
    }
    case Param::master:
      gain_.aim(c.a, c.ramp, frame, map);
      break;
    case Param::cue_mix:
      cue_mix_.aim(c.a, c.ramp, frame, map);
      break;
    case Param::split:
      split_.aim(c.a, c.ramp, frame, map);
      break;
    case Param::headphones:
      headphones_.aim(c.a, c.ramp, frame, map);
      break;
    case Param::booth:
      booth_.aim(c.a, c.ramp, frame, map);
      break;
    default:
      break;
  }
}

void Mixer::step(std::int64_t frame, const music::TempoMap& map) TACTUS_RT {
  for (Control* c : {&crossfader_, &gain_, &cue_mix_, &split_, &headphones_, &booth_}) c->step(frame, map);
}

void Mixer::begin(int n) TACTUS_RT {
  crossfader_.ramp.fill(x_, n);
  for (int side = 0; side < 2; ++side) {
    for (int i = 0; i < n; ++i) master_[side][i] = cue_[side][i] = 0;
  }
}

void Mixer::delay_cue(int n) TACTUS_RT {
  for (int i = 0; i < n; ++i) {
    const int read = (delay_.at - latency_) & (Delay::kMax - 1);
    for (int side = 0; side < 2; ++side) {
      delay_.line[side][delay_.at] = cue_[side][i];
      cue_[side][i] = delay_.line[side][read];
    }
    delay_.at = (delay_.at + 1) & (Delay::kMax - 1);
  }
}

void Mixer::finish(std::int64_t frame, int n, float* const* out, int outputs, int offset) TACTUS_RT {
  dsp::apply_gain(master_[0], master_[1], n, gain_.ramp);
  meter_.process(master_[0], master_[1], n);
  limiter_.process(master_[0], master_[1], n);
  const float reduction = limiter_.take_lowest_gain();
  worst_reduction_ = reduction < worst_reduction_ ? reduction : worst_reduction_;
  delay_cue(n);
  put_block(master_stream_, frame, master_[0], master_[1], n);
  put_block(cue_stream_, frame, cue_[0], cue_[1], n);
  for (int i = 0; i < n; ++i) {
    const float l = master_[0][i], r = master_[1][i];
    const float m = cue_mix_.ramp.next(), s = split_.ramp.next();
    const float h = headphones_.ramp.next(), b = booth_.ramp.next();
    const float cl = cue_[0][i], cr = cue_[1][i];
    // Joined: a mix of both on both ears. Split: cue on the left ear, master on the right, each in mono.
    const float left = (cl * (1 - m) + l * m) * (1 - s) + 0.5f * (cl + cr) * s;
    const float right = (cr * (1 - m) + r * m) * (1 - s) + 0.5f * (l + r) * s;
    const float buses[msg::kBusChannels] = {l, r, left * h, right * h, l * b, r * b, l, r};
    for (int c = 0; c < outputs; ++c) out[c][offset + i] = c < msg::kBusChannels ? buses[c] : 0;
    if (tap_ && !tap_->push({l, r})) ++tap_overruns_;
  }
}

void Mixer::fill(msg::Snapshot& s) TACTUS_RT {
  const dsp::MeterReading m = meter_.take();
  s.master_peak_l = m.peak_left;
  s.master_peak_r = m.peak_right;
  s.gain_reduction_db = worst_reduction_ >= 1 ? 0 : 20 * std::log10(worst_reduction_);
  s.crossfader = crossfader_.ramp.target();
  worst_reduction_ = 1;
}

}  // namespace tactus::rt
