#include "engine/rt/mixer.h"

#include <cmath>

#include "dsp/guard.h"

namespace tactus::rt {

using msg::Param;

void Mixer::prepare(SampleRate rate, TapRing* tap, StreamRing* master, StreamRing* cue) noexcept {
  limiter_.prepare(rate);
  for (dsp::PeakHold* hold : {&peak_left_, &peak_right_, &reduction_}) hold->prepare(rate);
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
      if (curve >= 0 && curve < kCurves) aim_curve(static_cast<dsp::CrossfaderCurve>(curve), map);
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

void Mixer::aim_curve(dsp::CrossfaderCurve curve, const music::TempoMap& map) TACTUS_RT {
  curve_ = curve;
  const auto frames = static_cast<std::int32_t>(BeatDrive::default_frames(map));
  for (int k = 0; k < kCurves; ++k) curve_weight_[k].to(k == static_cast<int>(curve) ? 1.0f : 0.0f, frames);
}

void Mixer::step(std::int64_t frame, const music::TempoMap& map) TACTUS_RT {
  for (Control* c : {&crossfader_, &gain_, &cue_mix_, &split_, &headphones_, &booth_}) c->step(frame, map);
}

void Mixer::begin(int n) TACTUS_RT {
  float x[kGrid], weight[kGrid];
  crossfader_.ramp.fill(x, n);
  for (int side = 0; side < 2; ++side) {
    for (int i = 0; i < n; ++i) side_[side][i] = master_[side][i] = cue_[side][i] = 0;
  }
  for (int k = 0; k < kCurves; ++k) {
    if (!curve_weight_[k].active() && curve_weight_[k].target() == 0) continue;
    curve_weight_[k].fill(weight, n);
    for (int i = 0; i < n; ++i) {
      const dsp::CrossfaderGains g = dsp::crossfader_gains(static_cast<dsp::CrossfaderCurve>(k), x[i]);
      side_[0][i] += weight[i] * g.left;
      side_[1][i] += weight[i] * g.right;
    }
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
  silence_broken(master_[0], master_[1], n);
  silence_broken(cue_[0], cue_[1], n);
  meter_.process(master_[0], master_[1], n);
  limiter_.process(master_[0], master_[1], n);
  const float reduction = limiter_.take_lowest_gain();
  lowest_gain_ = reduction < lowest_gain_ ? reduction : lowest_gain_;
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

// Finite signals may still add up to what isn't, or to what is no signal any more.
void Mixer::silence_broken(float* left, float* right, int n) TACTUS_RT {
  constexpr float kMost = 1e4f;  // 80 dB above full scale: the limiter's arithmetic holds that, and no music does
  if (dsp::all_within(left, n, kMost) && dsp::all_within(right, n, kMost)) return;
  for (int i = 0; i < n; ++i) left[i] = right[i] = 0;
  ++broken_;
}

void Mixer::fill(msg::Snapshot& s, int frames) TACTUS_RT {
  const dsp::MeterReading m = meter_.take();
  s.master_peak_l = peak_left_.hold(m.peak_left, frames);
  s.master_peak_r = peak_right_.hold(m.peak_right, frames);
  const float db = reduction_.hold(lowest_gain_ < 1 ? -20 * std::log10(lowest_gain_) : 0, frames);
  s.gain_reduction_db = db > 0 ? -db : 0;
  s.crossfader = crossfader_.ramp.target();
  lowest_gain_ = 1;
}

}  // namespace tactus::rt
