// The tracks of a replay: opened when a command brings them, let go when the engine has.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "schedule/journal_outcomes.h"
#include "session/replayer.h"

namespace tactus::session {

class ReplayTracks {
 public:
  ReplayTracks(const schedule::Outcomes& outcomes, SampleRate rate, const OpenWhole& open, const ContentOf& content_of);

  // For a command with that track. Null, and why in `error`.
  const msg::TrackRef* bring(std::uint64_t ref, media::Error* error);
  // Of a load; null: it isn't there.
  const lockfree::ChunkTable* audio(std::uint64_t id) const;
  // The engine let go of it (Event::track_released).
  void released(const msg::TrackRef* ref);
  // Files that aren't what they were.
  const std::vector<std::string>& doubts() const { return doubts_; }

 private:
  struct Track {
    media::TrackPtr pcm;
    std::vector<music::GridAnchor> anchors;
    msg::TrackRef ref;
  };
  media::TrackPtr open(const schedule::TrackPoint& point, media::Error* error);

  SampleRate rate_;
  const OpenWhole& open_;
  const ContentOf& content_of_;
  std::map<std::uint64_t, schedule::TrackPoint> points_;
  std::vector<std::unique_ptr<Track>> tracks_;
  std::map<std::string, bool> compared_;
  std::vector<std::string> doubts_;
};

}  // namespace tactus::session
