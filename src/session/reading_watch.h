// Says when the file on a deck can't be read on (a disk was pulled, a network is away), and when it can be read again.
// What is decoded plays on meanwhile, and the cache tries again by itself.
//
// Control thread only.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "engine/msg/track.h"
#include "session/track_pool.h"

namespace tactus::session {

class ReadingWatch {
 public:
  // A file counts as well again after so long: each new try may bring a little more before it fails again.
  static constexpr double kWellSeconds = 2;

  // Looks at what a deck (from 0) has, null: nothing; `now` in seconds of the session. The sentence to be said, or "".
  std::string look(int deck, const LoadedTrack* track, double now);
  // Why the deck's audio can't be had, by file and cause; empty: all is well.
  const std::string& trouble(int deck) const { return decks_[static_cast<std::size_t>(deck)].trouble; }

 private:
  struct Deck {
    std::uint64_t track_id = 0;
    std::string trouble;
    double well_since = -1;  // seconds; negative: it isn't
  };
  std::array<Deck, msg::kMaxDecks> decks_;
};

}  // namespace tactus::session
