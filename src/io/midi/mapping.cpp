#include "io/midi/mapping.h"

#include <toml++/toml.h>
#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "io/midi/mapping_template.h"
#include "io/midi/mapping_text.h"
#include "schedule/intent_table.h"
#include "schedule/numbers.h"
#include "schedule/parse.h"

namespace tactus::io {
namespace {

int line_of(const toml::node& node) {
  return static_cast<int>(std::max<toml::source_index>(1, node.source().begin.line));
}

class Reader {
 public:
  explicit Reader(const FieldFinder& find) : find_(find) {}

  void read(const toml::table& file) {
    head(file);
    parts(file, {});
    if (const toml::node* each = file.get("each")) templates(*each);
    if (mapping.controls.empty() && mapping.jogs.empty() && mapping.lights.empty() && errors.empty()) {
      fail(1, "nothing is mapped: it has no [[control]], [[jog]] or [[light]]");
    }
    same_message_twice();
  }

  Mapping mapping;
  std::vector<MappingError> errors;

 private:
  static constexpr std::size_t kMostErrors = 50;

  void fail(int line, std::string text) {
    if (errors.size() < kMostErrors) errors.push_back({line, std::move(text)});
  }

  void only(const toml::table& table, std::initializer_list<std::string_view> known, const char* where) {
    for (const auto& [key, value] : table) {
      if (std::find(known.begin(), known.end(), key.str()) != known.end()) continue;
      fail(line_of(value), std::string(where) + " has no '" + std::string(key.str().substr(0, 60)) + "'");
    }
  }

  void head(const toml::table& file) {
    only(file, {"tactus_mapping", "name", "devices", "chart", "control", "jog", "light", "each"}, "a mapping file");
    const toml::node* version = file.get("tactus_mapping");
    if (!version) {
      fail(1, "no mapping file: `tactus_mapping = 1` is missing");
    } else if (version->value<std::int64_t>() != 1) {
      fail(line_of(*version), "this Tactus reads mapping files of version 1");
    }
    const toml::node* name = file.get("name");
    if (name && name->is_string()) {
      mapping.name = name->value_or(std::string());
    } else {
      fail(name ? line_of(*name) : 1, "`name` must be a text");
    }
    if (const toml::node* chart = file.get("chart")) mapping.chart = chart->value_or(std::string());
    const toml::node* devices = file.get("devices");
    const toml::array* list = devices ? devices->as_array() : nullptr;
    if (!list) return fail(devices ? line_of(*devices) : 1, "`devices` must be a list of parts of port names");
    for (const toml::node& node : *list) {
      std::string part = node.value_or(std::string());
      if (part.empty()) {
        fail(line_of(node), "a device is part of a port's name, not empty");
        continue;
      }
      std::transform(part.begin(), part.end(), part.begin(), [](unsigned char c) { return std::tolower(c); });
      mapping.devices.push_back(std::move(part));
    }
  }

  void parts(const toml::table& table, const TemplateRow& row) {
    every(table, "control", [&](const toml::table& t) { control(t, row); });
    every(table, "jog", [&](const toml::table& t) { jog(t, row); });
    every(table, "light", [&](const toml::table& t) { light(t, row); });
  }

  template <typename Each>
  void every(const toml::table& table, const char* key, Each each) {
    const toml::node* node = table.get(key);
    if (!node) return;
    const toml::array* list = node->as_array();
    if (!list) return fail(line_of(*node), std::string("write [[") + key + "]], with two brackets");
    for (const toml::node& item : *list) {
      if (mapping.controls.size() + mapping.lights.size() + mapping.jogs.size() >= kMaxMappingControls) {
        return fail(line_of(item), "more than 4096 controls");
      }
      if (const toml::table* t = item.as_table()) {
        each(*t);
      } else {
        fail(line_of(item), std::string(key) + " must be a table");
      }
    }
  }

