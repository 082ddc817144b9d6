// The one owner of the session's tempo map: who leads, and what a leader's tempo writes.
//
// Lives on the control thread, which publishes map() after each tick() or apply() that returns true. Pure: it reads no
// clock, so the same calls give the same map.
//
// The source is `auto` (Link when others are there, else the deck with a grid that has played longest), `internal`,
// `link`, `midi` (the MIDI clock that comes in, followed as Link is), or one deck. What Link does to the map, and the
// map to Link, is LinkFollower's.
// - A leader's tempo is its grid's at the playhead times its tempo setting. Scratches, nudges, loops and jumps change
//   neither, so they don't move the map.
// - A leader that is synced follows the map; the map then changes only by /clock/tempo and by that deck's own tempo.
// - When a deck takes the lead and nobody led before it, the beat line moves forward, by less than a bar, until its
//   downbeats are the deck's. When the lead passes from deck to deck only the tempo is taken up: intents that are
//   pending at a beat must not fire early, and synced decks must not jump. The same while another deck holds phase.
// - Without a leader the map goes on as it was.
#pragma once

#include <array>
#include <vector>

#include "schedule/host_action.h"
#include "schedule/link_follower.h"
#include "schedule/world.h"

namespace tactus::schedule {

class ClockOwner {
 public:
  ClockOwner(SampleRate rate, Bpm bpm, const Metre& metre = {});

  const music::TempoMap& map() const { return map_; }
  Metre metre(Frame at) const { return map_.metre_at_frame(static_cast<double>(at.v)); }
  int leader() const { return leader_; }  // -1: none
  ask::ClockSource source() const { return source_; }

  // The beat line jumps forward to `beat` at `at`, and goes on from there at `bpm`. False, and nothing happens, when
  // that would be back.
  bool set_beat(Frame at, double beat, Bpm bpm);
  // Takes up a clock action of the scheduler; others are ignored. `earliest`: the first frame that the engine can't
  // have rendered by the time the new map reaches it. True when the map changed.
  bool apply(const HostAction& action, Frame earliest);
  // Once a control period, with the engine's latest snapshot and `world.decks`. True when the map changed.
  bool tick(const World& world, Frame earliest);
  // What Link should be told since the last call.
  std::optional<LinkTell> take_link_tell() { return link_.take_tell(); }
  bool follows_link() const { return link_.following(); }

 private:
  struct Change {
    msg::When when;
    Bpm bpm;
    Beats over;
    bool written = false;  // in the map, at a frame to come
  };
  Frame due(const Change& c, Frame earliest) const;
  void rewrite(Frame after);
  void change_tempo(Frame at, Bpm bpm, Beats over);
  bool write_due(Frame earliest);
  int choose(const World& world) const;
  void follow_playing(const World& world);
  double bar(Frame at) const;
  bool take_lead(const World& world, Frame earliest, bool alone);
  bool follow_leader(const World& world, Frame earliest);
  bool follow_link(const World& world, Frame earliest, bool asked_for);
  bool follow_midi(const World& world, Frame earliest, bool asked_for);

  music::TempoMap map_;
  LinkFollower link_, midi_;
  ask::ClockSource source_;
  int leader_ = -1;
  bool source_changed_ = false;
  struct Playing {
    std::uint64_t track = 0;
    std::int64_t since = -1;  // session frame; -1: doesn't play
  };
  std::array<Playing, msg::kMaxDecks> playing_{};
  std::vector<Change> planned_;   // not in the map yet, in order of arrival
  double settled_from_ = -1e300;  // the frame from which the last change is through and shows in snapshots
};

}  // namespace tactus::schedule
