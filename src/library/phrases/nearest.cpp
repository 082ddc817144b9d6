#include "library/phrases/nearest.h"

#include <bit>

#include "library/phrases/dot.h"
#include "library/phrases/entry_set.h"

namespace tactus::library {

namespace {

// Up to this share of the entries, looking at all that count is quicker than the graph (bench/phrase_search).
constexpr std::size_t kExactShare = 10;
// From so many entries at once each level of the graph is searched: phrases of a track crowd together, and from the
// single nearest one of the level above another crowd may be out of reach.
constexpr std::size_t kStarts = 48;
// Vectors are asked of the memory so many before their turn.
constexpr std::size_t kAhead = 8;

// What a search needs for itself, kept for the thread's next one.
struct Workplace {
  std::vector<std::uint64_t> seen;
  std::vector<Near> ahead;  // a heap, the nearest on top
  std::vector<std::uint32_t> entries;
  std::vector<std::uint64_t> counting;
};
Workplace& workplace() {
  thread_local Workplace mine;
  return mine;
}

void prefetch(const void* line) {
#ifdef __GNUC__
  __builtin_prefetch(line);
  __builtin_prefetch(static_cast<const char*>(line) + 64);
#endif
}

class FileSearch {
 public:
  FileSearch(const IndexFile& file, const SoughtVector& sought) : file_(file), sought_(sought), dot_(dot_function()) {}

  float similarity(std::size_t i) const {
    return static_cast<float>(dot_(sought_.numbers, file_.vector(i), file_.stride())) * sought_.inverse_length *
           file_.inverse_length(i);
  }

  void look_at(const std::vector<std::uint32_t>& entries, const ReadyFilter& filter, Nearest& into) const {
    for (std::size_t at = 0; at < entries.size(); ++at) {
      if (at + kAhead < entries.size()) prefetch(file_.vector(entries[at + kAhead]));
      const Near n{similarity(entries[at]), entries[at]};
      if (n.similarity > into.worst() && filter.lets_track(file_.track(n.entry))) into.offer(n);
    }
  }

  void look_at_all(const Wanted& wanted, Nearest& into) const {
    for (std::size_t i = 0; i < file_.count(); ++i) {
      if (!wanted.filter.lets(file_.bits(i)) || wanted.gone.has(i)) continue;
      const Near n{similarity(i), static_cast<std::uint32_t>(i)};
      if (n.similarity > into.worst() && wanted.filter.lets_track(file_.track(i))) into.offer(n);
    }
  }

  // False: more than `most` entries were looked at before the nearest that count were sure.
  template <class Counts>
  bool follow_graph(const Counts& counts, std::size_t most, Nearest& found) const {
    std::vector<Near> starts = {{similarity(file_.start()), file_.start()}};
    for (std::uint32_t level = file_.levels(); level > 0; --level) {
      Nearest around(kStarts);
      follow_level(
          level, starts, [](std::uint32_t) { return true; }, file_.count(), around);
      starts = around.take();
    }
    return follow_level(0, starts, counts, most, found);
  }

 private:
  template <class Counts>
  bool follow_level(std::uint32_t level, const std::vector<Near>& starts, const Counts& counts, std::size_t most,
                    Nearest& found) const {
    Workplace& w = workplace();
    w.seen.assign(file_.count() / 64 + 1, 0);
    w.ahead = starts;
    std::make_heap(w.ahead.begin(), w.ahead.end(), NearerLast{});
    for (const Near& start : starts) {
      see(w, start.entry);
      if (counts(start.entry)) found.offer(start);
    }
    std::size_t looked_at = 0;
    while (!w.ahead.empty() && w.ahead.front().similarity >= found.worst()) {
      std::pop_heap(w.ahead.begin(), w.ahead.end(), NearerLast{});
      const std::uint32_t from = w.ahead.back().entry;
      w.ahead.pop_back();
      w.entries.clear();
      for (const std::uint32_t next : file_.neighbours(from, level)) {
        if (next >= file_.count() || !see(w, next)) continue;
        prefetch(file_.vector(next));
        w.entries.push_back(next);
      }
      for (const std::uint32_t next : w.entries) {
        const Near n{similarity(next), next};
        if (n.similarity <= found.worst()) continue;
        w.ahead.push_back(n);
        std::push_heap(w.ahead.begin(), w.ahead.end(), NearerLast{});
        if (counts(next)) found.offer(n);
      }
      looked_at += w.entries.size();
      if (looked_at > most) return false;
    }
    return true;
  }

  static bool see(Workplace& w, std::uint32_t i) {
    std::uint64_t& word = w.seen[i / 64];
    const std::uint64_t bit = 1ULL << (i % 64);
    const bool first = (word & bit) == 0;
    word |= bit;
    return first;
  }

  const IndexFile& file_;
  SoughtVector sought_;
  DotFunction dot_;
};

// A bit for each entry that counts, and how many do.
std::size_t find_counting(const IndexFile& file, const Wanted& wanted, std::vector<std::uint64_t>& out) {
  out.assign(file.count() / 64 + 1, 0);
  std::size_t found = 0;
  for (std::size_t w = 0; 64 * w < file.count(); ++w) {
    const std::size_t last = std::min<std::size_t>(64, file.count() - 64 * w);
    std::uint64_t word = 0;
    for (std::size_t b = 0; b < last; ++b)
      word |= static_cast<std::uint64_t>(wanted.filter.lets(file.bits(64 * w + b))) << b;
    out[w] = word & ~wanted.gone.word(w);
    found += static_cast<std::size_t>(std::popcount(out[w]));
  }
  return found;
}

void search_filtered(const IndexFile& file, const FileSearch& search, const Wanted& wanted, std::size_t effort,
                     Nearest& into) {
  std::vector<std::uint64_t>& counting = workplace().counting;
  const std::size_t found = find_counting(file, wanted, counting);
  if (found > file.count() / kExactShare) {
    // The fewer count, the more is looked at on the way to each, and the less of that is missed.
    Nearest around(std::max({2 * into.most(), effort / 3, effort * found / file.count()}));
    const auto counts = [&](std::uint32_t i) {
      return (counting[i / 64] >> (i % 64) & 1) != 0 && wanted.filter.lets_track(file.track(i));
    };
    if (search.follow_graph(counts, found / 2, around)) {
      for (const Near& n : around.take()) into.offer(n);
      return;
    }
  }
  std::vector<std::uint32_t>& entries = workplace().entries;
  entries.clear();
  entries.reserve(found);
  for (std::size_t w = 0; w < counting.size(); ++w)
    for (std::uint64_t left = counting[w]; left != 0; left &= left - 1)
      entries.push_back(static_cast<std::uint32_t>(64 * w + static_cast<std::size_t>(std::countr_zero(left))));
  search.look_at(entries, wanted.filter, into);
}

}  // namespace

void search_file(const IndexFile& file, const SoughtVector& sought, const Wanted& wanted, std::size_t effort,
                 Nearest& into) {
  const FileSearch search(file, sought);
  if (effort == 0 || !file.graph()) return search.look_at_all(wanted, into);
  if (!wanted.filter.lets_all()) return search_filtered(file, search, wanted, effort, into);
  Nearest around(effort);
  const auto counts = [&](std::uint32_t i) { return !wanted.gone.has(i) && wanted.filter.lets_track(file.track(i)); };
  if (!search.follow_graph(counts, file.count() / 8, around)) return search.look_at_all(wanted, into);
  for (const Near& n : around.take()) into.offer(n);
}

}  // namespace tactus::library
