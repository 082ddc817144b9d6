#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <thread>

#include "command.h"
#include "eval_report.h"
#include "eval_run.h"
#include "progress.h"

namespace tactus::app {
namespace {

struct JudgeOptions {
  std::string truth;
  std::vector<std::string> against, only;
  unsigned jobs = 0;
  bool json = false, tracks = false, quiet = false;
};

// Empty when all are there; else why not.
std::string pick_rivals(const std::vector<std::string>& names, std::vector<const eval::Rival*>& out) {
  for (const std::string& name : names) {
    const auto& all = eval::rivals();
    const auto found = std::find_if(all.begin(), all.end(), [&](const eval::Rival& r) { return r.name == name; });
    if (found == all.end()) return fmt::format("there is no analyser \"{}\" to compare with", name);
    if (!found->run) {
      return fmt::format("{} is not built in: install {} and build again, or leave {} out of --against", found->what,
                         found->package, name);
    }
    out.push_back(&*found);
  }
  return {};
}

bool is_wanted(const eval::Truth& truth, const std::vector<std::string>& only) {
  return only.empty() || std::any_of(only.begin(), only.end(), [&](const std::string& word) {
           return truth.kind == word || truth.style == word || truth.part == word ||
                  truth.name.find(word) != std::string::npos;
         });
}

int run_command(const JudgeOptions& o) {
  EvalOptions options{o.jobs > 0 ? o.jobs : std::max(1u, std::thread::hardware_concurrency()), {}};
  if (const std::string why = pick_rivals(o.against, options.rivals); !why.empty()) return fail(why);
  auto read = eval::read_truth(o.truth);
  if (!read) return fail(read.error().text());
  std::vector<eval::Truth> truths = std::move(read).value();
  std::erase_if(truths, [&](const eval::Truth& t) { return !is_wanted(t, o.only); });
  if (truths.empty()) return fail(o.truth + ": no track in it is of that kind, style or name");

  Progress progress("eval", o.quiet);
  const std::vector<EvalTrack> tracks =
      run_eval(truths, options, [&](double share, const std::string& name) { progress.show(share, name); });
  progress.done();
  std::vector<std::string> names = {"tactus"};
  for (const eval::Rival* r : options.rivals) names.emplace_back(r->name);
  bool failed = false;
  for (std::size_t i = 0; i < tracks.size(); ++i) {
    if (!tracks[i].error) continue;
    failed = true;
    fmt::print(stderr, "tactus: {}: {}\n", truths[i].path, *tracks[i].error);
  }
  fmt::print("{}", o.json ? eval_json(truths, tracks, names) + "\n" : eval_tables(truths, tracks, names, o.tracks));
  return failed ? kFailed : kOk;
}

}  // namespace

void add_eval(CLI::App& app, Run& run) {
  auto* cmd = app.add_subcommand("eval", "Judge the analysis by tracks whose truth is known");
  auto o = std::make_shared<JudgeOptions>();
  cmd->add_option("TRUTH", o->truth, "A file of JSON Lines with what is true of each track: docs/formats.md")
      ->required();
  cmd->add_option("--against", o->against, "Other analysers to judge beside: qm, aubio")->delimiter(',');
  cmd->add_option("--only", o->only, "Only tracks of this kind, style or part, or with this in their name")
      ->delimiter(',');
  cmd->add_option("--jobs", o->jobs, "Tracks at once; else as many as there are cores")->check(CLI::Range(1, 256));
  cmd->add_flag("--tracks", o->tracks, "Figures for each track, too");
  cmd->add_flag("--json", o->json, "One object for scripts instead of tables");
  cmd->add_flag("-q,--quiet", o->quiet, "No progress");
  cmd->footer(
      "Every track is analysed anew; the cache is left alone. Figures and their sources: docs/analysis.md. Exit code "
      "1\n"
      "when a track can't be analysed.\n\n"
      "Examples:\n"
      "  tactus demo ~/demo && tactus eval ~/demo/truth.jsonl\n"
      "  tactus eval set/TRUTH.jsonl --against qm,aubio\n"
      "  tactus eval set/TRUTH.jsonl --only house,techno --tracks\n"
      "  tactus eval set/TRUTH.jsonl --json | jq .analysers.tactus.total");
  cmd->callback([&run, o] { run = [o] { return run_command(*o); }; });
}

}  // namespace tactus::app
