// What a recorder listens to: the master, the cue bus and each deck, in blocks that say which frames they hold, so that
// a reader that came too late knows exactly what it missed. Realtime-safe; the audio thread writes, one thread reads.
#pragma once

#include <cstdint>

#include "engine/msg/snapshot.h"
#include "engine/rt/param_ramp.h"
#include "lockfree/spsc_ring.h"

namespace tactus::rt {

// At most a control step of one stereo stream.
struct StreamBlock {
  std::int64_t frame = 0;  // output frame of the first: what leaves the engine together has the same
  std::int32_t frames = 0;
  float left[kGrid], right[kGrid];
};
using StreamRing = lockfree::SpscRing<StreamBlock>;

// Which stream: the master after the limiter; the cue bus; decks as they are heard in the mix, after fader and
// crossfader, so that they sum to the master before its own gain.
enum Stream : int { kStreamMaster = 0, kStreamCue = 1, kStreamDeck = 2 };
constexpr int kStreams = kStreamDeck + msg::kMaxDecks;

// Nothing when the ring is full: the reader sees the gap. `ring` may be null.
inline void put_block(StreamRing* ring, std::int64_t frame, const float* left, const float* right, int n) TACTUS_RT {
  StreamBlock* block = ring ? ring->write_slot() : nullptr;
  if (!block) return;
  block->frame = frame;
  block->frames = n;
  for (int i = 0; i < n; ++i) {
    block->left[i] = left[i];
    block->right[i] = right[i];
  }
  ring->commit();
}

}  // namespace tactus::rt
