#include "schedule/docs.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "engine/msg/fx_info.h"
#include "schedule/guards.h"
#include "schedule/intent_table.h"
#include "schedule/numbers.h"
#include "schedule/request_table.h"

namespace tactus::schedule {
namespace {

std::string arguments(const IntentRow& row) {
  std::string out;
  for (std::size_t i = 0; i < row.arg_count(); ++i) {
    const ArgSpec& spec = row.args[i];
    if (!out.empty()) out += ", ";
    if (spec.type == ArgSpec::Type::choice && spec.optional) {
      out += "[`" + std::string(spec.choices) + "`]";
      continue;
    }
    std::string what = std::string(spec.name) + ": " + describe(spec);
    if (spec.type == ArgSpec::Type::flag) what = describe(spec);
    if (spec.type == ArgSpec::Type::text) what = spec.name;
    if (!spec.only_after.empty()) what += " (after `" + std::string(spec.only_after) + "`)";
    out += spec.optional ? "[" + what + "]" : what;
  }
  return out;
}

std::vector<std::string> guards(const IntentRow& row) {
  std::vector<std::string> out;
  if (row.guards & kNeedsTrack) out.emplace_back("needs a track");
  if (row.guards & kNeedsForce) out.emplace_back("`force` on a sounding deck");
  if (row.guards & kMaySilence) out.emplace_back("not to silence");
  if (row.guards & kHandOnly) out.emplace_back("hand or key only");
  if (row.guards & kNearOnly) out.emplace_back("not from OSC, voice, motion, AI");
  return out;
}

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& w : words) out += (out.empty() ? "" : ", ") + w;
  return out;
}

// A pipe would end the cell of a table.
std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) out += c == '|' ? "\\|" : std::string(1, c);
  return out;
}

const char* ramps(const IntentRow& row) {
  constexpr const char* kWords[] = {"", "`over`, curve", "`over`"};
  return kWords[static_cast<int>(row.ramps)];
}

constexpr const char* kIntro =
    R"(<!-- Made by `tactus intents --markdown` from src/schedule/intent_table.cpp. Change it there. -->
# Intents

Everything that can be asked of Tactus, by hand, key, MIDI, OSC, voice, movement, script or machine. All of them speak
this one language, and all of them pass the same scheduler.

## How an intent is written

    address arguments... [@when] [over LENGTH beats|bars|seconds] [curve]

    /deck/2/eq/low -inf @bar
    /mixer/crossfader 1 @phrase over 16 beats s-curve
    /deck/1/load "/music/a \"live\" take.flac"

Words are separated by spaces. A word in double quotes may hold anything, with the escapes `\"` `\\` `\n` `\t` `\r`
`\xHH`. Capitals in the addresses below stand for numbers, counted from 1: `N` a deck (1 to 4), `K` a hot cue (1 to 16) or
a loop slot (1 to 8), `UNIT` (1 to 4) and `SLOT` (1 to 3) an effect's place; `STEM` is vocals, drums, bass or other.
Numbers are decimal; beats may be fractions (`1/4`); a level of `-inf` is silence. Switches take `0`, `1`, `off`, `on`.
An OSC message is the same: the address, then the arguments as numbers and strings.

**When.** Nothing, `@now` and `@none` mean at once. `@bar`, `@2bar`, `@4bar`, `@8bar`; note values `@1/2` to `@1/32`, where
`@1/4` is one beat (also `@beat`), with `T` for triplets (`@1/8T`: three in the time of two); `@phrase` (the session's, 16
beats unless `/clock/phrase` says 32), `@phrase16`, `@phrase32`: the next boundary of that kind. `@beat=64`: that beat
of the session. What is pending at a beat moves with every change of tempo. A beat that has passed means at once.

**Over and curve.** A control marked `over` moves to its new value over that length, else in 5 ms. Lengths in beats and
bars follow the tempo. Curves: `linear` (default), `equal-power`, `exponential`, `s-curve`.

## What is refused, and why

Every refusal goes back to its source with the address, the reason, and what would be accepted.

- **Ranges** as below; unknown decks, cues and effects; what an empty deck can't do.
- **Precedence.** Whoever touches a control keeps those after them off it for 2 seconds: hand, key, midi, osc, voice,
  motion, script, ai. All that moves a deck's playhead counts as one control.
- **Silence.** A source with a confidence below 0.8, and motion and ai always, may not silence the last sounding deck:
  not now, and not at the moment for which they ask, with all that is pending counted in. A hand on the platter counts as
  silence, and so does being sent to the last 4 s of the track. Marked *not to silence*.
- **Sounding decks** are loaded and unloaded only with `force`, and a deck that is still fading out sounds.
- **Rates**, in intents a second (and at once): )";

constexpr const char* kAfterRates = R"(.
  Continuous moves (faders, knobs, wheels) don't count and are never refused for their number: the latest value of each
  control goes out once a control period.
- **Room.** 512 pending intents of a source, 1024 in all; a hand, a key, `/panic` and `/silence` always find room.

`/undo` takes back the last load, unload, double, deleted hot cue, loop exit, or move of trim, EQ, filter, fader or
crossfader by the same source; a sweep counts as one move. A mistaken load comes back where it would be by now.
)";

}  // namespace

