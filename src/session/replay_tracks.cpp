#include "session/replay_tracks.h"

#include <algorithm>

namespace tactus::session {

ReplayTracks::ReplayTracks(const schedule::Outcomes& outcomes, SampleRate rate, const OpenWhole& open,
                           const ContentOf& content_of)
    : rate_(rate), open_(open), content_of_(content_of) {
  for (const schedule::TrackPoint& t : outcomes.tracks) points_[t.ref] = t;
}

// A load that is there already, in another deck or with another grid, is the same audio.
media::TrackPtr ReplayTracks::open(const schedule::TrackPoint& point, media::Error* error) {
  for (const auto& t : tracks_) {
    if (t->pcm->path() == point.path) return t->pcm;
  }
  auto pcm = open_(point.path, rate_);
  if (!pcm) {
    *error = pcm.error();
    return nullptr;
  }
  if (!std::exchange(compared_[point.path], true)) {
    const lockfree::ChunkTable& table = pcm.value()->table();
    const std::string content = content_of_ && !point.content.empty() ? content_of_(point.path) : "";
    if (!content.empty() && content != point.content) {
      doubts_.push_back(point.path + " is not the file that was played");
    } else if (table.channels() != point.channels) {
      doubts_.push_back(point.path + ": its stems came or went since");
    }
  }
  return pcm.value();
}

const msg::TrackRef* ReplayTracks::bring(std::uint64_t ref, media::Error* error) {
  const auto found = points_.find(ref);
  if (found == points_.end()) {
    *error = {"the journal", "a track's line is missing"};
    return nullptr;
  }
  const schedule::TrackPoint& point = found->second;
  auto track = std::make_unique<Track>();
  track->pcm = open(point, error);
  if (!track->pcm) return nullptr;
  track->anchors = point.grid;
  msg::TrackRef& r = track->ref;
  r.id = point.id;
  r.pcm = &track->pcm->table();
  if (!track->anchors.empty()) {
    r.grid = {track->anchors.data(), static_cast<std::uint32_t>(track->anchors.size()), rate_.hz};
  }
  r.gain = static_cast<float>(point.gain);
  r.first_sound = point.first_sound;
  r.bars_sure = point.bars_sure;
  static_cast<msg::TrackMarks&>(r) = point.marks;
  tracks_.push_back(std::move(track));
  return &tracks_.back()->ref;
}

const lockfree::ChunkTable* ReplayTracks::audio(std::uint64_t id) const {
  for (const auto& t : tracks_) {
    if (t->ref.id == id) return t->ref.pcm;
  }
  return nullptr;
}

void ReplayTracks::released(const msg::TrackRef* ref) {
  std::erase_if(tracks_, [ref](const auto& t) { return &t->ref == ref; });
}

}  // namespace tactus::session
