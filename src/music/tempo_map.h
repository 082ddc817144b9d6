// The session's tempo map: which beat sounds at which session frame, and what bars and phrases are there. Pure
// functions over a plain struct; realtime-safe.
//
// The control thread owns the map and publishes copies; the audio thread and the feeders only read theirs. A segment
// starts at {frame0, beat0} with tempo bpm0 and moves linearly *in beats* to bpm1 over `beats`, then stays at bpm1
// until the next segment. Integrating dt = 60 / bpm(b) db over a segment gives
//   seconds(b) = 60 * L / (bpm1 - bpm0) * ln(bpm(b) / bpm0),   bpm(b) = bpm0 + (bpm1 - bpm0) * b / L.
#pragma once

#include <cmath>
#include <cstdint>

#include "base/fixed_vector.h"
#include "base/rt.h"
#include "base/units.h"

namespace tactus::music {

struct TempoSegment {
  double frame0 = 0;  // session frame at which it starts, fractional
  double beat0 = 0;   // session beat there
  double bpm0 = 120;
  double bpm1 = 120;
  double beats = 0;  // length of the ramp in beats; 0 = constant at bpm1

  // Tempo at `b` beats after the start (b >= 0).
  double bpm_at(double b) const TACTUS_RT {
    if (beats <= 0 || b >= beats) return bpm1;
    return bpm0 + (bpm1 - bpm0) * b / beats;
  }
  // Seconds from the start to `b` beats after it; linear at bpm0 before the start.
  double seconds(double b) const TACTUS_RT {
    if (b <= 0) return b * 60.0 / start_bpm();
    const double r = b < beats ? b : beats;
    double s = 0;
    if (r > 0) {
      const double slope = (bpm1 - bpm0) / beats;
      // log1p(x)/x keeps full precision when the ramp is nearly flat.
      const double x = slope * r / bpm0;
      s = 60.0 * r / bpm0 * (std::fabs(x) < 1e-12 ? 1.0 : std::log1p(x) / x);
    }
    return s + (b - r) * 60.0 / bpm1;
  }
  // Inverse of seconds().
  double beats_at(double s) const TACTUS_RT {
    if (s <= 0) return s * start_bpm() / 60.0;
    const double ramp_s = beats > 0 ? seconds(beats) : 0;
    if (s >= ramp_s) return (beats > 0 ? beats : 0) + (s - ramp_s) * bpm1 / 60.0;
    const double slope = (bpm1 - bpm0) / beats;
    const double y = slope * s / 60.0;
    return s * bpm0 / 60.0 * (std::fabs(y) < 1e-12 ? 1.0 : std::expm1(y) / y);
  }
  double start_bpm() const TACTUS_RT { return beats > 0 ? bpm0 : bpm1; }
};

// What the session says a bar and a phrase are.
struct Metre {
  Beats bar = Beats::of(4);  // the quantum
  Beats phrase = Beats::of(16);
  Beat phase;  // a beat of the session where a bar and a phrase begin
  bool operator==(const Metre&) const TACTUS_RT = default;
};

// From a beat on, another metre; what is 0 stays as it is.
struct MetreStep {
  Beat from;
  Beats bar, phrase;
};

class TempoMap {
 public:
  static constexpr std::size_t kMaxSegments = 24;
  static constexpr std::size_t kMaxSteps = 8;

  TempoMap() TACTUS_RT { segments_.push_back({}); }
  TempoMap(SampleRate rate, Bpm bpm) TACTUS_RT : rate_(rate.hz) { segments_.push_back({0, 0, bpm.v, bpm.v, 0}); }
  // As another map's segments() were; at least one.
  TempoMap(SampleRate rate, const FixedVector<TempoSegment, kMaxSegments>& segments) TACTUS_RT : segments_(segments),
                                                                                                 rate_(rate.hz) {}

  // Counted by whoever publishes maps, so that one can be told from another; means nothing in itself.
  std::uint64_t edition = 0;

  // Adds a segment that starts at `frame` (fractional session frame), where the beat line goes on without a jump;
  // later segments are dropped. bpm moves from the tempo there to `to` over `over`. The oldest segments are forgotten
  // when the table is full: frames before them are then extrapolated. Any thread that owns the map.
  void change_tempo(double frame, Bpm to, Beats over) TACTUS_RT {
    const double beat = beat_of(frame);
    const double from = bpm_at_frame(frame);
    append({frame, beat, over.micro > 0 ? from : to.v, to.v, over.value()});
  }
  // Sets the beat line forward: `beat` sounds at `frame`, tempo constant from there. `beat` must not be below
  // beat_of(frame), since session beats are monotonic; what was due in between is due at `frame`.
  void set_beat(double frame, double beat, Bpm bpm) TACTUS_RT { append({frame, beat, bpm.v, bpm.v, 0}); }

