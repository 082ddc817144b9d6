// What the audio thread and the feeders know of a loaded track. Built and owned by the track pool (engine/ctl), which
// frees it only after the engine has said that it let go (Event::TrackReleased).
#pragma once

#include <cstdint>

#include "base/fixed_vector.h"
#include "music/beat_grid.h"

namespace tactus::lockfree {
class ChunkTable;
}

namespace tactus::msg {

constexpr int kMaxDecks = 8;
constexpr int kHotcues = 16;
constexpr int kLoopSlots = 8;
constexpr int kStems = 4;  // vocals, drums, bass, other

struct LoopSpan {
  double start = -1, end = -1;  // track frames; negative: none
};

// What a track brings along: the places that were marked in it. Track frames; negative: none.
struct TrackMarks {
  TrackMarks() {
    for (double& hotcue : hotcues) hotcue = -1;
  }
  double cue = -1;  // main cue, where the deck stands; none: at the first sound
  double hotcues[kHotcues];
  LoopSpan slots[kLoopSlots];  // kept loops
  LoopSpan loop;               // the one that reloop goes to,
  bool looping = false;        // and whether it is on
};

struct TrackRef : TrackMarks {
  std::uint64_t id = 0;                       // names the load, never reused in a session
  const lockfree::ChunkTable* pcm = nullptr;  // engine rate; 2 channels, or 8 when the track has stems
  music::GridView grid;                       // track frames at the engine's rate
  double first_sound = 0;                     // track frame
  bool bars_sure = true;  // false: nobody knows its bars, so sync by bar or phrase holds beats alone
  float gain = 1;         // linear; auto-gain: brings the track to the session's loudness
};

}  // namespace tactus::msg
