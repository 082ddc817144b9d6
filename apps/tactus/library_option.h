// What the commands on a library share: where it is, and texts of it.
#pragma once

#include <CLI/CLI.hpp>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "library/store/store.h"

namespace tactus::app {

struct LibraryOption {
  std::string folder;  // as named, else library::default_folder()
  bool json = false;

  // Call once; must outlive the parse.
  void add(CLI::App* cmd, const std::string& json_help = {});
};

// For a command that writes, named `who` to others ("tactus library edit"): it waits for its turn, and says on standard
// error who writes meanwhile; asked to stop, it throws Stopped. `create`: makes a library where there is none. `ms`:
// how long it waits where nobody keeps a queue.
library::Store::Options as_writer(std::string who, bool create = false, int ms = 5000);

// Takes what changed into the index of search. `all`: at the end of long work; else once it is so much that a search
// would notice. The caller is the writer.
void keep_search_quick(library::Database& db, bool all = false);

// On one line; bytes that are no UTF-8 are replaced, so that it always is JSON.
std::string json_line(const nlohmann::ordered_json& json);

}  // namespace tactus::app
