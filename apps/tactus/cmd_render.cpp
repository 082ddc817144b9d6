#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "auto_gain_option.h"
#include "command.h"
#include "media/content_id.h"
#include "render_out.h"
#include "schedule/journal.h"
#include "schedule/set_file.h"
#include "session/replayer.h"

namespace tactus::app {

namespace {

struct RenderOptions {
  std::string set;
  RenderOut out;
  int rate = 48000;
  int block = 256;
  double seconds = 0;
  int run = 0;  // of a journal, from the latest backwards
  AutoGainOption auto_gain;
};

// Paths in a set file are relative to the file's own folder.
std::string resolved(const schedule::SetEvent& event, const std::filesystem::path& folder) {
  schedule::Intent intent = event.intent;
  bool changed = false;
  for (schedule::Arg& arg : intent.args) {
    auto* word = std::get_if<std::string>(&arg);
    if (!word || !schedule::address_text(event.intent).ends_with("/load") || *word == "force") continue;
    if (word->empty() || word->front() == '/') continue;
    *word = (folder / *word).lexically_normal().string();
    changed = true;
  }
  return changed ? schedule::to_text(intent) : event.text;
}

int render_set(const RenderOptions& o, const std::string& text) {
  const schedule::ReadSet read = schedule::read_set(text);
  if (!read) {
    for (const schedule::SetError& e : read.errors) fmt::print(stderr, "{}: {}\n", o.set, e.text());
    return kFailed;
  }
  session::RenderOptions options;
  options.rate = SampleRate{static_cast<double>(o.rate)};
  options.block = o.block;
  options.tempo = read.set.tempo;
  options.metre = {read.set.quantum, read.set.phrase, {}};
  options.max_seconds = o.seconds;
  options.target_lufs = o.auto_gain.target();
  const std::filesystem::path folder = std::filesystem::absolute(o.set).parent_path();
  std::vector<session::ScriptEvent> events;
  for (const schedule::SetEvent& e : read.set.events) {
    events.push_back({e.at(options.rate), resolved(e, folder), static_cast<int>(e.line)});
  }
  const music::TempoMap start(options.rate, options.tempo);
  const auto frame = [&](const session::ScriptEvent& e) {
    return e.at.kind == msg::When::Kind::beat ? start.due(Beat{e.at.value}).v : e.at.value;
  };
  std::stable_sort(events.begin(), events.end(), [&](const auto& a, const auto& b) { return frame(a) < frame(b); });
  session::MediaStack media;
  return render_out(events, options, media, o.out);
}

// A run of an engine, as it sounded.
int replay_run(const RenderOptions& o, const schedule::JournalRun& run) {
  session::MediaStack media;
  session::ReplayOptions options;
  options.max_seconds = o.seconds;
  const session::OpenWhole open = [&](const std::string& path, SampleRate rate) -> media::Result<media::TrackPtr> {
    auto track = media.cache().open(path, static_cast<int>(rate.hz));
    if (!track) return track;
    const media::Status whole = media.cache().ensure(track.value(), 0, track.value()->table().frames());
    if (!whole) return whole.error();
    return track;
  };
  const session::ContentOf content_of = [](const std::string& path) {
    const auto id = media::content_id(path);
    return id ? id.value() : "";
  };
  RenderOut out = o.out;
  out.floats = true;
  bool doubtful = false;
  const int code = write_out(out, run.header.rate, [&](const auto& sink, const auto& progress) {
    auto played = session::replay(run, options, open, content_of, sink, progress);
    if (!played) return media::Result<session::RenderReport>(played.error());
    session::RenderReport report = std::move(played.value().render);
    doubtful = !played.value().doubts.empty();
    for (std::string& why : played.value().doubts) {
      report.notices.push_back("Not exactly as it was: " + why + ".");
    }
    if (!played.value().whole && o.seconds == 0) {
      report.notices.push_back("The run was cut short; this is as far as its journal says all.");
    }
    return media::Result<session::RenderReport>(std::move(report));
  });
  return code == kOk && doubtful ? kFailed : code;
}

int render_journal(const RenderOptions& o, const std::string& text) {
  const schedule::ReadJournal journal = schedule::read_journal(text, schedule::ReadOutcomes::yes);
  const auto back = static_cast<std::size_t>(o.run);
  if (back >= journal.runs.size()) {
    fmt::print(stderr, "tactus: {} holds {} runs\n", o.set, journal.runs.size());
    return kFailed;
  }
  const schedule::JournalRun& run = journal.runs[journal.runs.size() - 1 - back];
  if (run.outcomes.decks > 0) return replay_run(o, run);
  fmt::print(stderr, "{}: this run has no outcomes; its intents are rendered, which is close, but not the same bits\n",
             o.set);
  return render_set(o, schedule::to_set(run));
}

int render(const RenderOptions& o) {
  std::ifstream in(o.set, std::ios::binary);
  if (!in) {
    fmt::print(stderr, "tactus: {}: the file can't be read\n", o.set);
    return kFailed;
  }
  std::stringstream text;
  text << in.rdbuf();
  if (text.view().starts_with("{\"tactus_journal\"")) return render_journal(o, text.str());
  return render_set(o, text.str());
}

}  // namespace

void add_render(CLI::App& app, Run& run) {
  auto* cmd = app.add_subcommand("render", "Play a set file, or a journal, into an audio file, faster than real time");
  auto o = std::make_shared<RenderOptions>();
  cmd->add_option("SET", o->set, "The set file, or an engine's journal.jsonl; see docs/formats.md")->required();
  cmd->add_option("-o,--output", o->out.path, "The audio file: .wav or .flac")->required();
  cmd->add_option("--rate", o->rate, "Frames a second; a journal has its own")
      ->capture_default_str()
      ->check(CLI::Range(8000, 192000));
  cmd->add_option("--block", o->block, "Frames a block; the result doesn't depend on it. A journal has its own")
      ->capture_default_str()
      ->check(CLI::Range(1, 4096));
  cmd->add_option("--length", o->seconds, "Stop after so many seconds; else when the music has ended");
  cmd->add_option("--run", o->run, "Of a journal, which start of the engine: 0 the latest, 1 the one before")
      ->capture_default_str()
      ->check(CLI::Range(0, 100000));
  o->auto_gain.add(cmd);
  cmd->add_flag("--json", o->out.json, "One JSON object at the end, with the frame at which each intent executed");
  cmd->add_flag("-q,--quiet", o->out.quiet, "No progress");
  cmd->footer(
      "A set file:\n"
      "  {\"tactus_set\": 1, \"tempo\": 126}\n"
      "  {\"beat\": 0, \"do\": \"/deck/1/load \\\"one.flac\\\"\"}\n"
      "  {\"beat\": 4, \"do\": \"/deck/1/play @bar\"}\n\n"
      "A journal sounds bit for bit as it did when it was played live.\n\n"
      "Examples:\n  tactus render set.jsonl -o set.flac\n  tactus render set.jsonl -o set.wav --json --quiet\n"
      "  tactus render ~/.local/state/tactus/session/journal.jsonl -o last-night.wav");
  cmd->callback([&run, o] { run = [o] { return render(*o); }; });
}

}  // namespace tactus::app
