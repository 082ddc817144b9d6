// A filter's values: numbers, dates, keys, colors, lengths of time. See query.h.
#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdio>

#include "library/search/query.h"
#include "music/key.h"

namespace tactus::library {

namespace {

constexpr double kNone = std::numeric_limits<double>::infinity();
constexpr double kDay = 86400;

// A number with its decimals from the front of `text`, which loses it. Nothing: none is there.
struct WrittenNumber {
  double value = 0;
  int places = 0;
};
std::optional<WrittenNumber> take_number(std::string_view& text) {
  std::size_t i = !text.empty() && text[0] == '-' ? 1 : 0;
  const std::size_t first = i;
  while (i < text.size() && text[i] >= '0' && text[i] <= '9') ++i;
  const std::size_t whole = i;
  if (whole == first || whole - first > 9) return std::nullopt;
  WrittenNumber out;
  if (i + 1 < text.size() && text[i] == '.' && text[i + 1] >= '0' && text[i + 1] <= '9') {
    do ++i;
    while (i < text.size() && text[i] >= '0' && text[i] <= '9');
    out.places = std::min(static_cast<int>(i - whole) - 1, Rule::kExact);
  }
  std::from_chars(text.data(), text.data() + i, out.value);
  out.value = std::round(out.value * 1000) / 1000;
  text.remove_prefix(i);
  return out;
}

// "6:30" too.
std::optional<WrittenNumber> take_length(std::string_view& text) {
  auto minutes = take_number(text);
  if (!minutes || minutes->places > 0 || text.empty() || text[0] != ':') return minutes;
  std::string_view rest = text.substr(1);
  const auto seconds = take_number(rest);
  if (!seconds || seconds->value < 0 || seconds->value >= 60) return minutes;
  text = rest;
  return WrittenNumber{minutes->value * 60 + seconds->value, seconds->places};
}

// ">=", "<" … from the front. Empty: none of them.
std::string_view take_comparison(std::string_view& text) {
  for (const std::string_view sign : {">=", "<=", ">", "<"}) {
    if (!text.starts_with(sign)) continue;
    text.remove_prefix(sign.size());
    return sign;
  }
  return {};
}

bool take_separator(std::string_view& text) {
  const std::size_t length = text.starts_with("..") ? 2 : text.starts_with("-") ? 1 : 0;
  text.remove_prefix(length);
  return length > 0;
}

void set_bounds(Rule& rule, std::string_view comparison, double value) {
  if (comparison[0] == '>') {
    rule.low = value;
    rule.low_open = comparison.size() == 1;
  } else {
    rule.high = value;
    rule.high_open = comparison.size() == 1;
  }
}

std::string plain_number(double value, int places) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", places, value);
  return text;
}

bool parse_number_value(const Field& field, std::string_view text, Rule& rule, std::string* error) {
  const auto take = [&](std::string_view& from) {
    return field.name == "length" ? take_length(from) : take_number(from);
  };
  const std::string_view comparison = take_comparison(text);
  const auto first = take(text);
  std::optional<WrittenNumber> second;
  const bool range = first && comparison.empty() && take_separator(text);
  if (range) second = take(text);
  if (!first || (range && !second) || !text.empty()) {
    *error = "a number (128), a range (120-128) or a comparison (>120, <=128) is wanted";
    return false;
  }
  rule.kind = Rule::Kind::number;
  rule.places = std::max(first->places, second ? second->places : 0);
  if (comparison.empty()) {
    rule.low = first->value;
    rule.high = second ? second->value : first->value;
  } else {
    set_bounds(rule, comparison, first->value);
  }
  if (rule.low > rule.high) {
    *error = "the smaller number goes first";
    return false;
  }
  for (const auto& number : {first, second}) {
    if (!number || field.low == field.high || (number->value >= field.low && number->value <= field.high)) continue;
    *error = "it goes from " + plain_number(field.low, 0) + " to " + plain_number(field.high, 0);
    return false;
  }
  return true;
}

bool parse_color(std::string_view text, Rule& rule, std::string* error) {
  unsigned value = 0;
  const char* end = text.data() + text.size();
  if (text.size() == 7 && text[0] == '#') {
    const auto read = std::from_chars(text.data() + 1, end, value, 16);
    if (read.ec == std::errc() && read.ptr == end) {
      rule.kind = Rule::Kind::number;
      rule.places = 0;
      rule.low = rule.high = value;
      return true;
    }
  }
  *error = "a color is written #ff8000";
  return false;
}

// A day, a month or a year: from its first second to that after its last.
struct Span {
  double begin = 0, end = 0;
};
std::optional<Span> take_date(std::string_view& text) {
  using namespace std::chrono;
  std::array<int, 3> part{0, 0, 0};
  std::size_t parts = 0;
  std::string_view rest = text;
  for (; parts < 3; ++parts) {
    std::string_view from = rest;
    if (parts > 0 && !from.starts_with('-')) break;
    if (parts > 0) from.remove_prefix(1);
    const std::size_t digits = parts == 0 ? 4 : 2;
    const auto read = std::from_chars(from.data(), from.data() + std::min(digits, from.size()), part[parts]);
    if (read.ec != std::errc() || read.ptr != from.data() + digits) break;
    rest = from.substr(digits);
  }
  if (parts == 0) return std::nullopt;
  const year y{part[0]};
  const month m{static_cast<unsigned>(parts > 1 ? part[1] : 1)};
  const year_month_day first{y, m, day{static_cast<unsigned>(parts > 2 ? part[2] : 1)}};
  if (part[0] < 1970 || part[0] > 2067 || !first.ok()) return std::nullopt;
  const sys_days begin = first;
  const sys_days end = parts == 3   ? begin + days(1)
                       : parts == 2 ? sys_days(year_month_day{first + months(1)})
                                    : sys_days(year_month_day{first + years(1)});
  text = rest;
  const auto seconds_of = [](sys_days at) { return static_cast<double>(at.time_since_epoch().count()) * kDay; };
  return Span{seconds_of(begin), seconds_of(end)};
}

constexpr std::pair<char, double> kUnits[] = {
    {'y', 365 * kDay}, {'m', 30 * kDay}, {'w', 7 * kDay}, {'d', kDay}, {'h', 3600}};

std::optional<double> parse_age(std::string_view text) {
  const auto number = take_number(text);
  if (!number || number->value <= 0 || number->value > 100000 || number->places > 0 || text.size() != 1)
    return std::nullopt;
  for (const auto& [letter, seconds] : kUnits)
    if (text[0] == letter) return number->value * seconds;
  return std::nullopt;
}

bool parse_date_value(std::string_view text, Rule& rule, std::string* error) {
  const std::string_view comparison = take_comparison(text);
  if (const auto age = parse_age(text); age && !comparison.empty()) {
    rule.kind = Rule::Kind::age;
    set_bounds(rule, comparison, *age);
    return true;
  }
  const auto first = take_date(text);
  auto last = first;
  if (first && comparison.empty() && text.starts_with("..")) {
    text.remove_prefix(2);
    last = take_date(text);
  }
  if (!first || !last || !text.empty()) {
    *error = "<30d, >6m (h, d, w, m, y), a day 2024-05-01, a month 2024-05, a year or a range with .. is wanted";
    return false;
  }
  rule.kind = Rule::Kind::date;
  rule.high_open = comparison.empty() || comparison[0] == '<';
  if (comparison.empty()) {
    rule.low = first->begin;
    rule.high = last->end;
  } else if (comparison[0] == '>') {
    rule.low = comparison.size() == 1 ? first->end : first->begin;
  } else {
    rule.high = comparison.size() == 1 ? first->begin : first->end;
  }
  if (rule.low >= rule.high) {
    *error = "the earlier date goes first";
    return false;
  }
  return true;
}

std::optional<music::Key> key_of(std::string text) {
  if (text.empty() || text.size() > 9) return std::nullopt;
  if (const auto key = music::parse_key(text)) return key;
  char& letter = text[0] >= '0' && text[0] <= '9' ? text.back() : text[0];
  if (letter >= 'a' && letter <= 'z') letter = static_cast<char>(letter - 32);
  return music::parse_key(text);
}

bool parse_key_value(std::string_view text, Rule& rule, std::string* error) {
  const bool compatible = text.ends_with('~');
  const auto key = key_of(std::string(text.substr(0, text.size() - (compatible ? 1 : 0))));
  if (!key) {
    *error = "a key is written 8A, 1m or Am; with ~ behind it, all that go with it";
    return false;
  }
  rule.kind = Rule::Kind::key;
  for (int i = 0; i < 24; ++i) {
    if (music::key_distance(*key, music::Key::of_index(i)) <= (compatible ? 1 : 0)) rule.keys |= 1U << i;
  }
  return true;
}

std::string date_text(double seconds) {
  const std::chrono::year_month_day day{std::chrono::sys_days(std::chrono::days(std::lround(seconds / kDay)))};
  char text[64];
  std::snprintf(text, sizeof text, "%04d-%02u-%02u", static_cast<int>(day.year()), static_cast<unsigned>(day.month()),
                static_cast<unsigned>(day.day()));
  return text;
}

std::string age_text(double seconds) {
  for (const auto& [letter, unit] : kUnits) {
    const double count = seconds / unit;
    if (count == std::floor(count)) return plain_number(count, 0) + letter;
  }
  return plain_number(seconds / 3600, 0) + 'h';
}

std::string number_text(const Rule& rule, double value) {
  if (kFields[static_cast<std::size_t>(rule.field)].kind != FieldKind::color) return plain_number(value, rule.places);
  char text[16];
  std::snprintf(text, sizeof text, "#%06x", static_cast<unsigned>(value));
  return text;
}

}  // namespace

