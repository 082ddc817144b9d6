// Which frame is heard when: what has to meet the sound in another medium (MIDI clock, lights) asks here.
#pragma once

#include <cstdint>

#include "engine/ctl/engine_host.h"
#include "io/audio/gate.h"
#include "lockfree/seqlock.h"

namespace tactus::session {

struct BlockStamp {
  std::int64_t frame = -1;    // session frame, the first of the last block; < 0: there was none yet
  std::int64_t heard_ns = 0;  // CLOCK_MONOTONIC at which it leaves the speakers, as far as the back end knows
};

class BlockTime {
 public:
  // `next` is told of each block, too. `host` outlives the last block.
  BlockTime(ctl::EngineHost& host, SampleRate rate, io::BlockHook next) : host_(host), rate_(rate), next_(next) {
    stamp_.write({});
  }

  // For io::AudioOptions::before_block; valid as long as this.
  io::BlockHook hook() {
    return {[](void* context, const msg::BlockClock& clock) noexcept { static_cast<BlockTime*>(context)->pass(clock); },
            this};
  }
  // Any thread.
  BlockStamp stamp() const { return stamp_.read().value_or(BlockStamp{}); }

 private:
  void pass(const msg::BlockClock& clock) noexcept {
    const double later = static_cast<double>(clock.output_latency_frames + rt::Engine::latency(rate_)) * 1e9 / rate_.hz;
    stamp_.write({host_.frame(), clock.host_ns + static_cast<std::int64_t>(later)});
    if (next_.function) next_.function(next_.context, clock);
  }

  ctl::EngineHost& host_;
  const SampleRate rate_;
  const io::BlockHook next_;
  lockfree::SeqLock<BlockStamp> stamp_;
};

}  // namespace tactus::session
