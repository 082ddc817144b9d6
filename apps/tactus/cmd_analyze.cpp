#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

#include "analysis_png.h"
#include "analyze_json.h"
#include "analyze_shard.h"
#include "command.h"
#include "consideration.h"
#include "keys.h"
#include "media/worker_pool.h"
#include "progress.h"
#include "session/analysis_store.h"
#include "session/music_files.h"

namespace tactus::app {
namespace {

struct AnalyzeOptions {
  std::vector<std::string> paths;
  std::string plot;
  std::string shard, out, list, write_list;
  unsigned jobs = 0;
  bool no_cache = false, jsonl = false, quiet = false;
};

struct File {
  std::string path;
  std::optional<media::Result<analysis::TrackAnalysis>> found;  // once it is there
  double share = 0;
};

// What was named, in its order; what can't be found is there with its error.
std::vector<File> files_of(const std::vector<std::string>& paths) {
  std::vector<File> out;
  for (const std::string& path : paths) {
    std::vector<std::string> problems;
    const std::vector<std::string> found = session::find_music({path}, &problems);
    for (const std::string& f : found) out.push_back({f, std::nullopt, 0});
    if (found.empty() && problems.empty()) problems.push_back(path + ": there is no music in it");
    for (const std::string& p : problems) {
      const bool of_path = p.starts_with(path + ": ");
      out.push_back({path, media::Error{path, of_path ? p.substr(path.size() + 2) : p}, 1});
    }
  }
  return out;
}

// Files go to the workers at once; results are handed out in the order of the files.
class Batch {
 public:
  Batch(std::vector<File> files, unsigned jobs, bool quiet)
      : files_(std::move(files)), progress_("analysis", quiet), pool_(config(jobs)), store_(pool_) {
    for (std::size_t i = 0; i < files_.size(); ++i) {
      if (files_[i].found) continue;
      store_.get(
          files_[i].path, media::Lane::idle,
          [this, i](media::Result<analysis::TrackAnalysis> found) { finish(i, std::move(found)); },
          [this, i](double share) {
            const std::lock_guard lock(mutex_);
            files_[i].share = share;
          });
    }
  }

  // Blocks until the file is done, or somebody said stop.
  const File& at(std::size_t i) {
    std::unique_lock lock(mutex_);
    while (!files_[i].found && !stop_asked()) {
      changed_.wait_for(lock, std::chrono::milliseconds(100));
      double sum = 0;
      for (const File& f : files_) sum += f.share;
      progress_.show(sum / static_cast<double>(files_.size()), files_[i].path);
      lock.unlock();
      consideration_.look();
      lock.lock();
    }
    return files_[i];
  }
  std::size_t size() const { return files_.size(); }
  std::size_t done() {
    const std::lock_guard lock(mutex_);
    return static_cast<std::size_t>(std::count_if(files_.begin(), files_.end(), [](const File& f) { return f.found; }));
  }
  void clear_progress() { progress_.done(); }
  media::WorkerPool& pool() { return pool_; }

 private:
  static media::WorkerPool::Config config(unsigned jobs) {
    media::WorkerPool::Config c;
    c.normal_workers = 1;
    c.idle_workers = static_cast<int>(jobs);
    return c;
  }
  void finish(std::size_t i, media::Result<analysis::TrackAnalysis> found) {
    {
      const std::lock_guard lock(mutex_);
      files_[i].found = std::move(found);
      files_[i].share = 1;
    }
    changed_.notify_one();
  }

