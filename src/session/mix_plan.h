// Plans a set: which track after which, where each comes in, and every move of the mixer on the way, as intents on the
// session's beat line. Pure: no files, no clock; the same tracks give the same plan.
//
// One track rules the tempo while it plays alone. The next one starts on a phrase of it, in sync at that tempo; half
// way through the transition the basses are swapped; when the first is out, the tempo goes gently to the second's own.
// Half and double time count as the same tempo (87 under 174). Where two tempos are too far apart for that, the first
// fades out at the phrase and the second starts there at its own tempo. Decks 1 and 2 take turns.
//
// Orders by tempo, then by compatible key. From the slowest track on, always towards the nearest tempo (half and double
// time folded); of the tracks that have about that tempo, within 2 %, the one whose key goes best with the last one's.
// On the way up none is passed over for its key by more than those 2 %. Tracks without a grid come last.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "analysis/analysis.h"
#include "session/script.h"

namespace tactus::session {

struct MixTrack {
  std::string path;
  analysis::TrackAnalysis analysis;
};

struct MixOptions {
  int transition_beats = 32;   // session beats; shorter where a track is too short
  double most_stretch = 0.08;  // tempo change that a synced transition may ask of a track
  int tempo_beats = 32;        // over which the tempo goes to the new track's own
  double start_beat = 0;       // session beat at which the first track starts
  bool keep_order = false;     // as given
};

enum class Transition : std::uint8_t { start, blend, cut, fade };
const char* transition_name(Transition kind);

struct MixEntry {
  MixTrack track;
  int deck = 0;  // 0 or 1
  Transition kind = Transition::start;
  double start = 0;       // session beat at which it comes in
  double beats = 0;       // length of the transition into it, session beats
  double in_seconds = 0;  // where in the track
  double in_beat = 0;     // the same, track beat
  double ratio = 1;       // track beats a session beat: 1, 2 or 1/2 ...; 0 without a grid
  double tempo = 120;     // session tempo once it rules
  double out = 0;         // session beat at which it makes room
  double ready = 0;       // session beat at which its deck is made ready
  bool is_ready = false;  // that has been handed on: the deck holds it
};

class MixPlanner {
 public:
  explicit MixPlanner(MixOptions options = {}) : options_(options) {}

  // More tracks to play. They are placed by the next plan().
  void add(std::vector<MixTrack> tracks);
  // Places all tracks, leaving alone those that begin, or for which a deck is made ready, before session beat
  // `settled`. Returns the events that are due at or after `from`, in order; of what was returned before, everything
  // that is due before `from` must have been handed on.
  std::vector<ScriptEvent> plan(double settled, double from);
  // Brings the next track in at the first phrase at or after `beat`, the one that its deck holds if it is ready; false
  // when there is none to come. Then plan().
  bool skip(double beat);
  // Leaves out entry `i`, which couldn't be loaded and hasn't begun; the next comes in its place. Not the first. Then
  // plan().
  void drop(std::size_t i);

  const std::vector<MixEntry>& entries() const { return entries_; }
  // Session tempo at beat 0.
  double first_tempo() const { return entries_.empty() ? 120 : entries_.front().tempo; }
  // When a session beat sounds, in seconds from session beat 0, by the tempo changes of the plan.
  double seconds_of(double beat) const;
  // "1  0:00  122.0  Am  Artist - Title" and so on, a line a track.
  std::string track_list() const;

 private:
  void place(MixTrack track);
  void take_back(std::size_t from);
  std::size_t best_next() const;
  double natural_out(const MixEntry& e) const;
  void emit(std::size_t i, double from, std::vector<ScriptEvent>& events);

  MixOptions options_;
  std::vector<MixTrack> waiting_;
  std::vector<MixEntry> entries_;
};

}  // namespace tactus::session
