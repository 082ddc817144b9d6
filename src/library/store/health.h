// Whether a library is sound, and what is in it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "library/store/log.h"
#include "library/store/store.h"

namespace tactus::library {

struct LibraryCounts {
  std::int64_t tracks = 0, files = 0, missing = 0, broken = 0, duplicates = 0;  // duplicates: tracks of several files
  std::int64_t analysed = 0, phrases = 0, crates = 0, plays = 0;
  std::int64_t bytes = 0;  // of the database
};
LibraryCounts count_library(Database& db);

struct Health {
  std::vector<std::string> faults;  // of the database, a sentence each; empty: it is sound
  std::vector<std::string> notes;   // what else somebody should know
  LogState log;
  std::optional<LockHolder> writer;
};
// Reads the whole database: a second or so for 100,000 tracks. `faults` in the words of SQLite where it is damaged.
Health examine(const std::string& folder);

}  // namespace tactus::library
