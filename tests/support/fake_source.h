// Tracks out of thin air for a session under test: no files, no workers.
#pragma once

#include <limits>
#include <map>
#include <optional>

#include "session/session.h"
#include "support/engine_rig.h"

namespace tactus::testing {

class FakeSource : public session::TrackSource {
 public:
  double lufs = session::kAutoGainLufs;       // of every track without its own: where auto-gain leaves it
  double first_sound = 0;                     // seconds, of every track
  double bars = 1;                            // how sure the bars of every track are
  bool late = false;                          // what open() gives isn't analysed: answer() tells
  std::map<std::string, std::string> errors;  // of tracks that can't be read on: why
  double true_peak_db = -std::numeric_limits<double>::infinity();
  const analysis::CueStore* cues = nullptr;  // where stored cues are looked for; a track's content is its name

  // A track under a name. Its grid is one anchor at `downbeat`, unless bpm is 0. loudness: its own, LUFS.
  void add(const std::string& path, std::unique_ptr<RigTrack> track, std::optional<double> loudness = {}) {
    tracks_[path] = std::move(track);
    if (loudness) loudness_[path] = *loudness;
  }

  void open(const std::string& path, SampleRate rate, std::function<void(session::OpenedTrack)> done) override {
    const auto found = tracks_.find(path);
    if (found == tracks_.end()) {
      done({media::Error{path, "there is no such file"}, std::nullopt});
      return;
    }
    const RigTrack& t = *found->second;
    analysis::TrackAnalysis a;
    a.duration = static_cast<double>(t.table->frames()) / rate.hz;
    a.first_sound = first_sound;
    a.last_sound = a.duration;
    const auto own = loudness_.find(path);
    a.lufs = own == loudness_.end() ? lufs : own->second;
    a.true_peak_db = true_peak_db;
    if (t.anchor.bpm > 0) {
      a.bpm = t.anchor.bpm;
      a.confidence = 1;
      a.downbeat_confidence = bars;
      a.first_downbeat = t.anchor.frame / rate.hz;
      a.grid = {{a.first_downbeat, 0, a.bpm}};
    }
    media::TrackPtr pcm = std::make_shared<Pcm>(path, t, errors);
    analyses_[path] = a;
    analysis::StoredCues stored;
    if (cues) {
      auto kept = cues->find(path);
      stored = {path, std::move(kept.cues), std::move(kept.trouble)};
    }
    std::optional<analysis::TrackAnalysis> known;
    if (!late) known = std::move(a);
    done({std::move(pcm), std::move(known), std::move(stored)});
  }
  void analyse(const std::string& path, Analysed done) override { asked_.emplace_back(path, std::move(done)); }
  // All analyses that were asked for are there now. Any thread, while nothing else is called.
  void answer() {
    for (auto& [path, done] : std::exchange(asked_, {})) done(analyses_[path], true);
  }
  // What their first minute tells is: a grid that is `late_by` seconds off.
  void answer_early(double late_by) {
    for (const auto& [path, done] : asked_) {
      analysis::TrackAnalysis early = analyses_[path];
      for (analysis::Anchor& anchor : early.grid) anchor.seconds += late_by;
      done(early, false);
    }
  }
  void keep(const media::TrackPtr&, std::span<const std::int64_t>) override {}
  void want(const media::TrackPtr&, std::int64_t) override {}
  void collect() override {}

 private:
  struct Pcm : media::CachedTrack {
    Pcm(std::string p, const RigTrack& t, const std::map<std::string, std::string>& errors)
        : path_(std::move(p)), track(t), errors_(errors) {
      info_.channels = t.table->channels();
      info_.frames = t.table->frames();
    }
    const std::string& path() const noexcept override { return path_; }
    const media::TrackInfo& info() const noexcept override { return info_; }
    const lockfree::ChunkTable& table() const noexcept override { return *track.table; }
    std::string error() const override {
      const auto found = errors_.find(path_);
      return found == errors_.end() ? std::string() : found->second;
    }
    std::string path_;
    media::TrackInfo info_;
    const RigTrack& track;
    const std::map<std::string, std::string>& errors_;
  };
  std::map<std::string, std::unique_ptr<RigTrack>> tracks_;
  std::map<std::string, double> loudness_;
  std::map<std::string, analysis::TrackAnalysis> analyses_;
  std::vector<std::pair<std::string, Analysed>> asked_;
};

}  // namespace tactus::testing
