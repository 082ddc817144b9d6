// Phrases by words: what they sound like, their label, and their track's tags.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "library/phrases/phrase_rows.h"

namespace tactus::library {

struct PhraseTextHits {
  std::vector<PhraseRow> rows;  // the best first, at most two of a track
  int words = 0;                // of the query
  int matched = 0;              // that each of the rows has: fewer than `words` where none has all
};

// Words in any order and form ("rolling" finds "rolls"); nothing in them has a meaning of its own. Of what has as many
// words, that comes first which sounds so (the others are called so), then what was played more. Where very many
// match, only the newest 5,000 are ranked.
PhraseTextHits search_phrase_text(Database& db, std::string_view query, std::size_t limit,
                                  const PhraseFilter& filter = {});

}  // namespace tactus::library
