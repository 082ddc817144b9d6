// Where a deck's playhead is: a pure, piecewise function of the session frame, the tempo map and the track's grid.
//
// Every command that moves the playhead (play, jump, loop, sync, tempo, slip, scratch ...) ends one law and begins the
// next; drift can't accumulate, because a law is evaluated, never summed. The audio thread runs one Transport a deck as
// the truth; the deck's feeder runs a copy of it *ahead of time* with the same code, the same commands and the same
// map, and so knows every loop wrap, scheduled jump and slip return before it is due.
//
// Units: session frames; track frames (fractional) at the engine's rate; speed in track frames a session frame.
// Realtime-safe, trivially copyable. Not thread-safe: one owner.
#pragma once

#include <cstdint>

#include "base/rt.h"
#include "engine/msg/command.h"
#include "engine/msg/snapshot.h"
#include "engine/rt/param_ramp.h"
#include "music/tempo_map.h"

namespace tactus::rt {

// One law of motion.
struct Law {
  enum class Kind : std::uint8_t {
    still,
    free,  // p0 + v * (f - f0)
    map,   // the grid's frame of track beat  sb0 + ratio * (map beat of f - mb0)
  };
  Kind kind = Kind::still;
  double f0 = 0, p0 = 0, v = 0;
  double mb0 = 0, sb0 = 0, ratio = 1;

  bool operator==(const Law&) const TACTUS_RT = default;
  double position(double f, const music::TempoMap& map, const music::GridView& grid) const TACTUS_RT;
  double speed(double f, const music::TempoMap& map, const music::GridView& grid) const TACTUS_RT;
};

class Transport {
 public:
  // Why the playhead last moved by other than playing on. turn: it is where it was, but has another speed at once.
  enum class Break : std::uint8_t { none, jump, wrap, turn };

  Transport() TACTUS_RT {
    for (double& cue : hotcues_) cue = -1;
  }

  // --- The two calls that move time. Frames only grow. -------------------------------------------------------------
  // Executes `c` at `frame`, to which advance() has been called.
  void apply(const msg::Command& c, std::int64_t frame, const music::TempoMap& map) TACTUS_RT;
  // Moves to `frame`: executes what the deck itself has due there (loop wrap, slip return, end of brake, end of track)
  // and takes up ramped speeds when `frame` is on the control grid. Must be called at every frame that
  // next_break() names and at every multiple of kGrid.
  void advance(std::int64_t frame, const music::TempoMap& map) TACTUS_RT;
  // The first frame in (from, limit] at which advance() will break the law by itself; `limit` if there is none.
  std::int64_t next_break(std::int64_t from, std::int64_t limit, const music::TempoMap& map) const TACTUS_RT;
  // The tempo map was replaced at `frame` (from which on it may differ): keeps the playhead where it is.
  void map_changed(std::int64_t frame, const music::TempoMap& old_map, const music::TempoMap& new_map) TACTUS_RT;

  // --- What is true now -------------------------------------------------------------------------------------------
  double position(double f, const music::TempoMap& map) const TACTUS_RT { return law_.position(f, map, grid()); }
  double speed(double f, const music::TempoMap& map) const TACTUS_RT { return law_.speed(f, map, grid()); }
  const Law& law() const TACTUS_RT { return law_; }
  // Counts breaks; `last_break` says of which kind the latest was.
  std::uint32_t epoch() const TACTUS_RT { return epoch_; }
  Break last_break() const TACTUS_RT { return last_break_; }
  // Track frames that loop wraps have taken away so far: position + unrolled is continuous across wraps.
  double unrolled() const TACTUS_RT { return unrolled_; }

  const msg::TrackRef* track() const TACTUS_RT { return track_; }
  bool moving() const TACTUS_RT { return law_.kind != Law::Kind::still; }
  bool playing() const TACTUS_RT { return playing_; }
  bool previewing() const TACTUS_RT { return previewing_; }
  // Whether the playhead is where the load put it, since nobody has asked for another place.
  bool at_load() const TACTUS_RT { return at_load_; }
  // True while only the direct path can follow: hand on the platter, brake, a loop under 60 ms, stretch mode direct.
  bool direct_only(const music::TempoMap& map) const TACTUS_RT;
  // Pitch of the sound relative to the decoded track when a stretcher plays it.
  double pitch_scale(std::int64_t frame, const music::TempoMap& map) const TACTUS_RT;
  // Whether key lock or key shift asks for a stretcher at this speed.
  bool wants_stretch(std::int64_t frame, const music::TempoMap& map) const TACTUS_RT;
  msg::StretchMode stretch() const TACTUS_RT { return stretch_; }
  // Whether pitch_scale() is, or may any moment be, other than 1: a stretcher that need not shift costs half.
  bool wants_pitch() const TACTUS_RT { return !keylock_ || key_.active() || key_.target() != 0; }
  // Counts changes of the pitch that are too sudden for the stretcher that plays: what its window holds would be heard
  // at another place. The next one is primed at the new pitch.
  std::uint32_t key_breaks() const TACTUS_RT { return key_breaks_; }
  // Whether all stems sound as they are, so that a stretcher may treat them as one mix.
  bool stems_whole() const TACTUS_RT { return stems_changed_ == 0; }
  bool loop_active() const TACTUS_RT { return loop_.active; }
  double loop_start() const TACTUS_RT { return loop_.start; }
  double loop_end() const TACTUS_RT { return loop_.end; }
  double loop_length() const TACTUS_RT { return loop_.length(); }
  bool take_ended() TACTUS_RT;  // true once after the track's end was reached
  void fill(msg::DeckSnapshot& s, std::int64_t frame, const music::TempoMap& map) const TACTUS_RT;

