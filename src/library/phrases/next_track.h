// What to play after this, and why.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "library/phrases/phrase_index.h"
#include "library/store/sql.h"

namespace tactus::library {

struct NextTrack {
  std::int64_t track = 0;
  std::string title, artist, path;
  std::optional<double> bpm;
  std::optional<int> key, energy;
  double score = 0;  // 0 to 1
  // In words, the weightiest first: "8A to 9A, a fifth up", "126.0, +1.6 %", "its intro at 0:00 sounds like the outro
  // at 5:10".
  std::vector<std::string> reasons;
};

struct NextOptions {
  std::size_t limit = 10;
  PhraseFilter filter;  // of the phrases that sound alike and, but for labels and vocals, of the tracks
};

// After the last of `played`, and none of them again. Candidates come from three sides: phrases that sound like those
// of its last third, what was played after it before, and tracks of its tempo and key; each is then judged by all of
// sound, key, tempo, energy and history, of which what isn't known counts as middling. Only tracks with a file that is
// there. Throws StoreError; `refused` where `played` is empty or its last one isn't there.
std::vector<NextTrack> next_tracks(Database& db, const PhraseIndex& index, std::span<const std::int64_t> played,
                                   const NextOptions& options = {});

}  // namespace tactus::library
