// From files to a planned set: analyse, plan, and what is played as more gets known.
#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "session/analysis_store.h"
#include "session/mix_plan.h"

namespace tactus::app {

// Analyses files, as many at a time as there are workers, and hands them out as they get done. Files that can't be
// analysed are named on standard error and left out.
class Analyses {
 public:
  Analyses(session::AnalysisStore& store, std::vector<std::string> files) : store_(store), files_(std::move(files)) {}
  ~Analyses();
  Analyses(const Analyses&) = delete;
  Analyses& operator=(const Analyses&) = delete;

  // Starts `count` more of those not started yet (all: -1).
  void start(int count, media::Lane lane);
  // Waits until `count` of the files are done (all: -1), with progress; `failed` ones count. Or until stop_asked().
  void wait(int count, const std::function<void(double share, const std::string& file)>& progress);
  // What has been done since the last call.
  std::vector<session::MixTrack> take();
  // Plain sentences about files that failed, since the last call.
  std::vector<std::string> take_problems();

  std::size_t total() const { return files_.size(); }
  std::size_t done() const;

 private:
  struct Shared {
    std::mutex mutex;
    std::vector<session::MixTrack> ready;
    std::vector<std::string> problems;
    std::vector<double> shares;
    std::size_t done = 0;
    std::string latest;
  };
  session::AnalysisStore& store_;
  std::vector<std::string> files_;
  std::size_t started_ = 0;
  std::shared_ptr<Shared> shared_ = std::make_shared<Shared>();
};

// "Artist - Title", or the file's name.
std::string track_name(const session::MixTrack& track);

}  // namespace tactus::app
