// Decoded audio of the loaded tracks in bounded memory, filled by media workers around where it is needed.
//
// A track is a lockfree::ChunkTable: the audio thread reads it while the cache fills it in. It can be played as soon as
// its first chunk is there. What is decoded next, and what is dropped when the memory is full, follows one rank: the
// distance (in seconds of the track) to the nearest position that the owner named: a pending jump, an ensured range,
// the playhead, then cues and loops. Within 30 s of such a position a chunk is pinned: only a chunk nearer to its own
// position can displace it.
//
// Chunk memory is the worker's sealed memfd, mapped, prefaulted and, where RLIMIT_MEMLOCK allows, locked before it is
// published, so the audio thread never faults a page. A withdrawn chunk is unmapped only after the grace counter has
// passed two block boundaries. The budget covers both.
//
// Thread-safe. Not realtime-safe. open/ensure without a callback block; everything else returns at once.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "lockfree/chunk_table.h"
#include "media/decoder.h"
#include "media/result.h"
#include "media/worker_pool.h"

namespace tactus::media {

// One opened track. Closed when the last pointer to it goes: then its audio is withdrawn and freed after the grace
// period, so let it go only when no reader has its table any more.
class CachedTrack {
 public:
  virtual ~CachedTrack() = default;
  virtual const std::string& path() const noexcept = 0;
  virtual const TrackInfo& info() const noexcept = 0;
  virtual const lockfree::ChunkTable& table() const noexcept = 0;
  // Why audio that was asked for can't be had, e.g. a damaged middle; empty while all is well.
  virtual std::string error() const = 0;
};
using TrackPtr = std::shared_ptr<CachedTrack>;

class TrackCache {
 public:
  struct Config {
    std::size_t budget_bytes = std::size_t{1} << 30;
    bool lock_memory = true;
    Stems stems = Stems::use;
    // Counts the blocks that every reader has finished (audio thread and feeders: their minimum). Empty: nobody reads
    // a table while the cache is called (offline, tests), and memory is freed at once.
    std::function<std::uint64_t()> grace;
  };

  TrackCache(WorkerPool& pool, Config config);  // `pool` must outlive the cache
  explicit TrackCache(WorkerPool& pool) : TrackCache(pool, Config{}) {}
  TrackCache(const TrackCache&) = delete;
  TrackCache& operator=(const TrackCache&) = delete;
  ~TrackCache();  // all tracks must have been let go

  using OnOpen = std::function<void(Result<TrackPtr>)>;

  // Opens a track; `done` runs on the pool's thread when the chunk that holds `first_frame` (at `rate`) can be played,
  // or the file has failed with its name and cause. The same file opened twice is two tracks. `rate`: 8,000 to 192,000.
  void open(const std::string& path, int rate, std::int64_t first_frame, OnOpen done);
  // The same, blocking. Not from the pool's thread.
  Result<TrackPtr> open(const std::string& path, int rate, std::int64_t first_frame = 0);

  // The track is about to be read at `frame`: decode there before anything else. Holds until the next want() of it.
  void want(const TrackPtr& track, std::int64_t frame);
  // The positions to keep ±30 s around, most important (the playhead) first; replaces the previous ones. At most 32.
  void set_pins(const TrackPtr& track, std::span<const std::int64_t> frames);
  // Blocks until the chunks of [from, to) are there; they stay until the track's next ensure(). May exceed the budget
  // by that range, since a render would rather have memory than a hole. For offline rendering; not from the pool's
  // thread.
  Status ensure(const TrackPtr& track, std::int64_t from, std::int64_t to);

  // To be called now and then (every 100 ms or so; set_pins and want do it too): frees what its grace is over for, and
  // tries again what could not be read a while ago.
  void collect();

  struct Stats {
    std::size_t bytes = 0;         // mapped, waiting for their grace included, and what running jobs will add
    std::size_t locked_bytes = 0;  // of those
    std::size_t chunks = 0;        // published
    std::uint64_t evicted = 0;     // chunks dropped to make room
    std::uint64_t decoded = 0;     // chunks received
    std::uint64_t retried = 0;     // jobs repeated because their worker died
  };
  Stats stats() const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace tactus::media
