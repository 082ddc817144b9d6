// Rules as JSON: objects of one thing each.
//
//   {"all": [...]}  {"any": [...]}  {"not": ...}
//   {"words": "deep house"}  {"field": "artist", "phrase": "daft punk"}  {"field": "title", "is": "One"}
//   {"field": "crate", "words": "warm"}
//   {"field": "bpm", "from": 120, "to": 128, "places": 0}     also "above", "below", which leave their number out
//   {"field": "added", "younger": 2592000}  "older"           seconds
//   {"field": "added", "from": 1714521600, "below": 1717200000}   seconds since 1970
//   {"field": "key", "keys": ["8A", "9A"]}  {"has": "cues"}
#include <cmath>
#include <nlohmann/json.hpp>

#include "library/search/rule.h"
#include "music/key.h"

namespace tactus::library {

namespace {

using RuleJson = nlohmann::ordered_json;
constexpr double kNoBound = std::numeric_limits<double>::infinity();

std::string field_name(int field) {
  return field == Rule::kCrate ? "crate" : std::string(kFields[static_cast<std::size_t>(field)].name);
}

void put_bounds(const Rule& rule, RuleJson& out) {
  if (rule.low > -kNoBound) out[rule.low_open ? "above" : "from"] = rule.low;
  if (rule.high < kNoBound) out[rule.high_open ? "below" : "to"] = rule.high;
}

RuleJson to_json(const Rule& rule) {
  if (rule.negated) {
    Rule plain = rule;
    plain.negated = false;
    return {{"not", to_json(plain)}};
  }
  RuleJson out = RuleJson::object();
  if (rule.kind == Rule::Kind::all || rule.kind == Rule::Kind::any) {
    RuleJson parts = RuleJson::array();
    for (const Rule& part : rule.parts) parts.push_back(to_json(part));
    out[rule.kind == Rule::Kind::all ? "all" : "any"] = std::move(parts);
    return out;
  }
  if (rule.kind == Rule::Kind::has) {
    out["has"] = std::string(has_name(rule.field));
    return out;
  }
  if (rule.field != Rule::kAnywhere) out["field"] = field_name(rule.field);
  switch (rule.kind) {
    case Rule::Kind::words:
      out["words"] = rule.text;
      break;
    case Rule::Kind::phrase:
      out["phrase"] = rule.text;
      break;
    case Rule::Kind::is:
      out["is"] = rule.text;
      break;
    case Rule::Kind::key:
      out["keys"] = RuleJson::array();
      for (int i = 0; i < 24; ++i)
        if (rule.keys >> i & 1) out["keys"].push_back(std::string(music::Key::of_index(i).camelot()));
      break;
    case Rule::Kind::age:
      if (rule.low > -kNoBound) out[rule.low_open ? "older" : "older_or_equal"] = rule.low;
      if (rule.high < kNoBound) out[rule.high_open ? "younger" : "younger_or_equal"] = rule.high;
      break;
    case Rule::Kind::number:
      put_bounds(rule, out);
      if (rule.places != Rule::kExact) out["places"] = rule.places;
      break;
    default:
      put_bounds(rule, out);
  }
  return out;
}

class RuleReader {
 public:
  std::optional<Rule> read(const RuleJson& json, const std::string& where, int depth) {
    if (depth > kDeepestRule) return bad(where, "rules go too deep into each other");
    if (++parts_ > kMostParts) return bad(where, "the rule has too many parts");
    if (!json.is_object() || json.empty()) return bad(where, "an object is wanted, like {\"has\": \"cues\"}");
    if (json.contains("not")) {
      if (json.size() != 1) return bad(where, "\"not\" stands alone in its object");
      auto rule = read(json["not"], where + "not.", depth + 1);
      if (rule) rule->negated = !rule->negated;
      return rule;
    }
    for (const char* list : {"all", "any"})
      if (json.contains(list)) return read_list(json, list, where, depth);
    if (json.contains("has")) return read_has(json, where);
    return read_leaf(json, where);
  }
  std::string error;

 private:
  std::nullopt_t bad(const std::string& where, const std::string& what) {
    if (error.empty()) error = (where.empty() ? "the rule" : where.substr(0, where.size() - 1)) + ": " + what;
    return std::nullopt;
  }

  std::optional<Rule> read_list(const RuleJson& json, const std::string& name, const std::string& where, int depth) {
    const RuleJson& list = json[name];
    if (json.size() != 1 || !list.is_array()) return bad(where, "\"" + name + "\" is a list, alone in its object");
    Rule rule{.kind = name == "all" ? Rule::Kind::all : Rule::Kind::any};
    for (std::size_t i = 0; i < list.size(); ++i) {
      auto part = read(list[i], where + name + "[" + std::to_string(i) + "].", depth + 1);
      if (!part) return std::nullopt;
      rule.parts.push_back(std::move(*part));
    }
    return rule;
  }

  std::optional<Rule> read_has(const RuleJson& json, const std::string& where) {
    if (json.size() != 1 || !json["has"].is_string()) return bad(where, "\"has\" is a name, alone in its object");
    Rule rule{.kind = Rule::Kind::has, .field = has_place(json["has"].get<std::string>())};
    if (rule.field < 0) return bad(where, "there is no field called " + json["has"].get<std::string>());
    return rule;
  }

