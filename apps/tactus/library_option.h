// What the commands on a library share: where it is, and texts of it.
#pragma once

#include <CLI/CLI.hpp>
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace tactus::app {

struct LibraryOption {
  std::string folder;  // as named, else library::default_folder()
  bool json = false;

  // Call once; must outlive the parse.
  void add(CLI::App* cmd, const std::string& json_help = {});
};

// On one line; bytes that are no UTF-8 are replaced, so that it always is JSON.
std::string json_line(const nlohmann::ordered_json& json);

}  // namespace tactus::app
