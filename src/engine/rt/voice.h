// What a deck's feeder sends its reader: stretched audio, cut on the control grid of the *session*.
//
// Every packet says which session frames it is for and which track position sounds at its first one. The reader takes a
// packet only if both are what its own transport says; so a ring is never rewound, a packet that a jump has overtaken
// is simply not wanted, and time can't slip whatever the feeder does.
#pragma once

#include <cstdint>

#include "engine/rt/param_ramp.h"
#include "engine/rt/transport.h"
#include "lockfree/spsc_ring.h"

namespace tactus::rt {

constexpr int kMaxChannels = 8;  // four stereo stems

struct VoicePacket {
  std::int64_t frame = 0;  // session frame of the first sample: a multiple of kGrid
  double source = 0;       // track frame that sounds there
  double speed = 1;        // track frames a session frame, for the way from there to the packet's end
  std::uint64_t track_id = 0;
  std::uint32_t generation = 0;  // counts primed voices of the deck: the reader prefers the youngest
  std::int32_t channels = 2;
  float audio[kMaxChannels][kGrid];
};

// What the engine tells a deck's feeder after it executed something on that deck's transport: the transport itself, as
// it is after everything due at `frame`. From there on it moves by itself until the next report.
struct TransportReport {
  std::int64_t frame = 0;
  Transport transport;
};

using VoiceRing = lockfree::SpscRing<VoicePacket>;
using ReportRing = lockfree::SpscRing<TransportReport>;

}  // namespace tactus::rt
