// Tracks of the library as lines and as JSON, the same for every command that lists them.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "library/search/rows.h"

namespace tactus::app {

// "#12  Artist - Title  124.0  8A  4:32  House".
std::string row_words(const library::TrackRow& row);
nlohmann::ordered_json row_json(const library::TrackRow& row);

}  // namespace tactus::app
