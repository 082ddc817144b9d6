#include "mix_set.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <numeric>
#include <thread>

#include "keys.h"

namespace tactus::app {

Analyses::Analyses(session::AnalysisStore& store, std::vector<std::string> files, bool keep_order)
    : store_(store), files_(std::move(files)), keep_order_(keep_order), order_(files_.size()) {
  shared_->files.resize(files_.size());
  std::iota(order_.begin(), order_.end(), std::size_t{0});
  if (keep_order) return;
  // A minute of music at a usual bit rate; what is smaller is rather a jingle or a sample, and comes last.
  constexpr std::uintmax_t kTrackBytes = 1'000'000;
  std::vector<std::pair<bool, std::uintmax_t>> sizes;
  for (const std::string& f : files_) {
    std::error_code error;
    const std::uintmax_t bytes = std::filesystem::file_size(f, error);
    sizes.emplace_back(error || bytes < kTrackBytes, error ? 0 : bytes);
  }
  std::stable_sort(order_.begin(), order_.end(), [&](std::size_t a, std::size_t b) { return sizes[a] < sizes[b]; });
}

Analyses::~Analyses() = default;  // answers that are still to come find the shared part alive

void Analyses::finish(Shared& shared, std::size_t file, const std::string& path,
                      media::Result<analysis::TrackAnalysis> found) {
  const std::lock_guard lock(shared.mutex);
  File& f = shared.files[file];
  if (f.done) return;
  if (found) {
    f.found = std::move(found.value());
  } else {
    shared.problems.push_back(found.error().text());
  }
  f.share = 1;
  f.done = true;
  shared.latest = path;
  ++shared.done;
}

void Analyses::start_known(double seconds) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  for (const std::size_t i : order_) {
    if (stop_asked() || std::chrono::steady_clock::now() > end) return;
    if (auto known = store_.cached(files_[i])) finish(*shared_, i, files_[i], std::move(*known));
  }
}

void Analyses::start(int count, media::Lane lane) {
  for (; started_ < order_.size() && count != 0; ++started_) {
    const std::size_t i = order_[started_];
    {
      const std::lock_guard lock(shared_->mutex);
      if (shared_->files[i].done) continue;
    }
    if (count > 0) --count;
    const std::string path = files_[i];
    store_.get(
        path, lane,
        [shared = shared_, path, i](media::Result<analysis::TrackAnalysis> found) {
          finish(*shared, i, path, std::move(found));
        },
        [shared = shared_, i](double share) {
          const std::lock_guard lock(shared->mutex);
          if (!shared->files[i].done) shared->files[i].share = share;
        });
  }
}

void Analyses::wait(int count, const std::function<void(double, const std::string&)>& progress) {
  const std::size_t wanted = count < 0 ? files_.size() : std::min(files_.size(), static_cast<std::size_t>(count));
  for (;;) {
    {
      const std::lock_guard lock(shared_->mutex);
      double sum = 0;
      for (const File& f : shared_->files) sum += f.share;
      progress(wanted ? sum / static_cast<double>(wanted) : 1, shared_->latest);
      if (shared_->done >= wanted || stop_asked()) return;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

std::vector<session::MixTrack> Analyses::take() {
  const std::lock_guard lock(shared_->mutex);
  std::vector<session::MixTrack> ready;
  for (std::size_t i = 0; i < files_.size(); ++i) {
    File& f = shared_->files[i];
    if (keep_order_ && !f.done) break;
    if (!f.found) continue;
    ready.push_back({files_[i], std::move(*f.found)});
    f.found.reset();
  }
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
