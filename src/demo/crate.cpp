#include <algorithm>
#include <cmath>
#include <fstream>
#include <mutex>
#include <optional>
#include <string>
#include <system_error>
#include <thread>

#if defined(__SSE__)
#include <xmmintrin.h>
#endif

#include "demo/demo.h"
#include "demo/truth.h"
#include "demo/writer.h"

namespace tactus::demo {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

// Dying echoes would otherwise end in denormal numbers, which are slow.
void flush_denormals() {
#if defined(__SSE__)
  _mm_setcsr(_mm_getcsr() | 0x8040);
#endif
}

Cut cut_of(const Song& song, const Options& o) {
  Cut cut{.rate = o.rate > 0 ? o.rate : song.rate, .first_bar = 0, .bars = song.bars()};
  if (o.seconds > 0) {
    const int bars = std::max(1, static_cast<int>(std::ceil(o.seconds * song.bpm / 240.0)));
    cut.first_bar = song.highlight;
    cut.bars = std::min(bars, song.bars() - song.highlight);
  }
  return cut;
}

Track track_of(const fs::path& folder, const Song& song, double seconds, bool made) {
  const Places at = places(folder, song);
  return {.number = song.number,
          .audio = at.audio,
          .stems = at.stems,
          .truth = at.truth,
          .artist = song.artist,
          .title = song.title,
          .genre = song.genre,
          .key = song.key.name(),
          .camelot = song.key.camelot(),
          .bpm = song.bpm,
          .seconds = seconds,
          .made = made};
}

// Several threads take songs from one list and report to one callback.
class Crew {
 public:
  Crew(const fs::path& folder, const Options& options, const ProgressCallback& progress, const std::vector<Song>& songs)
      : folder_(folder),
        options_(options),
        progress_(progress),
        songs_(songs),
        tracks_(songs.size()),
        percent_(songs.size()) {}

  void work() {
    flush_denormals();
    for (std::size_t i = next_++; i < songs_.size() && !stopped(); i = next_++) {
      if (const media::Status s = make(i); !s.ok()) {
        const std::lock_guard lock(mutex_);
        if (failed_.ok()) failed_ = s;
        broken_ = true;
      }
    }
  }

  const media::Status& failed() const { return failed_; }
  std::vector<Track> tracks() const {
    std::vector<Track> out;
    for (const auto& t : tracks_)
      if (t) out.push_back(*t);
    return out;
  }

 private:
  bool stopped() const {
    return broken_ || (options_.cancel != nullptr && options_.cancel->load(std::memory_order_relaxed));
  }

  media::Status make(std::size_t i) {
    const Song& song = songs_[i];
    const Cut cut = cut_of(song, options_);
    json truth;
    if (complete(places(folder_, song), song, cut, truth)) {
      tracks_[i] = track_of(folder_, song, truth.value("seconds", 0.0), false);
      report(i, 100);
      return {};
    }
    report(i, 0);
    Rendered rendered = render(song, {.rate = cut.rate,
                                      .first_bar = cut.first_bar,
                                      .bars = cut.bars,
                                      .cancel = options_.cancel,
                                      .progress = [&](double p) { report(i, 55 * p); }});
    if (stopped()) return media::Error{folder_.string(), "cancelled"};
    const Loudness loudness = master(rendered.stems, rendered.rate, song.loudness);
    report(i, 70);
    const media::Status written = write_song(
        folder_, song, cut, rendered, loudness, [&](double p) { report(i, 70 + 29 * p); }, options_.cancel);
    if (!written.ok()) return written;
    tracks_[i] = track_of(folder_, song, static_cast<double>(rendered.frames) / rendered.rate, true);
    report(i, 100);
    return {};
  }

  void report(std::size_t i, double percent) {
    const std::lock_guard lock(mutex_);
    percent_[i] = percent;
    if (!progress_) return;
    double sum = 0;
    for (double p : percent_) sum += p;
    progress_({.track = static_cast<int>(i) + 1,
               .of = static_cast<int>(songs_.size()),
               .title = songs_[i].artist + " - " + songs_[i].title,
               .percent = percent,
               .all_percent = sum / static_cast<double>(songs_.size())});
  }

  const fs::path& folder_;
  const Options& options_;
  const ProgressCallback& progress_;
  const std::vector<Song>& songs_;
  std::atomic<std::size_t> next_{0};
  std::atomic<bool> broken_{false};
  std::mutex mutex_;
  media::Status failed_;
  std::vector<std::optional<Track>> tracks_;  // each written by the thread that took its song
  std::vector<double> percent_;
};

// A truth that this crate wrote, and of the songs as they are now.
bool is_ours(const json& truth) {
  return truth.is_object() && truth.value("crate_version", 0) == kCrateVersion && truth.contains("cut");
}

// What is in the folder, made now or before: a list of it, and all truths in one file.
media::Status write_index(const fs::path& path, const fs::path& folder) {
  std::string truths;
  json index{{"tactus_crate", 1}, {"name", "Tactus Demo Crate"}, {"tracks", json::array()}};
  for (const Song& song : all_songs()) {
    const Places at = places(folder, song);
    std::error_code e;
    if (!fs::exists(at.truth, e) || !fs::exists(at.audio, e)) continue;
    if (const json truth = json::parse(std::ifstream(at.truth), nullptr, false); is_ours(truth)) {
      truths += eval_truth_of(song, truth).dump() + "\n";
    }
    index["tracks"].push_back({{"number", song.number},
                               {"audio", at.audio.filename().string()},
                               {"stems", at.stems.filename().string()},
                               {"truth", at.truth.filename().string()},
                               {"artist", song.artist},
                               {"title", song.title},
                               {"genre", song.genre},
                               {"bpm", song.bpm},
                               {"key", song.key.name()},
                               {"camelot", song.key.camelot()}});
  }
  if (const media::Status s = write_text(folder / "truth.jsonl", truths); !s.ok()) return s;
  return write_text(path, index.dump(2) + "\n");
}

}  // namespace

media::Result<Crate> make_crate(const fs::path& folder, const Options& options, const ProgressCallback& progress) {
  if (options.rate != 0 && (options.rate < 22050 || options.rate > 192000))
    return media::Error{folder.string(), "the rate must be 22050 to 192000 Hz"};
  std::vector<Song> songs = all_songs();
  for (int number : options.only)
    if (std::none_of(songs.begin(), songs.end(), [&](const Song& s) { return s.number == number; }))
      return media::Error{folder.string(), "there is no demo track " + std::to_string(number) + " (1 to " +
                                               std::to_string(songs.size()) + ")"};
  if (!options.only.empty())
    std::erase_if(songs, [&](const Song& s) {
      return std::find(options.only.begin(), options.only.end(), s.number) == options.only.end();
    });
  std::error_code e;
  fs::create_directories(folder, e);
  if (e) return media::Error{folder.string(), "could not create the folder: " + e.message()};

  Crew crew(folder, options, progress, songs);
  const unsigned wanted =
      options.threads > 0 ? options.threads : std::clamp(std::thread::hardware_concurrency(), 1u, 2u);
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < std::min<std::size_t>(wanted, songs.size()); ++i)
      threads.emplace_back([&crew] { crew.work(); });
  }
  if (!crew.failed().ok()) return crew.failed().error();
  if (options.cancel != nullptr && options.cancel->load()) return media::Error{folder.string(), "cancelled"};
  Crate crate{folder / "crate.json", crew.tracks()};
  if (const media::Status s = write_index(crate.index, folder); !s.ok()) return s.error();
  return crate;
}

}  // namespace tactus::demo
