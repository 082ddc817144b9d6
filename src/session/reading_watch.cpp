#include "session/reading_watch.h"

namespace tactus::session {

std::string ReadingWatch::look(int deck, const LoadedTrack* track, double now) {
  Deck& d = decks_[static_cast<std::size_t>(deck)];
  const std::uint64_t id = track ? track->ref.id : 0;
  if (id != d.track_id) d = {id, {}, -1};
  if (!track) return {};
  const std::string head = "Deck " + std::to_string(deck + 1) + ": ";
  const std::string error = track->pcm->error();
  if (!error.empty()) {
    d.well_since = -1;
    const bool told = !d.trouble.empty();
    d.trouble = error;
    return told ? std::string() : head + error + ". What is decoded of it plays on.";
  }
  if (d.trouble.empty()) return {};
  if (d.well_since < 0) d.well_since = now;
  if (now - d.well_since < kWellSeconds) return {};
  d.trouble.clear();
  return head + track->path + " can be read again.";
}

}  // namespace tactus::session
