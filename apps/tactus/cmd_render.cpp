#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "auto_gain_option.h"
#include "command.h"
#include "render_out.h"
#include "schedule/set_file.h"

namespace tactus::app {

namespace {

struct Options {
  std::string set;
  RenderOut out;
  int rate = 48000;
  int block = 256;
  double seconds = 0;
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

int render(const Options& o) {
  std::ifstream in(o.set, std::ios::binary);
  if (!in) {
    fmt::print(stderr, "tactus: {}: the set file can't be read\n", o.set);
    return kFailed;
  }
  std::stringstream text;
  text << in.rdbuf();
  const schedule::ReadSet read = schedule::read_set(text.str());
  if (!read) {
    for (const schedule::SetError& e : read.errors) fmt::print(stderr, "{}: {}\n", o.set, e.text());
    return kFailed;
  }
  session::RenderOptions options;
  options.rate = SampleRate{static_cast<double>(o.rate)};
  options.block = o.block;
  options.tempo = read.set.tempo;
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

}  // namespace

void add_render(CLI::App& app, Run& run) {
  auto* cmd = app.add_subcommand("render", "Play a set file into an audio file, faster than real time");
  auto o = std::make_shared<Options>();
  cmd->add_option("SET", o->set, "The set file: JSON Lines, see docs/formats.md")->required();
  cmd->add_option("-o,--output", o->out.path, "The audio file: .wav or .flac")->required();
  cmd->add_option("--rate", o->rate, "Frames a second")->capture_default_str()->check(CLI::Range(8000, 192000));
  cmd->add_option("--block", o->block, "Frames a block; the result doesn't depend on it")
      ->capture_default_str()
      ->check(CLI::Range(1, 4096));
  cmd->add_option("--length", o->seconds, "Stop after so many seconds; else when the music has ended");
  o->auto_gain.add(cmd);
  cmd->add_flag("--json", o->out.json, "One JSON object at the end, with the frame at which each intent executed");
  cmd->add_flag("-q,--quiet", o->out.quiet, "No progress");
  cmd->footer(
      "A set file:\n"
      "  {\"tactus_set\": 1, \"tempo\": 126}\n"
      "  {\"beat\": 0, \"do\": \"/deck/1/load \\\"one.flac\\\"\"}\n"
      "  {\"beat\": 4, \"do\": \"/deck/1/play @bar\"}\n\n"
      "Examples:\n  tactus render set.jsonl -o set.flac\n  tactus render set.jsonl -o set.wav --json --quiet");
  cmd->callback([&run, o] { run = [o] { return render(*o); }; });
}

}  // namespace tactus::app
