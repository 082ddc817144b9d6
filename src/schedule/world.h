// What the scheduler is told of the moment at which it decides. The owner (session/) fills it; nothing here changes it.
#pragma once

#include <array>
#include <cmath>
#include <span>
#include <string>

#include "engine/msg/fx_info.h"
#include "engine/msg/snapshot.h"
#include "music/tempo_map.h"
#include "schedule/link_follower.h"
#include "schedule/quant.h"

namespace tactus::schedule {

// What the engine's snapshot doesn't say of a deck.
struct DeckInfo {
  std::string path;     // of the loaded file
  double grid_bpm = 0;  // tempo of the track's grid at the playhead; 0: no grid
  bool has_stems = false;
};

struct World {
  msg::Snapshot snapshot;  // taken after the events before it were given to Scheduler::on_event
  music::TempoMap map;
  Frame now;    // first frame of the next block: what is asked for without @ sounds from here
  Frames lead;  // how far ahead of `now` the engine may already have taken its commands
  Metre metre;
  int leader = -1;  // the deck whose tempo the clock takes (ClockOwner::leader), or -1
  std::array<DeckInfo, msg::kMaxDecks> decks;
  LinkState link;            // of the last block
  LinkState midi;            // the same of the MIDI clock that comes in; a peer is one that is locked to
  std::string no_prelisten;  // why a deck can't be sent to the headphones without everyone hearing it; empty: it can
  std::string no_midi = "MIDI is off; --midi turns it on";  // why nothing can be sent; empty: it can
  std::span<const msg::FxInfo> effects = msg::fx_table();

  Frame frame_of(const msg::When& w) const {
    const Frame f = w.kind == msg::When::Kind::beat ? map.due(Beat{w.value}) : Frame{w.value};
    return w.kind == msg::When::Kind::now || f < now ? now : f;
  }
  const msg::FxInfo* effect(std::string_view id) const {
    for (const msg::FxInfo& fx : effects)
      if (fx.id == id) return &fx;
    return nullptr;
  }
  // The session beat of a frame, to the nearest micro-beat.
  Beat beat_of(Frame f) const { return Beat::of(map.beat_of(static_cast<double>(f.v))); }
  Frames frames(double seconds) const { return SampleRate{map.rate()}.frames(Seconds{seconds}); }
  double seconds(Frames f) const { return SampleRate{map.rate()}.seconds(f).v; }
};

}  // namespace tactus::schedule
