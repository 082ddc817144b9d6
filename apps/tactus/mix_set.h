// From files to a planned set: analyse, plan, and what is played as more gets known.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "session/analysis_store.h"
#include "session/mix_plan.h"

namespace tactus::app {

// Analyses files, as many at a time as there are workers, and hands them out as they get done. Files that can't be
// analysed are left out, with a sentence each.
class Analyses {
 public:
  // keep_order: handed out in the files' order, none before those named before it are done. Else files are started so
  // that the first is done soon: the smallest that may well be a whole track.
  Analyses(session::AnalysisStore& store, std::vector<std::string> files, bool keep_order);
  ~Analyses();
  Analyses(const Analyses&) = delete;
  Analyses& operator=(const Analyses&) = delete;

  // Takes up what the cache on disk has, for at most so many seconds.
  void start_known(double seconds);
  // Starts `count` more of those not started yet (all: -1).
  void start(int count, media::Lane lane);
  // Waits until `count` of the files are done (all: -1), with progress; `failed` ones count. Or until stop_asked().
  void wait(int count, const std::function<void(double share, const std::string& file)>& progress);
  // What has been done since the last call, in the files' order.
  std::vector<session::MixTrack> take();
  // Plain sentences about files that failed, since the last call.
  std::vector<std::string> take_problems();

  std::size_t total() const { return files_.size(); }
  std::size_t done() const;

 private:
  struct File {
    double share = 0;
    bool done = false;
    std::optional<analysis::TrackAnalysis> found;  // until it is taken
  };
  struct Shared {
    std::mutex mutex;
    std::vector<File> files;
    std::vector<std::string> problems;
    std::size_t done = 0;
    std::string latest;
  };
  static void finish(Shared& shared, std::size_t file, const std::string& path,
                     media::Result<analysis::TrackAnalysis> found);

  session::AnalysisStore& store_;
  std::vector<std::string> files_;
  bool keep_order_;
  std::vector<std::size_t> order_;  // in which files are started
  std::size_t started_ = 0;         // of them
  std::shared_ptr<Shared> shared_ = std::make_shared<Shared>();
};

// "Artist - Title", or the file's name.
std::string track_name(const session::MixTrack& track);

}  // namespace tactus::app
