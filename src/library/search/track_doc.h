// What search keeps of one track: its texts, folded, and its values as codes.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "library/search/columns.h"
#include "library/search/words.h"
#include "library/store/sql.h"

namespace tactus::library {

struct TrackDoc {
  std::int64_t id = 0;
  // The folded texts of the text fields, in the order of kFields, each ended by a line break.
  std::string text{};
  // By column, ascending; without those that are kNoCode.
  std::vector<std::pair<int, Code>> codes{};
};

// A field's part of TrackDoc::text; empty for fields that are no text.
std::string_view field_text(std::string_view text, int field);

// Reads tracks out of the database; each of the calls anew.
class TrackDocs {
 public:
  explicit TrackDocs(Database& db);
  // Nothing: there is no such track (any more).
  std::optional<TrackDoc> read(std::int64_t id);

 private:
  Database& db_;
  WordCutter cutter_;
  Statement row_;
};

// A term of the index: where it counts, and the word. Written as one string.
enum class TermKind : char {
  any = '=',     // a word in one of kSearched
  prefix = '^',  // the first one, two or three letters of one
  all = '*',     // the empty word: every track
  field = 'a'    // and on, by its place in kFields: a word of that field
};
static_assert('a' + kFieldCount < 128);
std::string term_of(TermKind kind, int field, std::string_view word);
// The terms of TrackDoc::text, ascending, each once.
std::vector<std::string> terms_of(std::string_view text);
constexpr std::size_t kPrefixLetters = 3;

}  // namespace tactus::library
