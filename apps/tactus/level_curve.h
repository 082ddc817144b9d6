// How loud a file is from moment to moment, for pictures of it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "media/result.h"
#include "media/worker_pool.h"

namespace tactus::app {

struct Level {
  float peak = 0, rms = 0;  // of full scale, the louder channel's
};

class LevelCurve {
 public:
  static constexpr int kPerSecond = 400;

  // Interleaved stereo, from `frame` on; pieces may come in any order and overlap nowhere.
  void add(std::int64_t frame, std::span<const float> pcm, int rate);
  // The peak and the mean power of a span, in seconds; 0 outside.
  Level between(double from, double to) const;

 private:
  std::vector<Level> moments_;  // rms holds the mean power
};

// Decoded by a worker, since nobody vouches for the file. Blocks.
media::Result<LevelCurve> read_level(media::WorkerPool& pool, const std::string& file);

}  // namespace tactus::app