  std::mutex mutex_;  // of files_
  std::condition_variable changed_;
  std::vector<File> files_;
  Progress progress_;
  media::WorkerPool pool_;  // ends first: nothing is delivered after that
  session::AnalysisStore store_;
  Consideration consideration_{pool_};
};

int run_command(const AnalyzeOptions& o) {
  if (!o.shard.empty() || !o.write_list.empty()) {
    if (o.paths.size() != 1) {
      fail("--shard and --write-list take one folder, the catalogue");
      return kUsage;
    }
    if (!o.write_list.empty()) return write_list(o.paths[0], o.write_list);
    return analyze_shard({o.paths[0], o.shard, o.out, o.list, o.jobs, o.no_cache, o.jsonl, o.quiet});
  }
  std::vector<File> files = files_of(o.paths);
  if (!o.plot.empty() && files.size() != 1)
    return fail("--plot draws one file, and that are " + std::to_string(files.size()));
  install_stop_signals();
  const unsigned cores = std::max(1u, std::thread::hardware_concurrency());
  Batch batch(std::move(files), o.jobs > 0 ? o.jobs : cores, o.quiet);
  bool failed = false;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const File& file = batch.at(i);
    batch.clear_progress();
    if (!file.found) {
      fmt::print(stderr, "tactus: stopped; {} of {} files are done, and kept\n", batch.done(), batch.size());
      return kStopped;
    }
    if (*file.found) {
      const analysis::TrackAnalysis& a = file.found->value();
      if (o.jsonl) {
        fmt::print("{}\n", analysis_line(file.path, a));
      } else {
        fmt::print("{}  {}\n", analysis_words(a), file.path);
      }
    } else {
      failed = true;
      const std::string why = file.found->error().cause;
      if (o.jsonl) fmt::print("{}\n", failure_line(file.path, why));
      fmt::print(stderr, "tactus: {}: {}\n", file.path, why);
    }
    std::fflush(stdout);  // whoever reads along has each file when it is done
  }
  if (o.plot.empty() || failed) return failed ? kFailed : kOk;
  const File& file = batch.at(0);
  const std::string why = draw_analysis(batch.pool(), file.path, file.found->value(), o.plot);
  return why.empty() ? kOk : fail(why);
}

}  // namespace

void add_analyze(CLI::App& app, Run& run) {
  auto* cmd = app.add_subcommand("analyze", "Find tempo, beats, bars, key, loudness and parts of music files");
  auto o = std::make_shared<AnalyzeOptions>();
  cmd->add_option("FILES", o->paths, "Music files, or folders of them")->required();
  cmd->add_flag("--jsonl", o->jsonl, "A line of JSON for each file, with every beat");
  cmd->add_option("--plot", o->plot, "Draw waveform, beats, bars, sections and key of the one file into this PNG");
  cmd->add_option("--jobs", o->jobs, "Files at once; else as many as there are cores")->check(CLI::Range(1, 256));
  cmd->add_flag("-q,--quiet", o->quiet, "No progress");
  auto* shard = cmd->add_option("--shard", o->shard, "I/N: share I of N of the files in one folder, into --out");
  auto* out = cmd->add_option("--out", o->out, "The part that --shard writes, or goes on with");
  shard->needs(out);
  out->needs(shard);
  cmd->add_option("--list", o->list, "With --shard: the folder's files, instead of searching it")->needs(shard);
  cmd->add_flag("--no-cache", o->no_cache, "With --shard: leave the user's cache and edits alone")->needs(shard);
  cmd->add_option("--write-list", o->write_list, "Only search the folder, and write what --list reads")
      ->excludes(shard);
  cmd->footer(
      "What was analysed before comes from the cache. Files that can't be analysed are named, the others go on, and "
      "the\n"
      "exit code is 1 then. Ctrl-C stops; what is done is kept. The fields of --jsonl: docs/formats.md.\n"
      "--shard shares a catalogue out among machines, by the files' paths: every file is in one share. Its part is "
      "for\n"
      "tactus library merge; run again, it goes on where it was, and tries what failed once more. docs/scale.md.\n\n"
      "Examples:\n"
      "  tactus analyze ~/Music\n"
      "  tactus analyze --jsonl a.mp3 b.flac | jq '{file, bpm, key}'\n"
      "  tactus analyze --plot a.png a.mp3\n"
      "  tactus analyze --shard 3/16 --out 3.part /net/music");
  cmd->callback([&run, o] { run = [o] { return run_command(*o); }; });
}

}  // namespace tactus::app