  void templates(const toml::node& node) {
    const toml::array* list = node.as_array();
    if (!list) return fail(line_of(node), "write [[each]], with two brackets");
    for (const toml::node& item : *list) {
      const toml::table* t = item.as_table();
      if (!t) {
        fail(line_of(item), "each must be a table");
        continue;
      }
      only(*t, {"with", "times", "control", "jog", "light"}, "[[each]]");
      for (const TemplateRow& row : rows(*t)) {
        if (errors.size() >= kMostErrors) return;
        parts(*t, row);
      }
    }
  }

  std::vector<TemplateRow> rows(const toml::table& t) {
    std::vector<TemplateRow> list;
    if (const toml::node* with = t.get("with")) {
      const toml::array* rows = with->as_array();
      if (!rows) fail(line_of(*with), "`with` is a list of rows: [{N = 1, ch = 1}, {N = 2, ch = 2}]");
      for (std::size_t i = 0; rows && i < rows->size(); ++i) {
        const toml::table* row = (*rows)[i].as_table();
        if (!row) {
          fail(line_of((*rows)[i]), "a row of `with` is {NAME = number, ...}");
          continue;
        }
        list.emplace_back();
        for (const auto& [key, value] : *row) list.back()[std::string(key.str())] = word(value);
      }
    } else {
      list.emplace_back();
    }
    const toml::node* times = t.get("times");
    if (!times) return list;
    const toml::table* ranges = times->as_table();
    if (!ranges) fail(line_of(*times), "`times` is {K = [1, 8]}");
    if (!ranges) return {};
    for (const auto& [key, value] : *ranges) list = multiplied(list, std::string(key.str()), value);
    return list;
  }

  std::vector<TemplateRow> multiplied(const std::vector<TemplateRow>& list, const std::string& name,
                                      const toml::node& range) {
    const toml::array* ends = range.as_array();
    const auto from = ends && ends->size() == 2 ? (*ends)[0].value<std::int64_t>() : std::nullopt;
    const auto to = ends && ends->size() == 2 ? (*ends)[1].value<std::int64_t>() : std::nullopt;
    if (!from || !to || *from < 0 || *to < *from || *to > 127 || list.size() > kMaxMappingControls) {
      fail(line_of(range), "'" + name + "' goes from a whole number to another: [1, 8]");
      return {};
    }
    std::vector<TemplateRow> more;
    for (const TemplateRow& row : list) {
      for (std::int64_t k = *from; k <= *to; ++k) {
        more.push_back(row);
        more.back()[name] = std::to_string(k);
      }
    }
    return more;
  }

  std::string word(const toml::node& value) {
    if (const auto n = value.value_exact<std::int64_t>()) return std::to_string(*n);
    if (const auto s = value.value_exact<std::string>()) return *s;
    fail(line_of(value), "what a name stands for is a whole number or a word");
    return {};
  }

  // --- single values of a table ---

  std::optional<std::string> text(const toml::table& t, const char* key, const TemplateRow& row) {
    const toml::node* node = t.get(key);
    if (!node) return {};
    const auto raw = node->value_exact<std::string>();
    std::string out, why;
    if (!raw) {
      fail(line_of(*node), std::string(key) + " must be a text in quotes");
      return {};
    }
    if (expand_template(*raw, row, &out, &why)) return out;
    fail(line_of(*node), why);
    return {};
  }

  double number(const toml::table& t, const char* key, double otherwise, double least, double most) {
    const toml::node* node = t.get(key);
    if (!node) return otherwise;
    const auto v = node->is_number() ? node->value<double>() : std::nullopt;
    if (v && std::isfinite(*v) && *v >= least && *v <= most) return *v;
    fail(line_of(*node), std::string(key) + " must be a number from " + schedule::number_text(least) + " to " +
                             schedule::number_text(most));
    return otherwise;
  }

  bool pair(const toml::table& t, const char* key, double* low, double* high) {
    const toml::node* node = t.get(key);
    if (!node) return false;
    const toml::array* list = node->as_array();
    if (list && list->size() == 2 && (*list)[0].is_number() && (*list)[1].is_number()) {
      *low = (*list)[0].value_or(0.0);
      *high = (*list)[1].value_or(0.0);
      if (std::isfinite(*low) && std::isfinite(*high) && *low != *high) return true;
    }
    fail(line_of(*node), std::string(key) + " must be two different numbers: [-8, 8]");
    return false;
  }

