// The one door between an audio back end and the engine.
#pragma once

#include <cstdint>

#include "base/rt.h"
#include "base/units.h"

namespace tactus::msg {

constexpr int kMaxDeviceChannels = 8;  // in and out, each
constexpr int kMaxBlock = 4096;        // frames; back ends split longer periods

// First channel of each stereo bus in AudioBlock::out. The back end's routing table maps buses to device channels.
enum Bus : int { kMaster = 0, kCue = 2, kBooth = 4, kRecord = 6 };
constexpr int kBusChannels = 8;

// One period of a device. Planar, float, full scale +-1. `out` is written in full on every call.
struct AudioBlock {
  const float* const* in = nullptr;
  float* const* out = nullptr;
  int inputs = 0;
  int outputs = 0;
  int frames = 0;  // 1 to kMaxBlock
};

// When that period sounds. Filled by the back end's callback wrapper, once a block; the engine reads no clock.
struct BlockClock {
  std::int64_t host_ns = 0;  // CLOCK_MONOTONIC at the period's start, filtered
  std::int64_t output_latency_frames = 0;
};

// A plain function and its context rather than a virtual: clang's function-effect analysis sees through it.
struct Callback {
  using Process = void (*)(void* context, const AudioBlock&, const BlockClock&) TACTUS_RT;
  // After `process`, outside the trap: the one wake that tells feeders and control that a block has passed.
  using Wake = void (*)(void* context) noexcept;
  Process process = nullptr;
  Wake wake = nullptr;
  void* context = nullptr;
};

}  // namespace tactus::msg
