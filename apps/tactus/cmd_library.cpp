// tactus library: the collection, and other programs' libraries.
#include <CLI/CLI.hpp>

#include "library_commands.h"

namespace tactus::app {

void add_library(CLI::App& app, Run& run) {
  auto* library = app.add_subcommand("library", "The collection: scanned, searched, sorted into crates");
  library->require_subcommand(1);
  library->footer(
      "Examples:\n"
      "  tactus library scan ~/Music\n"
      "  tactus library search 'deep house bpm:120-126'\n"
      "  tactus library import rekordbox.xml --dry-run");
  for (auto add : {add_library_scan, add_library_analyze, add_library_info, add_library_history, add_library_edit,
                   add_library_crates, add_library_prepare, add_library_care, add_library_import, add_library_export,
                   add_library_convert, add_library_merge}) {
    add(*library, run);
  }
  for (auto add : {add_library_search, add_library_keep, add_library_smart, add_library_related, add_library_generate})
    add(*library, run);
}

}  // namespace tactus::app