  std::optional<MidiTrigger> trigger(const toml::table& t, const char* key, const TemplateRow& row) {
    const auto words = text(t, key, row);
    if (!words) return {};
    std::string why;
    auto found = parse_trigger(*words, &why);
    if (!found) fail(line_of(*t.get(key)), why);
    return found;
  }

  std::vector<MidiAction> actions(const toml::table& t, const char* key, const TemplateRow& row) {
    std::vector<MidiAction> list;
    const toml::node* node = t.get(key);
    if (!node) return list;
    const auto add = [&](const toml::node& item) {
      const auto raw = item.value_exact<std::string>();
      std::string written, why;
      if (!raw) return fail(line_of(item), std::string(key) + " must be an intent in quotes, or a list of them");
      if (!expand_template(*raw, row, &written, &why)) return fail(line_of(item), why);
      if (auto action = parse_action(written, &why)) {
        list.push_back(std::move(*action));
      } else {
        fail(line_of(item), why);
      }
    };
    if (const toml::array* several = node->as_array()) {
      for (const toml::node& item : *several) add(item);
    } else {
      add(*node);
    }
    return list;
  }

  std::optional<StateTest> state(const toml::table& t, const TemplateRow& row) {
    auto words = text(t, "state", row);
    if (!words) return {};
    const int line = line_of(*t.get("state"));
    StateTest test;
    if (words->starts_with("not ")) {
      test.negate = true;
      words->erase(0, 4);
    }
    const std::size_t space = words->find(' ');
    const std::string name = words->substr(0, space);
    if (space != std::string::npos && !compares(words->substr(space + 1), &test)) {
      fail(line, "\"" + *words + "\": a state is a name, or NAME and one of < <= > >= == & and a number");
      return {};
    }
    if (name.starts_with("/")) {
      std::string why;
      auto action = parse_action(name + " {}", &why);
      if (!action) {
        fail(line, why);
        return {};
      }
      test.scale = natural_scale(*action);
      test.setting = std::move(action->intent);
      return test;
    }
    test.field = find_(name);
    if (test.field >= 0) return test;
    fail(line, "there is no state '" + name + "'; `tactus state` shows what there is");
    return {};
  }

  static bool compares(const std::string& rest, StateTest* test) {
    using Op = StateTest::Op;
    static constexpr std::pair<const char*, Op> kOps[] = {{"<= ", Op::less_equal}, {">= ", Op::greater_equal},
                                                          {"== ", Op::equal},      {"< ", Op::less},
                                                          {"> ", Op::greater},     {"& ", Op::has_bits}};
    for (const auto& [word, op] : kOps) {
      if (!rest.starts_with(word)) continue;
      const auto v = schedule::parse_number(std::string_view(rest).substr(std::string_view(word).size()));
      if (!v || std::isinf(*v) || (op == Op::has_bits && (*v < 1 || *v > 255 || *v != std::floor(*v)))) return false;
      test->op = op;
      test->number = *v;
      return true;
    }
    return false;
  }

  // --- the parts ---

  void control(const toml::table& t, const TemplateRow& row) {
    only(t,
         {"midi", "do", "do_on", "release", "up", "down", "state", "light", "light_on", "light_off", "layer", "hold",
          "range", "step", "takeover", "completes"},
         "a control");
    MidiControl c;
    c.line = line_of(t);
    auto on = trigger(t, "midi", row);
    if (!on) {
      if (!t.get("midi")) fail(c.line, "a control needs `midi`, the message that moves it");
      return;
    }
    c.on = *on;
    if (const auto last = text(t, "completes", row)) c.on.msb_last = *last == "msb";
    c.act = actions(t, "do", row);
    c.act_on = actions(t, "do_on", row);
    c.release = actions(t, "release", row);
    c.up = actions(t, "up", row);
    c.down = actions(t, "down", row);
    c.state = state(t, row);
    c.layer = text(t, "layer", row).value_or("");
    c.hold = text(t, "hold", row).value_or("");
    shape(t, row, c);
    if (c.state || t.get("light")) own_light(t, row, c);
    mapping.controls.push_back(std::move(c));
  }

