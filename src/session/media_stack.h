// Everything that turns files into tracks, started together: workers, cache, analyses.
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>

#include "media/track_cache.h"
#include "media/worker_pool.h"
#include "session/analysis_store.h"

namespace tactus::session {

class MediaStack {
 public:
  // live: audio memory is freed only when the counter given to set_grace has passed; else at once.
  explicit MediaStack(bool live = false) : pool_(config(live)), cache_(pool_, cache_config(live)), analyses_(pool_) {}

  media::WorkerPool& pool() { return pool_; }
  media::TrackCache& cache() { return cache_; }
  AnalysisStore& analyses() { return analyses_; }
  // Before the engine first reads a track; and nothing again before it goes: then what is withdrawn waits for the end
  // of the cache.
  void set_grace(std::function<std::uint64_t()> grace) {
    const std::lock_guard lock(mutex_);
    grace_ = std::move(grace);
  }

 private:
  static media::WorkerPool::Config config(bool live) {
    media::WorkerPool::Config c;
    c.idle_workers = 1;
    // A load asks two of them, for what is known of the file and for its sound. A disk that hangs shall not keep the
    // next load, from another one, waiting until that is noticed.
    if (live) c.normal_workers = 3;
    return c;
  }
  media::TrackCache::Config cache_config(bool live) {
    media::TrackCache::Config c;
    if (live) {
      c.grace = [this] {
        const std::lock_guard lock(mutex_);
        if (grace_) passed_ = grace_();
        return passed_;
      };
    }
    return c;
  }

  std::mutex mutex_;  // of grace_ and passed_: the cache asks from threads of its own
  std::function<std::uint64_t()> grace_;
  std::uint64_t passed_ = 0;
  media::WorkerPool pool_;
  media::TrackCache cache_;
  AnalysisStore analyses_;
};

}  // namespace tactus::session
