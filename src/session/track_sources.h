// The two ways in which a session's tracks are opened.
#pragma once

#include "media/track_cache.h"
#include "session/analysis_store.h"
#include "session/session.h"

namespace tactus::session {

// For renders: open() returns when the whole track is decoded and analysed, so that nothing depends on how fast a
// worker was; and without stored cues, so that a set file is the same for everybody. Memory: the loaded tracks, whole.
class BlockingSource : public TrackSource {
 public:
  BlockingSource(media::TrackCache& cache, AnalysisStore& analyses) : cache_(cache), analyses_(analyses) {}
  void open(const std::string& path, SampleRate rate, std::function<void(OpenedTrack)> done) override;
  void analyse(const std::string&, Analysed) override {}
  void keep(const media::TrackPtr&, std::span<const std::int64_t>) override {}  // all of it is kept
  void want(const media::TrackPtr&, std::int64_t) override {}
  void collect() override { cache_.collect(); }

 private:
  media::TrackCache& cache_;
  AnalysisStore& analyses_;
};

// For live use: playable when the first chunk is there, with its cues; analysed then too if the cache knows the file,
// else later.
class LiveSource : public TrackSource {
 public:
  LiveSource(media::TrackCache& cache, AnalysisStore& analyses) : cache_(cache), analyses_(analyses) {}
  void open(const std::string& path, SampleRate rate, std::function<void(OpenedTrack)> done) override;
  void analyse(const std::string& path, Analysed done) override;
  void keep(const media::TrackPtr& track, std::span<const std::int64_t> frames) override {
    cache_.set_pins(track, frames);
  }
  void want(const media::TrackPtr& track, std::int64_t frame) override { cache_.want(track, frame); }
  void collect() override { cache_.collect(); }

 private:
  media::TrackCache& cache_;
  AnalysisStore& analyses_;
};

}  // namespace tactus::session
