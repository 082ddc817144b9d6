// The decoded audio of one track as the audio thread sees it: a table of chunk pointers that a loader fills, in any
// order, while the engine plays. One writer (the cache, off the audio thread), any number of readers.
//
// A chunk holds kChunkFrames frames, interleaved, `channels` floats a frame: 2 (stereo), or 8 (four stereo stems in
// the order vocals, drums, bass, other), at the engine's rate. The last chunk is zero-padded to full length.
// A null pointer means 'not decoded yet, or dropped again': the reader fades to silence and counts it.
//
// Dropping a chunk is two steps for its owner: store(i, nullptr), then free the memory only after every reader thread
// has passed a block boundary (the engine host's grace counter says when).
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "base/rt.h"

namespace tactus::lockfree {

class ChunkTable {
 public:
  static constexpr std::int64_t kChunkFrames = 16384;

  // Not realtime-safe: allocates the table. `frames`: the track's length if known, else an upper bound (see
  // set_frames).
  ChunkTable(std::int64_t frames, int channels)
      : frames_(frames),
        channels_(channels),
        count_((frames + kChunkFrames - 1) / kChunkFrames),
        chunks_(std::make_unique<std::atomic<const float*>[]>(static_cast<std::size_t>(count_))) {
    for (std::int64_t i = 0; i < count_; ++i) chunks_[static_cast<std::size_t>(i)].store(nullptr);
  }
  ChunkTable(const ChunkTable&) = delete;
  ChunkTable& operator=(const ChunkTable&) = delete;

  // Writer. Publishes the finished chunk `i`, or nullptr to withdraw it.
  void store(std::int64_t i, const float* pcm) noexcept {
    chunks_[static_cast<std::size_t>(i)].store(pcm, std::memory_order_release);
  }
  // Writer. The exact length, once decoding has found it; never above the length given at construction.
  void set_frames(std::int64_t frames) noexcept { frames_.store(frames, std::memory_order_release); }

  // Readers, realtime-safe: chunk `i`, or nullptr when it is absent or out of range.
  const float* load(std::int64_t i) const TACTUS_RT {
    if (i < 0 || i >= count_) return nullptr;
    return chunks_[static_cast<std::size_t>(i)].load(std::memory_order_acquire);
  }
  std::int64_t frames() const TACTUS_RT { return frames_.load(std::memory_order_acquire); }
  std::int64_t count() const TACTUS_RT { return count_; }
  int channels() const TACTUS_RT { return channels_; }

 private:
  std::atomic<std::int64_t> frames_;
  int channels_;
  std::int64_t count_;
  std::unique_ptr<std::atomic<const float*>[]> chunks_;
};

}  // namespace tactus::lockfree
