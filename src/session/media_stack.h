// Everything that turns files into tracks, started together: workers, cache, analyses.
#pragma once

#include <atomic>
#include <functional>

#include "media/track_cache.h"
#include "media/worker_pool.h"
#include "session/analysis_store.h"

namespace tactus::session {

class MediaStack {
 public:
  // live: audio memory is freed only when the counter given to set_grace has passed; else at once.
  explicit MediaStack(bool live = false) : pool_(config()), cache_(pool_, cache_config(live)), analyses_(pool_) {}

  media::WorkerPool& pool() { return pool_; }
  media::TrackCache& cache() { return cache_; }
  AnalysisStore& analyses() { return analyses_; }
  // Before the engine first reads a track.
  void set_grace(std::function<std::uint64_t()> grace) { grace_ = std::move(grace); }

 private:
  static media::WorkerPool::Config config() {
    media::WorkerPool::Config c;
    c.idle_workers = 1;
    return c;
  }
  media::TrackCache::Config cache_config(bool live) {
    media::TrackCache::Config c;
    if (live) c.grace = [this] { return grace_ ? grace_() : std::uint64_t{0}; };
    return c;
  }

  std::function<std::uint64_t()> grace_;
  media::WorkerPool pool_;
  media::TrackCache cache_;
  AnalysisStore analyses_;
};

}  // namespace tactus::session
