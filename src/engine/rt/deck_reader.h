// What a deck sounds like before its strip: from the direct path or from its stretcher's ring, whichever the transport
// asks for and can have, with a cross-fade at every change. Realtime-safe; owned by the engine.
//
// Direct path: band-limited interpolation of the decoded track at the transport's own position; always there, exact to
// the frame, pitch follows speed. Voices: packets that a feeder stretched ahead of time.
//
// A track sounds at its auto-gain from its first frame on; one that is found out while it plays is slid to.
//
// Cuts: what stops to sound fades out over 4.7 ms as a *tail*. What starts comes in at once if the track is silent just
// before it (an onset at a cue keeps its first sample), else over 1.3 ms. The same music changing its path cross-fades
// linearly over 4.7 ms.
#pragma once

#include <cstdint>

#include "base/rt.h"
#include "engine/msg/snapshot.h"
#include "engine/rt/outcome_tap.h"
#include "engine/rt/transport.h"
#include "engine/rt/voice.h"

namespace tactus::dsp {
class SincTables;
}

namespace tactus::rt {

// One control step of a deck: `stems` holds 8 planar channels of a track with stems, `plain` 2 of one without. Both may
// sound at once while one track's tail ends in another's start.
struct DeckBuffers {
  float stems[kMaxChannels][kGrid];
  float plain[2][kGrid];
  bool has_stems = false;
  bool has_plain = false;
};

class DeckReader {
 public:
  void attach(VoiceRing* a, VoiceRing* b, const dsp::SincTables* sinc, SampleRate rate) TACTUS_RT;
  // `tap`: where to say what is chosen. `told`: what to choose, in a replay; null otherwise.
  void attach_outcomes(OutcomeTap* tap, OutcomeRing* told, int deck) TACTUS_RT;

  // Renders n <= kGrid frames from session frame f; [f, f + n) lies within one control step and has no break inside.
  void render(const Transport& t, std::int64_t f, int n, const music::TempoMap& map, DeckBuffers& out) TACTUS_RT;

  // True while anything still reads from `track` (a tail of an unloaded track).
  bool uses(const msg::TrackRef* track) const TACTUS_RT;
  msg::DeckSource source() const TACTUS_RT { return now_.source; }
  std::uint32_t fallbacks() const TACTUS_RT { return fallbacks_; }
  std::uint32_t late_chunks() const TACTUS_RT { return late_; }

 private:
  static constexpr int kTails = 4;
  static constexpr double kMaxSpeed = 16;  // scratches beyond that are heard at that

  struct Layer {
    msg::DeckSource source = msg::DeckSource::silent;
    const msg::TrackRef* track = nullptr;
    Law law;       // direct tails go on by the law they had
    int ring = 0;  // voice
    std::uint32_t generation = 0;
    std::int64_t fade_start = 0;
    std::int64_t fade = 0;  // frames; 0: none
    float gain = 1;         // tails: at fade_start
    float level = 1;        // tails: of the track's auto-gain
    // Direct: the playhead is a straight line through {line_frame, line_at} until the next grid point or event.
    // Anchored there and nowhere else, so that a block's end in between leaves no trace in the rounding.
    std::int64_t line_frame = 0;
    double line_at = 0, line_slope = 0;
  };

  void follow_level(const msg::TrackRef* track, bool other, std::int64_t f) TACTUS_RT;
  void follow(const Transport& t, std::int64_t f, const music::TempoMap& map, bool broke, bool jumped) TACTUS_RT;
  Layer choose(const Transport& t, std::int64_t f, const music::TempoMap& map, bool broke, bool jumped) TACTUS_RT;
  int best_voice(const Transport& t, std::int64_t f, const music::TempoMap& map, bool broke, bool jumped) TACTUS_RT;
  bool runs_through(int ring, const Transport& t, std::int64_t f, const music::TempoMap& map) TACTUS_RT;
  bool take_told(std::int64_t f, Layer& next, std::int64_t& fade) TACTUS_RT;
  std::int64_t fade_in(const Layer& next, const Transport& t, std::int64_t f, const music::TempoMap& map,
                       bool jump) TACTUS_RT;
  void change(const Layer& next, std::int64_t f, std::int64_t fade) TACTUS_RT;
  void tell(std::int64_t f, std::int64_t fade) TACTUS_RT;
  void tell_missed(const Layer& layer, std::int64_t f) TACTUS_RT;
  bool quiet_before(const Transport& t, std::int64_t f, const music::TempoMap& map) TACTUS_RT;
  float gain_at(const Layer& layer, std::int64_t f) const TACTUS_RT;
  bool add_layer(const Layer& layer, bool tail, std::int64_t f, int n, DeckBuffers& out) TACTUS_RT;
  void anchor(Layer& layer, std::int64_t f, const music::TempoMap& map) TACTUS_RT;
  bool read_direct(const Layer& layer, std::int64_t f, int n) TACTUS_RT;
  bool read_voice(const Layer& layer, std::int64_t f, int n) TACTUS_RT;
  void drop_old_packets(std::int64_t f) TACTUS_RT;

  VoiceRing* rings_[2] = {};
  const dsp::SincTables* sinc_ = nullptr;
  OutcomeTap* tap_ = nullptr;
  OutcomeRing* told_ = nullptr;
  std::uint8_t deck_ = 0;
  std::int64_t fade_frames_ = 224;
  std::int64_t attack_frames_ = 64;
  double tolerance_ = 96;  // track frames a packet may be off its place

  Layer now_;
  Layer tails_[kTails];
  std::uint32_t epoch_ = 0;
  // The track's auto-gain: a straight line from a grid point on.
  std::int64_t level_frame_ = 0;
  float level_ = 1, level_step_ = 0, max_level_step_ = 0;
  std::uint32_t fallbacks_ = 0, late_ = 0;

  float scratch_[kMaxChannels][kGrid];
  // All that one control step at kMaxSpeed reads, interleaved.
  float window_[(static_cast<int>(kGrid * kMaxSpeed) + 2 * 32) * kMaxChannels];
};

}  // namespace tactus::rt
