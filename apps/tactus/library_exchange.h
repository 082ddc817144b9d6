// Another program's library taken into ours, for `tactus library import` without --dry-run.
#pragma once

#include <string>

#include "library/exchange/importer.h"
#include "library_option.h"

namespace tactus::app {

struct ImportInto {
  library::PathMap map;  // with which the source was read
  bool overwrite = false, accept_proposed = false, quiet = false;
};

// Says on standard output what came of it, as JSON if `library.json`. An exit code. Throws library::StoreError.
int import_into(const LibraryOption& library, const library::ForeignLibrary& found, const std::string& source,
                const ImportInto& options);

}  // namespace tactus::app
