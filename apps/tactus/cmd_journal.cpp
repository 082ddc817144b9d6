#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <fstream>
#include <sstream>

#include "client/place.h"
#include "command.h"
#include "progress.h"
#include "schedule/journal.h"

namespace tactus::app {

namespace {

namespace fs = std::filesystem;

struct JournalOptions {
  std::string session, out, as = "set", audio = "set.flac";
  double from = 0, to = 1e9;  // seconds
  int run = 0;                // from the latest backwards
  bool json = false;
};

// The run that was asked for; null, and said why, when there is none.
const schedule::JournalRun* find_run(const JournalOptions& o, const fs::path& path, schedule::ReadJournal* journal) {
  std::ifstream in(path, std::ios::binary);
  if (!in) {
    fmt::print(stderr, "tactus: {} can't be read; was an engine ever run for this session?\n", path.string());
    return nullptr;
  }
  std::stringstream all;
  all << in.rdbuf();
  *journal = schedule::read_journal(all.str(), schedule::ReadOutcomes::loads);
  const auto back = static_cast<std::size_t>(o.run);
  if (back < journal->runs.size()) return &journal->runs[journal->runs.size() - 1 - back];
  fmt::print(stderr, "tactus: {} holds {} runs\n", path.string(), journal->runs.size());
  return nullptr;
}

fs::path journal_of(const JournalOptions& o) {
  return (o.session.empty() ? client::default_session() : fs::path(o.session)) / "journal.jsonl";
}

int show(const JournalOptions& o) {
  schedule::ReadJournal journal;
  const auto* run = find_run(o, journal_of(o), &journal);
  if (!run) return kFailed;
  if (o.json) {
    fmt::print("{}", schedule::to_line(run->header));
    for (const auto& e : run->entries) fmt::print("{}", schedule::to_line(e));
    return kOk;
  }
  fmt::print("{}, {} Hz, {} BPM{}\n", run->header.started, run->header.rate.hz, run->header.tempo.v,
             run->ended ? "" : "; has not ended, or was cut short");
  for (const auto& e : run->entries) {
    const double seconds = static_cast<double>(e.frame.v) / run->header.rate.hz;
    if (e.what == schedule::JournalEntry::What::done) {
      fmt::print("{:>8} {:>9.2f}  {}  ({})\n", clock_text(seconds), e.beat.value(), e.text, e.from);
    } else if (e.what == schedule::JournalEntry::What::failed) {
      fmt::print("{:>8} {:>9}  failed: {}: {}\n", clock_text(seconds), "", e.text, e.why);
    }
  }
  return kOk;
}

int write(const JournalOptions& o, const std::string& text) {
  if (o.out.empty()) {
    fmt::print("{}", text);
    return kOk;
  }
  std::ofstream file(o.out, std::ios::binary);
  file << text;
  file.close();
  if (file) return kOk;
  fmt::print(stderr, "tactus: {} couldn't be written\n", o.out);
  return kFailed;
}

std::string track_list(const schedule::JournalRun& run) {
  std::string list;
  for (const auto& t : schedule::tracks_of(run)) {
    const double seconds = static_cast<double>(t.frame.v) / run.header.rate.hz;
    list += fmt::format("{:>8}  deck {}  {}\n", clock_text(seconds), t.deck + 1, t.path);
  }
  return list;
}

int export_run(const JournalOptions& o) {
  schedule::ReadJournal journal;
  const auto* run = find_run(o, journal_of(o), &journal);
  if (!run) return kFailed;
  if (o.as == "tracks") return write(o, track_list(*run));
  if (o.as == "cue") return write(o, schedule::to_cue_sheet(*run, o.audio));
  return write(o, schedule::to_set(*run));
}

int cut_run(const JournalOptions& o) {
  schedule::ReadJournal journal;
  const auto* run = find_run(o, journal_of(o), &journal);
  if (!run) return kFailed;
  const SampleRate rate = run->header.rate;
  const auto at = [rate](double seconds) { return Frame{rate.frames(Seconds{seconds}).v}; };
  const schedule::JournalRun part = schedule::cut(*run, at(o.from), at(o.to));
  std::string text = schedule::to_line(part.header);
  for (const auto& e : part.entries) text += schedule::to_line(e);
  return write(o, text);
}

}  // namespace

void add_journal(CLI::App& app, Run& run) {
  auto* cmd = app.add_subcommand("journal", "What was done in a session, and when");
  cmd->require_subcommand(1);
  cmd->footer(
      "Examples:\n  tactus journal show\n  tactus journal export --as tracks\n  tactus journal cut --from 600 -o "
      "late.jsonl");
  auto o = std::make_shared<JournalOptions>();
  const auto common = [&](CLI::App* sub) {
    sub->add_option("--session", o->session, "The session's folder");
    sub->add_option("--run", o->run, "Which start of the engine: 0 the latest, 1 the one before")
        ->capture_default_str()
        ->check(CLI::Range(0, 100000));
  };
  auto* list = cmd->add_subcommand("show", "Print it");
  common(list);
  list->add_flag("--json", o->json, "As it is in the file");
  list->footer("Example:\n  tactus journal show --run 1");
  list->callback([&run, o] { run = [o] { return show(*o); }; });
  auto* out = cmd->add_subcommand("export", "As a set file for `tactus render`, a track list or a cue sheet");
  common(out);
  out->add_option("--as", o->as, "set, tracks or cue")
      ->capture_default_str()
      ->check(CLI::IsMember({"set", "tracks", "cue"}));
  out->add_option("--audio", o->audio, "The recording that a cue sheet is of")->capture_default_str();
  out->add_option("-o,--out", o->out, "The file; without it to standard output");
  out->footer(
      "Examples:\n  tactus journal export -o last-night.jsonl && tactus render last-night.jsonl -o last-night.flac\n"
      "  tactus journal export --as tracks\n"
      "  tactus journal export --as cue --audio last-night.flac -o last-night.cue");
  out->callback([&run, o] { run = [o] { return export_run(*o); }; });
  auto* part = cmd->add_subcommand("cut", "A part of it, as a journal");
  common(part);
  part->add_option("--from", o->from, "Seconds from the run's start")->capture_default_str();
  part->add_option("--to", o->to, "Seconds from the run's start; what is there is left out");
  part->add_option("-o,--out", o->out, "The file; without it to standard output");
  part->footer("Example:\n  tactus journal cut --from 600 --to 1200 -o ten-minutes.jsonl");
  part->callback([&run, o] { run = [o] { return cut_run(*o); }; });
}

}  // namespace tactus::app
