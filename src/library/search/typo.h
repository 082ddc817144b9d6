// Which words of the library a mistyped one may have been meant as. One thread at a time.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tactus::library {

// The fewest letters of a word that typos are looked for in, and the fewest for two of them.
constexpr std::size_t kTypoLetters = 4, kTwoTypoLetters = 8;

// Edits (a letter more, less, another, or two swapped: optimal string alignment) between `typed` and the beginning of
// `word` that is nearest to it; bytes, at most kLongestTyped of either; more than `most` is most + 1.
int typing_distance(std::string_view typed, std::string_view word, int most);
constexpr std::size_t kLongestTyped = 32;

class Vocabulary {
 public:
  // Words, each ended by a line break.
  void add(std::string_view words);
  // Up to `most` words that begin like `typed` but for one or two edits, the nearest first. Not those that begin with
  // it, and not where both of its first letters are wrong.
  std::vector<std::string> meant(std::string_view typed, std::size_t most) const;

 private:
  std::string words_;
  std::vector<std::uint32_t> letters_;    // of each word: which of its bytes, modulo 32, are there
  std::vector<std::uint32_t> starts_{0};  // and one more: the end
};

}  // namespace tactus::library
