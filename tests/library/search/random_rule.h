// Rules made by chance, of every kind, whose words and numbers are those of generated libraries.
#pragma once

#include <random>
#include <string>

#include "library/search/query.h"

namespace tactus::library::test_search {

class RandomRules {
 public:
  explicit RandomRules(unsigned seed) : random_(seed) {}

  // `depth`: how far rules go into each other; 0: no `all` and `any`.
  Rule rule(int depth) {
    Rule out = depth > 0 && below(3) != 0 ? list(depth) : leaf();
    out.negated = below(4) == 0;
    return out;
  }
  // One filter or word, as query_text() can say it.
  Rule leaf() {
    switch (below(6)) {
      case 0:
        return text();
      case 1:
        return Rule{.kind = Rule::Kind::has, .field = static_cast<int>(below(kFields.size() + std::size(kExtras)))};
      case 2: {
        Rule keys{.kind = Rule::Kind::key, .field = field_place("key")};
        keys.keys = 1 + static_cast<std::uint32_t>(below((1U << 24) - 1));
        return keys;
      }
      case 3:
        return below(2) == 0 ? age() : date();
      default:
        return number();
    }
  }
  std::size_t below(std::size_t n) { return random_() % n; }

 private:
  Rule list(int depth) {
    Rule out{.kind = below(2) == 0 ? Rule::Kind::all : Rule::Kind::any};
    for (std::size_t i = 0, n = below(4); i < n; ++i) out.parts.push_back(rule(depth - 1));
    return out;
  }
  Rule text() {
    static constexpr const char* kWords[] = {"love",       "the",      "Night",        "house",  "dj",    "m",
                                             "deep house", "feel the", "Über",         "kobenh", "(Dub)", "&",
                                             "re-",        "ko",       "original mix", "ночь"};
    static constexpr const char* kTexts[] = {"title", "artist", "album", "genre", "comment", "label", "codec"};
    Rule out{.kind = static_cast<Rule::Kind>(static_cast<int>(Rule::Kind::words) + static_cast<int>(below(3)))};
    out.text = kWords[below(std::size(kWords))];
    if (below(2) == 0 || out.kind == Rule::Kind::is) out.field = field_place(kTexts[below(std::size(kTexts))]);
    if (below(8) == 0) out.field = Rule::kCrate;
    return out;
  }
  void bounds(Rule& out, double low, double high) {
    const std::size_t which = below(4);
    if (which != 0) out.low = low;
    if (which != 1) out.high = which == 3 ? low : high;
    if (which == 0) out.high_open = below(2) == 0;
    if (which == 1) out.low_open = below(2) == 0;
  }
  Rule number() {
    struct Range {
      const char* field;
      int low, high;
    };
    static constexpr Range kRanges[] = {{"bpm", 80, 180}, {"year", 1960, 2026}, {"energy", 1, 10},    {"rating", 0, 5},
                                        {"plays", 0, 40}, {"gain", -9, 3},      {"length", 150, 450}, {"vocals", 0, 1}};
    const Range range = kRanges[below(std::size(kRanges))];
    Rule out{.kind = Rule::Kind::number, .field = field_place(range.field), .places = static_cast<int>(below(4))};
    const int unit = out.places == 0 ? 1 : out.places == 1 ? 10 : out.places == 2 ? 100 : 1000;
    const auto some = [&] {
      return static_cast<double>(range.low * unit + static_cast<int>(below(static_cast<std::size_t>(
                                                        (range.high - range.low) * unit + 1)))) /
             unit;
    };
    const double one = some(), other = some();
    bounds(out, std::min(one, other), std::max(one, other));
    return out;
  }
  Rule age() {
    Rule out{.kind = Rule::Kind::age, .field = field_place(below(2) == 0 ? "added" : "played")};
    const double seconds = 86400.0 * static_cast<double>(1 + below(900));
    const bool older = below(2) == 0;
    (older ? out.low : out.high) = seconds;
    (older ? out.low_open : out.high_open) = below(4) != 0;
    return out;
  }
  Rule date() {
    constexpr double kDays = 86400;
    Rule out{.kind = Rule::Kind::date, .field = field_place(below(2) == 0 ? "added" : "played")};
    const auto day = static_cast<double>(18000 + below(2400));
    const std::size_t which = below(3);
    if (which != 0) out.low = day * kDays;
    if (which != 1) out.high = (day + 1 + static_cast<double>(below(400))) * kDays;
    out.high_open = which != 1;
    return out;
  }

  std::mt19937 random_;
};

}  // namespace tactus::library::test_search
