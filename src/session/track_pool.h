// The tracks that are loaded: decoded audio, grid, and the TrackRef that the engine plays by. A track goes when the
// engine and the feeders have let it go. Control thread only.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "analysis/analysis.h"
#include "engine/msg/track.h"
#include "media/track_cache.h"
#include "music/beat_grid.h"

namespace tactus::session {

struct LoadedTrack {
  std::string path;
  std::string content;  // media::content_id; empty: unknown
  media::TrackPtr pcm;
  std::optional<analysis::TrackAnalysis> analysis;
  msg::TrackMarks marks;  // that it was loaded with
  std::vector<music::GridAnchor> anchors;
  msg::TrackRef ref;
  bool released = false;
  std::uint64_t released_at = 0;  // grace counter
};

class TrackPool {
 public:
  // target_lufs: what auto-gain aims at; none: tracks play as loud as they are.
  TrackPool(SampleRate rate, std::optional<double> target_lufs) : rate_(rate), target_lufs_(target_lufs) {}

  // A newly loaded track. Without an analysis it has no grid, and starts at its cue or its first frame.
  const LoadedTrack& adopt(const std::string& path, const std::string& content, media::TrackPtr pcm,
                           std::optional<analysis::TrackAnalysis> analysis, const msg::TrackMarks& marks);
  // The same load with another analysis: for Op::regrid. Null when that load is gone.
  const LoadedTrack* regrid(std::uint64_t track_id, analysis::TrackAnalysis analysis);
  // The newest entry of a load; null when unknown.
  const LoadedTrack* find(std::uint64_t track_id) const;
  const LoadedTrack* find(const msg::TrackRef& ref) const;

  // The engine let go of it (Event::track_released); freed some blocks later.
  void released(const msg::TrackRef* ref, std::uint64_t grace);
  void collect(std::uint64_t grace);

  std::size_t size() const { return tracks_.size(); }

 private:
  void fill(LoadedTrack& track);

  SampleRate rate_;
  std::optional<double> target_lufs_;
  std::uint64_t next_id_ = 1;
  std::vector<std::unique_ptr<LoadedTrack>> tracks_;
};

}  // namespace tactus::session
