// A track to load, and whose hand loads it.
#pragma once

#include <cmath>
#include <cstdint>
#include <memory>

#include "schedule/intent.h"
#include "support/engine_rig.h"

namespace tactus::testing {

inline const schedule::Source kHand{"hand", schedule::Source::Kind::hand, 1};
constexpr double kFirstSound = 0.25;  // seconds

// A minute of a hum at 48 kHz, silent up to its first sound, which is its first beat.
inline std::unique_ptr<RigTrack> hum(double bpm) {
  return make_track(48000 * 60, 2, bpm, 48000 * kFirstSound,
                    [](std::int64_t f, int) { return f < 48000 * kFirstSound ? 0.0f : 0.3f * std::sin(f * 0.02f); });
}

}  // namespace tactus::testing
