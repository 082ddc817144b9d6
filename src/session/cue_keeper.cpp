#include "session/cue_keeper.h"

#include <algorithm>
#include <iterator>

namespace tactus::session {

static_assert(analysis::kHotcues == msg::kHotcues);

namespace {
msg::TrackMarks without_loops(const msg::TrackMarks& all) {
  msg::TrackMarks marks;
  marks.cue = all.cue;
  std::copy(std::begin(all.hotcues), std::end(all.hotcues), marks.hotcues);
  return marks;
}
}  // namespace

msg::TrackMarks CueKeeper::marks(const analysis::StoredCues& stored, std::int64_t length) const {
  msg::TrackMarks marks;
  if (!writer_) return marks;
  analysis::Cues cues = stored.cues;
  if (const auto changed = changed_.find(stored.content); changed != changed_.end()) apply(changed->second, cues);
  const auto frame = [&](const std::optional<double>& seconds) {
    const double at = seconds ? *seconds * rate_.hz : -1;
    return at < static_cast<double>(length) ? at : -1;  // never beyond the end
  };
  marks.cue = frame(cues.cue);
  for (int k = 0; k < msg::kHotcues; ++k) marks.hotcues[k] = frame(cues.hotcues[static_cast<std::size_t>(k)]);
  return marks;
}

void CueKeeper::watch(int deck, const msg::DeckSnapshot& now, const LoadedTrack* track) {
  if (!track) return;
  Seen& seen = seen_[static_cast<std::size_t>(deck)];
  if (seen.track_id != now.track_id) seen = {now.track_id, track->marks};
  analysis::CueChanges changes;
  const auto compare = [&](int number, double& before, double here) {
    if (before == here) return;
    before = here;
    changes[number] = here < 0 ? std::nullopt : std::optional(here / rate_.hz);
  };
  if (now.cue_set) compare(0, seen.marks.cue, now.cue);
  for (int k = 0; k < msg::kHotcues; ++k) compare(k + 1, seen.marks.hotcues[k], now.hotcues[k]);
  if (changes.empty() || !writer_ || track->content.empty()) return;
  for (const auto& [number, seconds] : changes) changed_[track->content][number] = seconds;
  writer_->add(track->content, changes);
}

msg::TrackMarks CueKeeper::on_deck(int deck, const LoadedTrack& track) const {
  const Seen& seen = seen_[static_cast<std::size_t>(deck)];
  return without_loops(seen.track_id == track.ref.id ? seen.marks : track.marks);
}

}  // namespace tactus::session
