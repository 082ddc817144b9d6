// Text cut into words as search compares them: small letters without diacritics, split at everything that is neither a
// letter nor a digit. It is SQLite's own FTS5 tokenizer (unicode61, remove_diacritics 2); letters of their own that
// people type without (ø, ł, ß, æ …) are written in plain ones.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

struct sqlite3;
struct Fts5Tokenizer;

namespace tactus::library {

class WordCutter {
 public:
  // Of any connection, which isn't used afterwards. Throws StoreError where this SQLite has no FTS5.
  explicit WordCutter(sqlite3* db);
  WordCutter(const WordCutter&) = delete;
  WordCutter& operator=(const WordCutter&) = delete;
  ~WordCutter();

  // A word is kept to kLongestWord bytes; of a text the first kMostWords.
  std::vector<std::string> words(std::string_view text) const;
  // The same with single spaces between.
  std::string folded(std::string_view text) const;
  void append_folded(std::string_view text, std::string& out) const;

  static constexpr std::size_t kLongestWord = 64, kMostWords = 256;

 private:
  struct Tokenizer;
  Tokenizer* tokenizer_;
};

// The first `letters` letters of UTF-8, or all of it.
std::string_view first_letters(std::string_view utf8, std::size_t letters);
std::size_t letter_count(std::string_view utf8);

// Calls `f` for each word of folded text.
template <class F>
void each_word(std::string_view folded, F&& f) {
  while (!folded.empty()) {
    const std::size_t end = folded.find(' ');
    f(folded.substr(0, end));
    folded = end == std::string_view::npos ? std::string_view() : folded.substr(end + 1);
  }
}

}  // namespace tactus::library
