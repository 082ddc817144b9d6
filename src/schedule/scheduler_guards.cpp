// What the scheduler refuses, and why.
#include <algorithm>

#include "schedule/deck_name.h"
#include "schedule/numbers.h"
#include "schedule/scheduler.h"

namespace tactus::schedule {

using msg::When;

namespace {

std::string deck_address(int deck) { return "/deck/" + std::to_string(deck + 1); }

}  // namespace

std::string Scheduler::judge(Draft& d) const {
  const IntentRow& row = *d.intent.row;
  const Source::Kind kind = d.source.kind;
  if ((row.guards & kHandOnly) && kind != Source::Kind::hand && kind != Source::Kind::key) {
    return std::string("not from ") + kind_name(kind) + "; only a hand or a key may";
  }
  if ((row.guards & kNearOnly) && (kind == Source::Kind::osc || kind >= Source::Kind::voice) &&
      kind != Source::Kind::script) {
    return std::string("not from ") + kind_name(kind) + "; it opens this machine to a network";
  }
  if (std::string why = precedence(d); !why.empty()) return why;
  const bool cues = row.meaning.kind == Meaning::Kind::param && row.meaning.param == msg::Param::cue_bus;
  if (cues && d.intent.number(0) != 0 && !d.world.no_prelisten.empty()) return d.world.no_prelisten;
  if (row.meaning.kind == Meaning::Kind::meta) {
    if (std::string why = say(d); !why.empty()) return why;
    return silences_last(d);
  }
  Translation t = translate(d.intent, d.world, d.entry.when, planned_);
  if (!t.refusal.empty()) return t.refusal;
  d.entry.commands = std::move(t.commands);
  d.entry.actions = std::move(t.actions);
  d.entry.when = d.entry.commands.empty() ? d.entry.actions.front().when : d.entry.commands.front().when;
  d.note = std::move(t.note);
  if (!row.reversible && (row.guards & (kNeedsTrack | kNeedsForce)) == 0 && row.meaning.op != msg::Op::sync) {
    return silences_last(d);
  }
  const MixModel before = mix_at(d.world.frame_of(d.entry.when), d.world, (row.guards & kNeedsForce) != 0);
  if (std::string why = deck_state(d, before); !why.empty()) return why;
  if (std::string why = needs_force(d, before); !why.empty()) return why;
  if (std::string why = silences_last(d); !why.empty()) return why;
  if (row.reversible) {
    UndoStep step = inverse(d, before);
    if (!step.commands.empty() || !step.actions.empty()) d.undo.push_back(std::move(step));
  }
  return {};
}

std::string Scheduler::precedence(const Draft& d) const {
  if (d.control.empty()) return {};
  const Frames hold = d.world.frames(options_.hold_seconds);
  const Source::Kind* holder = touches_.held_against(d.source.kind, d.control, d.world.now, hold);
  if (!holder) return {};
  return std::string(kind_name(*holder)) + " goes before " + kind_name(d.source.kind) +
         " and has just touched it; free " + number_text(options_.hold_seconds) + " s after the last touch";
}

std::string Scheduler::deck_state(Draft& d, const MixModel& before) const {
  const Intent& intent = d.intent;
  const IntentRow& row = *intent.row;
  const int deck = intent.deck;
  if ((row.guards & kNeedsTrack) && !before.loaded(deck)) {
    return deck_name(deck) + " is empty; load a track first: " + deck_address(deck) + "/load PATH";
  }
  if (!d.entry.actions.empty()) {
    const auto* twice = std::get_if<ask::LoadDouble>(&d.entry.actions.front().what);
    if (twice && !before.loaded(twice->from)) return deck_name(twice->from) + " is empty; there is nothing to double";
    return {};
  }
  // What is still to come on the deck may change all of the following.
  if (pending_on(deck) || d.world.snapshot.decks[deck].track_id == 0) return {};
  const msg::DeckSnapshot& state = d.world.snapshot.decks[deck];
  const bool has_grid = d.world.decks[static_cast<std::size_t>(deck)].grid_bpm > 0;
  const msg::Op op = row.meaning.op;
  if (row.meaning.kind == Meaning::Kind::op) {
    if ((op == msg::Op::hotcue_jump || op == msg::Op::hotcue_clear) && state.hotcues[intent.index] < 0) {
      return "that hot cue is empty; set it with " + deck_address(deck) + "/hotcue/" +
             std::to_string(intent.index + 1) + "/set";
    }
    if ((op == msg::Op::seek || op == msg::Op::hotcue_set || op == msg::Op::cue_set) && state.length > 0 &&
        d.entry.commands.front().a >= state.length) {
      return "the track ends at " + number_text(std::floor(state.length / d.world.map.rate() * 10) / 10) + " s";
    }
    if (op == msg::Op::sync && d.entry.commands.front().index != 0 && !has_grid) {
      return deck_name(deck) + " has no beat grid; only off works";
    }
  }
  if (d.entry.quantised && !has_grid) {
    if (!d.note.empty()) d.note += "; ";
    d.note += deck_name(deck) + " has no beat grid, so this follows the session's clock";
  }
  return {};
}

std::string Scheduler::needs_force(const Draft& d, const MixModel& before) const {
  if ((d.intent.row->guards & kNeedsForce) == 0 || forced(d.intent)) return {};
  const int deck = d.intent.deck;
  if (!before.audible(deck) && !before.fading_out(deck, d.world.frame_of(d.entry.when))) return {};
  return deck_name(deck) + " is sounding; fade it out, or add `force`";
}

// Plays what is pending forward with and without the intent: is there a moment at which only it makes silence?
std::string Scheduler::silences_last(const Draft& d) const {
  const Source& s = d.source;
  const bool trusted = s.confidence >= options_.trusted && s.kind != Source::Kind::motion && s.kind != Source::Kind::ai;
  if (trusted || (d.intent.row->guards & kMaySilence) == 0) return {};
  const Frame due = d.world.frame_of(d.entry.when);
  MixModel without = mix_at(due, d.world);
  MixModel with = without;
  for (const HostAction& a : d.entry.actions) with.apply(a);
  for (const msg::Command& c : d.entry.commands) with.apply(c, due);
  bool silent = false;
  Frame last = due;
  // What happens at one frame happens at once: only between frames can there be silence.
  const auto listen = [&] { silent = silent || (without.any_audible() && !with.any_audible()); };
  for (const Entry* e : in_order(d.world)) {
    const Frame at = d.world.frame_of(e->when);
    if (at <= due) continue;
    if (at > last) listen();
    last = at;
    for (MixModel* mix : {&without, &with}) {
      for (const HostAction& a : e->actions) mix->apply(a);
      for (const msg::Command& c : e->commands) mix->apply(c, at);
    }
  }
  listen();
  if (!silent) return {};
  return std::string("it would silence the last sounding deck, and ") + kind_name(s.kind) + " with confidence " +
         number_text(std::round(s.confidence * 100) / 100) + " may not; a hand may, or bring in another deck first";
}

MixModel Scheduler::mix_at(Frame due, const World& world, bool fades) const {
  MixModel mix(memory_, world, fades);
  for (const Entry* e : in_order(world)) {
    const Frame at = world.frame_of(e->when);
    if (at > due) break;
    for (const HostAction& a : e->actions) mix.apply(a);
    for (const msg::Command& c : e->commands) mix.apply(c, at);
  }
  return mix;
}

std::vector<const Scheduler::Entry*> Scheduler::in_order(const World& world) const {
  std::vector<std::pair<Frame, const Entry*>> order;
  order.reserve(pending_.size());
  for (const Entry& e : pending_) order.emplace_back(world.frame_of(e.when), &e);
  for (const Moved& m : moved_)
    if (m.latest.id) order.emplace_back(world.now, &m.latest);
  std::sort(order.begin(), order.end(), [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first < b.first : a.second->id < b.second->id;
  });
  std::vector<const Entry*> entries;
  entries.reserve(order.size());
  for (const auto& [frame, entry] : order) entries.push_back(entry);
  return entries;
}

std::string Scheduler::room(const Draft& d) const {
  if (d.continuous || d.source.kind <= Source::Kind::key || d.intent.row->control == Control::none) return {};
  const auto of_source =
      std::count_if(pending_.begin(), pending_.end(), [&](const Entry& e) { return e.source.name == d.source.name; });
  if (static_cast<std::size_t>(of_source) >= kMaxPendingOfSource) {
    return std::to_string(kMaxPendingOfSource) + " intents of '" + d.source.name +
           "' are pending; wait until some have happened";
  }
  if (pending_.size() < kMaxPendingIntents) return {};
  return std::to_string(kMaxPendingIntents) + " intents are pending; wait until some have happened";
}

bool Scheduler::pending_on(int deck) const {
  return std::any_of(pending_.begin(), pending_.end(), [&](const Entry& e) {
    return e.intent.row->pattern.starts_with("/deck/") && e.intent.deck == deck;
  });
}

}  // namespace tactus::schedule
