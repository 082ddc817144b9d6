#include "library_option.h"

#include <nlohmann/json.hpp>

#include "library/search/merge.h"
#include "library/store/store.h"

namespace tactus::app {

void LibraryOption::add(CLI::App* cmd, const std::string& json_help) {
  folder = library::default_folder();
  cmd->add_option("--library", folder, "The library's folder; else $TACTUS_LIBRARY, or the user's own")
      ->type_name("FOLDER");
  if (!json_help.empty()) cmd->add_flag("--json", json, json_help);
}

void keep_search_quick(library::Database& db, bool all) { library::merge_all(db, all ? 1 : library::kMergeAt); }

std::string json_line(const nlohmann::ordered_json& json) {
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace tactus::app
