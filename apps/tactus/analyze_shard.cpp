#include "analyze_shard.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <numeric>
#include <optional>
#include <stdexcept>
#include <thread>
#include <vector>

#include <nlohmann/json.hpp>

#include "analysis/cache.h"
#include "analysis/user_files.h"
#include "analysis_facts.h"
#include "command.h"
#include "consideration.h"
#include "keys.h"
#include "library/parts/part.h"
#include "library/store/tag_readers.h"
#include "media/content_id.h"
#include "progress.h"
#include "session/analysis_store.h"
#include "session/music_files.h"

namespace tactus::app {
namespace {

namespace fs = std::filesystem;

// A file as it was before it was heard.
struct Stand {
  std::int64_t size = -1, modified = 0;  // bytes, ns; -1: it can't be seen
  bool operator==(const Stand&) const = default;
};

Stand stand_of(const std::string& path) {
  struct stat s {};
  if (::stat(path.c_str(), &s) != 0) return {};
  return {s.st_size, s.st_mtim.tv_sec * 1'000'000'000 + s.st_mtim.tv_nsec};
}

std::string below(const std::string& catalogue, const std::string& path) {
  return (fs::path(catalogue) / path).string();
}

// Paths below the catalogue; what can't be looked into is told, and named in `problems`.
std::vector<std::string> paths_in(const std::string& catalogue, std::vector<std::string>* problems) {
  std::vector<std::string> found = session::find_music({catalogue}, problems);
  for (std::string& path : found) path = fs::path(path).lexically_relative(catalogue).string();
  return found;
}

std::vector<std::string> paths_listed(const std::string& list, std::vector<std::string>* problems) {
  std::vector<std::string> out;
  std::ifstream in(list, std::ios::binary);
  std::string path;
  while (std::getline(in, path, '\0')) out.push_back(path);
  if (!in.eof() || out.empty()) problems->push_back(list + ": there are no paths in it");
  return out;
}

bool is_folder(const std::string& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored);
}

// In place of the user's folders one that is gone at the end: what is found is in the part, and on a cluster homes are
// shared by all machines. Killed, it leaves a folder with as many files as were heard at once.
class NoCache {
 public:
  explicit NoCache(bool wanted) {
    if (!wanted) return;
    std::string name = (fs::temp_directory_path() / "tactus-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error(name + ": no such folder can be made");
    folder_ = name;
    for (const char* variable : {"XDG_CACHE_HOME", "XDG_DATA_HOME"}) ::setenv(variable, name.c_str(), 1);
  }
  ~NoCache() {
    std::error_code ignored;
    if (!folder_.empty()) fs::remove_all(folder_, ignored);
  }
  NoCache(const NoCache&) = delete;
  NoCache& operator=(const NoCache&) = delete;

  // What was put there for a file that is written down.
  void forget(const std::string& content) const {
    if (folder_.empty()) return;
    const analysis::Cache cache;
    std::error_code ignored;
    for (const fs::directory_entry& file : fs::directory_iterator(cache.folder(), ignored)) {
      if (file.path().filename().string().starts_with(content)) fs::remove(file.path(), ignored);
    }
  }

 private:
  std::string folder_;
};

using Heard = media::Result<analysis::TrackAnalysis>;

// Analyses files and hands each out when it is done, whatever their order: what is done is to be written down.
class Listeners {
 public:
  Listeners(unsigned jobs, const std::vector<std::string>& paths) : shares_(paths.size()), pool_(config(jobs)) {
    for (std::size_t i = 0; i < paths.size(); ++i) {
      store_.get(
          paths[i], media::Lane::idle, [this, i](Heard heard) { finish(i, std::move(heard)); },
          [this, i](double share) {
            const std::lock_guard lock(mutex_);
            shares_[i] = share;
          });
    }
  }

  struct Done {
    std::size_t index;
    Heard heard;
  };
  // The next, if there is one within a tenth of a second.
  std::optional<Done> next() {
    consideration_.look();
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::milliseconds(100), [&] { return !done_.empty(); });
    if (done_.empty()) return std::nullopt;
    Done out = std::move(done_.back());
    done_.pop_back();
    return out;
  }
  // Of all of it, 0 to 1.
  double share() {
    const std::lock_guard lock(mutex_);
    return std::accumulate(shares_.begin(), shares_.end(), 0.0) / static_cast<double>(shares_.size());
  }

 private:
  static media::WorkerPool::Config config(unsigned jobs) {
    media::WorkerPool::Config c;
    c.normal_workers = 0;
    c.idle_workers = static_cast<int>(jobs);
    return c;
  }
  void finish(std::size_t i, Heard heard) {
    {
      const std::lock_guard lock(mutex_);
      done_.push_back({i, std::move(heard)});
      shares_[i] = 1;
    }
    changed_.notify_one();
  }

