#include "library_option.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "command.h"
#include "keys.h"
#include "library/search/merge.h"

namespace tactus::app {

void LibraryOption::add(CLI::App* cmd, const std::string& json_help) {
  folder = library::default_folder();
  cmd->add_option("--library", folder, "The library's folder; else $TACTUS_LIBRARY, or the user's own")
      ->type_name("FOLDER");
  if (!json_help.empty()) cmd->add_flag("--json", json, json_help);
}

library::Store::Options as_writer(std::string who, bool create, int ms) {
  library::Store::Options options{.who = std::move(who), .create = create};
  options.wait.ms = ms;
  options.wait.queue = true;
  options.wait.told = [last = std::string()](const std::string& why) mutable {
    if (stop_asked()) throw Stopped();
    if (why != last) fmt::print(stderr, "tactus: waiting: {}\n", why);
    last = why;
  };
  return options;
}

void keep_search_quick(library::Database& db, bool all) { library::merge_all(db, all ? 1 : library::kMergeAt); }

std::string json_line(const nlohmann::ordered_json& json) {
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace tactus::app
