// What another program is to read of our library, ready for foreign/write.h.
//
// Where the library was imported from that program, the export is that source with what changed in Tactus since, and
// all of the rest as it was: values that nobody touched keep their last digit.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "library/foreign/foreign.h"
#include "library/store/crates.h"
#include "library/store/store.h"

namespace tactus::library {

struct ExportOptions {
  std::vector<std::string> crates;  // these and their tracks alone; empty: everything
  // The tracks of a smart crate; null: smart crates are left out.
  std::function<std::vector<TrackId>(const Crate&)> smart;
};

// `format` as in ForeignLibrary. Positions are on that program's timeline; `notes`: what that had to be guessed for,
// and what is left out. Throws StoreError; `refused` for a crate that isn't there. Only reads.
ForeignLibrary export_library(Database& db, const std::string& format, const ExportOptions& options,
                              std::vector<std::string>& notes);

}  // namespace tactus::library