  std::optional<Rule> read_leaf(const RuleJson& json, const std::string& where) {
    Rule rule;
    if (json.contains("field")) {
      if (!json["field"].is_string()) return bad(where, "\"field\" is a name");
      const std::string name = json["field"].get<std::string>();
      rule.field = name == "crate" ? Rule::kCrate : field_place(name);
      if (rule.field == -1) return bad(where, "there is no field called " + name);
    }
    for (const auto& [name, value] : json.items()) {
      if (name == "field") continue;
      if (!read_member(name, value, rule)) return bad(where + name + ".", "it makes no sense for this field");
    }
    if (rule.kind == Rule::Kind::all) return bad(where, "it says nothing of the field");
    if (rule.low > rule.high) return bad(where, "the smaller number goes first");
    return rule;
  }

  bool read_member(const std::string& name, const RuleJson& value, Rule& rule) {
    if (rule.field < 0) return read_text(name, value, rule);
    switch (kFields[static_cast<std::size_t>(rule.field)].kind) {
      case FieldKind::text:
        return read_text(name, value, rule);
      case FieldKind::number:
      case FieldKind::color:
        return become(Rule::Kind::number, rule) && read_number(name, value, rule);
      case FieldKind::date:
        if (name.starts_with("older") || name.starts_with("younger")) return read_age(name, value, rule);
        return name != "places" && become(Rule::Kind::date, rule) && read_number(name, value, rule);
      case FieldKind::key:
        return name == "keys" && read_keys(value, rule);
      case FieldKind::flag:
        return false;
    }
    return false;
  }

  static bool become(Rule::Kind kind, Rule& rule) {
    if (rule.kind != Rule::Kind::all && rule.kind != kind) return false;
    rule.kind = kind;
    return true;
  }

  static bool read_text(const std::string& name, const RuleJson& value, Rule& rule) {
    const Rule::Kind kind = name == "words"    ? Rule::Kind::words
                            : name == "phrase" ? Rule::Kind::phrase
                            : name == "is"     ? Rule::Kind::is
                                               : Rule::Kind::all;
    if (kind == Rule::Kind::all || rule.kind != Rule::Kind::all || !value.is_string()) return false;
    if (kind == Rule::Kind::is && rule.field == Rule::kAnywhere) return false;
    rule.kind = kind;
    rule.text = value.get<std::string>();
    return true;
  }

  static bool read_number(const std::string& name, const RuleJson& value, Rule& rule) {
    if (name == "places") {
      if (!value.is_number_unsigned() || value.get<std::uint64_t>() >= Rule::kExact) return false;
      rule.places = value.get<int>();
      return true;
    }
    if (!value.is_number()) return false;
    const double number = std::round(value.get<double>() * 1000) / 1000;
    if (!(std::abs(number) < 1e12)) return false;
    if (name == "from" || name == "above") return set(rule.low, rule.low_open, number, name == "above");
    if (name == "to" || name == "below") return set(rule.high, rule.high_open, number, name == "below");
    return false;
  }

  static bool read_age(const std::string& name, const RuleJson& value, Rule& rule) {
    if (!value.is_number() || !become(Rule::Kind::age, rule)) return false;
    const double age = std::round(value.get<double>());
    if (!(age >= 0 && age < 1e10)) return false;
    const bool open = !name.ends_with("_or_equal");
    if (name == "older" || name == "older_or_equal") return set(rule.low, rule.low_open, age, open);
    if (name == "younger" || name == "younger_or_equal") return set(rule.high, rule.high_open, age, open);
    return false;
  }

  // Each end is set once.
  static bool set(double& bound, bool& open, double value, bool is_open) {
    if (std::isfinite(bound)) return false;
    bound = value;
    open = is_open;
    return true;
  }

  static bool read_keys(const RuleJson& value, Rule& rule) {
    if (!value.is_array() || !become(Rule::Kind::key, rule)) return false;
    for (const RuleJson& name : value) {
      const auto key = name.is_string() ? music::parse_key(name.get<std::string>()) : std::nullopt;
      if (!key) return false;
      rule.keys |= 1U << key->index();
    }
    return true;
  }

  int parts_ = 0;
};

// Deeper than any rule: refused before anything is built of it.
bool nested_too_deep(std::string_view json) {
  int depth = 0;
  for (const char c : json) {
    if ((c == '{' || c == '[') && ++depth > 4 * kDeepestRule) return true;
    if (c == '}' || c == ']') --depth;
  }
  return false;
}

}  // namespace

std::string rule_json(const Rule& rule) {
  return to_json(rule).dump(-1, ' ', false, RuleJson::error_handler_t::replace);
}

std::optional<Rule> parse_rule(std::string_view json, std::string* error) {
  if (json.size() > 1 << 20 || nested_too_deep(json)) {
    *error = "the rule is too big";
    return std::nullopt;
  }
  const RuleJson read = RuleJson::parse(json, nullptr, false);
  if (read.is_discarded()) {
    *error = "it is no JSON";
    return std::nullopt;
  }
  RuleReader reader;
  auto rule = reader.read(read, "", 0);
  if (!rule) *error = reader.error;
  return rule;
}

}  // namespace tactus::library
