// What happened in a live engine that its commands don't determine: when the audio thread took them in, which path a
// deck sounded from, and what its stretchers were fed. With the commands themselves that is all that a replay needs to
// give the same bits: it executes outcomes, and guesses nothing.
//
// The audio thread and each feeder have a ring for theirs; the control thread empties them (ctl::EngineHost::outcomes).
// Nobody waits: what finds its ring full is lost and counted, and from there on the run can't be replayed exactly.
#pragma once

#include <cstdint>
#include <type_traits>

#include "base/fixed_vector.h"
#include "engine/msg/snapshot.h"

namespace tactus::msg {

// Of the audio thread. Frames are session frames.
struct EngineOutcome {
  enum class Kind : std::uint8_t {
    block,   // from `frame` on blocks have `count` frames: effects notice where one ends off the control grid
    took,    // `count` commands out of the ring, at the start of a block
    map,     // the tempo map of edition `count`, at the start of a block
    source,  // a deck's sound comes from elsewhere from `frame` on, faded in over `fade`
    missed,  // what sounded from `source` ended at `frame`, since it wasn't there: a fading voice's packet; or, of
             // DeckSource::direct, decoded audio that was withdrawn while it sounded, which isn't made again
  };
  Kind kind = Kind::took;
  std::uint8_t deck = 0;
  DeckSource source = DeckSource::silent;
  std::uint8_t ring = 0;         // of a voice
  std::uint32_t generation = 0;  // of a voice
  std::int64_t frame = 0;
  std::uint64_t count = 0;
  std::int64_t fade = 0;  // frames; 0: at once
};
static_assert(std::is_trivially_copyable_v<EngineOutcome>);

// How a stretcher's chunk was read out of its track, in unrolled track frames (engine/ctl/foresight.h): from `first`
// on the track lies `back` earlier; from each edge on, as it says. Where two sides of a fold meet they are cross-faded.
struct Reading {
  static constexpr std::size_t kMost = 4;
  struct Edge {
    std::int64_t at = 0, back = 0;
  };
  struct Fade {
    std::int64_t from = 0, back = 0;  // the other side of the fold
    bool forwards = true;             // away from the other side
  };
  std::int64_t first = 0, back = 0;
  FixedVector<Edge, kMost> edges;
  FixedVector<Fade, kMost> fades;
  bool silent = false;  // nothing was there
  bool broken = false;  // more folds than can be said here

  // Whether it says no more than where the track is.
  bool plain() const { return edges.empty() && fades.empty() && !silent && !broken; }
};

// Of a deck's feeder. `generation` counts the deck's voices.
struct VoiceOutcome {
  enum class Kind : std::uint8_t {
    begin,    // a voice is primed: what it was told of its timeline
    reading,  // a chunk was read otherwise than straight on from the last one
    hop,      // the library was set for a hop
    whole,    // from the packet at `frame` on stems are, or aren't, treated as one mix
  };
  Kind kind = Kind::begin;
  std::uint8_t ring = 0;
  StretchMode mode = StretchMode::r3;
  bool pitched = false, urgent = false, whole = true;
  std::uint32_t generation = 0;
  std::uint64_t track_id = 0;  // of the load
  std::int64_t frame = 0;      // session frame of the first packet
  double from = 0, to = 0;     // unrolled track frames at `frame` and kGrid later
  double ratio = 1;            // of a hop: a multiple of 2^-24
  double pitch = 1;            // of a hop, and at the beginning
  Reading reading;
};
static_assert(std::is_trivially_copyable_v<VoiceOutcome>);

constexpr double kRatioSteps = 1 << 24;  // a ratio of 1, in the steps in which it is set

}  // namespace tactus::msg
