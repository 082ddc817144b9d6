// What the commands on a library share: where it is, and texts of it.
#pragma once

#include <CLI/CLI.hpp>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "library/store/sql.h"

namespace tactus::app {

struct LibraryOption {
  std::string folder;  // as named, else library::default_folder()
  bool json = false;

  // Call once; must outlive the parse.
  void add(CLI::App* cmd, const std::string& json_help = {});
};

// Takes what changed into the index of search. `all`: at the end of long work; else once it is so much that a search
// would notice. The caller is the writer.
void keep_search_quick(library::Database& db, bool all = false);

// On one line; bytes that are no UTF-8 are replaced, so that it always is JSON.
std::string json_line(const nlohmann::ordered_json& json);

}  // namespace tactus::app
