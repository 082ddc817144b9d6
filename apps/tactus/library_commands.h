// The subcommands of `tactus library`, each in a file of its own; command.h says what they do with `run`.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "command.h"

namespace tactus::app {

void add_library_import(CLI::App& library, Run& run);
void add_library_convert(CLI::App& library, Run& run);
void add_library_scan(CLI::App& library, Run& run);
void add_library_merge(CLI::App& library, Run& run);

// What options --map FROM=TO say (cmd_library_import.cpp). Nothing: one of them is off, which was said.
std::optional<std::vector<std::pair<std::string, std::string>>> path_map(const std::vector<std::string>& maps);

}  // namespace tactus::app