  double beat_of(double frame) const TACTUS_RT {
    const TempoSegment& s = at_frame(frame);
    return s.beat0 + s.beats_at((frame - s.frame0) / rate_);
  }
  // Where the beat line jumps forward over `beat`, the frame of the jump.
  double frame_of(double beat) const TACTUS_RT {
    std::size_t i = segments_.size() - 1;
    while (i > 0 && segments_[i].beat0 > beat) --i;
    const double f = segments_[i].frame0 + segments_[i].seconds(beat - segments_[i].beat0) * rate_;
    if (i + 1 < segments_.size() && f > segments_[i + 1].frame0) return segments_[i + 1].frame0;
    return f;
  }
  // The frame at which an event stamped with `beat` sounds: the nearest whole frame.
  Frame due(Beat beat) const TACTUS_RT { return {static_cast<std::int64_t>(std::floor(frame_of(beat.value()) + 0.5))}; }
  double bpm_at_frame(double frame) const TACTUS_RT {
    const TempoSegment& s = at_frame(frame);
    return s.bpm_at(s.beats_at((frame - s.frame0) / rate_));
  }
  // Beats a frame at `frame`.
  double slope_at(double frame) const TACTUS_RT { return bpm_at_frame(frame) / (60.0 * rate_); }

  // By beat, so that a change of tempo moves a change of metre.
  Metre metre_at(Beat beat) const TACTUS_RT {
    Metre m = metre_;
    for (const MetreStep& step : steps_) {
      if (step.from <= beat) take(step, m);
    }
    return m;
  }
  // As it is for what is due at a frame, whose beat may lie up to half a frame later.
  Metre metre_at_frame(double frame) const TACTUS_RT { return metre_at(Beat::of(beat_of(frame + 0.5))); }
  // From the beginning on, without any steps.
  void start_metre(const Metre& metre) TACTUS_RT {
    metre_ = metre;
    steps_.clear();
  }
  // The oldest step is forgotten when the table is full: its metre then holds from the beginning on.
  void change_metre(const MetreStep& step) TACTUS_RT {
    if (steps_.full()) {
      take(steps_[0], metre_);
      steps_.erase(0);
    }
    std::size_t at = steps_.size();
    while (at > 0 && steps_[at - 1].from > step.from) --at;
    steps_.insert(at, step);
  }
  const Metre& first_metre() const TACTUS_RT { return metre_; }
  const FixedVector<MetreStep, kMaxSteps>& metre_steps() const TACTUS_RT { return steps_; }

  double rate() const TACTUS_RT { return rate_; }
  const FixedVector<TempoSegment, kMaxSegments>& segments() const TACTUS_RT { return segments_; }

 private:
  static void take(const MetreStep& step, Metre& m) TACTUS_RT {
    if (step.bar.micro > 0) m.bar = step.bar;
    if (step.phrase.micro > 0) m.phrase = step.phrase;
  }
  const TempoSegment& at_frame(double frame) const TACTUS_RT {
    std::size_t i = segments_.size() - 1;
    while (i > 0 && segments_[i].frame0 > frame) --i;
    return segments_[i];
  }
  void append(const TempoSegment& s) TACTUS_RT {
    while (segments_.size() > 1 && segments_.back().frame0 >= s.frame0) segments_.resize_down(segments_.size() - 1);
    if (segments_.size() == 1 && segments_.back().frame0 >= s.frame0) segments_.clear();
    if (segments_.full()) segments_.erase(0);
    segments_.push_back(s);
  }

  FixedVector<TempoSegment, kMaxSegments> segments_;
  double rate_ = 48000;
  Metre metre_;
  FixedVector<MetreStep, kMaxSteps> steps_;  // by beat
};

// The view of the map that scheduler, engine and clients share.
struct BeatClock {
  double bpm = 120;
  double beat = 0;     // session beat
  double phase = 0;    // beat within the quantum, 0 <= phase < quantum
  double quantum = 4;  // beats
};

}  // namespace tactus::music
