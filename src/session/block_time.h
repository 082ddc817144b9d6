// Which frame is heard when: what has to meet the sound in another medium (MIDI, lights) asks here.
#pragma once

#include <cmath>
#include <cstdint>

#include "engine/ctl/engine_host.h"
#include "io/audio/gate.h"
#include "lockfree/seqlock.h"

namespace tactus::session {

// A line through the last block. Blocks come with filtered times (io::TimeFilter), so it is as smooth as the device is,
// and needs no smoothing of its own, which would only lag behind.
struct BlockStamp {
  std::int64_t frame = -1;    // session frame, the first of the last block; < 0: there was none yet
  std::int64_t heard_ns = 0;  // CLOCK_MONOTONIC at which it leaves the speakers, as far as the back end knows
  double ns_per_frame = 0;    // nominal: a crystal's error is a microsecond in the hundredth of a second asked about

  bool known() const { return frame >= 0; }
  // When a frame near the last block's is heard, and which one is heard then. Only when known.
  std::int64_t heard_at(double session_frame) const {
    return heard_ns + std::llround((session_frame - static_cast<double>(frame)) * ns_per_frame);
  }
  double frame_at(std::int64_t ns) const {
    return static_cast<double>(frame) + static_cast<double>(ns - heard_ns) / ns_per_frame;
  }
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
    stamp_.write({host_.frame(), clock.host_ns + static_cast<std::int64_t>(later), 1e9 / rate_.hz});
    if (next_.function) next_.function(next_.context, clock);
  }

  ctl::EngineHost& host_;
  const SampleRate rate_;
  const io::BlockHook next_;
  lockfree::SeqLock<BlockStamp> stamp_;
};

}  // namespace tactus::session
