// What every control stands at, as the intents that would bring it there.
#include <array>

#include "schedule/intent_table.h"
#include "schedule/numbers.h"
#include "schedule/scheduler.h"

namespace tactus::schedule {

namespace {

using Convert = Meaning::Convert;
using msg::Param;

// Ramps that have less than this to go are through for all practical purposes.
constexpr double kRampThrough = 0.02;  // seconds

// A gain as a level that an intent takes; below the lowest it is off.
double level(double gain, double least) {
  const double db = gain > 0 ? Decibels::of_gain(gain).v : -INFINITY;
  // Six digits behind the point are far below what can be heard, and are read more easily.
  return db < least ? -INFINITY : std::round(db * 1e6) / 1e6;
}

// The inverse of Translator::converted() for what a parameter can be.
std::vector<Arg> arguments(const IntentRow& row, const ParamKey& key, double value) {
  switch (row.meaning.convert) {
    case Convert::gain:
      return {std::min(level(value, row.args[0].min), row.args[0].max)};
    case Convert::speed:
      return {std::round((value - 1) * 100 * 1e9) / 1e9};
    case Convert::word: {
      std::string_view rest = row.args[0].choices;
      for (int i = static_cast<int>(value); i > 0; --i) rest.remove_prefix(std::min(rest.find('|') + 1, rest.size()));
      return {std::string(rest.substr(0, rest.find('|')))};
    }
    case Convert::assign:
      return {key.deck + 1.0, std::string(value < 0 ? "left" : value > 0 ? "right" : "thru")};
    default:
      return {value};
  }
}

bool per(const IntentRow& row, std::string_view letters) { return row.pattern.find(letters) != std::string_view::npos; }

}  // namespace

std::vector<std::string> Scheduler::setting(const IntentRow& row, const ParamKey& key, Intent intent,
                                            const World& world) const {
  const auto set = memory_.known(key);
  if (!set) return {};
  intent.row = &row;
  const auto said = [&](double value, double over) {
    intent.args = arguments(row, key, value);
    intent.over.reset();
    intent.curve.reset();
    if (over > 0) {
      intent.over = Over{std::round(over * 1000) / 1000, Over::Unit::seconds};
      if (row.ramps == Ramps::yes && set->curve != msg::Curve::linear) intent.curve = set->curve;
    }
    return to_text(intent);
  };
  const double left = world.seconds(set->until - world.now);
  if (row.ramps == Ramps::no || left < kRampThrough) return {said(set->value, 0)};
  return {said(set->now(world.now), 0), said(set->value, left)};
}

std::optional<double> Scheduler::argument(const Intent& intent, const World& world) const {
  const Meaning& meaning = intent.row->meaning;
  if (meaning.kind == Meaning::Kind::host && meaning.host == Meaning::Host::clock_tempo) {
    return world.map.bpm_at_frame(static_cast<double>(world.now.v));
  }
  if (meaning.kind != Meaning::Kind::param || meaning.convert == Convert::assign) return {};
  // A leading deck's tempo is asked of the clock, so the deck itself is looked at.
  if (meaning.param == Param::tempo) return (world.snapshot.decks[intent.deck].tempo - 1) * 100;
  const Translation t = translate(intent, world, {}, planned_);
  if (t.commands.empty()) return {};
  const ParamKey key = ParamKey::of(t.commands.front());
  const std::vector<Arg> args = arguments(*intent.row, key, memory_.value(key, world.snapshot));
  const double* number = std::get_if<double>(&args.front());
  return number ? std::optional(*number) : std::nullopt;
}

std::vector<std::string> Scheduler::settings(const World& world) const {
  std::vector<std::string> list;
  const auto add = [&list](std::vector<std::string> texts) {
    list.insert(list.end(), std::make_move_iterator(texts.begin()), std::make_move_iterator(texts.end()));
  };
  // Effects before their parameters.
  for (int d = 0; d < kDecks; ++d) {
    for (int place = 0; place < msg::kDeckFx; ++place) {
      const std::string& fx = planned_.fx[static_cast<std::size_t>(d)][static_cast<std::size_t>(place)];
      const std::string slot = "/deck/" + std::to_string(d + 1) + "/fx/" + std::to_string(place / kFxSlots + 1) + "/" +
                               std::to_string(place % kFxSlots + 1);
      if (!fx.empty()) list.push_back(slot + "/type " + fx);
    }
  }
  for (const IntentRow& row : intent_table()) {
    if (row.meaning.kind != Meaning::Kind::param) continue;
    const bool assign = row.meaning.convert == Convert::assign;
    for (int d = 0; d < (per(row, "/N/") || assign ? kDecks : 1); ++d) {
      Intent intent;
      if (!assign) intent.deck = d;
      ParamKey key{row.meaning.param, static_cast<std::uint8_t>(d), 0, 0};
      if (per(row, "/STEM/")) {
        for (int s = 0; s < msg::kStems; ++s) {
          intent.index = s;
          key.index = static_cast<std::uint8_t>(s);
          add(setting(row, key, intent, world));
        }
      } else if (per(row, "/UNIT/")) {
        add(fx_settings(row, key, intent, world));
      } else {
        add(setting(row, key, intent, world));
      }
    }
  }
  return list;
}

std::vector<std::string> Scheduler::fx_settings(const IntentRow& row, ParamKey key, Intent intent,
                                                const World& world) const {
  std::vector<std::string> list;
  for (int place = 0; place < msg::kDeckFx; ++place) {
    const std::string& name = planned_.fx[key.deck][static_cast<std::size_t>(place)];
    const msg::FxInfo* fx = world.effect(name);
    if (!fx) continue;
    intent.unit = place / kFxSlots;
    intent.slot = place % kFxSlots;
    key.index = static_cast<std::uint8_t>(place);
    const bool own = row.meaning.convert == Convert::effect;
    for (std::size_t p = 0; p < (own ? fx->params.size() : 1); ++p) {
      if (own && fx->params[p].role != msg::FxRole::user) continue;
      key.sub = own ? static_cast<std::uint8_t>(p) : 0;
      if (own) intent.name = fx->params[p].id;
      for (std::string& text : setting(row, key, intent, world)) list.push_back(std::move(text));
    }
  }
  return list;
}

}  // namespace tactus::schedule
