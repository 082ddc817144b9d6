// Which track of the library each of a source's is. Internal to library/exchange.
#pragma once

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "library/exchange/importer.h"
#include "library/exchange/sources.h"

namespace tactus::library {

class ImportFiles {
 public:
  // Looks at the files that the library doesn't know yet, in processes of its own. False: it was to stop.
  bool look(Database& db, const ForeignLibrary& library, const ImportOptions& options);
  // The track of `track`, made where there is none; `before`: what it was at the last import. Within an edit.
  TrackId place(Database& db, const ForeignTrack& track, const std::optional<TrackId>& before, ImportReport& report);

 private:
  TrackId add_missing(Database& db, const ForeignTrack& track, ImportReport& report);
  std::int64_t root_for_file(Database& db, const std::string& path);

  std::unordered_map<std::string, MusicFile> read_;  // by path
};

}  // namespace tactus::library