  std::mutex mutex_;  // of done_ and shares_
  std::condition_variable changed_;
  std::vector<Done> done_;
  std::vector<double> shares_;
  media::WorkerPool pool_;  // ends first: nothing is delivered after that
  session::AnalysisStore store_{pool_};
  Consideration consideration_{pool_};
};

library::MusicFile scan_file(library::TagReaders& readers, const std::string& file) {
  std::optional<library::MusicFile> out;
  readers.ask(0, file);
  while (!out) {
    readers.collect(std::chrono::seconds(1),
                    [&](std::uint64_t, const std::string&, library::MusicFile found) { out = std::move(found); });
  }
  return std::move(*out);
}

// What is written down of a file.
library::PartEntry entry_of(const std::string& path, const std::string& file, const Stand& before, const Heard& heard,
                            library::TagReaders& readers) {
  library::PartEntry out;
  out.path = path;
  out.size = std::max<std::int64_t>(before.size, 0);
  const auto failed = [&](std::string why) {
    out.error = std::move(why);
    return out;
  };
  if (!heard) return failed(heard.error().cause);
  const media::Result<std::string> content = media::content_id(file);
  if (!content) return failed(content.error().cause);
  out.scanned = scan_file(readers, file);
  if (stand_of(file) != before) return failed("it was changed while it was analysed");
  out.content = content.value();
  // What was heard has this user's edits on it, which are no finding; the cache has it without them.
  const analysis::TrackAnalysis found = analysis::Cache().find(out.content).value_or(heard.value());
  out.analysis = analysis::to_json(found);
  out.words = words_of(found, out.content);
  return out;
}

class Share {
 public:
  Share(const ShardOptions& options, const library::Shard& shard)
      : o_(options), shard_(shard), no_cache_(options.no_cache) {}

  int run() {
    std::vector<std::string> problems;
    const std::vector<std::string> all =
        o_.list.empty() ? paths_in(o_.catalogue, &problems) : paths_listed(o_.list, &problems);
    for (const std::string& problem : problems) fail(problem);
    if (all.empty() && !problems.empty()) return kFailed;
    for (const std::string& path : all) {
      if (library::shard_of(path, shard_.of) == shard_.index) files_.emplace(path, stand_of(below(o_.catalogue, path)));
    }
    const std::size_t whole = files_.size();
    std::string error;
    const library::PartHeader header = {shard_, fs::absolute(o_.catalogue).lexically_normal().string()};
    const auto keep = [&](const library::PartEntry& e) { return is_known(e); };
    if (!writer_.open(o_.out, header, keep, &error)) return fail(error);
    const std::size_t known = whole - files_.size();
    if (!listen(&error)) return fail(error);
    if (stop_asked()) {
      fmt::print(stderr, "tactus: stopped; {} of {} files are done, and kept\n", writer_.entries(), whole);
      return kStopped;
    }
    // Without the folders that couldn't be looked into it is no whole share: the next run goes on with it.
    if (!problems.empty()) return kFailed;
    if (!writer_.finish(&error)) return fail(error);
    report(known);
    return writer_.failed() > 0 ? kFailed : kOk;
  }

 private:
  // Analysed, by analysers as good as these, and as long as it is now. Then it needn't be heard again.
  bool is_known(const library::PartEntry& entry) {
    const auto file = files_.find(entry.path);
    if (file == files_.end() || !entry.error.empty() || entry.size != file->second.size) return false;
    const auto found = analysis::parse_json(entry.analysis);
    if (!found || !found->up_to_date()) return false;
    files_.erase(file);
    return true;
  }

  // False: the part can't be written.
  bool listen(std::string* error) {
    if (files_.empty()) return true;
    std::vector<std::string> paths, names;
    for (const auto& [path, stand] : files_) {
      names.push_back(path);
      paths.push_back(below(o_.catalogue, path));
    }
    library::TagReaders readers(1);  // before there are threads
    Progress progress("shard " + o_.shard, o_.quiet);
    Listeners listeners(o_.jobs, paths);
    for (std::size_t done = 0; done < paths.size() && !stop_asked();) {
      progress.show(listeners.share(), fmt::format("{} of {} files", done, paths.size()));
      const std::optional<Listeners::Done> next = listeners.next();
      if (!next) continue;
      ++done;
      const std::string& name = names[next->index];
      const library::PartEntry entry = entry_of(name, paths[next->index], files_.at(name), next->heard, readers);
      if (!entry.error.empty()) {
        progress.done();
        fmt::print(stderr, "tactus: {}: {}\n", paths[next->index], entry.error);
      }
      if (!writer_.append(entry, error)) return false;
      if (!entry.content.empty()) no_cache_.forget(entry.content);
    }
    return true;
  }

  void report(std::size_t known) const {
    if (o_.jsonl) {
      const nlohmann::ordered_json line = {{"part", o_.out},
                                           {"shard", o_.shard},
                                           {"files", writer_.entries()},
                                           {"known", known},
                                           {"failed", writer_.failed()}};
      fmt::print("{}\n", line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
    } else {
      fmt::print("shard {}: {} files, {} of them known before, {} failed: {}\n", o_.shard, writer_.entries(), known,
                 writer_.failed(), o_.out);
    }
  }

  const ShardOptions& o_;
  library::Shard shard_;
  NoCache no_cache_;
  std::map<std::string, Stand> files_;  // of this shard, by their path; those to be heard, once the part is open
  library::PartWriter writer_;
};

}  // namespace

int analyze_shard(const ShardOptions& options) {
  const auto shard = library::parse_shard(options.shard);
  if (!shard) {
    fail("--shard is I/N, part I of N, counted from 1: not " + options.shard);
    return kUsage;
  }
  if (!is_folder(options.catalogue)) return fail(options.catalogue + ": it is no folder, and --shard takes one");
  install_stop_signals();
  ShardOptions o = options;
  if (o.jobs == 0) o.jobs = std::max(1u, std::thread::hardware_concurrency());
  return Share(o, *shard).run();
}

int write_list(const std::string& catalogue, const std::string& file) {
  if (!is_folder(catalogue)) return fail(catalogue + ": it is no folder");
  std::vector<std::string> problems;
  std::string text;
  for (const std::string& path : paths_in(catalogue, &problems)) text.append(path).push_back('\0');
  for (const std::string& problem : problems) fail(problem);
  if (!problems.empty()) return kFailed;
  const media::Status written = analysis::write_whole(fs::absolute(file).string(), text);
  return written ? kOk : fail(written.error().text());
}

}  // namespace tactus::app
