// The subcommands of `tactus library`, each in a file of its own; command.h says what they do with `run`.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "command.h"

namespace tactus::app {

void add_library_search(CLI::App& library, Run& run);
void add_library_related(CLI::App& library, Run& run);
void add_library_smart(CLI::App& library, Run& run);  // after add_library_crates
void add_library_generate(CLI::App& library, Run& run);

void add_library_import(CLI::App& library, Run& run);
void add_library_export(CLI::App& library, Run& run);
void add_library_convert(CLI::App& library, Run& run);
void add_library_scan(CLI::App& library, Run& run);
void add_library_merge(CLI::App& library, Run& run);
void add_library_analyze(CLI::App& library, Run& run);
void add_library_info(CLI::App& library, Run& run);
void add_library_history(CLI::App& library, Run& run);
void add_library_keep(CLI::App& library, Run& run);
void add_library_edit(CLI::App& library, Run& run);    // edit, undo, redo
void add_library_crates(CLI::App& library, Run& run);  // crates and its own subcommands
void add_library_prepare(CLI::App& library, Run& run);
void add_library_care(CLI::App& library, Run& run);  // backup, restore, doctor

// What options --map FROM=TO say (cmd_library_import.cpp). Nothing: one of them is off, which was said.
std::optional<std::vector<std::pair<std::string, std::string>>> path_map(const std::vector<std::string>& maps);

}  // namespace tactus::app
