// A rule: which tracks of the library are meant. Smart crates are kept as rules, and a query is read into one.
//
// A tree of plain values: `all` and `any` have parts, everything else says something of one field. Nothing here touches
// the database; every function may be called on any thread.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "library/store/fields.h"

namespace tactus::library {

struct Rule {
  enum class Kind {
    all,     // each of `parts` holds; without parts: every track
    any,     // one of `parts` holds; without parts: none
    words,   // each word of `text` begins a word of the field
    phrase,  // the words of `text` stand in the field side by side, the last one whole
    is,      // the field's words are those of `text`, no more
    number,  // a number, a color: between `low` and `high`
    age,     // a date: so many seconds ago, between `low` and `high`
    date,    // a date: seconds since 1970, between `low` and `high`
    key,     // one of `keys`
    has,     // the field, or what kExtras names, is there
  };
  // What `field` says of something that isn't in the table of fields. At words, phrase and is: any of kSearched, or the
  // name of a crate that the track is in; crates alone.
  static constexpr int kAnywhere = -1, kCrate = -2;

  Kind kind = Kind::all;
  bool negated = false;
  int field = kAnywhere;  // place in kFields; at `has` past its end: place in kExtras
  std::string text{};     // as it was written
  // Of number, date and age. What is open doesn't include its end.
  double low = -std::numeric_limits<double>::infinity(), high = std::numeric_limits<double>::infinity();
  bool low_open = false, high_open = false;
  // Numbers are compared as rounded to so many places; with kExact as they are.
  int places = kExact;
  std::uint32_t keys = 0;  // bit music::Key::index()
  std::vector<Rule> parts{};

  static constexpr int kExact = 3;  // numbers are kept to thousandths
  bool operator==(const Rule&) const = default;
};

// Fields that words without a field's name are looked for in.
inline constexpr std::string_view kSearched[] = {"title", "artist", "album", "genre", "comment"};
// What a track has or lacks besides the fields: `has:cues`.
inline constexpr std::string_view kExtras[] = {"cues", "memory", "loops", "grid", "file"};
// How deep rules go into each other, and how many parts one has in all: more is refused.
constexpr int kDeepestRule = 16;
constexpr int kMostParts = 512;

// Place in kFields by name, letters in any case; -1: there is none.
int field_place(std::string_view name);
// Place for Rule::field at `has`, kExtras included; -1: there is none.
int has_place(std::string_view name);
std::string_view has_name(int place);
bool is_searched(int field);

// A rule as JSON, as crate.rule keeps it: docs/library.md describes it.
std::string rule_json(const Rule& rule);
// Nothing: `error` says why, in a sentence with the place in the rule ("all[2].bpm").
std::optional<Rule> parse_rule(std::string_view json, std::string* error);

}  // namespace tactus::library
