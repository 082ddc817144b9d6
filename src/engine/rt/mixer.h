// Buses to outputs: crossfader, master, cue and headphone mix, booth, limiter, meters, recorder tap.
// Realtime-safe unless stated; owned by the engine.
#pragma once

#include "dsp/gain.h"
#include "dsp/limiter.h"
#include "dsp/meter.h"
#include "engine/msg/callback.h"
#include "engine/msg/snapshot.h"
#include "engine/rt/beat_drive.h"
#include "engine/rt/stream_tap.h"
#include "lockfree/spsc_ring.h"

namespace tactus::rt {

// Stereo frames of the master after the limiter, for the recorder's thread.
struct TapFrame {
  float left, right;
};
using TapRing = lockfree::SpscRing<TapFrame>;

class Mixer {
 public:
  // Control side. tap, master and cue may be null.
  void prepare(SampleRate rate, TapRing* tap, StreamRing* master, StreamRing* cue) noexcept;
  void set_param(const msg::Command& c, std::int64_t frame, const music::TempoMap& map) TACTUS_RT;
  void step(std::int64_t frame, const music::TempoMap& map) TACTUS_RT;

  // First of a control step: clears the buses and moves the crossfader. Then each strip adds itself to them.
  void begin(int n) TACTUS_RT;
  // Gain of the crossfader's left (0) and right (1) side, for each frame of the step.
  const float* side(int which) const TACTUS_RT { return side_[which]; }
  // Where those are heading.
  dsp::CrossfaderGains heading_sides() const TACTUS_RT {
    return dsp::crossfader_gains(curve_, crossfader_.ramp.target());
  }
  float* master(int side) TACTUS_RT { return master_[side]; }
  float* cue(int side) TACTUS_RT { return cue_[side]; }
  // Last of a control step that begins at `frame`: writes n frames at `offset` of all outputs, in the order of
  // msg::Bus.
  void finish(std::int64_t frame, int n, float* const* out, int outputs, int offset) TACTUS_RT;

  // After a block of so many frames.
  void fill(msg::Snapshot& s, int frames) TACTUS_RT;
  float heading_gain() const TACTUS_RT { return gain_.ramp.target(); }
  std::uint32_t tap_overruns() const TACTUS_RT { return tap_overruns_; }
  // Control steps for which a bus was silenced because it held a NaN, an infinity or what is out of all bounds.
  std::uint32_t broken() const TACTUS_RT { return broken_; }

 private:
  // As long as the limiter looks ahead, so that cue and master stay aligned in the headphones.
  struct Delay {
    static constexpr int kMax = 1024;
    float line[2][kMax] = {};
    int at = 0;
  };
  void aim_curve(dsp::CrossfaderCurve curve, const music::TempoMap& map) TACTUS_RT;
  void delay_cue(int n) TACTUS_RT;
  void silence_broken(float* left, float* right, int n) TACTUS_RT;

  Control crossfader_{0.0f}, gain_{1.0f}, cue_mix_{0.0f}, split_{0.0f}, headphones_{1.0f}, booth_{1.0f};
  static constexpr int kCurves = 3;
  dsp::CrossfaderCurve curve_ = dsp::CrossfaderCurve::smooth;
  // How much of each curve is heard: they add up to 1, so that another curve is slid to like any other value.
  dsp::Ramp curve_weight_[kCurves] = {dsp::Ramp(1), dsp::Ramp(0), dsp::Ramp(0)};
  dsp::Limiter limiter_;
  dsp::Meter meter_;
  Delay delay_;
  int latency_ = 0;
  TapRing* tap_ = nullptr;
  StreamRing* master_stream_ = nullptr;
  StreamRing* cue_stream_ = nullptr;
  std::uint32_t tap_overruns_ = 0, broken_ = 0;
  dsp::PeakHold peak_left_, peak_right_, reduction_;
  float lowest_gain_ = 1;  // of the limiter, in this block
  float side_[2][kGrid], master_[2][kGrid], cue_[2][kGrid];
};

}  // namespace tactus::rt
