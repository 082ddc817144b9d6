// Set files: a performance as text. JSON Lines: a header, then one intent a line, at a beat or at a time.
//
//   {"tactus_set": 1, "tempo": 126}
//   # a comment; blank lines are fine too
//   {"beat": 0, "do": "/deck/1/load \"one.flac\""}
//   {"beat": 64, "do": "/deck/2/play @bar"}
//   {"time": 12.5, "do": "/mixer/crossfader 1 over 16 beats"}
//
// Header: tactus_set (the version, 1), tempo (BPM, 20 to 300, default 120), quantum (beats a bar, default 4), phrase
// (16 or 32 beats, default 16). A beat is one of the session, from 0; a time is in seconds from its start. An event's @
// counts from its own place, so `@bar` at beat 62 is beat 64. Events need not be in order.
//
// Any thread. Reading never throws.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "music/tempo_map.h"
#include "schedule/parse.h"

namespace tactus::schedule {

struct SetEvent {
  bool timed = false;
  Beat beat;        // unless timed
  Seconds seconds;  // if timed
  Intent intent;
  std::string text;      // the intent as written
  std::size_t line = 0;  // from 1

  // Where it stands on the time line: what Scheduler::submit takes as `at`.
  msg::When at(SampleRate rate) const {
    return timed ? msg::When::at(Frame{rate.frames(seconds).v}) : msg::When::at(beat);
  }
};

struct SetFile {
  Bpm tempo{120};
  Beats quantum = Beats::of(4);
  Beats phrase = Beats::of(16);
  std::vector<SetEvent> events;  // as in the file
};

// Where a set file is wrong: line from 1, column in bytes from 1 within the line as written, and the word there.
struct SetError {
  std::size_t line = 0, column = 0;
  std::string word;
  std::string message;
  std::string text() const;  // "line 3, column 27: 'lo': expected low, mid or high; did you mean 'low'?"
};

struct ReadSet {
  SetFile set;
  std::vector<SetError> errors;  // of all lines, at most kMaxErrors; the set is good only when there are none
  static constexpr std::size_t kMaxErrors = 20;
  explicit operator bool() const { return errors.empty(); }
};
constexpr std::size_t kMaxSetLine = 64 * 1024;

ReadSet read_set(std::string_view text);

// Hands out the events of a set in the order in which they are due, the file's order where they are due together.
class SetPlayer {
 public:
  SetPlayer(const SetFile& set, SampleRate rate);  // `set` must outlive it

  // The events that are due before `until` by the map as it is now and haven't been handed out. Call it with an `until`
  // that is far enough ahead for files to be opened; what the map later moves keeps its stamp and moves with it.
  std::vector<const SetEvent*> take(const music::TempoMap& map, Frame until);
  bool finished() const { return beats_.empty() && times_.empty(); }

 private:
  std::vector<const SetEvent*> beats_, times_;  // latest first
  SampleRate rate_;
};

}  // namespace tactus::schedule
