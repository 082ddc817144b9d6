#include "library/search/query.h"

#include <algorithm>

namespace tactus::library {

namespace {

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

std::size_t letters_in(std::string_view utf8) {
  return static_cast<std::size_t>(std::count_if(utf8.begin(), utf8.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

// One value of a filter, or a word, with what stood before it.
struct Piece {
  std::string text{};   // without quotes and backslashes
  bool quoted = false;  // all of it
  bool closed = true;   // the quote is
  bool whole = false;   // "=" stood before it
};

class QueryParser {
 public:
  QueryParser(std::string_view text, Typing typing) : text_(text), typing_(typing) {}

  Query parse() {
    while (skip_blanks(), at_ < text_.size()) token();
    return std::move(query_);
  }

 private:
  void skip_blanks() {
    while (at_ < text_.size() && is_blank(text_[at_])) ++at_;
  }
  char here() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  // The last one, still being typed.
  bool half_typed() const { return typing_ == Typing::yes && at_ >= text_.size(); }
  void refuse(std::size_t from, std::string what) {
    auto& list = half_typed() ? query_.ignored : query_.errors;
    list.push_back({from, at_ - from, std::move(what)});
  }
  void add(Rule rule) {
    if (count_ + 1 + rule.parts.size() > kMostParts) {
      if (!too_many_) refuse(at_, "these are too many words; the rest is left out");
      too_many_ = true;
      return;
    }
    count_ += 1 + rule.parts.size();
    query_.rule.parts.push_back(std::move(rule));
  }

  Piece quoted_piece() {
    Piece piece{.quoted = true, .closed = false};
    for (++at_; at_ < text_.size(); ++at_) {
      if (text_[at_] == '"') {
        ++at_;
        piece.closed = true;
        break;
      }
      if (text_[at_] == '\\' && at_ + 1 < text_.size()) ++at_;
      piece.text += text_[at_];
    }
    return piece;
  }
  Piece bare_piece(bool in_list) {
    Piece piece;
    for (; at_ < text_.size() && !is_blank(text_[at_]) && text_[at_] != '"'; ++at_) {
      if (in_list && text_[at_] == ',') break;
      if (text_[at_] == '\\' && at_ + 1 < text_.size()) ++at_;
      piece.text += text_[at_];
    }
    return piece;
  }

  void token() {
    const std::size_t from = at_;
    const bool negated = here() == '-' && at_ + 1 < text_.size() && !is_blank(text_[at_ + 1]);
    if (negated) ++at_;
    std::size_t colon = at_;
    while (colon < text_.size() && is_letter(text_[colon])) ++colon;
    if (colon > at_ && colon < text_.size() && text_[colon] == ':') {
      const std::string name(text_.substr(at_, colon - at_));
      at_ = colon + 1;
      return filter(from, name, negated);
    }
    Rule rule{.negated = negated};
    const Piece piece = here() == '"' ? quoted_piece() : bare_piece(false);
    if (!text_rule(piece, from, rule)) return;
    // "-li" would take away nearly everything on its way to "-live".
    if (negated && half_typed() && letters_in(piece.text) < 3) return refuse(from, "what is not wanted is being typed");
    add(std::move(rule));
  }

  bool text_rule(const Piece& piece, std::size_t from, Rule& rule) {
    rule.text = piece.text;
    rule.kind = piece.whole ? Rule::Kind::is : piece.quoted && piece.closed ? Rule::Kind::phrase : Rule::Kind::words;
    if (piece.closed) return true;
    if (half_typed() && !piece.whole) return true;  // as words until its end is there
    refuse(from, "the quote isn't closed");
    return false;
  }

  void filter(std::size_t from, const std::string& name, bool negated) {
    std::string error;
    Rule list{.kind = Rule::Kind::any};
    do {
      const std::size_t value_at = at_;
      Piece piece;
      const bool equals = here() == '=';
      if (equals) ++at_;
      piece = here() == '"' ? quoted_piece() : bare_piece(true);
      piece.whole = equals;
      Rule part;
      if (error.empty() && filter_value(name, piece, value_at, part, &error)) list.parts.push_back(std::move(part));
    } while (here() == ',' && ++at_);
    if (!error.empty()) return refuse(from, error);
    join_keys(list.parts);
    Rule rule = list.parts.size() == 1 ? std::move(list.parts[0]) : std::move(list);
    rule.negated = rule.negated != negated;
    add(std::move(rule));
  }

  // False: `error` says why.
  bool filter_value(const std::string& name, const Piece& piece, std::size_t from, Rule& rule, std::string* error) {
    const auto bad = [&](const std::string& what) {
      *error = what;
      return false;
    };
    const int has = name == "has" || name == "missing" ? has_place(piece.text) : -1;
    const bool crate = name == "crate";
    rule.field = crate ? Rule::kCrate : field_place(name);
    if (name == "has" || name == "missing") {
      if (has < 0) return bad(name + ": what? A field's name, or cues, memory, loops, grid, file");
      rule = Rule{.kind = Rule::Kind::has, .negated = name == "missing", .field = has};
      return true;
    }
    if (rule.field == -1)
      return bad("there is no field called " + name + "; for the text itself write \\: or quote it");
    if (piece.text.empty()) return bad(name + ": what? A value is missing");
    if (!crate && kFields[static_cast<std::size_t>(rule.field)].kind != FieldKind::text) {
      std::string why;
      const auto value = parse_value(rule.field, piece.text, &why);
      if (!value || piece.whole) return bad(name + ": " + (value ? "= is for text; a number goes without it" : why));
      rule = *value;
      return true;
    }
    if (!piece.closed && !half_typed()) return bad(name + ": the quote isn't closed");
    if (half_typed() && !piece.quoted && letters_in(piece.text) < 3)
      return bad(name + ": a third letter is waited for");
    return text_rule(piece, from, rule);
  }

  // "key:8A,9A" is one set of keys.
  static void join_keys(std::vector<Rule>& parts) {
    if (parts.empty() || parts[0].kind != Rule::Kind::key) return;
    for (const Rule& part : parts) parts[0].keys |= part.keys;
    parts.resize(1);
  }

  std::string_view text_;
  Typing typing_;
  std::size_t at_ = 0, count_ = 0;
  bool too_many_ = false;
  Query query_;
};

// With a backslash before what would be read as something else.
std::string bare_text(const std::string& text, bool in_list) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool first = i == 0 && (c == '-' || c == '=');
    if (first || c == '"' || c == '\\' || c == ':' || is_blank(c) || (in_list && c == ',')) out += '\\';
    out += c;
  }
  return out;
}

std::string quoted_text(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

bool is_text(Rule::Kind kind) {
  return kind == Rule::Kind::words || kind == Rule::Kind::phrase || kind == Rule::Kind::is;
}

// What stands behind the colon, or alone. Nothing: it takes two filters, or can't be said.
std::optional<std::string> leaf_text(const Rule& rule) {
  const bool anywhere = rule.field == Rule::kAnywhere;
  if (is_text(rule.kind)) {
    if (rule.kind == Rule::Kind::words && rule.text.empty()) return std::nullopt;
    if (rule.kind == Rule::Kind::is) return anywhere ? std::nullopt : std::optional("=" + quoted_text(rule.text));
    if (rule.kind == Rule::Kind::phrase)
      return rule.text.empty() && !anywhere ? std::nullopt : std::optional(quoted_text(rule.text));
    return bare_text(rule.text, !anywhere);
  }
  if (rule.kind == Rule::Kind::has) return std::string(has_name(rule.field));
  if (rule.kind == Rule::Kind::key) return rule.keys == 0 ? std::nullopt : std::optional(value_text(rule));
  const bool both =
      rule.low > -std::numeric_limits<double>::infinity() && rule.high < std::numeric_limits<double>::infinity();
  if (both && rule.kind == Rule::Kind::number && (rule.low_open || rule.high_open)) return std::nullopt;
  if (both && rule.kind == Rule::Kind::age) return std::nullopt;
  return value_text(rule);
}

std::string name_of(const Rule& rule) {
  if (rule.field == Rule::kAnywhere) return "";
  if (rule.field == Rule::kCrate) return "crate:";
  return rule.kind == Rule::Kind::has ? (rule.negated ? "missing:" : "has:")
                                      : std::string(kFields[static_cast<std::size_t>(rule.field)].name) + ":";
}

std::optional<std::string> part_text(const Rule& rule) {
  const bool minus = rule.negated && rule.kind != Rule::Kind::has;
  if (rule.kind == Rule::Kind::all) return std::nullopt;
  if (rule.kind != Rule::Kind::any) {
    const auto leaf = leaf_text(rule);
    if (!leaf) return std::nullopt;
    return (minus ? "-" : "") + name_of(rule) + *leaf;
  }
  std::string out;
  for (const Rule& part : rule.parts) {
    const bool same = part.field == rule.parts[0].field && name_of(part) == name_of(rule.parts[0]);
    if (!same || part.field == Rule::kAnywhere || part.kind == Rule::Kind::any || part.kind == Rule::Kind::all ||
        (part.negated && part.kind != Rule::Kind::has))
      return std::nullopt;
    const auto leaf = leaf_text(part);
    if (!leaf) return std::nullopt;
    out += (out.empty() ? name_of(part) : ",") + *leaf;
  }
  if (out.empty()) return std::nullopt;
  return (minus ? "-" : "") + out;
}

}  // namespace

Query parse_query(std::string_view text, Typing typing) { return QueryParser(text, typing).parse(); }

std::optional<std::string> query_text(const Rule& rule) {
  std::string out;
  const bool list = rule.kind == Rule::Kind::all && !rule.negated;
  const std::vector<Rule> alone{list ? Rule{} : rule};
  for (const Rule& part : list ? rule.parts : alone) {
    const auto text = part_text(part);
    if (!text) return std::nullopt;
    if (!out.empty()) out += ' ';
    out += *text;
  }
  return out;
}

}  // namespace tactus::library
