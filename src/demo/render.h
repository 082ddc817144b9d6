// Plays a score into four stems. Offline, one thread a call; no shared state.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <vector>

#include "demo/song.h"

namespace tactus::demo {

struct RenderOptions {
  int rate = 48000;
  int first_bar = 0;
  int bars = 0;  // 0: to the end
  const std::atomic<bool>* cancel = nullptr;
  std::function<void(double)> progress;  // 0 to 1, often
};

// The grid is exact: beat b is at first_downbeat + b * frames_per_beat; a kick's first frame is the nearest whole one.
struct Rendered {
  int rate = 48000;
  std::int64_t frames = 0;
  std::int64_t first_downbeat = 0;  // frame of beat 0, which is first_bar's downbeat
  double frames_per_beat = 24000;
  int bars = 0;
  std::array<std::vector<float>, kStems> stems;  // interleaved stereo, full scale 1, before mastering
};

Rendered render(const Song& song, const RenderOptions& options);

}  // namespace tactus::demo
