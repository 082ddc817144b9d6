// What a library keeps of each import: every track and playlist as the source had them, and the source's own files, so
// that a later import knows what changed since, and an export changes nothing else.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "library/foreign/foreign.h"
#include "library/store/edit.h"
#include "library/store/tracks.h"

namespace tactus::library {

struct SourceItem {
  ForeignTrack track;
  std::optional<double> offset;  // what was added to its positions to get ours; nothing: they aren't taken over yet
  std::optional<TrackId> id;     // the library's; nothing: it was deleted
};

struct Source {
  std::int64_t id = 0;  // 0: it isn't kept yet
  std::string format, program, path;
  std::int64_t imported = 0;  // seconds since 1970
  std::vector<SourceItem> items;
  std::vector<ForeignPlaylist> playlists;
  std::vector<ForeignKept> kept;
  PathMap map;          // what was put in the place of the beginnings of its paths
  bool undone = false;  // the import was taken back: nothing of it is in the library
};

// The last import of this format from this path; `path` empty: from anywhere.
std::optional<Source> read_source(Database& db, const std::string& format, const std::string& path);
// In place of the one with its id. Within an edit; if that changed anything, remember_change() says afterwards which
// change it was. `goes_on`: the import before it is in the library.
void write_source(Database& db, Source& source, bool goes_on);
void remember_change(Database& db, const Source& source);

}  // namespace tactus::library
