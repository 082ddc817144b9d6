// Plays a journal's run again, bit for bit: the commands and tempo maps enter the engine at the frames at which they
// did, decks sound from where they did, and stretchers are given what they were given. Nothing is decided here: no
// scheduler, no guards, no clock. As fast as the machine goes.
#pragma once

#include <functional>
#include <string>

#include "schedule/journal.h"
#include "session/renderer.h"

namespace tactus::session {

struct ReplayOptions {
  double max_seconds = 0;  // 0: as far as the journal says all
};

struct ReplayReport {
  RenderReport render;  // events: what the journal says; refused: nothing
  bool whole = false;   // to the run's end; else as far as nothing is missing
  // Why the sound may not be what it was: another file, another version's effects, a damaged journal. Empty: it is.
  std::vector<std::string> doubts;
};

// A file with all its audio there, as long as the pointer is held.
using OpenWhole = std::function<media::Result<media::TrackPtr>(const std::string& path, SampleRate rate)>;
// What names a file's content; empty: unknown, and not compared.
using ContentOf = std::function<std::string(const std::string& path)>;

// The master as it left the engine, from its first frame on: a recording that was begun with the run has the same
// frames. An error: a run without outcomes, or a file that isn't there.
media::Result<ReplayReport> replay(const schedule::JournalRun& run, const ReplayOptions& options, const OpenWhole& open,
                                   const ContentOf& content_of, const RenderSink& sink,
                                   const RenderProgress& progress = {});

}  // namespace tactus::session