  // What kind of control it is, from its message and its intents.
  void shape(const toml::table& t, const TemplateRow& row, MidiControl& c) {
    using Trigger = MidiTrigger::Kind;
    using Type = schedule::ArgSpec::Type;
    const MidiAction* open = nullptr;
    for (const MidiAction& a : c.act) {
      if (a.open >= 0) open = &a;
    }
    const Type type = open ? open->intent.row->args[static_cast<std::size_t>(open->open)].type : Type::none;
    c.key = c.on.kind == Trigger::note || (c.on.kind == Trigger::cc && (!open || type == Type::flag));
    const bool said = t.get("do") || t.get("up") || t.get("down") || t.get("do_on") || t.get("release");
    if (!said && c.hold.empty()) fail(c.line, "it does nothing: say `do`, `up` and `down`, or `hold`");
    if (!errors.empty() && errors.back().line >= c.line) return;  // what follows from a mistake needn't be told
    if (!c.on.relative() && (!c.up.empty() || !c.down.empty())) fail(c.line, "`up` and `down` are for rel and rel14");
    if (!c.key && !c.on.relative() && !open) fail(c.line, "what is turned needs {} in `do`, for its value");
    if (c.on.relative() && c.up.empty() && c.down.empty() && !open)
      fail(c.line, "an encoder needs {} in `do`, or `up` and `down`");
    if (!c.key && (!c.release.empty() || !c.act_on.empty() || !c.hold.empty())) {
      fail(c.line, "`do_on`, `release` and `hold` are for what is pressed");
    }
    if (!c.act_on.empty() && !c.state) fail(c.line, "`do_on` needs a `state`");
    if (c.key && open && type != Type::flag) fail(c.line, "{} of a key is 1 or 0, which this intent doesn't take");
    if (open) {
      c.scale = natural_scale(*open);
      const std::string_view name = open->intent.row->pattern;
      c.change = c.on.relative() && (name.ends_with("/jog") || name.ends_with("/jump") || name.ends_with("/loop/move"));
    }
    if (pair(t, "range", &c.scale.low, &c.scale.high)) c.scale.kind = KnobScale::Kind::linear;
    c.step = number(t, "step", 1, -1000, 1000);
    if (const auto takeover = text(t, "takeover", row)) {
      c.pickup = *takeover == "pickup";
      if (!c.pickup && *takeover != "jump") fail(line_of(*t.get("takeover")), "takeover is pickup or jump");
    }
  }

  void own_light(const toml::table& t, const TemplateRow& row, const MidiControl& c) {
    const auto words = text(t, "light", row);
    if (words && *words == "none") return;
    if (words && !c.state) return fail(line_of(*t.get("light")), "a light needs a `state` to show");
    if (!words && !c.key) return;
    std::string why;
    const auto to = words ? parse_trigger(*words, &why) : std::optional(c.on);
    if (!to) return fail(line_of(*t.get("light")), why);
    add_light(t, *to, *c.state, c.layer, c.line);
  }

  void add_light(const toml::table& t, const MidiTrigger& to, const StateTest& test, const std::string& layer,
                 int line) {
    if (to.kind != MidiTrigger::Kind::note && to.kind != MidiTrigger::Kind::cc) {
      return fail(line, "a light is a note or a cc");
    }
    MidiLight light{to, test, 127, 0, false, 0, 1, layer};
    light.on = static_cast<std::uint8_t>(number(t, "light_on", 127, 0, 127));
    light.off = static_cast<std::uint8_t>(number(t, "light_off", 0, 0, 127));
    mapping.lights.push_back(std::move(light));
  }

