// From an address to a row of the intent table. Internal to the parser.
#pragma once

#include <string_view>

#include "schedule/parse.h"

namespace tactus::schedule {

// Fills row, deck, index, unit, slot and name of `intent` from `address`, which begins at `column` of the text. On
// failure fills `error`, which points at the part of the address at fault, and returns false.
bool resolve_address(std::string_view address, std::size_t column, Intent& intent, ParseError& error);

}  // namespace tactus::schedule
