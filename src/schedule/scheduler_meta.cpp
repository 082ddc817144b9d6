// /undo, /panic and /silence, which depend on what the scheduler remembers.
#include <algorithm>

#include "schedule/scheduler.h"

namespace tactus::schedule {

using msg::Command;
using msg::Op;
using msg::Param;
using msg::When;

namespace {

constexpr double kPanicSeconds = 0.05, kSilenceSeconds = 0.1;

Command set(ParamKey key, double value, When when, std::int64_t frames) {
  Command c;
  c.op = Op::set_param;
  c.param = key.param;
  c.deck = key.deck;
  c.index = key.index;
  c.sub = key.sub;
  c.a = value;
  c.when = when;
  c.ramp.frames = frames;
  return c;
}

// What Op::panic puts back by itself.
bool panic_resets(Op op) {
  return op == Op::loop || op == Op::reverse || op == Op::censor || op == Op::slip || op == Op::nudge;
}
bool panic_concerns(const Command& c) {
  return c.op == Op::set_param ? neutral(c.param).has_value() : panic_resets(c.op);
}
bool moves_master(const Command& c) { return c.op == Op::set_param && c.param == Param::master; }

// Every control that has a neutral value, on all decks.
std::vector<ParamKey> neutral_controls() {
  std::vector<ParamKey> keys;
  for (std::uint8_t deck = 0; deck < msg::kMaxDecks; ++deck) {
    for (const Param p : {Param::eq_low, Param::eq_mid, Param::eq_high, Param::filter, Param::key})
      keys.push_back({p, deck, 0, 0});
    for (std::uint8_t stem = 0; stem < msg::kStems; ++stem)
      for (const Param p : {Param::stem_gain, Param::stem_mute, Param::stem_solo}) keys.push_back({p, deck, stem, 0});
    for (std::uint8_t slot = 0; slot < msg::kDeckFx; ++slot) keys.push_back({Param::fx_on, deck, slot, 0});
  }
  return keys;
}

msg::TrackMarks marks_of(const msg::DeckSnapshot& s) {
  msg::TrackMarks marks;
  if (s.cue_set) marks.cue = s.cue;
  std::copy(std::begin(s.hotcues), std::end(s.hotcues), marks.hotcues);
  std::copy(std::begin(s.slots), std::end(s.slots), marks.slots);
  marks.loop = {s.loop_start, s.loop_end};
  marks.looping = s.loop_active;
  return marks;
}

}  // namespace

std::string Scheduler::say(Draft& d) const {
  switch (d.intent.row->meaning.meta) {
    case Meaning::Meta::undo:
      return say_undo(d);
    case Meaning::Meta::panic:
      say_panic(d);
      break;
    case Meaning::Meta::silence:
      say_silence(d);
      break;
    case Meaning::Meta::tap:  // became another intent before it got here
      break;
  }
  return {};
}

void Scheduler::stop(const Draft& d, Output& out) {
  const Meaning& m = d.intent.row->meaning;
  if (m.kind != Meaning::Kind::meta) return;
  if (m.meta == Meaning::Meta::undo) {
    const std::uint64_t id = undo_.latest(d.source.name)->id;
    undo_.drop_latest(d.source.name);
    if (Entry* e = find(id); e && e->state != State::sent) drop(*e, "", out);
    std::erase_if(moved_, [&](const Moved& moved) { return moved.latest.id == id; });
  } else {
    const auto concerns = m.meta == Meaning::Meta::panic ? panic_concerns : moves_master;
    const auto stopped = [&](const Entry& e) {
      return e.state != State::sent && e.state != State::opening &&
             std::any_of(e.commands.begin(), e.commands.end(), concerns);
    };
    for (Entry& e : pending_)
      if (stopped(e)) drop(e, "dropped by " + d.address, out);
    std::erase_if(moved_, [&](const Moved& moved) { return moved.latest.id && stopped(moved.latest); });
  }
  sweep();
}

std::string Scheduler::say_undo(Draft& d) const {
  const UndoStep* step = undo_.latest(d.source.name);
  if (!step) {
    return "there is nothing to undo for '" + d.source.name +
           "'; load, unload, a deleted hot cue, a loop exit, EQ, filter and fader moves can be taken back";
  }
  const auto with_id = [&](const Entry& e) { return e.id == step->id; };
  const auto pending = std::find_if(pending_.begin(), pending_.end(), with_id);
  const bool waits = std::any_of(moved_.begin(), moved_.end(), [&](const Moved& m) { return m.latest.id == step->id; });
  d.note = "takes back " + step->text;
  if (pending != pending_.end() && pending->state != State::sent) {
    d.note += ", which had not happened yet";
    return {};
  }
  // What is with the engine but not due yet is taken back right after it happens.
  const bool later =
      pending != pending_.end() && !waits && d.world.frame_of(pending->when) > d.world.frame_of(d.entry.when);
  if (later) d.entry.when = pending->when;
  d.entry.commands = step->commands;
  d.entry.actions = step->actions;
  for (Command& c : d.entry.commands) c.when = d.entry.when;
  for (HostAction& a : d.entry.actions) a.when = d.entry.when;
  if (d.entry.actions.empty() || forced(d.intent)) return {};
  const auto* unload = std::get_if<ask::Unload>(&d.entry.actions.front().what);
  const Frame due = d.world.frame_of(d.entry.when);
  if (!unload || !mix_at(due, d.world).audible(unload->deck)) return {};
  return "deck " + std::to_string(unload->deck + 1) +
         " was empty before and is sounding now; fade it out, or add `force`";
}

UndoStep Scheduler::inverse(const Draft& d, const MixModel& before) const {
  UndoStep step;
  step.control = d.address;
  step.continuous = d.continuous;
  step.at = d.world.now;
  step.text = to_text(d.intent);
  const int deck = d.intent.deck;
  const msg::DeckSnapshot& s = d.world.snapshot.decks[deck];
  const Meaning& m = d.intent.row->meaning;
  Command c;
  c.deck = static_cast<std::uint8_t>(deck);
  if (m.kind == Meaning::Kind::host) {
    const std::string& path = d.world.decks[static_cast<std::size_t>(deck)].path;
    const bool looping = s.loop_active;
    const PositionLaw law{
        s.position, s.speed, d.world.snapshot.frame, looping ? s.loop_start : 0, looping ? s.loop_end : 0, s.playing};
    if (s.track_id != 0 && !path.empty()) {
      step.actions.emplace_back().what = ask::UndoLoad{deck, path, law, marks_of(s)};
    } else {
      step.actions.emplace_back().what = ask::Unload{deck};
    }
  } else if (m.kind == Meaning::Kind::loop) {
    c.op = Op::loop;
    c.index = static_cast<std::uint8_t>(msg::LoopOp::reloop);
    if (s.loop_active) step.commands.push_back(c);
  } else if (m.kind == Meaning::Kind::op) {
    c.op = Op::hotcue_set;
    c.index = static_cast<std::uint8_t>(d.intent.index);
    c.a = s.hotcues[d.intent.index];
    if (c.a >= 0) step.commands.push_back(c);
  } else {
    const ParamKey key = ParamKey::of(d.entry.commands.front());
    step.commands.push_back(set(key, before.value(key), {}, 0));
  }
  return step;
}

void Scheduler::say_panic(Draft& d) const {
  const World& w = d.world;
  const std::int64_t ramp = w.frames(kPanicSeconds).v;
  const When when = d.entry.when;
  std::vector<Command>& out = d.entry.commands;
  for (const ParamKey& key : neutral_controls()) {
    const double value = *neutral(key.param);
    if (memory_.value(key, w.snapshot) != value) out.push_back(set(key, value, when, ramp));
  }
  Command reset;
  reset.op = Op::panic;
  reset.when = when;
  reset.ramp.frames = ramp;  // of the effects' tails
  out.push_back(reset);
  reset.ramp = {};
  // What is with the engine already can't be stopped; it is put right the moment it happens.
  for (const Entry* e : in_order(w)) {
    if (e->state != State::sent) continue;
    for (const Command& c : e->commands) {
      // What was sent to happen at once is in the engine's queue before this, and remembered as done.
      if (!panic_concerns(c) || c.when.kind == When::Kind::now) continue;
      const bool after = w.frame_of(c.when) > w.frame_of(when);
      if (c.op == Op::set_param) {
        out.push_back(set(ParamKey::of(c), *neutral(c.param), after ? c.when : when, ramp));
      } else if (after) {
        reset.when = c.when;
        out.push_back(reset);
      }
    }
  }
}

void Scheduler::say_silence(Draft& d) const {
  const World& w = d.world;
  const std::int64_t ramp = w.frames(kSilenceSeconds).v;
  const When when = d.entry.when;
  const ParamKey master{Param::master, 0, 0, 0};
  d.entry.commands.push_back(set(master, 0, when, ramp));
  for (const Entry* e : in_order(w)) {
    for (const Command& c : e->commands)
      if (e->state == State::sent && moves_master(c) && w.frame_of(c.when) > w.frame_of(when))
        d.entry.commands.push_back(set(master, 0, c.when, ramp));
  }
}

}  // namespace tactus::schedule
