// Takes another program's library into ours: tracks with their fields, cues, loops and grids, playlists as crates.
//
// All of it is one change, which can be taken back. A later import of the same source brings what changed there since;
// what a person has set in Tactus goes before it. Music files are only read.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "library/foreign/foreign.h"
#include "library/store/store.h"
#include "library/store/tag_readers.h"

namespace tactus::library {

struct ImportOptions {
  bool overwrite = false;  // what the source says goes before what was set in Tactus
  // Where the moment from which the source counts can't be known: take the likeliest. Otherwise the positions of that
  // track wait in the library, as the source has them, until an import can tell (by the beats that were heard).
  bool accept_proposed = false;
  std::set<std::string> accepted;  // the same for these kinds of tracks: TimelineQuestion::why
  PathMap map;                     // with which the library was read: an export puts the paths back
  std::string who = "tactus library import";
  // Now and then, 0 to 1; false ends it before anything was changed.
  std::function<bool(double)> progress;
  int readers = 2;  // processes that read tags
  TagReaders::Read read = read_music_file;
};

struct ImportReport {
  std::size_t tracks = 0;                                    // of the source
  std::size_t added = 0;                                     // of them, not in the library before
  std::size_t missing = 0;                                   // of them, whose files aren't where the source says
  std::size_t marks = 0, grids = 0, fields = 0, crates = 0;  // that are others now
  std::size_t kept = 0;                                      // differences that stay, since a person set them in Tactus
  std::map<std::string, std::size_t> timelines;              // by what positions were moved, and of how many tracks
  std::vector<std::string> waiting;                          // tracks whose positions wait, each with the reason
  std::vector<std::string> notes;                            // what can't be taken over: a sentence each
  bool stopped = false;
};

// Throws StoreError; nothing is changed then. `path`: of the source, absolute.
ImportReport import_library(Store& store, const ForeignLibrary& library, const std::string& path,
                            const ImportOptions& options);

// What crates made of a program's playlists lie in: "rekordbox"; empty for formats that are a playlist themselves.
std::string crate_folder_of(const std::string& format);
// The crate's path (crates.h) of one of its playlists.
std::string crate_path_of(const std::string& format, const ForeignPlaylist& playlist);

}  // namespace tactus::library
