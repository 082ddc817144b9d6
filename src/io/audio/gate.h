// The one entrance to the engine. Several drivers may run at a time (a device, one that comes back late, the standby
// clock); exactly one of them owns `process`, by an atomic token, and the engine's frames go on across every hand-over.
//
// The token is one word: the owner's id and whether it is inside. A driver enters by exchanging {me, outside} for
// {me, inside}; one that fails is late and plays silence. Only the standby moves the token, and only while it is
// outside, so two can never be in `process` and none is ever interrupted there.
#pragma once

#include <atomic>
#include <cstdint>
#include <thread>

#include "base/rt.h"
#include "engine/msg/callback.h"
#include "io/audio/syscall_trap.h"
#include "lockfree/spsc_ring.h"

namespace tactus::io {

// What happened to the token; for the journal and for telling the user.
struct Handover {
  std::int64_t frame = 0;  // the new owner's first engine frame
  std::int64_t at_ns = 0;  // CLOCK_MONOTONIC
  std::uint32_t from = 0;
  std::uint32_t to = 0;
};

// A second listener to the engine's buses, called after each block by whoever owns the engine. Realtime-safe.
struct BusTap {
  using Function = void (*)(void* context, const float* const* buses, int frames, std::int64_t host_ns) noexcept;
  Function function = nullptr;
  void* context = nullptr;
};

// Told before each block by whoever owns the engine, outside the trap: what has to know when which frame is heard.
// Realtime-safe, but it may read clocks.
struct BlockHook {
  using Function = void (*)(void* context, const msg::BlockClock& clock) noexcept;
  Function function = nullptr;
  void* context = nullptr;
};

class EngineGate {
 public:
  static constexpr std::uint32_t kNobody = 0, kStandby = 1, kFirstDevice = 2;

  EngineGate(const msg::Callback& engine, TrapHooks trap, BusTap tap, BlockHook before = {})
      : engine_(engine), trap_(trap), tap_(tap), before_(before) {}

  // --- any driver's thread, realtime-safe ---

  // True: the caller owns `process` until leave(). now_ns is also the sign of life that the standby watches.
  bool enter(std::uint32_t id, std::int64_t now_ns) noexcept {
    std::uint32_t expected = outside(id);
    if (!token_.compare_exchange_strong(expected, inside(id), std::memory_order_acquire)) return false;
    alive_ns_.store(now_ns, std::memory_order_relaxed);
    return true;
  }
  // One block, between enter() and leave(). block.frames up to msg::kMaxBlock, block.outputs msg::kBusChannels.
  void process(const msg::AudioBlock& block, const msg::BlockClock& clock) noexcept {
    if (before_.function) before_.function(before_.context, clock);
    if (trap_.arm) trap_.arm();
    engine_.process(engine_.context, block, clock);
    if (trap_.disarm) trap_.disarm();
    if (tap_.function) tap_.function(tap_.context, block.out, block.frames, clock.host_ns);
    frames_.store(frames_.load(std::memory_order_relaxed) + block.frames, std::memory_order_relaxed);
  }
  void leave() noexcept {
    const std::uint32_t id = token_.load(std::memory_order_relaxed) >> 1;
    token_.store(outside(id), std::memory_order_release);
    if (engine_.wake) engine_.wake(engine_.context);
  }

  // --- the standby's thread ---

  // Once a standby period, before enter(kStandby): takes the engine from a device that has been silent for longer than
  // its patience or was revoked, or hands it to the one on offer.
  void watch(std::int64_t now_ns) noexcept {
    const std::uint32_t token = token_.load(std::memory_order_relaxed);
    const std::uint32_t owner = token >> 1;
    if (owner >= kFirstDevice) {
      const bool silent =
          now_ns - alive_ns_.load(std::memory_order_relaxed) > patience_ns_.load(std::memory_order_relaxed);
      if (silent || revoked_.load(std::memory_order_relaxed) == owner) pass(owner, kStandby, now_ns);
    } else if (owner == kStandby) {
      const std::uint32_t next = offered_.exchange(kNobody, std::memory_order_acquire);
      if (next != kNobody) pass(kStandby, next, now_ns);
    }
  }

  // --- the supervisor's thread ---

  // Before any driver runs.
  void give_to(std::uint32_t id, std::int64_t patience_ns, std::int64_t now_ns) noexcept {
    patience_ns_.store(patience_ns);
    alive_ns_.store(now_ns);
    token_.store(outside(id));
  }
  // A device that works: the standby hands over at its next period.
  void offer(std::uint32_t id, std::int64_t patience_ns) noexcept {
    patience_ns_.store(patience_ns, std::memory_order_relaxed);
    offered_.store(id, std::memory_order_release);
  }
  // A device whose callbacks still come but can't be trusted.
  void revoke(std::uint32_t id) noexcept {
    offered_.store(kNobody, std::memory_order_relaxed);
    revoked_.store(id, std::memory_order_relaxed);
  }
  // After it returns, `process` is never called again. Waits for a block in progress.
  void close() noexcept {
    std::uint32_t token = token_.load(std::memory_order_relaxed);
    for (;;) {
      token &= ~1u;
      if (token_.compare_exchange_weak(token, outside(kNobody), std::memory_order_acquire)) return;
      if (token & 1) std::this_thread::yield();
    }
  }

  std::uint32_t owner() const noexcept { return token_.load(std::memory_order_relaxed) >> 1; }
  std::int64_t frames() const noexcept { return frames_.load(std::memory_order_relaxed); }
  // One reader. A record is lost, not the hand-over, when 64 wait.
  bool next_handover(Handover& handover) noexcept { return handovers_.pop(handover); }

 private:
  static constexpr std::uint32_t outside(std::uint32_t id) noexcept { return id << 1; }
  static constexpr std::uint32_t inside(std::uint32_t id) noexcept { return id << 1 | 1; }

  void pass(std::uint32_t from, std::uint32_t to, std::int64_t now_ns) noexcept {
    const std::int64_t before = frames();
    std::uint32_t expected = outside(from);
    if (!token_.compare_exchange_strong(expected, outside(to), std::memory_order_acq_rel)) return;
    alive_ns_.store(now_ns, std::memory_order_relaxed);
    // A device may be inside by now; one that was taken from may have passed a block just before.
    handovers_.push({to == kStandby ? frames() : before, now_ns, from, to});
  }

  msg::Callback engine_;
  TrapHooks trap_;
  BusTap tap_;
  BlockHook before_;
  std::atomic<std::uint32_t> token_{outside(kNobody)};
  std::atomic<std::uint32_t> offered_{kNobody}, revoked_{kNobody};
  std::atomic<std::int64_t> alive_ns_{0}, patience_ns_{90'000'000}, frames_{0};
  lockfree::SpscRing<Handover> handovers_{64};
};

}  // namespace tactus::io
