// The page of a set in an order. One thread, within a read transaction.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "library/search/index.h"

namespace tactus::library {

// The `count` first of the set, best first: by a field's values, ties by id.
std::vector<std::int64_t> first_by_field(SearchIndex& index, const DocSet& set, int field, bool descending,
                                         std::size_t count);
// By kScoreColumn, the highest first.
std::vector<std::int64_t> first_by_score(SearchIndex& index, const DocSet& set, std::size_t count);
// By how well these folded words fit, those that were typed as a title or artist first, then by score.
std::vector<std::int64_t> first_by_fit(SearchIndex& index, const DocSet& set, const std::string& folded,
                                       std::size_t count);

}  // namespace tactus::library
