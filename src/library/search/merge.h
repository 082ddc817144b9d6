// The writer's side of search: takes the tracks that changed into the index. The triggers of the layout have noted them
// (search_pending) in the transactions that changed them, and search is right before and after: a reader looks at
// noted tracks one by one, so that some hundreds of them cost it a few milliseconds, many thousands make it slow.
#pragma once

#include <cstddef>

#include "library/store/sql.h"

namespace tactus::library {

// When to call merge_pending(): after a scan or import, and whenever so many are noted.
constexpr std::size_t kMergeAt = 256;

// How many tracks are noted; stops counting at `most`.
std::size_t pending_count(Database& db, std::size_t most = kMergeAt);

// Takes up to `most` of them into the index, in a transaction of its own unless there is one. How many it took. The
// caller is the writer. 65,536 tracks take about 300 MB of memory for the moment.
std::size_t merge_pending(Database& db, std::size_t most = 65536);

// All that are noted, in transactions of 65,536; where fewer than `least` are, nothing.
void merge_all(Database& db, std::size_t least = 1);

// Begins the index anew: every track is noted.
void rebuild_search(Database& db);

}  // namespace tactus::library
