#include "library/search/state.h"

#include "library/store/fields.h"

namespace tactus::library {

std::string touched_blocks(std::int64_t merge) { return "blocks " + std::to_string(merge); }

std::string index_of_fields() {
  std::string out = "1";
  for (const Field& field : kFields) out.append(" ").append(field.name);
  return out;
}

bool index_is_current(Database& db) {
  return db.text("SELECT value FROM search_state WHERE name = 'fields'") == index_of_fields();
}

}  // namespace tactus::library
