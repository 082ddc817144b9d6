// What the scheduler tells the audio thread: one flat, trivially copyable command. The same stream goes to the feeders,
// which run the deck's transport ahead of time with the same code.
//
// Commands are semantic ("jump 4 beats", "loop 8 beats here") and resolved by the deck's transport at the frame at
// which they execute, where the position is exact; so nobody has to predict it.
#pragma once

#include <cstdint>
#include <type_traits>

#include "base/rt.h"
#include "base/units.h"
#include "engine/msg/track.h"

namespace tactus::msg {

struct Plan;

// When a command executes. `now`: at the start of the next block. By beat: resolved against the tempo map of the block
// being rendered, so a tempo change moves everything pending with it. What is late executes at the next block's start.
struct When {
  enum class Kind : std::uint8_t { now, frame, beat };
  Kind kind = Kind::now;
  std::int64_t value = 0;  // frame index, or micro-beats
  static When at(Frame f) { return {Kind::frame, f.v}; }
  static When at(Beat b) { return {Kind::beat, b.micro}; }
};

enum class Curve : std::uint8_t { linear, equal_power, exponential, s_curve };

// How a parameter gets to its target. Both lengths 0: the engine's default ramp of 5 ms.
struct RampSpec {
  std::int64_t frames = 0;
  std::int64_t micro_beats = 0;  // > 0: advances in session beats, so it follows tempo changes
  Curve curve = Curve::linear;
};

// Continuous and switch parameters. Deck parameters use Command::deck; `index` and `sub` where stated.
enum class Param : std::uint8_t {
  // of a deck
  trim,    // linear gain
  eq_low,  // linear gain, 0 kills
  eq_mid,
  eq_high,
  filter,     // -1 (low-pass) .. 1 (high-pass)
  fader,      // 0..1, position; the fader curve is applied by the engine
  cue_bus,    // 0 or 1
  xf_assign,  // -1 left, 0 thru, 1 right
  stem_gain,  // index = stem; linear gain
  stem_mute,  // index = stem; 0 or 1
  stem_solo,  // index = stem; 0 or 1
  tempo,      // speed relative to the track's own: 1 = original
  key,        // semitones, cents as fraction
  fx_on,      // index = unit * 3 + slot; 0 or 1
  fx_wet,     // index = unit * 3 + slot; 0..1
  fx_param,   // index = unit * 3 + slot, sub = parameter of the effect
  // of the mixer (deck ignored)
  crossfader,  // -1..1
  xf_curve,    // 0 smooth, 1 constant power, 2 cut
  master,      // linear gain
  cue_mix,     // 0 cue .. 1 master
  split,       // 0 or 1
  headphones,  // linear gain
  booth,       // linear gain
  count
};

// Parameters that a deck's transport and its feeder must know of.
constexpr bool moves_transport(Param p) TACTUS_RT {
  return p == Param::tempo || p == Param::key || p == Param::stem_gain || p == Param::stem_mute ||
         p == Param::stem_solo;
}

enum class SyncMode : std::uint8_t { off, tempo, beat, bar, phrase };
enum class StretchMode : std::uint8_t { r3, r3long, r2, direct };
enum class LoopOp : std::uint8_t { in, out, beats, roll, halve, twice, move, exit, reloop, slot_save, slot_recall };

enum class Op : std::uint8_t {
  set_param,  // param, index, sub, a = target, ramp
  load,       // track; deck stops (unless flag_keep_playing) and stands at its cue
  unload,
  play,
  pause,
  cue_button,     // a = 1 press, 0 release (CDJ style)
  cue_set,        // a = track frame, or < 0: here
  hotcue_button,  // index = cue 0..15, a = 1 press, 0 release
  hotcue_set,     // index; a = track frame, or < 0: here
  hotcue_clear,   // index
  hotcue_jump,    // index: jump there, play state unchanged
  seek,           // a = track frame
  jump_beats,     // a = beats, signed; frames when the track has no grid: a beats at the session's tempo
  loop,     // index = LoopOp; a = beats (beats, roll, move), slot number (slot_*), track frame or < 0: here (in, out)
  scratch,  // a = 1 touched, 0 released
  jog,      // a = speed in track frames a session frame while touched; a bend in frames otherwise
  censor,   // a = 1, 0
  nudge,    // a = relative speed offset while held, e.g. 0.02; 0 ends it
  keylock,  // a = 1, 0
  stretch,  // index = StretchMode
  sync,     // index = SyncMode
  slip,     // a = 1, 0
  reverse,  // a = 1, 0
  brake,    // a = seconds to stand still; negative: spin up over -a seconds
  double_from,  // index = deck to copy track and position from (track loaded with it in `track`)
  panic,      // all decks: loops, slip, reverse, nudge to neutral; parameters come as set_param. Effects fade out over
              // the ramp's frames, or ring on if it has none
  swap_plan,  // plan
  regrid,     // track: the loaded track again, with another grid; ignored when another track is loaded by now
};

constexpr std::uint8_t kFlagKeepPlaying = 1;
constexpr std::uint8_t kFlagAtLoad = 2;  // double_from: the other deck stands where its load put it

struct Command {
  std::uint64_t id = 0;  // names the intent in events; 0: nobody waits for it
  Op op = Op::set_param;
  Param param = Param::trim;
  std::uint8_t deck = 0;  // 0-based
  std::uint8_t index = 0;
  std::uint8_t sub = 0;
  std::uint8_t flags = 0;
  When when;
  RampSpec ramp;
  double a = 0;
  const TrackRef* track = nullptr;
  const Plan* plan = nullptr;
};
static_assert(std::is_trivially_copyable_v<Command>);

// What the audio thread says back.
struct Event {
  enum class Kind : std::uint8_t {
    executed,        // id, frame, beat
    queue_full,      // id: the pending queue (kMaxPending) was full; the command was dropped
    track_released,  // track: nothing in the engine refers to it any more
    plan_released,   // plan: swapped out; its builder may free what only it held
    node_bypassed,   // a node gave NaN or Inf: node, deck
    deck_ended,      // deck stopped at the end of its track
  };
  Kind kind = Kind::executed;
  std::uint8_t deck = 0;
  std::uint8_t node = 0;
  std::uint64_t id = 0;
  std::int64_t frame = 0;
  std::int64_t micro_beat = 0;
  const TrackRef* track = nullptr;
  const Plan* plan = nullptr;
};
static_assert(std::is_trivially_copyable_v<Event>);

constexpr int kMaxCommandsPerBlock = 64;
constexpr int kMaxPending = 1024;

}  // namespace tactus::msg
