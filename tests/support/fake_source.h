// Tracks out of thin air for a session under test: no files, no workers.
#pragma once

#include <limits>
#include <map>

#include "session/session.h"
#include "support/engine_rig.h"

namespace tactus::testing {

class FakeSource : public session::TrackSource {
 public:
  double lufs = session::kAutoGainLufs;  // of every track: where auto-gain leaves it as it is

  // A track under a name. Its grid is one anchor at `downbeat`, unless bpm is 0.
  void add(const std::string& path, std::unique_ptr<RigTrack> track) { tracks_[path] = std::move(track); }

  void open(const std::string& path, SampleRate rate, std::function<void(session::OpenedTrack)> done) override {
    const auto found = tracks_.find(path);
    if (found == tracks_.end()) {
      done({media::Error{path, "there is no such file"}, std::nullopt});
      return;
    }
    const RigTrack& t = *found->second;
    analysis::TrackAnalysis a;
    a.duration = static_cast<double>(t.table->frames()) / rate.hz;
    a.last_sound = a.duration;
    a.lufs = lufs;
    a.true_peak_db = -std::numeric_limits<double>::infinity();
    if (t.anchor.bpm > 0) {
      a.bpm = t.anchor.bpm;
      a.confidence = 1;
      a.first_downbeat = t.anchor.frame / rate.hz;
      a.grid = {{a.first_downbeat, 0, a.bpm}};
    }
    done({media::TrackPtr(std::make_shared<Pcm>(path, t)), a});
  }
  void analyse(const std::string&, std::function<void(analysis::TrackAnalysis)>) override {}
  void keep(const media::TrackPtr&, std::span<const std::int64_t>) override {}
  void want(const media::TrackPtr&, std::int64_t) override {}
  void collect() override {}

 private:
  struct Pcm : media::CachedTrack {
    Pcm(std::string p, const RigTrack& t) : path_(std::move(p)), track(t) {
      info_.channels = t.table->channels();
      info_.frames = t.table->frames();
    }
    const std::string& path() const noexcept override { return path_; }
    const media::TrackInfo& info() const noexcept override { return info_; }
    const lockfree::ChunkTable& table() const noexcept override { return *track.table; }
    std::string error() const override { return {}; }
    std::string path_;
    media::TrackInfo info_;
    const RigTrack& track;
  };
  std::map<std::string, std::unique_ptr<RigTrack>> tracks_;
};

}  // namespace tactus::testing
