// Where the audio thread, or a feeder, says what became of things, for the journal. Realtime-safe; one thread writes,
// the control thread reads.
#pragma once

#include <atomic>
#include <cstdint>

#include "engine/msg/outcome.h"
#include "lockfree/spsc_ring.h"

namespace tactus::rt {

using OutcomeRing = lockfree::SpscRing<msg::EngineOutcome>;
using VoiceOutcomeRing = lockfree::SpscRing<msg::VoiceOutcome>;

template <typename Outcome>
struct Tap {
  lockfree::SpscRing<Outcome>* ring = nullptr;  // null: nobody listens
  std::atomic<std::uint32_t> lost{0};           // for which there was no room

  void put(const Outcome& o) TACTUS_RT {
    if (ring && !ring->push(o)) lost.fetch_add(1, std::memory_order_relaxed);
  }
};
using OutcomeTap = Tap<msg::EngineOutcome>;

}  // namespace tactus::rt
