#include "schedule/address.h"

#include <algorithm>
#include <vector>

#include "schedule/tokens.h"

namespace tactus::schedule {
namespace {

// Takes the part up to the next slash off `rest`, which begins with a slash.
std::string_view next_part(std::string_view& rest) {
  rest.remove_prefix(1);
  const std::size_t end = std::min(rest.find('/'), rest.size());
  const std::string_view part = rest.substr(0, end);
  rest.remove_prefix(end);
  return part;
}

// 1 to `max` without leading zeros, as 0 to max - 1; -1 otherwise.
int number_from_1(std::string_view text, int max) {
  if (text.empty() || text.size() > 3 || text[0] == '0') return -1;
  int n = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return -1;
    n = n * 10 + (c - '0');
  }
  return n <= max ? n - 1 : -1;
}

// Matches one part of an address against one part of a pattern, and notes what a letter stood for.
bool match(std::string_view pattern, std::string_view part, const IntentRow& row, Intent& intent) {
  const auto take = [&](int value, int& into) {
    if (value >= 0) into = value;
    return value >= 0;
  };
  if (pattern == "N") return take(number_from_1(part, kDecks), intent.deck);
  if (pattern == "K") return take(number_from_1(part, row.k_max), intent.index);
  if (pattern == "UNIT") return take(number_from_1(part, kFxUnits), intent.unit);
  if (pattern == "SLOT") return take(number_from_1(part, kFxSlots), intent.slot);
  if (pattern == "STEM") {
    const auto* stem = std::find(std::begin(kStems), std::end(kStems), part);
    return stem != std::end(kStems) && take(static_cast<int>(stem - std::begin(kStems)), intent.index);
  }
  if (pattern == "PARAM") {
    if (!is_param_name(part)) return false;
    intent.name = part;
    return true;
  }
  return pattern == part;
}

// What could have stood where the address went wrong.
struct Expected {
  std::vector<std::string_view> words;  // literal ones, for suggestions
  std::vector<std::string> phrases;     // all, for the message
  void add(std::string_view pattern, const IntentRow& row) {
    std::string phrase(pattern);
    if (pattern == "N")
      phrase = "a deck, 1 to " + std::to_string(kDecks);
    else if (pattern == "K")
      phrase = "1 to " + std::to_string(row.k_max);
    else if (pattern == "UNIT")
      phrase = "an effect unit, 1 to " + std::to_string(kFxUnits);
    else if (pattern == "SLOT")
      phrase = "an effect slot, 1 to " + std::to_string(kFxSlots);
    else if (pattern == "PARAM")
      phrase = "a parameter of the effect";
    else if (pattern == "STEM") {
      for (const std::string_view stem : kStems) add(stem, row);
      return;
    } else if (std::find(words.begin(), words.end(), pattern) == words.end()) {
      words.push_back(pattern);
    }
    if (std::find(phrases.begin(), phrases.end(), phrase) == phrases.end()) phrases.push_back(std::move(phrase));
  }
  std::string text() const {
    std::string out;
    for (std::size_t i = 0; i < phrases.size(); ++i) {
      out += (i == 0 ? "" : i + 1 == phrases.size() ? " or " : ", ") + phrases[i];
    }
    return out;
  }
};

// How many parts of `address` the pattern of `row` takes; `intent` is filled as far as that. `whole`: all of both.
std::size_t matched_parts(std::string_view address, const IntentRow& row, Intent& intent, bool& whole) {
  std::string_view pattern = row.pattern;
  std::size_t n = 0;
  while (!address.empty() && !pattern.empty()) {
    if (!match(next_part(pattern), next_part(address), row, intent)) return whole = false, n;
    ++n;
  }
  whole = address.empty() && pattern.empty();
  return n;
}

std::string_view part_number(std::string_view path, std::size_t n) {
  std::string_view part;
  for (std::size_t i = 0; i <= n; ++i) {
    if (path.empty()) return {};
    part = next_part(path);
  }
  return part;
}

}  // namespace

bool resolve_address(std::string_view address, std::size_t column, Intent& intent, ParseError& error) {
  if (!address.starts_with('/')) {
    error = {column, address.size(), std::string(address), "an address begins with /", {}};
    return false;
  }
  std::size_t farthest = 0;
  for (const IntentRow& row : intent_table()) {
    Intent candidate;
    bool whole = false;
    farthest = std::max(farthest, matched_parts(address, row, candidate, whole));
    if (!whole) continue;
    intent = std::move(candidate);
    intent.row = &row;
    return true;
  }
  Expected expected;
  for (const IntentRow& row : intent_table()) {
    Intent ignored;
    bool whole = false;
    const std::string_view part = part_number(row.pattern, farthest);
    if (matched_parts(address, row, ignored, whole) == farthest && !part.empty()) expected.add(part, row);
  }
  const std::string_view wrong = part_number(address, farthest);
  error.column = column + (wrong.data() ? static_cast<std::size_t>(wrong.data() - address.data()) : address.size());
  error.length = wrong.size();
  error.word = wrong;
  error.message = expected.phrases.empty() ? "nothing more belongs to this address" : "expected " + expected.text();
  error.suggestion = nearest(wrong, expected.words);
  return false;
}

}  // namespace tactus::schedule
