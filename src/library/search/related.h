// What goes with a track: heard beside it in sets of one's own, and compatible in key and tempo. What is near it in
// sound is said by library/phrases.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "library/search/search.h"
#include "library/store/sql.h"

namespace tactus::library {

struct Related {
  std::int64_t track = 0;
  double points = 0;                  // more goes better; what they are made of:
  int after = 0, before = 0;          // sets in which it came right after the track, and right before it
  int sets = 0;                       // in which both were heard
  std::optional<int> key_distance{};  // music::key_distance(): 0 the same key, 1 one that always goes
  std::optional<double> tempo{};      // what this one must be sped up by to run with the track, in per cent; small
  bool same_genre = false, same_artist = false;
  std::vector<std::string> reasons() const;  // in words
};

// How far two tempos may be apart, as a share, to be mixed without either sounding odd.
constexpr double kTempoReach = 0.06;

// The best `limit`, never the track itself. Throws StoreError; `refused` where there is no such track.
std::vector<Related> related_tracks(Database& db, Searcher& searcher, std::int64_t track, std::size_t limit);

}  // namespace tactus::library
