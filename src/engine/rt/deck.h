// One deck of the engine: transport, reader, stem gates, trim, EQ, filter, strip. All state by value; the plan walks
// it. Realtime-safe unless stated; owned by the engine.
#pragma once

#include "dsp/eq.h"
#include "dsp/filter.h"
#include "dsp/gain.h"
#include "dsp/meter.h"
#include "dsp/zero_cross.h"
#include "engine/msg/plan.h"
#include "engine/rt/beat_drive.h"
#include "engine/rt/deck_reader.h"
#include "engine/rt/transport.h"

namespace tactus::rt {

class Deck {
 public:
  // Control side, before the engine runs.
  void prepare(SampleRate rate, VoiceRing* a, VoiceRing* b, const dsp::SincTables* sinc) noexcept;

  // Executes a parameter command (Param::trim .. Param::key).
  void set_param(const msg::Command& c, std::int64_t frame, const music::TempoMap& map) TACTUS_RT;
  // Drives ramps that advance in beats; at every multiple of kGrid.
  void step(std::int64_t frame, const music::TempoMap& map) TACTUS_RT;

  // The nodes, in place on left/right, n <= kGrid frames.
  void read(std::int64_t f, int n, const music::TempoMap& map) TACTUS_RT {
    reader.render(transport, f, n, map, input_);
  }
  // What was read and isn't a number is silenced, for a stem alone. True when there was any.
  bool silence_broken_input(int n) TACTUS_RT;
  void gate_stems(float* left, float* right, int n) TACTUS_RT;
  void apply_trim(float* left, float* right, int n) TACTUS_RT { dsp::apply_gain(left, right, n, trim_.ramp); }
  void apply_eq(float* left, float* right, int n) TACTUS_RT;
  void apply_filter(float* left, float* right, int n) TACTUS_RT { filter.process(left, right, n); }

  // Adds the deck to the buses. sides: gain of the crossfader's left and right for each frame.
  struct Buses {
    float* master[2];
    float* cue[2];
    float* heard[2];  // written, not added to: the deck's share of the master; may be null
  };
  struct Sides {
    const float *left, *right;
  };
  void mix(const float* left, const float* right, int n, const Sides& sides, const Buses& buses) TACTUS_RT;

  // After a block of n frames that ends at `frame`.
  void fill(msg::DeckSnapshot& s, std::int64_t frame, int n, const music::TempoMap& map) TACTUS_RT;
  // The strip's gain as it is heading: 0 means that the deck is not heard.
  float heading_gain(const dsp::CrossfaderGains& sides) const TACTUS_RT;

  Transport transport;
  DeckReader reader;
  dsp::Eq eq;
  dsp::Filter filter;

 private:
  dsp::Meter meter_;
  dsp::PeakHold peak_left_, peak_right_;
  DeckBuffers input_;
  dsp::StemGate gates_[msg::kStems];
  BeatDrive stem_drive_[msg::kStems];
  BeatDrive eq_drive_[3];
  // 0: the EQ's bands all stand at unity and the dry signal passes, bit for bit; 1: the EQ is heard. The EQ's sum at
  // unity has flat magnitude but turns the phase, which would smear an onset by a frame; so a flat EQ is out of the
  // way.
  dsp::Ramp eq_in_{0.0f};
  int eq_fade_ = 480;
  BeatDrive filter_drive_;
  Control trim_{1.0f};
  Control fader_{1.0f};
  Control assign_{0.0f};  // -1 left .. 0 thru .. 1 right; glides, so that assigning doesn't click
  Control cue_bus_{0.0f};
};

}  // namespace tactus::rt