  void light(const toml::table& t, const TemplateRow& row) {
    only(t, {"midi", "state", "range", "send", "light_on", "light_off", "layer"}, "a light");
    const int line = line_of(t);
    const auto to = trigger(t, "midi", row);
    const auto test = state(t, row);
    if (!to || !test) {
      if (!t.get("midi") || !t.get("state")) fail(line, "a light needs `midi` and `state`");
      return;
    }
    const std::size_t before = mapping.lights.size();
    add_light(t, *to, *test, text(t, "layer", row).value_or(""), line);
    if (mapping.lights.size() == before) return;
    MidiLight& l = mapping.lights.back();
    l.scaled = pair(t, "range", &l.low, &l.high) || (test->setting && test->op == StateTest::Op::plain);
    double off = 0, on = 127;
    if (!pair(t, "send", &off, &on)) return;
    if (off < 0 || off > 127 || on < 0 || on > 127) return fail(line_of(*t.get("send")), "what is sent is 0 to 127");
    l.off = static_cast<std::uint8_t>(off);
    l.on = static_cast<std::uint8_t>(on);
  }

  void jog(const toml::table& t, const TemplateRow& row) {
    only(t, {"deck", "touch", "turn", "rim", "ticks", "rpm", "nudge_ms", "completes"}, "a jog wheel");
    MidiJog j;
    const int line = line_of(t);
    std::string deck;
    if (const auto words = t.get("deck") && t.get("deck")->is_string() ? text(t, "deck", row) : std::nullopt) {
      deck = *words;
    } else if (const toml::node* node = t.get("deck")) {
      deck = std::to_string(node->value_or(std::int64_t{0}));
    }
    const auto n = schedule::parse_number(deck);
    if (!n || *n < 1 || *n > schedule::kDecks || *n != std::floor(*n))
      return fail(line, "a jog wheel needs `deck`, 1 to 4");
    j.deck = static_cast<int>(*n) - 1;
    j.touch = trigger(t, "touch", row);
    j.turn = trigger(t, "turn", row);
    j.rim = trigger(t, "rim", row);
    const auto last = text(t, "completes", row);
    for (auto* wheel : {&j.turn, &j.rim}) {
      if (!*wheel) continue;
      if (!(*wheel)->relative()) fail(line, "`turn` and `rim` are rel or rel14");
      (*wheel)->msb_last = last && *last == "msb";
    }
    if (j.touch && j.touch->kind != MidiTrigger::Kind::note && j.touch->kind != MidiTrigger::Kind::cc) {
      fail(line, "`touch` is a note or a cc");
    }
    if (!j.turn && !j.rim) fail(line, "a jog wheel needs `turn` or `rim`");
    j.ticks = number(t, "ticks", 720, 1, 1e6);
    j.rpm = number(t, "rpm", 100.0 / 3, 1, 1000);
    j.nudge_ms = number(t, "nudge_ms", 1, -100, 100);
    mapping.jogs.push_back(std::move(j));
  }

  void same_message_twice() {
    std::map<std::string, int> seen;
    for (const MidiControl& c : mapping.controls) {
      const auto [first, is_new] = seen.emplace(trigger_text(c.on) + "|" + c.layer, c.line);
      if (!is_new && first->second != c.line) {
        fail(c.line, "\"" + trigger_text(c.on) + "\" is mapped in line " + std::to_string(first->second) + " already");
      } else if (!is_new) {
        fail(c.line, "\"" + trigger_text(c.on) + "\" is mapped twice by this template");
      }
    }
  }

  const FieldFinder& find_;
};

}  // namespace

ReadMapping read_mapping(std::string_view toml, const FieldFinder& find_field) {
  ReadMapping out;
  if (toml.size() > kMaxMappingBytes) {
    out.errors.push_back({1, "larger than 1 MiB: no mapping file"});
    return out;
  }
  if (const auto unfit = unfit_text(toml)) {
    out.errors.push_back(*unfit);
    return out;
  }
  try {
    const toml::table file = toml::parse(toml);
    Reader reader(find_field);
    reader.read(file);
    out.errors = std::move(reader.errors);
    std::stable_sort(out.errors.begin(), out.errors.end(),
                     [](const MappingError& a, const MappingError& b) { return a.line < b.line; });
    if (out.errors.empty()) out.mapping = std::move(reader.mapping);
  } catch (const toml::parse_error& e) {
    out.errors.push_back(
        {static_cast<int>(std::max<toml::source_index>(1, e.source().begin.line)), std::string(e.description())});
  }
  return out;
}

}  // namespace tactus::io
