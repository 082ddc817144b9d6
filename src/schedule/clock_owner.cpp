#include "schedule/clock_owner.h"

#include <algorithm>
#include <utility>

namespace tactus::schedule {
namespace {

// Changes enter the map this long before they are due, so that the engine and the feeders see them coming.
constexpr double kAheadSeconds = 0.25;
// After a change the leader's snapshot still shows the old tempo for a block or two.
constexpr double kSettleSeconds = 0.1;
constexpr double kSameTempo = 1e-9;  // relative
// Phases nearer than this are equal: rounding must not cost a whole bar.
constexpr double kSamePhase = 1e-6;  // beats

bool leads(const World& w, int deck) {
  const msg::DeckSnapshot& d = w.snapshot.decks[deck];
  return d.track_id != 0 && d.playing && !d.previewing && w.decks[static_cast<std::size_t>(deck)].grid_bpm > 0;
}

bool synced(const World& w, int deck) { return w.snapshot.decks[deck].sync != msg::SyncMode::off; }

Bpm tempo_of(const World& w, int deck) {
  return {w.decks[static_cast<std::size_t>(deck)].grid_bpm * w.snapshot.decks[deck].tempo};
}

bool usable(Bpm bpm) { return std::isfinite(bpm.v) && bpm.v >= 1 && bpm.v <= 1000; }

// Whether Link's session is there to lead.
bool link_leads(const World& w, const ask::ClockSource& source) {
  using Kind = ask::ClockSource::Kind;
  return (source.kind == Kind::automatic || source.kind == Kind::link) && w.link.enabled && w.link.peers > 0;
}

bool any_synced(const World& w) {
  for (int n = 0; n < msg::kMaxDecks; ++n) {
    if (w.snapshot.decks[n].playing && synced(w, n)) return true;
  }
  return false;
}

bool phase_is_held(const World& w, int but) {
  for (int n = 0; n < msg::kMaxDecks; ++n) {
    if (n != but && w.snapshot.decks[n].playing && w.snapshot.decks[n].sync >= msg::SyncMode::beat) return true;
  }
  return false;
}

}  // namespace

ClockOwner::ClockOwner(SampleRate rate, Bpm bpm, const Metre& metre) : map_(rate, bpm), source_{} {
  map_.start_metre(metre);
}

// Beats; never 0.
double ClockOwner::bar(Frame at) const {
  const double bar = metre(at).bar.value();
  return bar > 0 ? bar : 1;
}

Frame ClockOwner::due(const Change& c, Frame earliest) const {
  if (c.when.kind == msg::When::Kind::now) return earliest;
  const Frame f = c.when.kind == msg::When::Kind::beat ? map_.due(Beat{c.when.value}) : Frame{c.when.value};
  return std::max(f, earliest);
}

void ClockOwner::change_tempo(Frame at, Bpm bpm, Beats over) {
  const auto frame = static_cast<double>(at.v);
  map_.change_tempo(frame, bpm, over);
  const double through = map_.frame_of(map_.beat_of(frame) + over.value());
  settled_from_ = through + kSettleSeconds * map_.rate();
  link_.ours(frame, through);
}

// A change at `after` dropped from the map what was written behind it.
void ClockOwner::rewrite(Frame after) {
  std::vector<Change> behind;
  for (const Change& c : planned_)
    if (c.written && due(c, after) > after) behind.push_back(c);
  while (!behind.empty()) {
    const auto next = std::min_element(behind.begin(), behind.end(),
                                       [&](const Change& x, const Change& y) { return due(x, after) < due(y, after); });
    change_tempo(due(*next, after), next->bpm, next->over);
    behind.erase(next);
  }
}

bool ClockOwner::apply(const HostAction& action, Frame earliest) {
  if (const auto* tempo = std::get_if<ask::ClockTempo>(&action.what)) {
    planned_.push_back({action.when, tempo->bpm, tempo->over});
    return write_due(earliest);
  }
  if (const auto* source = std::get_if<ask::ClockSource>(&action.what)) {
    source_ = *source;
    source_changed_ = true;
  } else if (const auto* metre = std::get_if<ask::ClockMetre>(&action.what)) {
    const Beat earliest_beat = Beat::of(map_.beat_of(static_cast<double>(earliest.v)));
    Beat from = earliest_beat;
    if (action.when.kind == msg::When::Kind::beat) from = Beat{action.when.value};
    if (action.when.kind == msg::When::Kind::frame) {
      from = Beat::of(map_.beat_of(static_cast<double>(action.when.value)));
    }
    map_.change_metre({std::max(from, earliest_beat), metre->bar, metre->phrase});
    return true;
  }
  return false;
}

bool ClockOwner::set_beat(Frame at, double beat, Bpm bpm) {
  const auto frame = static_cast<double>(at.v);
  if (!usable(bpm) || !(beat >= map_.beat_of(frame))) return false;
  map_.set_beat(frame, beat, bpm);
  settled_from_ = frame + kSettleSeconds * map_.rate();
  rewrite(at);
  return true;
}

// What is planned for later stays out of the map until it is near, so that it moves, by beat, with every change before.
bool ClockOwner::write_due(Frame earliest) {
  std::erase_if(planned_, [&](const Change& c) { return c.written && due(c, {}) <= earliest; });
  const Frame near = earliest + SampleRate{map_.rate()}.frames({kAheadSeconds});
  bool changed = false;
  while (true) {
    auto next = planned_.end();
    for (auto c = planned_.begin(); c != planned_.end(); ++c) {
      if (!c->written && (next == planned_.end() || due(*c, earliest) < due(*next, earliest))) next = c;
    }
    if (next == planned_.end() || due(*next, earliest) > near) return changed;
    const Frame at = due(*next, earliest);
    change_tempo(at, next->bpm, next->over);
    if (at > earliest) {
      next->written = true;
    } else {
      planned_.erase(next);
    }
    rewrite(at);
    changed = true;
  }
}

void ClockOwner::follow_playing(const World& w) {
  for (int n = 0; n < msg::kMaxDecks; ++n) {
    Playing& p = playing_[static_cast<std::size_t>(n)];
    const std::uint64_t track = w.snapshot.decks[n].track_id;
    if (p.track != track) p = {track, -1};
    if (!leads(w, n)) {
      p.since = -1;
    } else if (p.since < 0) {
      p.since = w.snapshot.frame;
    }
  }
}

int ClockOwner::choose(const World& w) const {
  using Kind = ask::ClockSource::Kind;
  if (source_.kind == Kind::internal || source_.kind == Kind::link || source_.kind == Kind::midi) return -1;
  if (link_leads(w, source_)) return -1;
  if (source_.kind == Kind::deck) return leads(w, source_.deck) ? source_.deck : -1;
  int longest = -1;
  for (int n = 0; n < msg::kMaxDecks; ++n) {
    const std::int64_t since = playing_[static_cast<std::size_t>(n)].since;
    if (since >= 0 && (longest < 0 || since < playing_[static_cast<std::size_t>(longest)].since)) longest = n;
  }
  return longest;
}

bool ClockOwner::tick(const World& w, Frame earliest) {
  bool changed = write_due(earliest);
  follow_playing(w);
  const int next = choose(w);
  const bool named = std::exchange(source_changed_, false);
  const bool asked_for = named && source_.kind == ask::ClockSource::Kind::deck;
  const int before = std::exchange(leader_, next);
  const bool by_link = link_.following();  // until now
  changed = follow_link(w, earliest, named && source_.kind == ask::ClockSource::Kind::link) || changed;
  changed = follow_midi(w, earliest, named) || changed;
  if (next < 0 || synced(w, next)) return changed;
  if (next != before || asked_for) return take_lead(w, earliest, (before < 0 && !by_link) || asked_for) || changed;
  return follow_leader(w, earliest) || changed;
}

bool ClockOwner::follow_link(const World& w, Frame earliest, bool asked_for) {
  const LinkFollower::Moment m{w.link, link_leads(w, source_), any_synced(w), asked_for, bar(earliest), earliest};
  if (!link_.tick(m, map_)) return false;
  rewrite(earliest);
  return true;
}

// A MIDI clock is followed as Link is, when it was asked for; what it would be told is not heard by anybody.
bool ClockOwner::follow_midi(const World& w, Frame earliest, bool asked_for) {
  if (source_.kind != ask::ClockSource::Kind::midi) {
    midi_ = {};
    return false;
  }
  const LinkFollower::Moment m{w.midi,  w.midi.enabled && w.midi.peers > 0, any_synced(w), asked_for, bar(earliest),
                               earliest};
  const bool changed = midi_.tick(m, map_);
  midi_.take_tell();
  if (changed) rewrite(earliest);
  return changed;
}

bool ClockOwner::take_lead(const World& w, Frame earliest, bool alone) {
  const Bpm bpm = tempo_of(w, leader_);
  if (!usable(bpm)) return false;
  const auto frame = static_cast<double>(earliest.v);
  if (alone && !phase_is_held(w, leader_)) {
    const msg::DeckSnapshot& d = w.snapshot.decks[leader_];
    const double deck_beat =
        d.track_beat + (frame - static_cast<double>(w.snapshot.frame)) * bpm.v / (60 * map_.rate());
    const double beat = map_.beat_of(frame);
    const double turn = bar(earliest);
    double forward = std::fmod(deck_beat - beat, turn);
    if (forward < 0) forward += turn;
    if (forward > kSamePhase && forward < turn - kSamePhase) {
      map_.set_beat(frame, beat + forward, bpm);
      settled_from_ = frame + kSettleSeconds * map_.rate();
      rewrite(earliest);
      return true;
    }
  }
  if (std::fabs(map_.bpm_at_frame(frame) / bpm.v - 1) <= kSameTempo) return false;
  change_tempo(earliest, bpm, {});
  rewrite(earliest);
  return true;
}

bool ClockOwner::follow_leader(const World& w, Frame earliest) {
  const Bpm bpm = tempo_of(w, leader_);
  const bool settled = static_cast<double>(w.snapshot.frame) >= settled_from_;
  if (!settled || !usable(bpm)) return false;
  if (std::fabs(map_.bpm_at_frame(static_cast<double>(earliest.v)) / bpm.v - 1) <= kSameTempo) return false;
  change_tempo(earliest, bpm, {});
  rewrite(earliest);
  return true;
}

}  // namespace tactus::schedule
