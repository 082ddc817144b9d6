// Carries out how a stretcher's chunk is read: live as it was just planned, in a replay as it was written down.
#pragma once

#include <cstdint>

#include "engine/msg/outcome.h"
#include "lockfree/chunk_table.h"

namespace tactus::ctl {

constexpr int kSplice = 64;  // frames of cross-fade where a loop is folded

// Track frames for unrolled frames [reading.first, reading.first + n), interleaved, to `out`. False when they aren't
// decoded. A cross-fade whose other side isn't decoded is left out, of `reading`, too. One feeder's thread.
bool read_chunk(const lockfree::ChunkTable& pcm, msg::Reading& reading, int n, float* out);

}  // namespace tactus::ctl