std::optional<Rule> parse_value(int field, std::string_view value, std::string* error) {
  const Field& f = kFields[static_cast<std::size_t>(field)];
  Rule rule;
  rule.field = field;
  bool good = false;
  switch (f.kind) {
    case FieldKind::number:
      good = parse_number_value(f, value, rule, error);
      break;
    case FieldKind::color:
      good = parse_color(value, rule, error);
      break;
    case FieldKind::date:
      good = parse_date_value(value, rule, error);
      break;
    case FieldKind::key:
      good = parse_key_value(value, rule, error);
      break;
    case FieldKind::flag:
      *error = "write has:" + std::string(f.name) + " or missing:" + std::string(f.name);
      break;
    case FieldKind::text:
      break;  // the query's parser, which knows what was in quotes
  }
  if (!good) return std::nullopt;
  return rule;
}

std::string value_text(const Rule& rule) {
  if (rule.kind == Rule::Kind::key) {
    std::string out;
    for (int i = 0; i < 24; ++i) {
      if ((rule.keys >> i & 1) == 0) continue;
      if (!out.empty()) out += ',';
      out += music::Key::of_index(i).camelot();
    }
    return out;
  }
  // Of dates the last day that belongs to it, since a range includes both.
  const bool date = rule.kind == Rule::Kind::date, number = rule.kind == Rule::Kind::number;
  const auto write = [&](double value) {
    return date ? date_text(value) : number ? number_text(rule, value) : age_text(value);
  };
  if (rule.low != -kNone && rule.high != kNone) {
    if (rule.low == rule.high) return write(rule.low);
    if (date) return write(rule.low) + ".." + write(rule.high - kDay);
    return write(rule.low) + (rule.low < 0 || rule.high < 0 ? ".." : "-") + write(rule.high);
  }
  if (rule.low != -kNone) return (rule.low_open ? ">" : ">=") + write(rule.low);
  return (rule.high_open ? "<" : "<=") + write(rule.high);
}

}  // namespace tactus::library
