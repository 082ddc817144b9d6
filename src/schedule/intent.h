// An intent: what somebody wants to happen to the sound, before anybody decided whether and when it will.
//
// It is a value: made by parse() from text or from an OSC message, printed by to_text(), judged by the Scheduler.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "engine/msg/command.h"
#include "schedule/quant.h"

namespace tactus::schedule {

struct IntentRow;

// Numbers, switches (0 or 1) and counts are doubles; -infinity is a legal level. Words and paths are strings.
using Arg = std::variant<double, std::string>;

// `over 16 beats`: how long a ramp takes.
struct Over {
  enum class Unit { beats, bars, seconds };
  double amount = 0;  // > 0
  Unit unit = Unit::beats;
  bool operator==(const Over&) const = default;
};

struct Intent {
  const IntentRow* row = nullptr;  // of the intent table, never null in a parsed intent
  // What the address's letters stood for, counted from 0 here and from 1 in text. Unused ones are 0.
  int deck = 0;      // N
  int index = 0;     // K (hot cue, loop slot), or STEM
  int unit = 0;      // UNIT
  int slot = 0;      // SLOT
  std::string name;  // PARAM: an effect's own parameter
  std::vector<Arg> args;
  std::optional<Quant> quant;  // nothing: the row's default
  std::optional<Over> over;
  std::optional<msg::Curve> curve;
  bool operator==(const Intent&) const = default;

  // Argument i as a number (0 if absent or a word) and as a word (empty if absent or a number).
  double number(std::size_t i) const {
    const double* v = i < args.size() ? std::get_if<double>(&args[i]) : nullptr;
    return v ? *v : 0;
  }
  std::string_view word(std::size_t i) const {
    const std::string* v = i < args.size() ? std::get_if<std::string>(&args[i]) : nullptr;
    return v ? std::string_view(*v) : std::string_view();
  }
};

// Who asks. The kinds are in order of precedence: an earlier one wins a control over a later one.
struct Source {
  enum class Kind { hand, key, midi, osc, voice, motion, script, ai };
  std::string name;  // "gui", "midi:Launch Control", "voice"
  Kind kind = Kind::hand;
  double confidence = 1;  // 0..1, of a recogniser that may have misheard
};
const char* kind_name(Source::Kind);

}  // namespace tactus::schedule
