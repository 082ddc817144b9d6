// tactus library merge: the parts of tactus analyze --shard, into the library and the cache of analyses.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <array>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "analysis/cache.h"
#include "analysis_facts.h"
#include "keys.h"
#include "library/parts/merge.h"
#include "library/search/merge.h"
#include "library_commands.h"
#include "library_option.h"
#include "progress.h"

namespace tactus::app {
namespace {

using MergeJson = nlohmann::ordered_json;

struct MergeOptions {
  LibraryOption library;
  std::vector<std::string> parts;
  std::string root;
  bool quiet = false;
};

// In library::Merged's order.
constexpr std::array kOutcomes = {"added", "renewed", "known", "changed", "unknown"};

struct MergeCounts {
  std::size_t files = 0;   // that were analysed
  std::size_t failed = 0;  // that could not be
  std::size_t broken = 0;  // lines, and parts without an end
  std::array<std::size_t, kOutcomes.size()> outcomes{};
};

class Merging {
 public:
  explicit Merging(const MergeOptions& o)
      : o_(o), store_(o.library.folder, as_writer("tactus library merge", true)), progress_("merge", o.quiet) {
    for (const std::string& notice : store_.notices()) fmt::print(stderr, "tactus: {}\n", notice);
    for (const std::string& part : o.parts) total_ += size_of(part);
  }

  int run() {
    for (const std::string& part : o_.parts) {
      take(part);
      if (stop_asked()) break;
    }
    library::merge_all(store_.db(), library::kMergeAt);
    progress_.done();
    report();
    if (stop_asked()) {
      fmt::print(stderr, "tactus: stopped; what was taken in is kept\n");
      return kStopped;
    }
    return counts_.broken > 0 || counts_.outcomes[4] > 0 ? kFailed : kOk;
  }

 private:
  static double size_of(const std::string& part) {
    std::error_code none;
    const auto size = std::filesystem::file_size(part, none);
    return none ? 0 : static_cast<double>(size);
  }
  void problem(const std::string& what) {
    ++counts_.broken;
    progress_.done();
    fail(what);
  }

  void take(const std::string& part) {
    const auto header = library::read_part_header(part);
    const std::string folder = !o_.root.empty() ? o_.root : header ? header->catalogue : std::string();
    if (folder.empty()) return problem(part + ": its first line is missing or damaged; --root says where the music is");
    // The name that a scan would know it by.
    std::error_code gone;
    const auto real = std::filesystem::canonical(folder, gone);
    library::Merger merger(store_,
                           gone ? std::filesystem::absolute(folder).lexically_normal().string() : real.string());
    std::string error;
    const auto found = library::read_part(
        part,
        [&](const library::PartEntry& entry, std::string_view line) {
          read_ += static_cast<double>(line.size());
          progress_.show(total_ > 0 ? read_ / total_ : 1, part);
          take(part, entry, merger);
          return !stop_asked();
        },
        &error);
    if (!found) return problem(error);
    for (const library::PartProblem& p : found->problems) problem(fmt::format("{}: line {}: {}", part, p.line, p.what));
    if (!found->ended && found->problems.empty() && !stop_asked())
      problem(part + ": it has no end: its job was killed or still runs. What is in it was taken in");
  }

  void take(const std::string& part, const library::PartEntry& entry, library::Merger& merger) {
    if (!entry.error.empty()) {
      ++counts_.failed;
      return;
    }
    const auto found = analysis::parse_json(entry.analysis);
    if (!found) return problem(fmt::format("{}: {}: its analysis is of another Tactus", part, entry.path));
    ++counts_.files;
    const auto known = cache_.find(entry.content);
    const analysis::TrackAnalysis newest = analysis::newest(known.value_or(analysis::TrackAnalysis{}), *found);
    // A cache that can't be written costs a deck the time to analyse again, and nothing else.
    if (newest != known) (void)cache_.store(entry.content, newest);
    // The other machine's waveform isn't here; its words are, where they are of these phrases.
    const bool has_words = newest.phrases == found->phrases && entry.words.size() == found->phrases.size();
    const auto facts = facts_of(newest, entry.content, has_words ? std::optional(entry.words) : std::nullopt);
    const library::Merged outcome = merger.put(entry, facts);
    ++counts_.outcomes[static_cast<std::size_t>(outcome)];
    if (outcome == library::Merged::unknown)
      fail(fmt::format("{}: {}: not taken in: {}", part, entry.path, entry.scanned.error));
  }

  void report() const {
    if (o_.library.json) {
      MergeJson out = {{"parts", o_.parts.size()}, {"files", counts_.files}};
      for (std::size_t i = 0; i < kOutcomes.size(); ++i) out[kOutcomes[i]] = counts_.outcomes[i];
      out["failed"] = counts_.failed;
      out["broken"] = counts_.broken;
      fmt::print("{}\n", json_line(out));
      return;
    }
    const auto& n = counts_.outcomes;
    fmt::print("{} files: {} new tracks, {} that are known better now, {} known before", counts_.files, n[0], n[1],
               n[2]);
    if (n[3] > 0) fmt::print(", {} that are others by now (scan them)", n[3]);
    if (n[4] > 0) fmt::print(", {} that can't be told apart", n[4]);
    if (counts_.failed > 0) fmt::print("; {} more could not be analysed", counts_.failed);
    fmt::print("\n");
  }

  const MergeOptions& o_;
  library::Store store_;
  analysis::Cache cache_;
  Progress progress_;
  MergeCounts counts_;
  double total_ = 0, read_ = 0;  // bytes
};

int merge(const MergeOptions& o) {
  install_stop_signals();
  return Merging(o).run();
}

}  // namespace

void add_library_merge(CLI::App& library, Run& run) {
  auto* cmd = library.add_subcommand("merge", "Take in what other machines analysed (tactus analyze --shard)");
  auto o = std::make_shared<MergeOptions>();
  cmd->add_option("PART", o->parts, "Parts, in any order")->required();
  cmd->add_option("--root", o->root, "Where the catalogue lies on this machine; else where it lay on the other");
  o->library.add(cmd, "The counts as an object of JSON");
  cmd->add_flag("-q,--quiet", o->quiet, "No progress");
  cmd->footer(
      "Each file comes in once, however often and from however many parts; of several analyses of it each part from\n"
      "the newest analyser. What a person set stays. Files that aren't on this machine are missing until a scan finds\n"
      "them. Of a part that is cut or damaged what is whole is taken in; it is named, and the exit code is 1.\n\n"
      "Examples:\n"
      "  tactus library merge parts/*.part\n"
      "  tactus library merge parts/*.part --root /Volumes/Music --json");
  cmd->callback([&run, o] { run = [o] { return merge(*o); }; });
}

}  // namespace tactus::app
