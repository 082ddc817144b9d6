// Decks that are about to run out of track. Pure; one owner.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "schedule/world.h"

namespace tactus::schedule {

// Seconds until `deck` stands at its end at its tempo, whatever a hand does with it just now; nothing when it stands,
// loops or runs backwards.
std::optional<double> seconds_left(const World& world, int deck);

class EndWatch {
 public:
  explicit EndWatch(double warning_seconds) : warning_(warning_seconds) {}

  struct Warning {
    int deck = 0;
    double seconds = 0;
  };
  // Decks that came within the warning time since the last call: once for each approach to the end.
  std::vector<Warning> update(const World& world);

 private:
  double warning_;
  struct Deck {
    std::uint64_t track = 0;
    bool warned = false;
  };
  std::array<Deck, msg::kMaxDecks> decks_{};
};

}  // namespace tactus::schedule
