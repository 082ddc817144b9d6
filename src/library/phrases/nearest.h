// Searching an index file, and the few nearest that a search keeps.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "library/phrases/entry_bits.h"
#include "library/phrases/index_file.h"

namespace tactus::library {

struct Near {
  float similarity = 0;
  std::uint32_t entry = 0;
};
struct NearerLast {
  bool operator()(const Near& a, const Near& b) const { return a.similarity < b.similarity; }
};
struct NearerFirst {
  bool operator()(const Near& a, const Near& b) const { return a.similarity > b.similarity; }
};

// The best `most` of all that are offered.
class Nearest {
 public:
  explicit Nearest(std::size_t most) : most_(most) {}
  std::size_t most() const { return most_; }
  bool full() const { return kept_.size() >= most_; }
  // What one must exceed to be kept.
  float worst() const { return full() ? kept_.front().similarity : -std::numeric_limits<float>::infinity(); }
  void offer(Near n) {
    if (most_ == 0 || n.similarity <= worst()) return;
    if (full()) {
      std::pop_heap(kept_.begin(), kept_.end(), NearerFirst{});
      kept_.pop_back();
    }
    kept_.push_back(n);
    std::push_heap(kept_.begin(), kept_.end(), NearerFirst{});
  }
  // The nearest first; then it is empty.
  std::vector<Near> take() {
    std::sort_heap(kept_.begin(), kept_.end(), NearerFirst{});
    return std::move(kept_);
  }

 private:
  std::size_t most_;
  std::vector<Near> kept_;  // a heap, the farthest on top
};

struct SoughtVector {
  const std::int8_t* numbers = nullptr;  // `stride` of them
  float inverse_length = 0;
};

// A bit for each entry of a file, set from outside while searches look at it.
class EntrySet;

// Which of a file's entries count: those that the filter lets through and that aren't gone.
struct Wanted {
  const ReadyFilter& filter;
  const EntrySet& gone;
};

// Exactly where `effort` is 0; else by whichever way is quicker. By the graph it looks around at that many entries, at
// least; with a filter at a share of them that goes by how much it lets through, at least a third. Where few count, or
// the graph leads to too few of them, all that count are looked at.
void search_file(const IndexFile& file, const SoughtVector& sought, const Wanted& wanted, std::size_t effort,
                 Nearest& into);

}  // namespace tactus::library
