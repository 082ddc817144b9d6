// A piece of a decoded track around the playhead, gathered out of the chunk table.
#pragma once

#include <cstdint>
#include <cstring>

#include "base/rt.h"
#include "lockfree/chunk_table.h"

namespace tactus::rt {

// Copies track frames [first, first + n) to `out`, interleaved. Frames before 0 and past the end are silence.
// False, with silence in its place, when a chunk that is needed is not decoded. Realtime-safe.
inline bool gather(const lockfree::ChunkTable& pcm, std::int64_t first, int n, float* out) TACTUS_RT {
  constexpr std::int64_t kChunk = lockfree::ChunkTable::kChunkFrames;
  const std::int64_t channels = pcm.channels();
  const std::int64_t length = pcm.frames();
  bool complete = true;
  for (std::int64_t i = 0; i < n;) {
    const std::int64_t at = first + i;
    const bool outside = at < 0 || at >= length;
    std::int64_t run = n - i;
    const float* src = nullptr;
    if (outside) {
      if (at < 0 && run > -at) run = -at;
    } else {
      const std::int64_t offset = at % kChunk;
      if (run > kChunk - offset) run = kChunk - offset;
      if (run > length - at) run = length - at;
      src = pcm.load(at / kChunk);
      if (src) src += offset * channels;
      complete = complete && src;
    }
    float* to = out + i * channels;
    const auto bytes = static_cast<std::size_t>(run * channels) * sizeof(float);
    if (src) {
      std::memcpy(to, src, bytes);
    } else {
      std::memset(to, 0, bytes);
    }
    i += run;
  }
  return complete;
}

// Whether all of [first, last] can be read; outside of the track counts as readable. Realtime-safe.
inline bool decoded(const lockfree::ChunkTable& pcm, double first, double last) TACTUS_RT {
  constexpr double kChunk = static_cast<double>(lockfree::ChunkTable::kChunkFrames);
  const double end = static_cast<double>(pcm.frames()) - 1;
  if (first < 0) first = 0;
  if (last > end) last = end;
  for (std::int64_t c = static_cast<std::int64_t>(first / kChunk); static_cast<double>(c) * kChunk <= last; ++c) {
    if (!pcm.load(c)) return false;
  }
  return true;
}

}  // namespace tactus::rt
