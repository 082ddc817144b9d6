// Words of intents that the session itself says. Any thread.
#pragma once

#include <algorithm>
#include <string>

#include "schedule/numbers.h"

namespace tactus::session {

// "/deck/2/" for deck 1, which counts from 0.
inline std::string deck_address(int deck) { return "/deck/" + std::to_string(deck + 1) + "/"; }

// Track frames as seconds that read back as the same frame; before the first frame is the first.
inline std::string seconds_text(double frames, double rate) {
  return schedule::number_text(std::max(0.0, frames / rate));
}

}  // namespace tactus::session
