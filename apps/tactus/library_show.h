// How commands on the library print tracks, and find those that were named.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "library/store/tracks.h"

namespace tactus::app {

// Keys in Camelot's words, colors as #RRGGBB, dates in seconds since 1970; null for what isn't known. docs/formats.md.
nlohmann::ordered_json library_track_json(const library::Track& track);
// "2026-11-30 20:15", in local time.
std::string date_text(std::int64_t seconds);
// "#12  Artist - Title  126.5  8A  5:32"
std::string track_words(const library::Track& track);
// All about it, on several lines.
std::string track_page(const library::Track& track);

// Tracks by number or path. Throws a StoreError that names the first that isn't there.
std::vector<library::TrackId> tracks_named(library::Database& db, const std::vector<std::string>& names);
// Prints the tracks, a line each, as JSON where asked for.
void print_tracks(library::Database& db, const std::vector<library::TrackId>& tracks, bool as_json);
// Those that a smart crate's rule means (cmd_library_smart.cpp).
void list_smart_crate(library::Database& db, std::int64_t crate, bool as_json);

}  // namespace tactus::app
