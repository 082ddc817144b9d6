// What a set needs to go on after its engine has died: written into the journal again and again, read by the next
// engine.
//
//   {"state": {"frame": 96000, "beat": 4, "bpm": 120, "rate": 48000, "ns": 81234567890, "boot": "6ff3a1c2",
//     "ramp": [126, 7.5], "set": ["/mixer/master -6", "/deck/1/fader 0.5", ...],
//     "decks": [{"deck": 1, "path": "a.flac", "position": 12.5, "speed": 1, "playing": true, "age": 8.5,
//                "loop": [8, 16], "looping": true, "set": ["/deck/1/hotcue/1/set 8"], "then": ["/deck/1/sync beat"]}],
//     "opening": ["b.flac"], "pending": [{"beat": 64, "do": "/deck/2/play @beat=64", "from": "hand pad"}]}}
//
// Settings are intents, so what is written by one version is read by another as far as it knows them. Any thread;
// reading never throws.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/units.h"
#include "schedule/host_action.h"

namespace tactus::schedule {

struct DeckPoint {
  int deck = 0;  // from 0
  std::string path;
  PositionLaw law;                        // frames of the session and of the track
  double loop_start = -1, loop_end = -1;  // track frames, also of a loop that isn't active; -1: none
  bool looping = false;
  double age_seconds = 0;         // since it was loaded
  std::vector<std::string> set;   // before it plays
  std::vector<std::string> then;  // once it plays
};

struct PendingPoint {
  Beat beat;
  std::string text, from;  // the intent, with its beat; "KIND NAME"
};

struct TempoRamp {
  Bpm to{120};
  double beats = 0;  // that are left of it
};

struct Checkpoint {
  SampleRate rate{48000};
  Frame frame;  // a session frame ...
  Beat beat;    // ... the session beat there ...
  Bpm bpm{120};
  std::optional<TempoRamp> ramp;  // of the clock, under way there
  std::int64_t ns = 0;  // ... and when it was: a clock that runs on while the machine sleeps, and is never set
  std::string boot;     // of which start of the machine that clock counts
  bool held = false;    // the whole set stands still
  std::vector<std::string> set;
  std::vector<DeckPoint> decks;
  std::vector<std::string> opening;  // files on their way to a deck
  std::vector<PendingPoint> pending;

  // What of it changes only when somebody does something: equal texts, equal settings.
  std::string settled() const;
};

std::string to_line(const Checkpoint& c);  // with its newline
// Nothing when the line is no checkpoint, or a damaged one.
std::optional<Checkpoint> read_checkpoint(std::string_view line);

}  // namespace tactus::schedule
