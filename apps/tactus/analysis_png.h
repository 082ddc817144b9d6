// A picture of what was found in a track, to judge it by eye: words above; the whole track with its sections, keys,
// voices, bars and phrases; and its beginning, middle and end close enough to see whether beats lie on attacks.
#pragma once

#include <string>

#include "analysis/analysis.h"
#include "media/worker_pool.h"

namespace tactus::app {

// Draws `file`, decoded by one of the pool's workers, to `png`. Blocks. Empty when done, else why not.
std::string draw_analysis(media::WorkerPool& pool, const std::string& file, const analysis::TrackAnalysis& analysis,
                          const std::string& png);

}  // namespace tactus::app