std::string intents_markdown() {
  std::string out = kIntro;
  for (std::size_t i = 0; i < kRates.size(); ++i) {
    out += (i ? ", " : "") + std::string(kind_name(static_cast<Source::Kind>(i))) + " " +
           number_text(kRates[i].per_second) + " (" + number_text(kRates[i].burst) + ")";
  }
  out += kAfterRates;
  std::string_view section;
  for (const IntentRow& row : intent_table()) {
    if (row.section != section) {
      section = row.section;
      out += "\n## " + std::string(section) +
             "\n\n| address | arguments | ramps | guards | what it does | said |\n|---|---|---|---|---|---|\n";
    }
    std::string spoken;
    for (const std::string_view phrase : row.spoken) {
      if (phrase.empty()) continue;
      spoken += (spoken.empty() ? "" : "; ") + std::string(phrase.substr(0, phrase.find(" = ")));
    }
    std::vector<std::string> limits = guards(row);
    if (row.reversible) limits.emplace_back("undo");
    if (row.quant.kind != Quant::Kind::now) limits.push_back("@" + quant_text(row.quant) + " by default");
    out += "| `" + std::string(row.pattern) + "` | " + cell(arguments(row)) + " | " + ramps(row) + " | " +
           joined(limits) + " | " + cell(row.help) + " `" + std::string(row.example) + "` | " + cell(spoken) + " |\n";
  }
  return out;
}

namespace {

using nlohmann::ordered_json;

ordered_json wire_json(std::span<const WireRow> table) {
  ordered_json rows = ordered_json::array();
  for (const WireRow& row : table) {
    ordered_json args = ordered_json::array();
    for (const WireArg& arg : row.args) {
      args.push_back({{"name", arg.name}, {"type", arg.type}});
      if (arg.optional) args.back()["optional"] = true;
    }
    rows.push_back(
        {{"address", row.address}, {"arguments", std::move(args)}, {"where", row.where}, {"help", row.help}});
  }
  return rows;
}

// Those that a person sets: what PARAM of the addresses stands for.
ordered_json effects_json() {
  ordered_json effects = ordered_json::array();
  for (const msg::FxInfo& fx : msg::fx_table()) {
    ordered_json parameters = ordered_json::array();
    for (const msg::FxParamInfo& p : fx.params) {
      if (p.role != msg::FxRole::user) continue;
      parameters.push_back(
          {{"id", p.id}, {"label", p.label}, {"unit", p.unit}, {"min", p.min}, {"max", p.max}, {"initial", p.initial}});
    }
    effects.push_back({{"id", fx.id}, {"label", fx.label}, {"help", fx.help}, {"parameters", std::move(parameters)}});
  }
  return effects;
}

}  // namespace

std::string intents_json() {
  constexpr const char* kTypes[] = {"", "number", "level", "beats", "count", "flag", "choice", "text"};
  ordered_json rows = ordered_json::array();
  for (const IntentRow& row : intent_table()) {
    ordered_json args = ordered_json::array();
    for (std::size_t i = 0; i < row.arg_count(); ++i) {
      const ArgSpec& spec = row.args[i];
      ordered_json arg{{"name", spec.name}, {"type", kTypes[static_cast<int>(spec.type)]}};
      if (!spec.unit.empty()) arg["unit"] = spec.unit;
      if (spec.min < spec.max) arg["min"] = spec.min, arg["max"] = spec.max;
      for (std::string_view rest = spec.choices; !rest.empty();) {
        const std::size_t bar = std::min(rest.find('|'), rest.size());
        arg["choices"].push_back(rest.substr(0, bar));
        rest.remove_prefix(std::min(bar + 1, rest.size()));
      }
      if (spec.optional) arg["optional"] = true;
      if (!spec.only_after.empty()) arg["only_after"] = spec.only_after;
      args.push_back(std::move(arg));
    }
    ordered_json spoken = ordered_json::array();
    for (const std::string_view phrase : row.spoken)
      if (!phrase.empty()) spoken.push_back(phrase);
    ordered_json item{{"address", row.pattern}, {"section", row.section}, {"arguments", std::move(args)}};
    if (row.k_max > 0) item["k_max"] = row.k_max;
    item["over"] = row.ramps != Ramps::no;
    item["curve"] = row.ramps == Ramps::yes;
    item["quantise"] = quant_text(row.quant);
    item["needs_track"] = (row.guards & kNeedsTrack) != 0;
    item["needs_force"] = (row.guards & kNeedsForce) != 0;
    item["may_silence"] = (row.guards & kMaySilence) != 0;
    item["hand_only"] = (row.guards & kHandOnly) != 0;
    item["near_only"] = (row.guards & kNearOnly) != 0;
    item["undo"] = row.reversible;
    item["spoken"] = std::move(spoken);
    item["help"] = row.help;
    item["example"] = row.example;
    rows.push_back(std::move(item));
  }
  return ordered_json{{"tactus_intents", 1},
                      {"decks", kDecks},
                      {"intents", std::move(rows)},
                      {"effects", effects_json()},
                      {"requests", wire_json(request_table())},
                      {"replies", wire_json(reply_table())}}
             .dump(1) +
         "\n";
}

}  // namespace tactus::schedule
