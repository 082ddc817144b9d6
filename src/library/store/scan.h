// Brings a library up to date with the music files in its folders.
//
// A track is what sounds, known by its audio (audio_identity.h); a file is a place where it lies. So a file that was
// moved, renamed or tagged anew keeps its track with crates, cues and plays; two files of the same audio are one track.
// Nothing is ever deleted: a file that isn't there any more, or whose drive isn't, is missing since then.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "library/store/store.h"
#include "library/store/tag_readers.h"

namespace tactus::library {

struct ScanProgress {
  std::size_t done = 0, of = 0;  // files; `of` is 0 while they are still being looked for
  std::string path;              // the one looked at last
};

struct ScanOptions {
  // Roots, or folders below one; what is no root yet becomes one. Empty: all roots.
  std::vector<std::string> folders;
  bool read_all = false;  // also files that haven't changed
  int readers = 2;        // processes that read tags
  // false stops: what was found so far is kept.
  std::function<bool(const ScanProgress&)> progress;
  // After each commit, and at the end: for indexes that are made of the tables.
  std::function<void(Database&)> committed;
  TagReaders::Read read = read_music_file;
  std::chrono::milliseconds most_per_file = std::chrono::seconds(20);
};

struct ScanReport {
  std::size_t files = 0;              // seen
  std::size_t unchanged = 0;          // not read again
  std::size_t added = 0;              // new tracks
  std::size_t duplicates = 0;         // new files of tracks that have another file, too
  std::size_t moved = 0;              // files found again elsewhere
  std::size_t changed = 0;            // read again: tags or sound are others
  std::size_t back = 0;               // files that had been missing
  std::size_t missing = 0;            // files that are no longer there
  std::size_t broken = 0;             // files that can't be read
  std::size_t unknown = 0;            // named folders that can't be found
  std::vector<std::string> problems;  // a sentence each, at most kMostProblems
  std::vector<std::string> folders;   // all that were looked into, for whoever watches them
  bool stopped = false;
  double seconds = 0;
};
constexpr std::size_t kMostProblems = 1000;

// Which file system a folder is on, by a number that says nothing else; empty: the folder isn't there.
std::string volume_of(const std::string& folder);

// Commits every second or so; others read meanwhile. Throws StoreError when the database refuses: what was committed
// before is kept, and the next scan goes on from there.
ScanReport scan(Store& store, const ScanOptions& options);

}  // namespace tactus::library
