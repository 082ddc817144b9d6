// Analyses of files: from the cache on disk if they are there, else made by a media worker. Thread-safe.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "analysis/analysis.h"
#include "analysis/cues.h"
#include "media/worker_pool.h"

namespace tactus::session {

class AnalysisStore {
 public:
  explicit AnalysisStore(media::WorkerPool& pool) : pool_(pool) {}

  // What the cache has; reads the whole file to know its content. Blocks on the disk: not for the control thread.
  std::optional<analysis::TrackAnalysis> cached(const std::string& path) const;

  using Done = std::function<void(media::Result<analysis::TrackAnalysis>)>;
  using OnCues = std::function<void(analysis::StoredCues)>;
  // The same by a worker, so that a disk that hangs holds nobody up; `done` is called once, on the pool's thread, with
  // an error when the cache has nothing; before it, where the file can be read at all, `cues`.
  void known(const std::string& path, OnCues cues, Done done);
  using Progress = std::function<void(double share)>;
  using Provisional = std::function<void(analysis::TrackAnalysis)>;
  // From the cache or by a worker; `done` is called once, on this thread or the pool's, and before it for a track that
  // is long and new `provisional`, with what its first minute tells.
  void get(const std::string& path, media::Lane lane, Done done, Progress progress = {}, Provisional provisional = {});
  // media::content_id, by a worker; `done` isn't called when the file can't be read.
  void content(const std::string& path, std::function<void(std::string)> done);
  // The same, blocking. Not from the pool's thread.
  media::Result<analysis::TrackAnalysis> get(const std::string& path, media::Lane lane);

 private:
  void ask(const char* kind, const std::string& path, media::Lane lane, Done done, Progress progress,
           std::function<void(const std::string&)> info);

  media::WorkerPool& pool_;
};

}  // namespace tactus::session
