// Rules told track by track, in the plainest way and from the tables alone: what search is held against.
#pragma once

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "library/search/rule.h"
#include "library/search/words.h"
#include "library/store/sql.h"

namespace tactus::library::test_search {

class Naive {
 public:
  Naive(Database& db, std::int64_t now) : db_(db), cutter_(db.handle()), now_(now) {}

  std::vector<std::int64_t> ids() {
    std::vector<std::int64_t> out;
    db_.statement("SELECT id FROM track ORDER BY id").bind().each([&](Statement& r) { out.push_back(r.integer(0)); });
    return out;
  }
  std::vector<std::int64_t> matching(const Rule& rule) {
    std::vector<std::int64_t> out;
    for (const std::int64_t id : ids())
      if (holds(rule, id)) out.push_back(id);
    return out;
  }

  bool holds(const Rule& rule, std::int64_t id) { return plain(rule, id) != rule.negated; }

  std::optional<double> number(int field, std::int64_t id) {
    Statement& s = db_.statement(select(field)).bind(id);
    s.step();
    const auto out = s.number_or_null(0);
    s.reset();
    return out;
  }
  std::string text(int field, std::int64_t id) { return db_.text(select(field), id).value_or(""); }
  std::string folded(int field, std::int64_t id) { return cutter_.folded(text(field, id)); }

 private:
  static std::string select(int field) {
    return "SELECT " + std::string(kFields[static_cast<std::size_t>(field)].column) + " FROM track WHERE id = ?1";
  }

  bool plain(const Rule& rule, std::int64_t id) {
    const auto part = [&](const Rule& p) { return holds(p, id); };
    switch (rule.kind) {
      case Rule::Kind::all:
        return std::all_of(rule.parts.begin(), rule.parts.end(), part);
      case Rule::Kind::any:
        return std::any_of(rule.parts.begin(), rule.parts.end(), part);
      case Rule::Kind::words:
      case Rule::Kind::phrase:
      case Rule::Kind::is:
        return text_holds(rule, id);
      case Rule::Kind::has:
        return has(rule.field, id);
      case Rule::Kind::key: {
        const auto key = number(rule.field, id);
        return key && (rule.keys >> static_cast<int>(*key) & 1) != 0;
      }
      default:
        return between(rule, number(rule.field, id));
    }
  }

  bool between(const Rule& rule, std::optional<double> value) {
    if (rule.kind == Rule::Kind::age) {
      if (!value) return std::isinf(rule.high) && !std::isinf(rule.low);
      value = static_cast<double>(now_) - *value;
    }
    if (!value) return false;
    double v = *value;
    if (rule.kind == Rule::Kind::number) {
      const double unit = std::pow(10, rule.places);
      v = std::floor(std::round(v * 1000) / 1000 * unit + 0.5 + 1e-7) / unit;
    }
    constexpr double kNearly = 1e-6;
    const bool above = rule.low_open ? v > rule.low + kNearly : v >= rule.low - kNearly;
    const bool below = rule.high_open ? v < rule.high - kNearly : v <= rule.high + kNearly;
    return above && below;
  }

  bool has(int place, std::int64_t id) {
    const std::string name(has_name(place));
    const auto exists = [&](const std::string& sql) {
      return db_.integer("SELECT EXISTS(SELECT 1 FROM " + sql + ")", id) == 1;
    };
    if (name == "cues") return exists("mark WHERE track = ?1 AND kind = 0");
    if (name == "memory") return exists("mark WHERE track = ?1 AND kind = 1");
    if (name == "loops") return exists("mark WHERE track = ?1 AND kind = 2");
    if (name == "grid") return exists("grid WHERE track = ?1");
    if (name == "file") return exists("file WHERE track = ?1 AND missing_since IS NULL");
    const FieldKind kind = kFields[static_cast<std::size_t>(place)].kind;
    if (kind == FieldKind::text) return !folded(place, id).empty();
    const auto value = number(place, id);
    return value && ((name != "rating" && name != "plays" && kind != FieldKind::flag) || *value > 0);
  }

  std::vector<std::string> words_of(const std::string& folded) {
    std::vector<std::string> out;
    each_word(folded, [&](std::string_view w) { out.emplace_back(w); });
    return out;
  }

  // In one text, of words in a row.
  bool in_text(const Rule& rule, const std::vector<std::string>& text, const std::vector<std::string>& wanted) {
    if (rule.kind == Rule::Kind::is) return text == wanted;
    return std::search(text.begin(), text.end(), wanted.begin(), wanted.end()) != text.end();
  }

  bool text_holds(const Rule& rule, std::int64_t id) {
    const std::vector<std::string> wanted = cutter_.words(rule.text);
    if (rule.field == Rule::kCrate)
      return wanted.empty() && rule.kind != Rule::Kind::is ? false : in_crates(rule, wanted, id);
    // Without a word it says nothing, whichever way round.
    if (wanted.empty() && rule.kind != Rule::Kind::is) return !rule.negated;
    std::vector<int> fields{rule.field};
    if (rule.field == Rule::kAnywhere) {
      fields.clear();
      for (const std::string_view name : kSearched) fields.push_back(field_place(name));
    }
    if (rule.kind != Rule::Kind::words) {
      return std::any_of(fields.begin(), fields.end(),
                         [&](int f) { return in_text(rule, words_of(folded(f, id)), wanted); });
    }
    return std::all_of(wanted.begin(), wanted.end(), [&](const std::string& word) {
      const bool begins = rule.field == Rule::kAnywhere || letter_count(word) >= 3;
      for (const int f : fields) {
        for (const std::string& one : words_of(folded(f, id)))
          if (one == word || (begins && one.starts_with(word))) return true;
      }
      Rule crate = rule;
      crate.text = word;
      return rule.field == Rule::kAnywhere && letter_count(word) >= 3 && in_crates(crate, {word}, id, 1);
    });
  }

  // Of lists; with `only` no others are asked.
  bool in_crates(const Rule& rule, const std::vector<std::string>& wanted, std::int64_t id, int = 0) {
    bool found = false;
    Statement lists(db_,
                    "SELECT DISTINCT c.id, c.name, c.parent FROM crate c JOIN crate_track t ON t.crate = c.id "
                    "WHERE t.track = ?1 AND c.kind = 1");
    lists.bind(id).each([&](Statement& row) {
      found = found || named(rule, wanted, row.text(1));
      // Folders hold what their crates hold.
      if (rule.field != Rule::kCrate || row.null(2)) return;
      const auto parent = db_.text("SELECT name FROM crate WHERE id = ?1", row.integer(2));
      found = found || named(rule, wanted, *parent);
    });
    return found;
  }
  bool named(const Rule& rule, const std::vector<std::string>& wanted, const std::string& name) {
    const std::vector<std::string> words = cutter_.words(name);
    if (rule.kind != Rule::Kind::words) return in_text(rule, words, wanted);
    return std::all_of(wanted.begin(), wanted.end(), [&](const std::string& w) {
      return std::any_of(words.begin(), words.end(), [&](const std::string& one) {
        return one == w || (letter_count(w) >= 3 && one.starts_with(w));
      });
    });
  }

  Database& db_;
  WordCutter cutter_;
  std::int64_t now_;
};

}  // namespace tactus::library::test_search
