// The callback of a device: what happens between a driver's period and the engine's blocks. Everything here runs on the
// driver's thread and is realtime-safe after construction; the clocks are read outside the trap around `process`.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>

#include "io/audio/cpu_meter.h"
#include "io/audio/flush_denormals.h"
#include "io/audio/gate.h"
#include "io/audio/rate_adapter.h"
#include "io/audio/routing.h"
#include "io/audio/stream.h"
#include "io/audio/time_filter.h"

namespace tactus::io {

// A stream's sign of life, written by its callback. frames counts device frames.
struct SignOfLife {
  std::atomic<std::int64_t> ns{0}, frames{0};
};

struct CallbackCounters {
  std::atomic<std::uint64_t> periods{0}, without_token{0}, xruns{0}, minor_faults{0}, major_faults{0};
  CpuMeter cpu;
};

class CallbackDriver {
 public:
  // Not realtime-safe. `info`: of the opened stream. gate and counters outlive this.
  CallbackDriver(EngineGate& gate, CallbackCounters& counters, std::uint32_t id, int session_rate,
                 const StreamInfo& info, const Routing& fitted, bool count_faults);

  static PeriodHandler handler(CallbackDriver* self) noexcept {
    return {[](void* context, const Period& p) noexcept { static_cast<CallbackDriver*>(context)->period(p); }, self};
  }

  void period(const Period& p) noexcept {
    flush_denormals();
    beat.frames.store(beat.frames.load(std::memory_order_relaxed) + p.frames, std::memory_order_relaxed);
    beat.ns.store(p.now_ns, std::memory_order_relaxed);
    add(counters_.periods, 1);
    if (p.xrun) add(counters_.xruns, 1);
    const std::int64_t start = filter_.update(p.now_ns, p.frames);
    if (!gate_.enter(id_, p.now_ns)) {
      for (int c = 0; c < p.outputs; ++c) std::fill_n(p.out[c], p.frames, 0.0f);
      add(counters_.without_token, 1);
      fade_ = 0;
      return;
    }
    const Usage before = usage();
    for (int done = 0; done < p.frames;) {
      const int n = std::min(msg::kMaxBlock, p.frames - done);
      part(p, done, n, start + static_cast<std::int64_t>(done * filter_.ns_per_frame()));
      done += n;
    }
    fade_in(p);
    account(before);
    gate_.leave();
  }

  SignOfLife beat;

 private:
  static constexpr int kFade = 256;  // frames from silence after a hand-over: sound that starts at full swing clicks
  struct Usage {
    std::int64_t cpu_ns = 0, minor = 0, major = 0;
  };

  static void add(std::atomic<std::uint64_t>& counter, std::uint64_t by) noexcept {
    counter.fetch_add(by, std::memory_order_relaxed);  // a late driver and its successor may both count
  }
  // n device frames from frame `at` of the period, which begin at host_ns.
  void part(const Period& p, int at, int n, std::int64_t host_ns) noexcept;
  // One engine block: the routing on both sides of `process`.
  void block(const float* const* in, float* const* out, int n, std::int64_t host_ns) noexcept;
  void fade_in(const Period& p) noexcept;
  Usage usage() const noexcept;
  void account(const Usage& before) noexcept;

  EngineGate& gate_;
  CallbackCounters& counters_;
  const std::uint32_t id_;
  const StreamInfo info_;
  const int session_rate_;
  const bool count_faults_;
  Router router_;
  TimeFilter filter_;
  std::unique_ptr<RateAdapter> adapter_;  // null when device and session agree
  int fade_ = kFade;
  std::array<float, msg::kMaxBlock> planes_[msg::kBusChannels + kInputChannels];
};

}  // namespace tactus::io
