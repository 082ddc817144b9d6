// What the scheduler asks of its owner, because it takes files, threads or the tempo map: everything else is a command.
#pragma once

#include <cmath>
#include <cstdint>
#include <string>
#include <variant>

#include "engine/msg/command.h"

namespace tactus::schedule {

// Where a playhead that nobody touched would be by now.
struct PositionLaw {
  double position = 0;                  // track frame at `frame`
  double speed = 0;                     // track frames a session frame
  std::int64_t frame = 0;               // session frame
  double loop_start = 0, loop_end = 0;  // an active loop; equal when there is none
  bool playing = false;

  double at(Frame f) const {
    const double p = position + speed * static_cast<double>(f.v - frame);
    const double length = loop_end - loop_start;
    if (length <= 0 || p < loop_end || position >= loop_end) return p;
    return loop_start + std::fmod(p - loop_start, length);
  }
};

namespace ask {

// Open the file and then hand Op::load to the engine. Ask at once, however far ahead it is due.
struct Load {
  int deck = 0;
  std::string path;
};
struct Unload {
  int deck = 0;
};
// Op::double_from with its own copy of the track that `from` has at the action's stamp: it is asked for when it is due.
struct LoadDouble {
  int deck = 0;
  int from = 0;
};
// Load `path` again with its cues and loops, and go to where it would now be: Op::load, Op::seek to law.at(the frame at
// which that executes), and Op::play if `law.playing` says so.
struct UndoLoad {
  int deck = 0;
  std::string path;
  PositionLaw law;
  msg::TrackMarks marks;
};
// A plan with that effect in the slot, as soon as can be: it is asked for when it is due. An empty name empties it.
struct FxType {
  int deck = 0, unit = 0, slot = 0;
  std::string name;
};
// For ClockOwner::apply.
struct ClockTempo {
  Bpm bpm;
  Beats over;
};
struct ClockSource {
  enum class Kind { automatic, internal, deck, link, midi };  // in the order of the intent table's choice
  Kind kind = Kind::automatic;
  int deck = 0;
};
struct ClockMetre {
  Beats bar, phrase;  // 0: as it is
};
// For the MIDI outputs, at the action's stamp. Channels from 0; values 0 to 127.
struct MidiNote {
  int channel = 0, note = 0, velocity = 0;
  Beats length;
};
struct MidiCc {
  int channel = 0, controller = 0;
  double value = 0;
  msg::RampSpec ramp;  // both lengths 0: at once
};
struct MidiClock {
  enum class Kind { start, stop, go_on };  // in the order of the intent table's choice
  Kind kind = Kind::start;
};
// The whole set stands still, or goes on: EngineHost::hold.
struct Hold {
  bool on = false;
};
// Ableton Link on or off, or whether it starts and stops decks.
struct Link {
  enum class What { share, transport };
  What what = What::share;
  bool on = false;
};
// A recording begins, or ends.
struct Record {
  bool on = false;
};
// Forget what was asked under the action's id, if it hasn't been handed to the engine yet.
struct Cancel {};

}  // namespace ask

struct HostAction {
  std::uint64_t id = 0;  // commands that come of it must carry this id
  msg::When when;        // and this stamp
  std::variant<ask::Load, ask::Unload, ask::LoadDouble, ask::UndoLoad, ask::FxType, ask::ClockTempo, ask::ClockSource,
               ask::ClockMetre, ask::MidiNote, ask::MidiCc, ask::MidiClock, ask::Hold, ask::Link, ask::Record,
               ask::Cancel>
      what;
};

}  // namespace tactus::schedule
