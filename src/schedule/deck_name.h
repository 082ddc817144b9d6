// What a deck is called in sentences.
#pragma once

#include <string>

namespace tactus::schedule {

// "deck 2" for deck 1, which counts from 0. Pure, any thread.
inline std::string deck_name(int deck) { return "deck " + std::to_string(deck + 1); }

}  // namespace tactus::schedule
