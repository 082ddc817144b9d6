#include "mix_set.h"

#include "keys.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <numeric>
#include <thread>

namespace tactus::app {

Analyses::~Analyses() = default;  // answers that are still to come find the shared part alive

void Analyses::start(int count, media::Lane lane) {
  const std::size_t until = count < 0 ? files_.size() : std::min(files_.size(), started_ + static_cast<std::size_t>(count));
  {
    const std::lock_guard lock(shared_->mutex);
    shared_->shares.resize(files_.size(), 0);
  }
  for (; started_ < until; ++started_) {
    const std::string path = files_[started_];
    const std::size_t i = started_;
    store_.get(
        path, lane,
        [shared = shared_, path, i](media::Result<analysis::TrackAnalysis> found) {
          const std::lock_guard lock(shared->mutex);
          if (found) {
            shared->ready.push_back({path, std::move(found.value())});
          } else {
            shared->problems.push_back(found.error().text());
          }
          shared->shares[i] = 1;
          shared->latest = path;
          ++shared->done;
        },
        [shared = shared_, i](double share) {
          const std::lock_guard lock(shared->mutex);
          shared->shares[i] = share;
        });
  }
}

void Analyses::wait(int count, const std::function<void(double, const std::string&)>& progress) {
  const std::size_t wanted = count < 0 ? files_.size() : std::min(files_.size(), static_cast<std::size_t>(count));
  for (;;) {
    {
      const std::lock_guard lock(shared_->mutex);
      const double sum = std::accumulate(shared_->shares.begin(), shared_->shares.end(), 0.0);
      progress(wanted ? sum / static_cast<double>(wanted) : 1, shared_->latest);
      if (shared_->done >= wanted || stop_asked()) return;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

std::vector<session::MixTrack> Analyses::take() {
  const std::lock_guard lock(shared_->mutex);
  std::vector<session::MixTrack> ready;
  ready.swap(shared_->ready);
  // In the files' order whoever was done first, so that the same files give the same set.
  std::sort(ready.begin(), ready.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
  return ready;
}

std::vector<std::string> Analyses::take_problems() {
  const std::lock_guard lock(shared_->mutex);
  std::vector<std::string> problems;
  problems.swap(shared_->problems);
  return problems;
}

std::size_t Analyses::done() const {
  const std::lock_guard lock(shared_->mutex);
  return shared_->done;
}

std::string track_name(const session::MixTrack& t) {
  if (t.analysis.title.empty()) return std::filesystem::path(t.path).stem().string();
  return t.analysis.artist.empty() ? t.analysis.title : t.analysis.artist + " - " + t.analysis.title;
}

}  // namespace tactus::app
