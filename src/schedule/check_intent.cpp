// What an argument may be, and whether an intent is well formed.
#include <algorithm>
#include <cmath>

#include "schedule/intent_table.h"
#include "schedule/numbers.h"

namespace tactus::schedule {

using Type = ArgSpec::Type;

bool is_param_name(std::string_view name) {
  if (name.empty() || name.size() > 40 || name == "type" || name == "on" || name == "wet") return false;
  return std::all_of(name.begin(), name.end(),
                     [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-'; });
}

const char* kind_name(Source::Kind kind) {
  constexpr const char* kNames[] = {"hand", "key", "midi", "osc", "voice", "motion", "script", "ai"};
  return kNames[static_cast<int>(kind)];
}

std::string describe(const ArgSpec& spec) {
  const std::string range = number_text(spec.min) + " to " + number_text(spec.max);
  const std::string unit = spec.unit.empty() ? "" : " " + std::string(spec.unit);
  switch (spec.type) {
    case Type::none:
      break;
    case Type::level:
      return range + unit + " or -inf";
    case Type::beats:
      return (spec.min == 1.0 / 64 ? "1/64 to " + number_text(spec.max) : range) + unit;
    case Type::number:
      return range + unit;
    case Type::count:
      return "a whole number, " + range;
    case Type::flag:
      return "0 or 1";
    case Type::text:
      return "a " + std::string(spec.name);
    case Type::choice: {
      std::string words(spec.choices);
      for (std::size_t at = words.find('|'); at != std::string::npos; at = words.find('|', at)) {
        words.replace(at, 1, words.find('|', at + 1) == std::string::npos ? " or " : ", ");
      }
      return words;
    }
  }
  return {};
}

int choice_index(const ArgSpec& spec, std::string_view word) {
  std::string_view rest = spec.choices;
  for (int i = 0; !rest.empty(); ++i) {
    const std::size_t bar = std::min(rest.find('|'), rest.size());
    if (rest.substr(0, bar) == word) return i;
    rest.remove_prefix(std::min(bar + 1, rest.size()));
  }
  return -1;
}

std::string check_arg(const ArgSpec& spec, const Arg& arg) {
  const auto expected = [&] { return "expected " + describe(spec); };
  if (const std::string* word = std::get_if<std::string>(&arg)) {
    if (spec.type == Type::text) return word->empty() || word->find('\0') != std::string::npos ? expected() : "";
    return spec.type == Type::choice && choice_index(spec, *word) >= 0 ? "" : expected();
  }
  if (spec.type == Type::text || spec.type == Type::choice || spec.type == Type::none) return expected();
  const double v = std::get<double>(arg);
  if (spec.type == Type::level && std::isinf(v) && v < 0) return {};
  if (!(v >= spec.min && v <= spec.max)) return expected();
  if ((spec.type == Type::flag || spec.type == Type::count) && v != std::floor(v)) return expected();
  return {};
}

bool forced(const Intent& intent) {
  const std::size_t n = intent.row->arg_count();
  return n > 0 && intent.args.size() == n && intent.row->args[n - 1].choices == "force";
}

namespace {

bool in(int value, int count) { return value >= 0 && value < count; }

std::string check_address(const Intent& intent) {
  const IntentRow& row = *intent.row;
  const auto uses = [&](std::string_view letter) { return row.pattern.find(letter) != std::string_view::npos; };
  if (!in(intent.deck, uses("/N/") ? kDecks : 1)) return "decks are 1 to " + std::to_string(kDecks);
  if (!in(intent.index, uses("/STEM/") ? 4 : std::max(1, row.k_max))) {
    return "K is 1 to " + std::to_string(std::max(1, row.k_max));
  }
  if (!in(intent.unit, uses("/UNIT/") ? kFxUnits : 1)) return "effect units are 1 to " + std::to_string(kFxUnits);
  if (!in(intent.slot, uses("/SLOT/") ? kFxSlots : 1)) return "effect slots are 1 to " + std::to_string(kFxSlots);
  if (uses("/PARAM") ? !is_param_name(intent.name) : !intent.name.empty()) return "expected the name of a parameter";
  return {};
}

}  // namespace

std::string check(const Intent& intent) {
  if (!intent.row) return "no such intent";
  const IntentRow& row = *intent.row;
  if (std::string why = check_address(intent); !why.empty()) return why;
  std::size_t given = 0;
  for (std::size_t i = 0; i < row.arg_count(); ++i) {
    const ArgSpec& spec = row.args[i];
    const bool wanted = spec.only_after.empty() || (i > 0 && intent.word(i - 1) == spec.only_after);
    if (!wanted) continue;
    if (given >= intent.args.size()) {
      if (spec.optional) continue;
      return "expected " + describe(spec) + " (" + std::string(spec.name) + ")";
    }
    if (std::string why = check_arg(spec, intent.args[given]); !why.empty()) {
      return std::string(spec.name) + ": " + why;
    }
    ++given;
  }
  if (given < intent.args.size()) return "too many arguments";
  if (intent.over && row.ramps == Ramps::no) return "it does not ramp, so it takes no `over`";
  if (intent.over && !(intent.over->amount > 0 && intent.over->amount <= 4096)) return "over takes 0 to 4096";
  if (intent.curve && row.ramps != Ramps::yes) return "it takes no curve";
  if (intent.curve && !intent.over) return "a curve needs `over`";
  return {};
}

}  // namespace tactus::schedule
