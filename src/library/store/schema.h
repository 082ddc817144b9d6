// The database's layout and how it came to be: a list of steps, each of which makes the layout of its version of the
// one before. A step that was ever released is never changed; a new layout is a new step. docs/formats.md describes the
// tables.
#pragma once

#include <span>
#include <string_view>

#include "library/store/sql.h"

namespace tactus::library {

constexpr std::int64_t kApplicationId = 0x54414354;  // 'TACT'

struct SchemaStep {
  int version;  // in PRAGMA user_version after it
  std::string_view sql;
};

// Ascending, from 1 on.
std::span<const SchemaStep> schema_steps();
// Of the last step: what this build reads and writes.
int schema_version();

// The version in the database; 0: it is empty. Throws where it is something else than a library, or a newer one.
int check_version(Database& db, std::span<const SchemaStep> steps = schema_steps());
// Runs the steps that it lacks, each in a transaction of its own. Whoever calls it is the writer.
void migrate(Database& db, std::span<const SchemaStep> steps = schema_steps());

}  // namespace tactus::library
