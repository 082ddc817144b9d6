#include "session/stretch_watch.h"

#include <algorithm>

namespace tactus::session {

using msg::StretchMode;

std::string StretchWatch::sentence(int deck, StretchMode before, StretchMode now, StretchMode asked) {
  if (now == before) return {};
  const std::string head = "Deck " + std::to_string(deck + 1) + ": ";
  if (now == asked) return head + "key lock is in full quality again.";
  if (now == StretchMode::direct) {
    return head + "the machine can't keep up even so; it plays on without key lock for a while.";
  }
  if (before == StretchMode::direct) return head + "key lock is back, in economy (R2).";
  return head + "the machine can't keep up; key lock goes on in economy (R2).";
}

void StretchWatch::after_tick(const Session& session, const std::function<void(const std::string&)>& notice) {
  for (int d = 0; d < std::min(session.options().decks, msg::kMaxDecks); ++d) {
    const auto i = static_cast<std::size_t>(d);
    const StretchMode asked = session.world().snapshot.decks[d].stretch;
    const StretchMode now = session.host().stretching(d, asked);
    // What somebody asked for is no news to him.
    if (asked == asked_[i]) {
      const std::string text = sentence(d, now_[i], now, asked);
      if (!text.empty()) notice(text);
    }
    asked_[i] = asked;
    now_[i] = now;
  }
}

}  // namespace tactus::session
