// What the session knows of tracks' cues and hot cues: it sees on the decks what was set and cleared, has that written
// (cue_writer.h), and says with which cues a track is loaded. Control thread only.
#pragma once

#include <array>
#include <map>
#include <string>

#include "analysis/cues.h"
#include "base/units.h"
#include "engine/msg/snapshot.h"
#include "session/cue_writer.h"
#include "session/track_pool.h"

namespace tactus::session {

class CueKeeper {
 public:
  // `writer` null: nothing is kept, and tracks are loaded without cues. It outlives this.
  CueKeeper(CueWriter* writer, SampleRate rate) : writer_(writer), rate_(rate) {}

  // To load a track with: what the store had, and what was changed since. `length`: of the track, in frames.
  msg::TrackMarks marks(const analysis::StoredCues& stored, std::int64_t length) const;
  // Each deck, whenever its snapshot is taken; `track`: what is on it, null when it is empty.
  void watch(int deck, const msg::DeckSnapshot& now, const LoadedTrack* track);
  // The cues that a track has on a deck, or will have when it gets there.
  msg::TrackMarks on_deck(int deck, const LoadedTrack& track) const;
  bool keeps() const { return writer_ != nullptr; }

 private:
  struct Seen {
    std::uint64_t track_id = 0;
    msg::TrackMarks marks;  // its cues
  };

  CueWriter* writer_;
  SampleRate rate_;
  std::array<Seen, msg::kMaxDecks> seen_;
  // By content, all of this session: the disk may be behind.
  std::map<std::string, analysis::CueChanges> changed_;
};

}  // namespace tactus::session
