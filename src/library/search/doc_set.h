// A set of tracks, one bit for each id: what every part of a rule comes to. A million tracks are 125 kB, so that to
// join two sets takes microseconds, however many are in them.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace tactus::library {

// Ids in one row of postings, 0 to 65535 of it.
constexpr std::int64_t kChunk = 65536;
// Tracks with greater ids are left out: SQLite numbers them from 1 on.
constexpr std::int64_t kGreatestTrack = (std::int64_t{1} << 28) - 1;

class DocSet {
 public:
  explicit DocSet(std::size_t chunks = 0) : words_(chunks * (kChunk / 64)) {}

  std::size_t capacity() const { return words_.size() * 64; }
  bool has(std::int64_t id) const {
    const auto i = static_cast<std::size_t>(id);
    return id >= 0 && i < capacity() && (words_[i / 64] >> (i % 64) & 1) != 0;
  }
  void put(std::int64_t id) {
    const auto i = static_cast<std::size_t>(id);
    if (id >= 0 && i < capacity()) words_[i / 64] |= std::uint64_t{1} << (i % 64);
  }
  void drop(std::int64_t id) {
    const auto i = static_cast<std::size_t>(id);
    if (id >= 0 && i < capacity()) words_[i / 64] &= ~(std::uint64_t{1} << (i % 64));
  }
  void clear() { std::fill(words_.begin(), words_.end(), 0); }

  // Both sides have one capacity.
  DocSet& operator&=(const DocSet& o) {
    for (std::size_t i = 0; i < words_.size(); ++i) words_[i] &= o.words_[i];
    return *this;
  }
  DocSet& operator|=(const DocSet& o) {
    for (std::size_t i = 0; i < words_.size(); ++i) words_[i] |= o.words_[i];
    return *this;
  }
  DocSet& operator-=(const DocSet& o) {
    for (std::size_t i = 0; i < words_.size(); ++i) words_[i] &= ~o.words_[i];
    return *this;
  }

  std::size_t count() const {
    std::size_t n = 0;
    for (const std::uint64_t w : words_) n += static_cast<std::size_t>(std::popcount(w));
    return n;
  }
  bool empty() const {
    return std::all_of(words_.begin(), words_.end(), [](std::uint64_t w) { return w == 0; });
  }
  // Ascending.
  template <class F>
  void each(F&& f) const {
    for (std::size_t i = 0; i < words_.size(); ++i) {
      for (std::uint64_t w = words_[i]; w != 0; w &= w - 1)
        f(static_cast<std::int64_t>(i * 64 + static_cast<std::size_t>(std::countr_zero(w))));
    }
  }
  // 64 ids from 64 * i on.
  std::uint64_t word(std::size_t i) const { return words_[i]; }
  std::uint64_t* words() { return words_.data(); }

 private:
  std::vector<std::uint64_t> words_;
};

}  // namespace tactus::library
