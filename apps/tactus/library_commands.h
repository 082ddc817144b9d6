// The subcommands of `tactus library`, each in a file of its own; command.h says what they do with `run`.
#pragma once

#include "command.h"

namespace tactus::app {

void add_library_import(CLI::App& library, Run& run);
void add_library_scan(CLI::App& library, Run& run);

}  // namespace tactus::app
