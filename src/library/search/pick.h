// One pass over a column of codes, 64 at a time, written so that the compiler takes several in one instruction.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <vector>

#include "library/search/columns.h"
#include "library/search/doc_set.h"

namespace tactus::library {

// Bit k: wanted(codes[k]), which says 0 or 1 without branching.
template <class F>
std::uint64_t pick_64(const Code* codes, F&& wanted) {
  std::uint8_t hit[64];
  for (std::size_t k = 0; k < 64; ++k) hit[k] = static_cast<std::uint8_t>(wanted(codes[k]));
  std::uint64_t bits = 0;
  for (std::size_t k = 0; k < 64; k += 8) {
    // Gathers the low bits of eight bytes in the highest one.
    std::uint64_t eight = 0;
    std::memcpy(&eight, hit + k, 8);
    bits |= (eight * 0x0102040810204080ULL >> 56) << k;
  }
  return bits;
}

// Those of the set whose code is wanted: where few of 64 are in it, only these are looked at.
template <class F>
DocSet pick_within(const DocSet& within, const std::vector<Code>& codes, F&& wanted) {
  DocSet set(codes.size() / static_cast<std::size_t>(kChunk));
  std::uint64_t* out = set.words();
  for (std::size_t i = 0; i < codes.size(); i += 64, ++out) {
    const std::uint64_t word = within.word(i / 64);
    if (word == 0) continue;
    if (std::popcount(word) > 8) {
      *out = word & pick_64(codes.data() + i, wanted);
      continue;
    }
    for (std::uint64_t w = word; w != 0; w &= w - 1) {
      const auto k = static_cast<std::size_t>(std::countr_zero(w));
      *out |= std::uint64_t{wanted(codes[i + k]) ? 1U : 0U} << k;
    }
  }
  return set;
}

template <class F>
DocSet pick(const std::vector<Code>& codes, F&& wanted) {
  DocSet set(codes.size() / static_cast<std::size_t>(kChunk));
  std::uint64_t* word = set.words();
  for (std::size_t i = 0; i < codes.size(); i += 64) *word++ = pick_64(codes.data() + i, wanted);
  return set;
}

}  // namespace tactus::library
