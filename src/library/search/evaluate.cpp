#include "library/search/evaluate.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "library/search/pick.h"

namespace tactus::library {

namespace {

constexpr double kUnbounded = std::numeric_limits<double>::infinity();

Code clamped(double code) {
  return static_cast<Code>(std::clamp<double>(code, double{kNoCode} + 1, double{std::numeric_limits<Code>::max()}));
}

// Of numbers rounded, half up, to multiples of `unit`.
CodeRange rounded_range(const Rule& rule, double scale, double unit) {
  CodeRange out;
  const double half = std::floor(unit / 2);
  if (rule.low > -kUnbounded) {
    const double low = std::round(rule.low * scale) / unit;
    out.low = clamped((rule.low_open ? std::floor(low) + 1 : std::ceil(low)) * unit - half);
  }
  if (rule.high < kUnbounded) {
    const double high = std::round(rule.high * scale) / unit;
    out.high = clamped((rule.high_open ? std::ceil(high) : std::floor(high) + 1) * unit - half - 1);
  }
  return out;
}

bool looks_into_texts(const Rule& rule) {
  if (rule.kind == Rule::Kind::phrase) return true;
  return std::any_of(rule.parts.begin(), rule.parts.end(), looks_into_texts);
}

}  // namespace

CodeRange code_range(const Rule& rule, std::int64_t now) {
  const FieldKind kind = kFields[static_cast<std::size_t>(rule.field)].kind;
  if (rule.kind == Rule::Kind::number)
    return kind == FieldKind::color ? rounded_range(rule, 1, 1)
                                    : rounded_range(rule, 1000, std::pow(10, Rule::kExact - rule.places));
  Rule seconds = rule;
  if (rule.kind == Rule::Kind::age) {
    seconds.low = static_cast<double>(now) - rule.high;
    seconds.high = static_cast<double>(now) - rule.low;
    std::swap(seconds.low_open, seconds.high_open);
  }
  if (seconds.low > -kUnbounded) seconds.low -= static_cast<double>(kDateZero);
  if (seconds.high < kUnbounded) seconds.high -= static_cast<double>(kDateZero);
  CodeRange out = rounded_range(seconds, 1, 1);
  out.none_too = rule.kind == Rule::Kind::age && rule.high == kUnbounded && rule.low > -kUnbounded;
  return out;
}

DocSet Evaluator::evaluate(const Rule& rule, const DocSet& within) {
  if (!rule.negated) return plain(rule, within);
  DocSet out = within;
  out -= plain(rule, within);
  return out;
}

DocSet Evaluator::plain(const Rule& rule, const DocSet& within) {
  DocSet out = within;
  switch (rule.kind) {
    case Rule::Kind::all:
      // What must be read track by track comes last, when few are left.
      for (const bool costly : {false, true}) {
        for (const Rule& part : rule.parts)
          if (looks_into_texts(part) == costly) out = evaluate(part, out);
      }
      return out;
    case Rule::Kind::any:
      out.clear();
      for (const Rule& part : rule.parts) out |= evaluate(part, within);
      return out;
    case Rule::Kind::words:
      return words(rule, within);
    case Rule::Kind::phrase:
      return phrase(rule, within);
    case Rule::Kind::is:
      out &= exactly(rule);
      return out;
    case Rule::Kind::has:
      out &= having(rule.field);
      return out;
    case Rule::Kind::number:
    case Rule::Kind::age:
    case Rule::Kind::date:
    case Rule::Kind::key:
      out &= *values(rule);
      return out;
  }
  return out;
}

SharedSet Evaluator::values(const Rule& rule) {
  const auto& codes = index_.column(rule.field);
  if (rule.kind == Rule::Kind::key) {
    return index_.kept("key " + std::to_string(rule.keys), [&] {
      return pick(codes, [keys = rule.keys](Code c) {
        return (static_cast<std::uint32_t>(c) < 24U) & ((keys >> (static_cast<std::uint32_t>(c) & 31U)) & 1U);
      });
    });
  }
  const CodeRange range = code_range(rule, now_);
  const std::string name = std::to_string(rule.field) + ' ' + std::to_string(range.low) + ' ' +
                           std::to_string(range.high) + (range.none_too ? "*" : "");
  return index_.kept(name, [&] {
    DocSet set = pick(codes, [range](Code c) { return (c >= range.low) & (c <= range.high); });
    if (range.none_too) set |= pick(codes, [](Code c) { return c == kNoCode; });
    return set;
  });
}

DocSet Evaluator::having(int place) {
  if (place >= kFieldCount) {
    const Code bit = 1 << (place - kFieldCount);
    return pick(index_.column(kExtrasColumn), [bit](Code c) { return (c > 0) & ((c & bit) != 0); });
  }
  const Field& field = kFields[static_cast<std::size_t>(place)];
  const bool is_text = field.kind == FieldKind::text;
  const auto& codes = index_.column(is_text ? text_column(place, TextColumn::hash) : place);
  // Of these none is written as 0.
  if (field.name == "rating" || field.name == "plays") return pick(codes, [](Code c) { return c > 0; });
  return pick(codes, [](Code c) { return c != kNoCode; });
}

SharedSet Evaluator::word(int field, const std::string& word) {
  const bool begins = field < 0 || letter_count(word) >= kFewestLetters;
  SharedSet found = index_.with_word(field, word, begins);
  if (field >= 0) return found;
  const auto meant = meant_ ? meant_->find(word) : MeantWords::const_iterator();
  const bool typo = meant_ && meant != meant_->end();
  std::vector<const CrateName*> named;
  if (letter_count(word) >= kFewestLetters) {
    for (const CrateName& crate : index_.crates())
      if (crate.kind == 1 && text_has_word(crate.folded, word, true)) named.push_back(&crate);
  }
  if (!typo && named.empty()) return found;
  return index_.kept((typo ? "typo " : "word ") + word, [&] {
    DocSet set = *found;
    if (typo)
      for (const std::string& other : meant->second) set |= *index_.with_word(-1, other, false);
    for (const CrateName* crate_name : named) set |= crate(crate_name->id);
    return set;
  });
}

DocSet Evaluator::words(const Rule& rule, const DocSet& within) {
  if (rule.field == Rule::kCrate) {
    DocSet out = within;
    out &= crates_named(rule);
    return out;
  }
  DocSet out = within;
  bool any = false;
  for (const std::string& one : index_.cutter().words(rule.text)) {
    out &= *word(rule.field, one);
    any = true;
  }
  // "&" alone has no word: it says nothing, and the opposite neither.
  if (!any && rule.negated) out.clear();
  return out;
}

DocSet Evaluator::phrase(const Rule& rule, const DocSet& within) {
  DocSet out = within;
  if (rule.field == Rule::kCrate) {
    out &= crates_named(rule);
    return out;
  }
  const std::string folded = index_.cutter().folded(rule.text);
  // As with words.
  if (folded.empty() && rule.negated) out.clear();
  if (folded.empty()) return out;
  DocSet found(index_.chunks());
  for (int field = 0; field < kFieldCount; ++field) {
    const bool text = kFields[static_cast<std::size_t>(field)].kind == FieldKind::text;
    if (rule.field == Rule::kAnywhere ? text && is_searched(field) : field == rule.field)
      found |= phrase_in(field, folded, within);
  }
  return found;
}

DocSet Evaluator::phrase_in(int field, const std::string& folded, const DocSet& within) {
  DocSet out = within;
  each_word(folded, [&](std::string_view word) { out &= *index_.with_word(field, word, false); });
  if (folded.find(' ') == std::string::npos) return out;
  // The words are all there. Whether side by side is looked up once for each text: one comment may be that of
  // thousands.
  const auto& hashes = index_.column(text_column(field, TextColumn::hash));
  std::unordered_map<Code, bool> known;
  DocSet found(index_.chunks());
  int seen = 0;
  out.each([&](std::int64_t id) {
    if (++seen % 1024 == 0) index_.pause_if_long();
    const auto [at, is_new] = known.try_emplace(hashes[static_cast<std::size_t>(id)], false);
    if (is_new) at->second = text_has_phrase(field_text(index_.text(id), field), folded);
    if (at->second) found.put(id);
  });
  return found;
}

DocSet Evaluator::exactly(const Rule& rule) {
  if (rule.field == Rule::kCrate) return crates_named(rule);
  // 96 bits of it: that two texts have the same is not to be expected.
  const TextCodes wanted = text_codes(index_.cutter().folded(rule.text));
  DocSet out(index_.chunks());
  out |= *index_.all();
  const std::pair<TextColumn, Code> parts[] = {
      {TextColumn::hash, wanted.hash}, {TextColumn::first, wanted.first}, {TextColumn::second, wanted.second}};
  for (const auto& [which, code] : parts) {
    out &= pick(index_.column(text_column(rule.field, which)), [code](Code c) { return c == code; });
  }
  return out;
}

DocSet Evaluator::crates_named(const Rule& rule) {
  const std::string folded = index_.cutter().folded(rule.text);
  DocSet out(index_.chunks());
  for (const CrateName& one : index_.crates()) {
    bool named = !folded.empty();
    if (rule.kind == Rule::Kind::is) named = one.folded == folded;
    if (rule.kind == Rule::Kind::phrase) named = named && text_has_phrase(one.folded, folded);
    if (rule.kind == Rule::Kind::words) {
      each_word(folded, [&](std::string_view word) {
        named = named && text_has_word(one.folded, word, letter_count(word) >= kFewestLetters);
      });
    }
    if (named) out |= crate(one.id);
  }
  return out;
}

DocSet Evaluator::crate(std::int64_t id) {
  const auto& crates = index_.crates();
  const auto at = std::lower_bound(crates.begin(), crates.end(), id,
                                   [](const CrateName& c, std::int64_t wanted) { return c.id < wanted; });
  if (at == crates.end() || at->id != id) return DocSet(index_.chunks());
  if (std::find(open_.begin(), open_.end(), id) != open_.end() ||
      open_.size() >= static_cast<std::size_t>(kDeepestRule))
    return DocSet(index_.chunks());
  if (at->kind == 1) return *index_.kept("crate " + std::to_string(id), [&] { return crate_members(*at); });
  open_.push_back(id);
  DocSet members = crate_members(*at);
  open_.pop_back();
  return members;
}

DocSet Evaluator::crate_members(const CrateName& crate_name) {
  DocSet out(index_.chunks());
  if (crate_name.kind == 0) {
    for (const CrateName& inner : index_.crates())
      if (inner.parent == crate_name.id) out |= crate(inner.id);
    return out;
  }
  if (crate_name.kind == 1) {
    Statement tracks(index_.db(), "SELECT track FROM crate_track WHERE crate = ?1");
    tracks.bind(crate_name.id).each([&](Statement& row) { out.put(row.integer(0)); });
    out &= *index_.all();
    return out;
  }
  std::string error;
  const auto text = index_.db().text("SELECT rule FROM crate WHERE id = ?1", crate_name.id);
  const auto rule = parse_rule(text.value_or(""), &error);
  // One that makes no sense, as of a newer Tactus, has nothing in it.
  return rule ? evaluate(*rule) : out;
}

}  // namespace tactus::library
