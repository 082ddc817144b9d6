// Behind the engine: lets a whole set stand still. What comes out fades, and then the engine isn't asked for more: its
// time stops until it is let go, and goes on at the very frame.
#pragma once

#include <algorithm>
#include <atomic>

#include "base/rt.h"
#include "base/units.h"
#include "engine/msg/callback.h"

namespace tactus::rt {

class Hold {
 public:
  static constexpr double kFadeSeconds = 0.1;

  // Before the first block.
  void prepare(SampleRate rate) { step_ = static_cast<float>(1 / (kFadeSeconds * rate.hz)); }

  // Any thread.
  void set(bool on) TACTUS_RT { on_.store(on, std::memory_order_relaxed); }
  bool on() const TACTUS_RT { return on_.load(std::memory_order_relaxed); }

  // The audio thread, once a block: whether the engine is to render it. Else it is silence.
  bool runs() TACTUS_RT {
    held_ = on();
    return !held_ || gain_ > 0;
  }
  // Fades a block that runs() let through; untouched, to the bit, while nothing is held.
  void apply(const msg::AudioBlock& block) TACTUS_RT {
    if (!held_ && gain_ >= 1) return;
    const float start = gain_, step = held_ ? -step_ : step_;
    for (int c = 0; c < block.outputs; ++c) {
      for (int i = 0; i < block.frames; ++i) block.out[c][i] *= at(start, step, i + 1);
    }
    gain_ = at(start, step, block.frames);
  }

 private:
  static float at(float start, float step, int frames) TACTUS_RT {
    return std::clamp(start + step * static_cast<float>(frames), 0.0f, 1.0f);
  }

  std::atomic<bool> on_{false};
  bool held_ = false;  // what this block goes by
  float gain_ = 1, step_ = 1;
};

}  // namespace tactus::rt
