// What a list of tracks shows of each: read for one page at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "library/store/sql.h"

namespace tactus::library {

struct TrackRow {
  std::int64_t id = 0;
  std::string title{}, artist{}, album{}, genre{}, comment{};
  std::string path{};  // of one of its files, one that is there if any is; any bytes; may be empty
  std::optional<std::int64_t> year{}, key{}, energy{}, last_played{};
  std::optional<double> length{}, bpm{};  // seconds, beats a minute
  std::int64_t rating = 0, plays = 0, added = 0;
};

// In the order of the ids; those that are gone are left out. Throws StoreError.
std::vector<TrackRow> read_rows(Database& db, const std::vector<std::int64_t>& ids);

}  // namespace tactus::library
