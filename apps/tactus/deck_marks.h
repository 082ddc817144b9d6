// Hot cues, grids and keys as decks have them, and as the library has them, made the same.
//
// Decks go by files named by a music file's content (analysis/cues.h, analysis/edits.h), so that an engine needs no
// library; the library knows them of tracks that were analysed. What was changed on one side since the last time goes
// to the other; where both were, what was set on a deck stays.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace tactus::library {
class Store;
}

namespace tactus::app {

struct SharedMarks {
  std::size_t to_decks = 0, from_decks = 0;  // tracks
  std::vector<std::string> problems;         // a sentence each
};

// Of all tracks. Reads the files of those that have any on either side. Throws library::StoreError.
SharedMarks share_with_decks(library::Store& store);
// Of these alone.
SharedMarks share_with_decks(library::Store& store, const std::vector<std::int64_t>& tracks);

}  // namespace tactus::app