 private:
  struct Loop {
    double start = -1, end = -1;
    bool active = false;
    double length() const TACTUS_RT { return end - start; }
  };
  const music::GridView& grid() const TACTUS_RT;
  double length() const TACTUS_RT;
  msg::SyncMode held_sync() const TACTUS_RT;
  bool synced() const TACTUS_RT { return sync_ != msg::SyncMode::off && !grid().empty(); }
  double target_speed(std::int64_t frame, double position, const music::TempoMap& map) const TACTUS_RT;
  double sync_ratio(double position, std::int64_t frame, const music::TempoMap& map) const TACTUS_RT;
  double beats_to_frames(double beats, double position, std::int64_t frame, const music::TempoMap& map) const TACTUS_RT;

  void begin(std::int64_t frame, double position, const music::TempoMap& map) TACTUS_RT;
  void jump_to(std::int64_t frame, double position, const music::TempoMap& map) TACTUS_RT;
  void hold(std::int64_t frame, double position) TACTUS_RT;
  void relaw(std::int64_t frame, const music::TempoMap& map) TACTUS_RT;
  void hold_position(std::int64_t frame, const music::TempoMap& map) TACTUS_RT;
  bool phase_law(std::int64_t frame, double position, const music::TempoMap& map, bool align, Law& out) const TACTUS_RT;
  void broke(Break kind) TACTUS_RT;
  void take_steps(std::int64_t frame, const music::TempoMap& map) TACTUS_RT;

  double fold(double position, double speed) TACTUS_RT;
  void come_inside(std::int64_t frame, const music::TempoMap& map) TACTUS_RT;

  void slip_out(std::int64_t frame) TACTUS_RT;
  void slip_return(std::int64_t frame, const music::TempoMap& map) TACTUS_RT;

  void do_load(const msg::Command& c, std::int64_t frame, const music::TempoMap& map) TACTUS_RT;
  void do_regrid(const msg::TrackRef& known, std::int64_t frame, const music::TempoMap& map) TACTUS_RT;
  void do_cue(bool pressed, std::int64_t frame, const music::TempoMap& map) TACTUS_RT;
  void do_hotcue(int k, bool pressed, std::int64_t frame, const music::TempoMap& map) TACTUS_RT;
  void do_loop(msg::LoopOp op, double a, std::int64_t frame, const music::TempoMap& map) TACTUS_RT;
  void take_up(const Loop& loop, double p, std::int64_t frame, const music::TempoMap& map) TACTUS_RT;
  void do_scratch(bool on, std::int64_t frame, const music::TempoMap& map) TACTUS_RT;
  void do_reverse(bool on, bool censor, std::int64_t frame, const music::TempoMap& map) TACTUS_RT;
  void do_panic(std::int64_t frame, const music::TempoMap& map) TACTUS_RT;
  void do_key(const msg::Command& c, std::int64_t frame, const music::TempoMap& map) TACTUS_RT;
  void play(std::int64_t frame, const music::TempoMap& map) TACTUS_RT;
  void stop(std::int64_t frame, double at, const music::TempoMap& map) TACTUS_RT;

  const msg::TrackRef* track_ = nullptr;
  Law law_;
  std::uint32_t epoch_ = 0;
  Break last_break_ = Break::none;
  double unrolled_ = 0;

  bool playing_ = false;     // latched by play
  bool previewing_ = false;  // a cue or hot cue button is held on a paused deck
  double preview_from_ = 0;
  bool ended_ = false;
  double cue_ = -1;
  // Whether playhead and cue are where the load put them: a regrid that knows better moves them.
  bool at_load_ = false, cue_of_load_ = false;
  double hotcues_[msg::kHotcues];
  Loop loop_;
  Loop slots_[msg::kLoopSlots];
  double loop_in_ = -1;
  bool rolling_ = false;

  ParamRamp tempo_{1.0};
  ParamRamp key_{0.0};
  std::uint32_t key_breaks_ = 0;
  double nudge_ = 0;
  double bend_ = 0;  // track frames still to be caught up, from an untouched jog wheel
  bool keylock_ = true;
  bool reverse_ = false;
  bool censoring_ = false;
  std::uint32_t stems_changed_ = 0;  // a bit for each stem's gain, mute and solo that isn't neutral
  msg::SyncMode sync_ = msg::SyncMode::off;
  msg::StretchMode stretch_ = msg::StretchMode::r3;

  bool touched_ = false;
  double jog_ = 0;
  bool braking_ = false;
  double brake_from_ = 0, brake_to_ = 0;
  std::int64_t brake_frame_ = 0, brake_frames_ = 1;

  bool slip_ = false;
  bool slipping_ = false;  // an excursion is under way; shadow_ is where the deck would be
  Law shadow_;
};

}  // namespace tactus::rt
