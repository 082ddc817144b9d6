// Search as you type, smart crates, and the order of both. A million tracks: a page in some milliseconds (docs/
// benchmarks.md, bench/library_search.cpp).
//
// How: each word's tracks and each field's values are kept beside the tables (merge.h); a rule becomes a set of one bit
// a track (evaluate.h), whose page is taken in the order of a column. So counts are exact, and no query can be slower
// than a pass over the columns that it names. What looks into texts, a phrase of frequent words, is the exception.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "library/search/query.h"
#include "library/search/rule.h"
#include "library/store/sql.h"

namespace tactus::library {

struct SearchOrder {
  // A field's name; empty: by how well the words fit, and plays, rating and how lately it was played or came in.
  std::string field{};
  bool descending = false;              // tracks without a value come last either way
  std::size_t offset = 0, limit = 100;  // at most kMostRows are given
};

struct SearchPage {
  std::vector<std::int64_t> tracks;  // ids
  std::size_t total = 0;             // exact
  std::vector<QueryRemark> errors, ignored;
  // Words that hardly any track has, and those that were looked for besides.
  std::vector<std::pair<std::string, std::vector<std::string>>> meant;
};

// Belongs to one thread; uses the database within its calls only, each of one state of it. What takes long lets go of
// that state in between (unless a transaction is open) and goes on, or begins anew where somebody has written, so that
// the log is never held back. Throws StoreError.
class Searcher {
 public:
  explicit Searcher(Database& db);
  ~Searcher();

  // Tracks that the query means. With errors in the query: what the rest of it means.
  SearchPage search(std::string_view query, const SearchOrder& order, Typing typing);
  SearchPage search(const Rule& rule, const SearchOrder& order);
  // What a crate holds: of a list in its own order where the order names no field, of a smart one by its rule.
  SearchPage crate(std::int64_t id, const SearchOrder& order);

  // For tests: the time that ages count from, seconds since 1970; 0: that of the clock.
  void set_now(std::int64_t now);
  // How long it stands in one state of the database, 15 ms by default, if nobody writes all the time.
  void set_longest_stand(std::chrono::nanoseconds most);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tactus::library
