#include "session/track_pool.h"

#include <algorithm>
#include <cmath>

#include "session/auto_gain.h"

namespace tactus::session {

namespace {
// Blocks that audio thread and feeders pass before a released track is freed: one in which a feeder may still read it,
// and some for good measure, since nothing is gained by haste.
constexpr std::uint64_t kGraceBlocks = 8;
// Below this an analysis is more often wrong about bars than right.
constexpr double kSureBars = 0.5;
}  // namespace

const LoadedTrack& TrackPool::adopt(const std::string& path, const std::string& content, media::TrackPtr pcm,
                                    std::optional<analysis::TrackAnalysis> analysis, const msg::TrackMarks& marks) {
  auto track = std::make_unique<LoadedTrack>();
  track->path = path;
  track->content = content;
  track->pcm = std::move(pcm);
  track->analysis = std::move(analysis);
  track->marks = marks;
  track->ref.id = next_id_++;
  fill(*track);
  tracks_.push_back(std::move(track));
  return *tracks_.back();
}

const LoadedTrack* TrackPool::regrid(std::uint64_t track_id, analysis::TrackAnalysis analysis) {
  const LoadedTrack* old = find(track_id);
  if (!old) return nullptr;
  auto track = std::make_unique<LoadedTrack>();
  track->path = old->path;
  track->content = old->content;
  track->pcm = old->pcm;
  track->analysis = std::move(analysis);
  track->marks = old->marks;
  track->ref.id = track_id;
  fill(*track);
  tracks_.push_back(std::move(track));
  return tracks_.back().get();
}

void TrackPool::fill(LoadedTrack& track) {
  track.ref.pcm = &track.pcm->table();
  static_cast<msg::TrackMarks&>(track.ref) = track.marks;
  if (!track.analysis) return;
  track.anchors = track.analysis->anchors(rate_.hz);
  track.ref.grid = {track.anchors.data(), static_cast<std::uint32_t>(track.anchors.size()), rate_.hz};
  track.ref.gain = static_cast<float>(std::pow(10, auto_gain_db(*track.analysis, target_lufs_) / 20));
  track.ref.first_sound = track.analysis->first_sound * rate_.hz;
  track.ref.bars_sure = track.analysis->downbeat_confidence >= kSureBars;
}

const LoadedTrack* TrackPool::find(std::uint64_t track_id) const {
  for (auto t = tracks_.rbegin(); t != tracks_.rend(); ++t) {
    if ((*t)->ref.id == track_id) return t->get();
  }
  return nullptr;
}

const LoadedTrack* TrackPool::find(const msg::TrackRef& ref) const {
  for (const auto& t : tracks_) {
    if (&t->ref == &ref) return t.get();
  }
  return nullptr;
}

void TrackPool::released(const msg::TrackRef* ref, std::uint64_t grace) {
  for (auto& t : tracks_) {
    if (&t->ref != ref) continue;
    t->released = true;
    t->released_at = grace;
  }
}

void TrackPool::collect(std::uint64_t grace) {
  std::erase_if(tracks_, [grace](const auto& t) { return t->released && grace > t->released_at + kGraceBlocks; });
}

}  // namespace tactus::session
