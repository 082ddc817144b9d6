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

struct TrackRef {
  std::uint64_t id = 0;                       // names the load, never reused in a session
  const lockfree::ChunkTable* pcm = nullptr;  // engine rate; 2 channels, or 8 when the track has stems
  music::GridView grid;                       // track frames at the engine's rate
  double first_sound = 0;                     // track frame
  float gain = 1;                             // linear; auto-gain: brings the track to the session's loudness
  double cue = -1;                            // stored main cue, track frame; < 0: none
  double hotcues[kHotcues];                   // track frames; < 0: empty
};

}  // namespace tactus::msg
