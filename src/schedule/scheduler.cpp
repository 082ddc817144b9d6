#include "schedule/scheduler.h"

#include <algorithm>
#include <utility>

#include "schedule/numbers.h"

namespace tactus::schedule {

using msg::Command;
using msg::Op;
using msg::When;

namespace {

constexpr double kLostSeconds = 2;  // after which an execution that nobody reported is taken as lost

// Whether the owner must prepare something before it can be due.
bool must_open(const HostAction& a) {
  return std::holds_alternative<ask::Load>(a.what) || std::holds_alternative<ask::UndoLoad>(a.what);
}
bool swaps_fx(const HostAction& a) { return std::holds_alternative<ask::FxType>(a.what); }
// What is done as soon as it is asked for, so it is asked for when it is due: a plan with another effect is swapped in,
// and a deck is doubled with what is on it then.
bool done_at_once(const HostAction& a) { return swaps_fx(a) || std::holds_alternative<ask::LoadDouble>(a.what); }
// Whether the owner says when it is done.
bool is_reported(const HostAction& a) { return done_at_once(a) || std::holds_alternative<ask::Unload>(a.what); }
// What is done without the engine.
bool beside_engine(const HostAction& a) {
  return std::holds_alternative<ask::ClockTempo>(a.what) || std::holds_alternative<ask::ClockSource>(a.what) ||
         std::holds_alternative<ask::ClockMetre>(a.what) || std::holds_alternative<ask::MidiNote>(a.what) ||
         std::holds_alternative<ask::MidiCc>(a.what) || std::holds_alternative<ask::MidiClock>(a.what) ||
         std::holds_alternative<ask::Hold>(a.what) || std::holds_alternative<ask::Link>(a.what) ||
         std::holds_alternative<ask::Record>(a.what) || std::holds_alternative<ask::Cancel>(a.what);
}
// The deck that gets another track by it; -1: none.
int opened_deck(const HostAction& a) {
  if (const auto* load = std::get_if<ask::Load>(&a.what)) return load->deck;
  if (const auto* twice = std::get_if<ask::LoadDouble>(&a.what)) return twice->deck;
  if (const auto* back = std::get_if<ask::UndoLoad>(&a.what)) return back->deck;
  return -1;
}

// The frame of a stamp, however long ago; long ago for `now`.
Frame stamp_of(When w, const World& world) {
  if (w.kind == When::Kind::now) return {};
  return w.kind == When::Kind::beat ? world.map.due(Beat{w.value}) : Frame{w.value};
}

bool sets_fx(const Command& c) {
  return c.op == Op::set_param &&
         (c.param == msg::Param::fx_on || c.param == msg::Param::fx_wet || c.param == msg::Param::fx_param);
}

bool is_continuous(const Intent& intent, When when) {
  const Meaning& m = intent.row->meaning;
  if (when.kind != When::Kind::now || intent.over) return false;
  if (m.kind == Meaning::Kind::op) return m.op == Op::jog || m.op == Op::nudge;
  if (m.kind == Meaning::Kind::host) return m.host == Meaning::Host::clock_tempo;
  return m.kind == Meaning::Kind::param && intent.row->ramps != Ramps::no;
}

// What a touch of it holds; see Control.
std::string control_of(const Intent& intent, const std::string& address) {
  const std::string deck = "deck " + std::to_string(intent.deck + 1);
  switch (intent.row->control) {
    case Control::transport:
      return deck + " transport";
    case Control::track:
      return deck + " track";
    case Control::clock:
      return "clock";
    case Control::none:
      return {};
    case Control::own:
      break;
  }
  return intent.row->meaning.convert == Meaning::Convert::assign ? address + " " + number_text(intent.number(0))
                                                                 : address;
}

}  // namespace

Fate Scheduler::submit(const Intent& intent, const Source& source, const World& world, When at) {
  Draft d{intent, source, world, address_text(intent), {}, false, {}, {}, {}};
  const auto refuse = [&](const std::string& why) {
    Fate fate;
    fate.reason = d.address + ": " + why;
    return fate;
  };
  if (const std::string why = check(intent); !why.empty()) return refuse(why);
  const Meaning& meaning = intent.row->meaning;
  if (meaning.kind == Meaning::Kind::meta && meaning.meta == Meaning::Meta::tap) return tapped(source, world);
  d.control = control_of(intent, d.address);
  d.entry.intent = intent;
  d.entry.source = source;
  stamp(d, at);
  d.continuous = is_continuous(intent, d.entry.when);
  bool wait_for_tick = d.continuous && moved(d.address);
  if (!wait_for_tick && !limiter_.take(source, world.now, world.map.rate())) {
    const Rate& rate = kRates[static_cast<std::size_t>(source.kind)];
    if (!d.continuous) {
      return refuse("'" + source.name + "' asks for more than " + number_text(rate.per_second) +
                    " intents a second; wait a moment");
    }
    wait_for_tick = true;
  }
  if (const std::string why = judge(d); !why.empty()) return refuse(why);
  if (const std::string why = room(d); !why.empty()) return refuse(why);
  if (!d.control.empty()) touches_.touch(d.control, source.kind, world.now, world.frames(options_.hold_seconds));
  return wait_for_tick ? coalesce(d) : accept(d);
}

// Taps are an intent's way of saying a tempo: what they say is judged as that intent.
Fate Scheduler::tapped(const Source& source, const World& world) {
  const auto bpm = taps_.tap(world.seconds(world.now - Frame{}));
  if (bpm) {
    Fate fate = submit(*parse("/clock/tempo " + number_text(std::round(bpm->v * 100) / 100)).intent, source, world);
    if (fate.note.empty() && fate.verdict != Fate::Verdict::refused)
      fate.note = number_text(std::round(bpm->v * 100) / 100) + " BPM";
    return fate;
  }
  Fate fate;
  fate.verdict = Fate::Verdict::accepted;
  fate.id = next_id_++;
  fate.frame = world.now;
  fate.beat = world.beat_of(world.now);
  fate.note = "tap on";
  return fate;
}

void Scheduler::stamp(Draft& d, When at) const {
  const World& w = d.world;
  const Meaning& m = d.intent.row->meaning;
  Entry& e = d.entry;
  if (m.kind == Meaning::Kind::meta && m.meta != Meaning::Meta::undo) {
    // Now, whatever was said; a script says it when its moment comes.
    if (d.source.kind == Source::Kind::script) e.when = at;
    return;
  }
  const Quant q = d.intent.quant.value_or(d.intent.row->quant);
  if (q.kind == Quant::Kind::now) {
    e.when = at;
  } else if (q.kind == Quant::Kind::absolute) {
    e.when = When::at(q.at);
  } else {
    Beat from = w.beat_of(w.now + w.lead);
    if (at.kind == When::Kind::beat) from = Beat{at.value};
    if (at.kind == When::Kind::frame) from = w.beat_of(Frame{at.value});
    e.when = When::at(resolve(q, from, metre_at(from, w)));
    e.quantised = true;
  }
}

// What a bar and a phrase are at a beat to come, by all that has been asked for.
Metre Scheduler::metre_at(Beat beat, const World& world) const {
  Metre m = world.metre;
  const auto change = [&m](Beats bar, Beats phrase) {
    if (bar.micro > 0) m.bar = bar;
    if (phrase.micro > 0) m.phrase = phrase;
  };
  const Beat now = world.beat_of(world.now);
  for (const music::MetreStep& step : world.map.metre_steps()) {
    if (step.from > now && step.from <= beat) change(step.bar, step.phrase);
  }
  std::vector<std::pair<Beat, ask::ClockMetre>> held;
  for (const Entry& e : pending_) {
    const auto* metre = e.actions.empty() ? nullptr : std::get_if<ask::ClockMetre>(&e.actions.front().what);
    if (metre) held.emplace_back(world.beat_of(world.frame_of(e.when)), *metre);
  }
  std::stable_sort(held.begin(), held.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  for (const auto& [from, metre] : held) {
    if (from <= beat) change(metre.bar, metre.phrase);
  }
  return m;
}

Fate Scheduler::accept(Draft& d) {
  Fate fate;
  fate.verdict = Fate::Verdict::accepted;
  Entry& e = d.entry;
  e.id = fate.id = next_id_++;
  stop(d, fate.out);
  // A newer value that sounds at once takes the place of one that waits for the tick.
  if (Moved* m = moved(d.address); m && e.when.kind == When::Kind::now) m->latest = {};
  if (d.continuous) moved_.push_back({d.address, {}});
  for (UndoStep& step : d.undo) {
    step.id = e.id;
    undo_.add(d.source.name, std::move(step), d.world.frames(1));
  }
  fate.frame = d.world.frame_of(e.when);
  fate.beat = e.when.kind == When::Kind::beat ? Beat{e.when.value} : d.world.beat_of(fate.frame);
  fate.note = std::move(d.note);
  plan(e);
  place(std::move(e), d.world, fate.out);
  return fate;
}

Fate Scheduler::coalesce(Draft& d) {
  if (!moved(d.address)) moved_.push_back({d.address, {}});
  Moved& m = *moved(d.address);
  Fate fate;
  fate.verdict = Fate::Verdict::coalesced;
  d.entry.id = fate.id = m.latest.id ? m.latest.id : next_id_++;
  if (m.latest.id && !d.entry.commands.empty()) {
    // Movements of a wheel that nobody holds are ways, not places.
    Command& c = d.entry.commands.front();
    if (c.op == Op::jog && !planned_.scratching[c.deck]) c.a += m.latest.commands.front().a;
  }
  for (UndoStep& step : d.undo) {
    step.id = fate.id;
    undo_.add(d.source.name, std::move(step), d.world.frames(1));
  }
  fate.frame = d.world.now;
  fate.beat = d.world.beat_of(fate.frame);
  fate.note = std::move(d.note);
  m.latest = std::move(d.entry);
  return fate;
}

std::string& Scheduler::fx_slot(const ask::FxType& fx) {
  return planned_.fx[static_cast<std::size_t>(fx.deck)][static_cast<std::size_t>(fx_place(fx.unit, fx.slot))];
}

void Scheduler::plan(Entry& e) {
  for (const Command& c : e.commands)
    if (c.op == Op::scratch) planned_.scratching[c.deck] = c.a != 0;
  for (const HostAction& a : e.actions) {
    if (const auto* fx = std::get_if<ask::FxType>(&a.what)) {
      std::string& slot = fx_slot(*fx);
      e.fx_before = std::exchange(slot, fx->name);
    }
  }
}

void Scheduler::place(Entry e, const World& world, Output& out) {
  for (Command& c : e.commands) c.id = e.id;
  for (HostAction& a : e.actions)
    if (!std::holds_alternative<ask::Cancel>(a.what)) a.id = e.id;
  e.waits_for = depends_on(e, world);
  if (e.waits_for) {
    e.state = State::waiting;
  } else if (!e.actions.empty() && must_open(e.actions.front())) {
    e.state = State::opening;
    out.actions.insert(out.actions.end(), e.actions.begin(), e.actions.end());
  } else if (in_reach(e, world)) {
    release(e, world, out);
  } else {
    e.state = State::held;
  }
  if (!e.dead) pending_.push_back(std::move(e));
}

bool Scheduler::in_reach(const Entry& e, const World& world) const {
  const bool at_last = !e.actions.empty() && done_at_once(e.actions.front());
  const Frames ahead = at_last ? world.lead : world.frames(options_.horizon_seconds);
  return world.frame_of(e.when) <= world.now + ahead;
}

void Scheduler::release(Entry& e, const World& world, Output& out) {
  e.state = !e.actions.empty() && is_reported(e.actions.front()) ? State::opening : State::sent;
  e.sent = world.now;
  out.actions.insert(out.actions.end(), e.actions.begin(), e.actions.end());
  out.commands.insert(out.commands.end(), e.commands.begin(), e.commands.end());
  for (const Command& c : e.commands)
    if (c.op == Op::set_param && c.when.kind == When::Kind::now) memory_.set(c, world.now, world);
  // Nobody reports the execution of what is the owner's own business.
  e.dead = e.commands.empty() && std::all_of(e.actions.begin(), e.actions.end(), beside_engine);
}

std::uint64_t Scheduler::depends_on(const Entry& e, const World& world) const {
  int needs_deck = e.intent.row->guards & kNeedsTrack ? e.intent.deck : -1;
  if (!e.actions.empty())
    if (const auto* twice = std::get_if<ask::LoadDouble>(&e.actions.front().what)) needs_deck = twice->from;
  const auto blocks = [&](const HostAction& a) {
    if (needs_deck >= 0 && opened_deck(a) == needs_deck) return true;
    const auto* fx = std::get_if<ask::FxType>(&a.what);
    return fx && std::any_of(e.commands.begin(), e.commands.end(), [&](const Command& c) {
             return sets_fx(c) && c.deck == fx->deck && c.index == fx_place(fx->unit, fx->slot);
           });
  };
  for (auto p = pending_.rbegin(); p != pending_.rend(); ++p) {
    // What happens before the new track comes is meant for the old one.
    if (p->state == State::sent || p->id >= e.id || world.frame_of(p->when) > world.frame_of(e.when)) continue;
    if (std::any_of(p->actions.begin(), p->actions.end(), blocks)) return p->id;
  }
  return 0;
}

void Scheduler::quantise_again(Entry& e, const World& world, Frame from) const {
  const Beat earliest = world.beat_of(from);
  if (!e.quantised || e.when.kind != When::Kind::beat || Beat{e.when.value} >= earliest) return;
  e.when = When::at(resolve(e.intent.quant.value_or(e.intent.row->quant), earliest, metre_at(earliest, world)));
  for (Command& c : e.commands) c.when = e.when;
  for (HostAction& a : e.actions) a.when = e.when;
}

void Scheduler::resume(std::uint64_t id, const World& world, Frame from, Output& out) {
  std::vector<Entry> ready;
  for (Entry& e : pending_) {
    if (e.waits_for != id) continue;
    ready.push_back(std::move(e));
    e.dead = true;
  }
  sweep();
  std::sort(ready.begin(), ready.end(), [](const Entry& a, const Entry& b) { return a.id < b.id; });
  for (Entry& e : ready) {
    e.waits_for = 0;
    quantise_again(e, world, from);
    place(std::move(e), world, out);
  }
}

void Scheduler::drop(Entry& e, const std::string& why, Output& out) {
  if (e.dead) return;
  e.dead = true;
  undo_.forget(e.id);
  if (!why.empty()) out.notices.push_back({e.id, to_text(e.intent) + ": " + why});
  for (const HostAction& a : e.actions) {
    const auto* fx = std::get_if<ask::FxType>(&a.what);
    if (!fx) continue;
    std::string& slot = fx_slot(*fx);
    if (slot == fx->name) slot = e.fx_before;
  }
  if (e.state == State::opening) out.actions.push_back({e.id, e.when, ask::Cancel{}});
  for (Entry& other : pending_)
    if (other.waits_for == e.id) drop(other, "dropped with " + to_text(e.intent) + ", for which it waited", out);
}

void Scheduler::sweep() {
  std::erase_if(pending_, [](const Entry& e) { return e.dead; });
}

Scheduler::Entry* Scheduler::find(std::uint64_t id) {
  const auto found = std::find_if(pending_.begin(), pending_.end(), [&](const Entry& e) { return e.id == id; });
  if (found != pending_.end()) return &*found;
  const auto waiting =
      std::find_if(moved_.begin(), moved_.end(), [&](const Moved& m) { return id && m.latest.id == id; });
  return waiting == moved_.end() ? nullptr : &waiting->latest;
}

Scheduler::Moved* Scheduler::moved(const std::string& address) {
  const auto found = std::find_if(moved_.begin(), moved_.end(), [&](const Moved& m) { return m.address == address; });
  return found == moved_.end() ? nullptr : &*found;
}

Output Scheduler::tick(const World& world) {
  Output out;
  std::erase_if(moved_, [](const Moved& m) { return m.latest.id == 0; });
  for (Moved& m : moved_) {
    Entry e = std::exchange(m.latest, {});
    // A leader's tempo moves together with the clock, at a frame that is not rendered yet.
    if (e.when.kind == When::Kind::frame) {
      e.when = When::at(world.now + world.lead);
      for (Command& c : e.commands) c.when = e.when;
      for (HostAction& a : e.actions) a.when = e.when;
    }
    place(std::move(e), world, out);
  }
  std::vector<Entry*> due;
  for (Entry& e : pending_)
    if (e.state == State::held && in_reach(e, world)) due.push_back(&e);
  std::sort(due.begin(), due.end(), [&](const Entry* a, const Entry* b) {
    const Frame fa = world.frame_of(a->when), fb = world.frame_of(b->when);
    return fa != fb ? fa < fb : a->id < b->id;
  });
  for (Entry* e : due) release(*e, world, out);
  const Frame lost = world.now - world.frames(kLostSeconds);
  for (Entry& e : pending_) {
    if (e.state != State::sent || std::max(e.sent, stamp_of(e.when, world)) >= lost) continue;
    e.dead = true;
    out.notices.push_back({e.id, to_text(e.intent) + ": the engine did not confirm it"});
  }
  sweep();
  touches_.forget_before(world.now - world.frames(options_.hold_seconds));
  watch_ends(world, out);
  return out;
}

void Scheduler::watch_ends(const World& world, Output& out) {
  const MixModel mix(memory_, world, false);
  for (const EndWatch::Warning& w : ends_.update(world)) {
    const std::string seconds = std::to_string(static_cast<int>(std::ceil(std::max(0.0, w.seconds))));
    out.notices.push_back({0, "deck " + std::to_string(w.deck + 1) + " ends in " + seconds + " s"});
  }
  const double beats = options_.safety_loop_beats;
  if (!(beats > 0)) return;
  for (int n = 0; n < msg::kMaxDecks; ++n) {
    const msg::DeckSnapshot& d = world.snapshot.decks[n];
    const std::optional<double> left = seconds_left(world, n);
    std::uint64_t& looped = safety_looped_[static_cast<std::size_t>(n)];
    if (!left || looped == d.track_id || !mix.audible(n)) continue;
    const double left_beats = *left * (d.bpm > 0 ? d.bpm : world.snapshot.bpm) / 60;
    // Early enough that the loop, which begins at the next beat, lies within the track.
    if (left_beats > beats + 4 || left_beats < beats + 1) continue;
    looped = d.track_id;
    Command c;
    c.op = Op::loop;
    c.deck = static_cast<std::uint8_t>(n);
    c.index = static_cast<std::uint8_t>(msg::LoopOp::beats);
    c.a = beats;
    c.when = When::at(resolve({Quant::Kind::note, 4, {}}, world.beat_of(world.now + world.lead), world.metre));
    out.commands.push_back(c);
    out.notices.push_back(
        {0, "deck " + std::to_string(n + 1) + " is at its end and loops " + number_text(beats) + " beats"});
  }
}

Output Scheduler::on_event(const msg::Event& event, const World& world) {
  Output out;
  Entry* e = event.id ? find(event.id) : nullptr;
  if (!e) return out;
  if (event.kind == msg::Event::Kind::queue_full) {
    drop(*e, "the engine's queue is full; ask again", out);
  } else if (event.kind == msg::Event::Kind::executed) {
    if (e->executed < e->commands.size()) {
      const Command& c = e->commands[e->executed];
      if (c.op == Op::set_param && c.when.kind != When::Kind::now) memory_.set(c, Frame{event.frame}, world);
    }
    e->dead = ++e->executed >= std::max<std::size_t>(1, e->commands.size());
  }
  sweep();
  return out;
}

Output Scheduler::host_done(std::uint64_t id, const World& world) {
  Output out;
  Entry* e = find(id);
  if (!e || e->state != State::opening) return out;
  e->state = State::sent;
  e->sent = world.now;
  // Nobody knows when a file will be there, so what waited for it may be late for its beat. An effect or a doubled deck
  // is there when it is due, and what waited for it is due then, too.
  const bool in_time = done_at_once(e->actions.front());
  e->dead = e->dead || swaps_fx(e->actions.front());
  resume(id, world, in_time ? world.now : world.now + world.lead, out);
  return out;
}

Output Scheduler::host_failed(std::uint64_t id, const std::string& why, const World&) {
  Output out;
  Entry* e = find(id);
  if (!e || e->state != State::opening) return out;
  e->state = State::held;  // so that nobody is asked to cancel what failed
  drop(*e, why, out);
  sweep();
  return out;
}

Scheduler::Cancelled Scheduler::cancel(std::uint64_t id, const World& world) {
  Cancelled result;
  Entry* e = find(id);
  if (!e) {
    result.why = "nothing with that number is pending";
  } else if (e->state == State::sent) {
    const double seconds = std::max(0.0, world.seconds(world.frame_of(e->when) - world.now));
    result.why = "it is with the engine already and happens in " + number_text(std::round(seconds * 100) / 100) + " s";
  } else {
    result.done = true;
    drop(*e, "cancelled", result.out);
    std::erase_if(moved_, [&](const Moved& m) { return m.latest.id == id; });
    sweep();
  }
  return result;
}

std::vector<PendingIntent> Scheduler::pending(const World& world) const {
  std::vector<PendingIntent> list;
  for (const Entry* e : in_order(world)) {
    const Frame f = world.frame_of(e->when);
    const Beat b = e->when.kind == When::Kind::beat ? Beat{e->when.value} : world.beat_of(f);
    list.push_back({e->id, to_text(e->intent), e->source.name, b, f, e->state});
  }
  return list;
}

}  // namespace tactus::schedule
