// tactus library analyze: listens to the tracks that nobody has listened to yet.
#include <fmt/format.h>
#include <sys/stat.h>
#include <CLI/CLI.hpp>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <nlohmann/json.hpp>
#include <thread>

#include "analysis_facts.h"
#include "consideration.h"
#include "deck_marks.h"
#include "keys.h"
#include "library/store/music_file.h"
#include "library/store/tracks.h"
#include "library_commands.h"
#include "library_option.h"
#include "media/content_id.h"
#include "media/worker_pool.h"
#include "progress.h"
#include "session/analysis_store.h"

namespace tactus::app {

namespace {

struct AnalyzeCommand {
  LibraryOption library;
  unsigned jobs = 0;
  bool again = false, quiet = false;
};

struct Waiting {
  library::TrackId track = 0;
  std::string path;
  std::int64_t size = 0, mtime = 0;  // as the last scan saw it, bytes and ns; mtime 0: it is to be read again
};

// Why the file is not the one that was scanned; empty: it is.
std::string why_another(const Waiting& w) {
  struct stat s {};
  if (::stat(w.path.c_str(), &s) != 0) return "it is no longer there";
  const std::int64_t mtime = s.st_mtim.tv_sec * std::int64_t{1'000'000'000} + s.st_mtim.tv_nsec;
  const bool same = s.st_size == w.size && (w.mtime == 0 || w.mtime == mtime);
  return same ? "" : "it has changed since it was scanned: scan it first";
}

struct HeardTrack {
  Waiting of;
  media::Result<analysis::TrackAnalysis> found;
};

// What the workers bring, taken by one thread.
class HeardQueue {
 public:
  void put(HeardTrack heard) {
    const std::lock_guard lock(mutex_);
    heard_.push_back(std::move(heard));
    changed_.notify_one();
  }
  // All that is there, after a short wait for the first.
  std::deque<HeardTrack> take() {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::milliseconds(100), [this] { return !heard_.empty(); });
    return std::exchange(heard_, {});
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<HeardTrack> heard_;
};

// Tracks without the analysis of this build, each with a file that is there; from `after` on, at most a page.
std::vector<Waiting> page_of_waiting(const std::string& folder, library::TrackId after) {
  library::Reader reader(folder);
  std::vector<Waiting> out;
  reader.db()
      .statement(
          "SELECT track.id, file.path, file.size, file.mtime FROM track JOIN file ON file.track = track.id WHERE "
          "track.id > ?1 AND "
          "coalesce(analysed, 0) < ?2 AND missing_since IS NULL AND error IS NULL GROUP BY track.id ORDER BY track.id "
          "LIMIT ?3")
      .bind(after, facts_version(analysis::kVersions), library::kMostRows)
      .each([&](const library::Statement& s) {
        out.push_back({s.integer(0), s.text(1), s.integer(2), s.integer(3)});
      });
  return out;
}

std::int64_t count_waiting(const std::string& folder) {
  library::Reader reader(folder);
  return reader.db()
      .integer(
          "SELECT count(DISTINCT track.id) FROM track JOIN file ON file.track = track.id WHERE coalesce(analysed, 0) < "
          "?1 AND missing_since IS NULL AND error IS NULL",
          facts_version(analysis::kVersions))
      .value_or(0);
}

class LibraryAnalysis {
 public:
  explicit LibraryAnalysis(const AnalyzeCommand& o)
      : o_(o),
        total_(count_waiting(o.library.folder)),
        progress_("analysis", o.quiet),
        pool_(config(o.jobs)),
        store_(pool_) {}

  int run() {
    install_stop_signals();
    if (o_.again) forget_failures();
    for (;;) {
      submit();
      std::deque<HeardTrack> heard = queue_.take();
      in_flight_ -= heard.size();
      for (HeardTrack& h : heard) kept_.push_back(std::move(h));
      const bool end = stop_asked() || (in_flight_ == 0 && waiting_.empty());
      if (end || (!kept_.empty() && Clock::now() - saved_ > std::chrono::seconds(2))) save();
      if (end) break;
      progress_.show(total_ > 0 ? static_cast<double>(done_ + failed_) / static_cast<double>(total_) : 1,
                     fmt::format("{} of {} tracks", done_ + failed_, total_));
      consideration_.look();
    }
    progress_.done();
    if (done_ > 0) share();
    if (o_.library.json) {
      fmt::print("{}\n", json_line({{"analysed", done_}, {"failed", failed_}, {"stopped", stop_asked()}}));
    } else {
      fmt::print("{} tracks analysed, {} failed{}\n", done_, failed_,
                 stop_asked() ? "; stopped, what is done is kept" : "");
    }
    return stop_asked() ? kStopped : failed_ > 0 ? kFailed : kOk;
  }

 private:
  using Clock = std::chrono::steady_clock;
  static media::WorkerPool::Config config(unsigned jobs) {
    media::WorkerPool::Config c;
    c.normal_workers = 1;
    c.idle_workers = static_cast<int>(jobs > 0 ? jobs : std::max(1U, std::thread::hardware_concurrency()));
    return c;
  }

  // A few more than there are workers, so that none waits.
  void submit() {
    while (!stop_asked() && in_flight_ < 64) {
      if (waiting_.empty()) {
        const std::vector<Waiting> page = page_of_waiting(o_.library.folder, last_);
        if (page.empty()) return;
        last_ = page.back().track;
        waiting_.assign(page.begin(), page.end());
      }
      const Waiting next = std::move(waiting_.front());
      waiting_.pop_front();
      ++in_flight_;
      store_.get(next.path, media::Lane::idle, [this, next](media::Result<analysis::TrackAnalysis> found) {
        queue_.put({next, std::move(found)});
      });
    }
  }

  // The role of the writer is taken for a moment only: somebody may want to edit meanwhile.
  void save() {
    saved_ = Clock::now();
    if (kept_.empty()) return;
    library::Store store(o_.library.folder, as_writer("tactus library analyze", true, 60'000));
    for (const HeardTrack& h : kept_) keep(store, h);
    kept_.clear();
    keep_search_quick(store.db());
  }

  void keep(library::Store& store, const HeardTrack& h) {
    const media::Result<std::string> content = media::content_id(h.of.path);
    // Of other music, or of a drive that was pulled out: no finding on this track.
    if (const std::string why = why_another(h.of); !why.empty()) return failed(h.of, why);
    if (h.found && content) {
      const analysis::TrackAnalysis& found = h.found.value();
      const library::Facts facts = facts_of(found, content.value(), words_of(found, content.value()));
      library::put_analysis(store, h.of.track, facts);
      ++done_;
      return;
    }
    const std::string why = h.found ? content.error().cause : h.found.error().cause;
    failed(h.of, why);
    // So that it isn't tried again every time; a file that changes is.
    store.db().run("UPDATE file SET error = ?2 WHERE path = ?1", library::Bytes{h.of.path}, "analysis: " + why);
  }
  void failed(const Waiting& of, const std::string& why) {
    progress_.done();
    fmt::print(stderr, "tactus: {}: {}\n", library::shown_path(of.path), why);
    ++failed_;
  }

  // By its content a track is known to decks from now on.
  void share() {
    library::Store store(o_.library.folder, as_writer("tactus library analyze", true, 60'000));
    for (const std::string& problem : share_with_decks(store).problems) fmt::print(stderr, "tactus: {}\n", problem);
  }

  void forget_failures() {
    library::Store store(o_.library.folder, as_writer("tactus library analyze", true, 60'000));
    store.db().run("UPDATE file SET error = NULL WHERE error LIKE 'analysis: %'");
    total_ = count_waiting(o_.library.folder);
  }

  const AnalyzeCommand& o_;
  std::int64_t total_, done_ = 0, failed_ = 0;
  library::TrackId last_ = 0;
  std::deque<Waiting> waiting_;
  std::size_t in_flight_ = 0;
  std::deque<HeardTrack> kept_;
  Clock::time_point saved_ = Clock::now();
  HeardQueue queue_;
  Progress progress_;
  media::WorkerPool pool_;  // ends first: nothing is delivered after that
  session::AnalysisStore store_;
  Consideration consideration_{pool_};
};

}  // namespace

void add_library_analyze(CLI::App& library, Run& run) {
  auto* cmd = library.add_subcommand("analyze", "Listen to the tracks that haven't been analysed yet");
  auto o = std::make_shared<AnalyzeCommand>();
  o->library.add(cmd, "A JSON object at the end");
  cmd->add_option("--jobs", o->jobs, "Tracks at once; else as many as there are cores")->check(CLI::Range(1, 256));
  cmd->add_flag("--again", o->again, "Try those again that could not be analysed");
  cmd->add_flag("-q,--quiet", o->quiet, "No progress");
  cmd->footer(
      "Tempo, grid, key, loudness and phrases go into the library; what somebody set by hand stays. Analyses that the\n"
      "cache has are taken from there. It may be stopped at any time, and goes on where it was.\n\n"
      "Examples:\n"
      "  tactus library analyze\n"
      "  nice tactus library analyze --jobs 2 -q --json");
  cmd->callback([&run, o] { run = [o] { return LibraryAnalysis(*o).run(); }; });
}

}  // namespace tactus::app
