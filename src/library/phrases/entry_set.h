// A set of entries by their number: one thread at a time adds to it, any number look at the same time.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace tactus::library {

class EntrySet {
 public:
  explicit EntrySet(std::size_t entries) : words_(std::make_unique<std::atomic<std::uint64_t>[]>(entries / 64 + 1)) {}
  bool has(std::size_t i) const { return (word(i / 64) >> (i % 64) & 1) != 0; }
  // Of 64 entries from 64 * `w` on. An entry that is being added may be there or not.
  std::uint64_t word(std::size_t w) const { return words_[w].load(std::memory_order_relaxed); }
  // False: it was there.
  bool add(std::size_t i) {
    const std::uint64_t bit = 1ULL << (i % 64);
    return (words_[i / 64].fetch_or(bit, std::memory_order_relaxed) & bit) == 0;
  }

 private:
  std::unique_ptr<std::atomic<std::uint64_t>[]> words_;
};

}  // namespace tactus::library
