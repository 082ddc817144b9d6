// What people type into the search field, read into a rule and back. Any thread; nothing here touches the database.
//
//   deep house           words: each begins a word of title, artist, album, genre, comment or of a crate's name
//   "exact phrase"       words side by side
//   -live -genre:house   not that
//   bpm:120-128 bpm:>120 rating:>=4 year:1998-2003 color:#ff0000 length:<6:30 energy:>6,1
//   key:8A  key:Am,9A  key:8A~          ~: all that go with it (a step on the wheel at most)
//   added:<30d played:>6m added:2024 added:2024-05-01..2024-06-15
//   genre:house artist:"daft punk" title:="One" crate:"Warm up"      =: nothing but these words
//   has:cues missing:key
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "library/search/rule.h"

namespace tactus::library {

// Where in the text, in bytes, and what about it.
struct QueryRemark {
  std::size_t at = 0, length = 0;
  std::string what;
};

struct Query {
  Rule rule;  // of Kind::all, without what is in `errors` and `ignored`
  std::vector<QueryRemark> errors;
  std::vector<QueryRemark> ignored;  // half-typed, only with Typing::yes
};

enum class Typing {
  no,   // the text is finished
  yes,  // a filter at its end may be half-typed: it is left out, and said in `ignored`, but never an error
};

Query parse_query(std::string_view text, Typing typing);

// The query that means this rule. Nothing: it has parts that a query can't say (an `any` of more than one field, an
// `all` within it, a `not` of either).
std::optional<std::string> query_text(const Rule& rule);

// "120-128" and so on of the filter with this field's name; what parse_query() uses for each of a filter's values.
std::optional<Rule> parse_value(int field, std::string_view value, std::string* error);
std::string value_text(const Rule& rule);

}  // namespace tactus::library
