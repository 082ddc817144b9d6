// What search knows of its own index: a few named values in search_state.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "library/store/sql.h"

namespace tactus::library {

inline std::int64_t state_number(Database& db, std::string_view name, std::int64_t otherwise) {
  return db.integer("SELECT CAST(value AS INTEGER) FROM search_state WHERE name = ?1", name).value_or(otherwise);
}

template <class T>
void set_state(Database& db, std::string_view name, const T& value) {
  db.run(
      "INSERT INTO search_state VALUES(?1, CAST(?2 AS TEXT)) ON CONFLICT(name) DO UPDATE SET value = CAST(?2 AS TEXT)",
      name, value);
}

// The blocks of columns that a merge touched, numbers with spaces behind; kept of the last ones, so that readers can
// read no more than these anew.
constexpr std::int64_t kMergesKept = 64;
std::string touched_blocks(std::int64_t merge);

// The fields that the index was made of, in their order, and the version of its layout.
std::string index_of_fields();
// Whether the index in the database is of the fields of this program. If not, every track counts as noted.
bool index_is_current(Database& db);

}  // namespace tactus::library
