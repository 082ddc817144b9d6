// The journal's lines: what was done in a session, and when the engine did it. JSON Lines, one object a line:
//
//   {"tactus_journal": 1, "rate": 48000, "tempo": 120, "started": "2026-11-23T21:04:05Z", "version": "0.1.0"}
//   {"frame": 96000, "beat": 4, "do": "/deck/1/play @bar", "from": "hand pad"}
//   {"frame": 97000, "failed": "/deck/2/load \"b.mp3\"", "why": "no such file"}
//   {"state": {...}}                     what was where: schedule/checkpoint.h
//   {"frame": 99000, "end": true}
//   and what became of all that, for a replay: schedule/journal_outcomes.h
//
// A header begins each run of the engine; a run without an end was cut short. Frames and beats are that run's own.
// Any thread; reading never throws.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/units.h"
#include "schedule/journal_outcomes.h"

namespace tactus::schedule {

struct JournalHeader {
  SampleRate rate{48000};
  Bpm tempo{120};
  std::string started, version;  // UTC, ISO 8601
  std::int64_t ns = 0;           // the same on the clock of checkpoints
  std::string boot;
};

struct JournalEntry {
  enum class What { done, failed, end };
  What what = What::done;
  Frame frame;
  Beat beat;                    // of done
  std::string text, from, why;  // the intent; "KIND NAME" of who asked; why it failed
};

// Each with its newline.
std::string to_line(const JournalHeader& header);
std::string to_line(const JournalEntry& entry);

struct JournalRun {
  JournalHeader header;
  std::vector<JournalEntry> entries;
  std::string state;   // the line of its last checkpoint; empty: none
  bool ended = false;  // by its own will
  Outcomes outcomes;   // when they were asked for
};

struct ReadJournal {
  std::vector<JournalRun> runs;  // the oldest first
  std::size_t skipped = 0;       // lines that are none: the last of a run that was cut short
};

// Whatever was written is read; a line that was cut is skipped.
enum class ReadOutcomes { no, loads, yes };  // loads: the tracks, and the commands that loaded them
ReadJournal read_journal(std::string_view text, ReadOutcomes outcomes = ReadOutcomes::no);
// The same of a journal's end, for who wants to go on from it: lines before the first header make a run whose header is
// unknown, and entries are left out.
ReadJournal read_journal_tail(std::string_view text);

// A line by itself; nothing when it is another one.
std::optional<JournalHeader> header_of(std::string_view line);
std::optional<JournalEntry> entry_of(std::string_view line);

// A track that was put on: from when its deck first moved after the load.
struct PlayedTrack {
  Frame frame;
  int deck = 0;  // from 0
  std::string path;
};
std::vector<PlayedTrack> tracks_of(const JournalRun& run);
// A cue sheet (CDRWIN's, as players read it) for a recording `audio` of the run that began at its first frame: a TRACK
// for each, INDEX 01 in minutes, seconds and 75ths.
std::string to_cue_sheet(const JournalRun& run, const std::string& audio);
// The part of a run within [from, to): its header, and the intents there. No outcomes: what came before them is
// missing.
JournalRun cut(const JournalRun& run, Frame from, Frame to);

// A run as a set file, by time, with what is needed to hear it again: {"tactus_set": 1, ...} and a line each intent;
// after a load the cues that the track brought along, as far as the run's outcomes have them.
std::string to_set(const JournalRun& run);

}  // namespace tactus::schedule
