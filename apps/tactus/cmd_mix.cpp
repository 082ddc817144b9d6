#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <filesystem>
#include <fstream>

#include "audio_option.h"
#include "auto_gain_option.h"
#include "command.h"
#include "keys.h"
#include "live_mix.h"
#include "paths.h"
#include "progress.h"
#include "render_out.h"
#include "schedule/numbers.h"
#include "session/music_files.h"
#include "waveform_png.h"

namespace tactus::app {

namespace {

constexpr const char* kKeys =
    "Keys, live: n next track, space pause, + and - level, l track list, q quit with a fade (Ctrl-C and Ctrl-D "
    "too).\n\n";

constexpr const char* kEngine =
    "Live, an engine that runs is played, and plays on afterwards. Where none runs one is started, under a supervisor, "
    "and\nfades out in the end; should this program be killed it plays on: `tactus stop` ends it.\n\n";

struct MixOptions {
  std::vector<std::string> paths;
  std::string output, session;
  AudioOption audio;
  int transition = 32;
  double level = -6;
  AutoGainOption auto_gain;
  double demo_seconds = 0;
  bool keep_order = false, plan = false, quiet = false, json = false;
};

void add_common(CLI::App* cmd, const std::shared_ptr<MixOptions>& o) {
  o->audio.add(cmd);
  o->auto_gain.add(cmd);
  cmd->add_option("--session", o->session, "The session's folder, live");
  cmd->add_option("--level", o->level, "Master level at the start, dB, live")
      ->capture_default_str()
      ->check(CLI::Range(-60.0, 6.0));
  cmd->add_option("--transition", o->transition, "Beats of a transition")
      ->capture_default_str()
      ->check(CLI::IsMember({16, 32, 64}));
  cmd->add_flag("--keep-order", o->keep_order, "In the order given, not by tempo and key");
  cmd->add_flag("-q,--quiet", o->quiet, "No progress");
}

session::MixOptions mix_options(const MixOptions& o) {
  session::MixOptions m;
  m.transition_beats = o.transition;
  m.keep_order = o.keep_order;
  return m;
}

std::vector<std::string> files_of(const MixOptions& o) {
  std::vector<std::string> problems;
  std::vector<std::string> files = session::find_music(o.paths, &problems);
  for (const std::string& p : problems) fmt::print(stderr, "tactus: {}\n", p);
  if (files.empty()) fmt::print(stderr, "tactus: no music was found there\n");
  // A set file may be put into any folder, and an engine may have been started in any.
  for (std::string& f : files) f = std::filesystem::absolute(f).lexically_normal().string();
  return files;
}

// What could be analysed, in the files' order; empty, having said why, when that is nothing or it was stopped.
std::vector<session::MixTrack> analyse_all(session::MediaStack& media, const MixOptions& o,
                                           const std::vector<std::string>& files) {
  Analyses analyses(media.analyses(), files, o.keep_order);
  analyses.start(-1, media::Lane::normal);
  {
    Progress progress("analyse", o.quiet);
    analyses.wait(-1, [&](double share, const std::string& file) {
      progress.show(share, std::filesystem::path(file).filename().string());
    });
  }
  if (stop_asked()) {
    fmt::print(stderr, "tactus: stopped\n");
    return {};
  }
  for (const std::string& p : analyses.take_problems()) fmt::print(stderr, "{}\n", p);
  std::vector<session::MixTrack> tracks = analyses.take();
  if (tracks.empty()) fmt::print(stderr, "tactus: none of the files could be analysed\n");
  return tracks;
}

// The track list and a picture beside a rendered set.
int write_beside(const std::string& output, const session::MixPlanner& planner, const std::vector<double>& marks) {
  const std::string list = std::filesystem::path(output).replace_extension(".txt").string();
  if (std::ofstream text(list); !(text << planner.track_list()).flush()) {
    fmt::print(stderr, "tactus: {}: the track list can't be written\n", list);
    return kFailed;
  }
  const std::string png = std::filesystem::path(output).replace_extension(".png").string();
  if (const std::string why = draw_waveform(output, png, marks); !why.empty()) {
    fmt::print(stderr, "tactus: {}\n", why);
    return kFailed;
  }
  fmt::print(
      "Track list: {}\nPicture: {}\n"
      "To hear it: copy the file to a machine with sound, or play it with any music player, e.g. `ffplay '{}'`.\n",
      list, png, output);
  return kOk;
}

// Plans the tracks and renders them; with --plan prints the set file instead. `lost`: a file that was gone or broken
// when it was to be loaded, and that ended it.
int render_mix(const MixOptions& o, session::MediaStack& media, const std::vector<session::MixTrack>& tracks,
               const std::string& output, bool picture, std::string* lost) {
  session::MixPlanner planner(mix_options(o));
  planner.add(tracks);
  const auto events = planner.plan(0, -1);
  fmt::print(o.json || o.plan ? stderr : stdout, "{}", planner.track_list());
  if (o.plan) {
    fmt::print("{{\"tactus_set\": 1, \"tempo\": {}}}\n", planner.first_tempo());
    for (const auto& e : events) {
      fmt::print("{{\"beat\": {}, \"do\": {}}}\n", Beat{e.at.value}.value(), session::json_text(e.text));
    }
    return kOk;
  }
  session::RenderOptions options;
  options.rate = SampleRate{static_cast<double>(o.audio.rate)};
  options.block = o.audio.block;
  options.tempo = Bpm{planner.first_tempo()};
  options.target_lufs = o.auto_gain.target();
  RenderOut out;
  out.path = output;
  out.quiet = o.quiet;
  out.json = o.json;
  std::vector<double> marks;
  for (const auto& e : planner.entries()) {
    marks.push_back(planner.seconds_of(e.start));
    out.chapters.emplace_back(marks.back(), track_name(e.track));
  }
  const int code = render_out(events, options, media, out, lost);
  return code != kOk || !picture ? code : write_beside(output, planner, marks);
}

// Analyses all, plans, and renders to a file. A file that goes on the way leaves no hole: the set is made without it.
int mix_to_file(const MixOptions& o, const std::vector<std::string>& files, const std::string& output, bool picture) {
  install_stop_signals();
  session::MediaStack media;
  std::vector<session::MixTrack> tracks = analyse_all(media, o, files);
  while (!tracks.empty()) {
    std::string lost;
    const int code = render_mix(o, media, tracks, output, picture, &lost);
    if (std::erase_if(tracks, [&](const session::MixTrack& t) { return t.path == lost; }) == 0) return code;
    if (!tracks.empty()) fmt::print(stderr, "The set is made anew without it.\n");
  }
  return stop_asked() ? kStopped : kFailed;
}

// `began`: an engine was there to play it; else `error` says why not.
int mix_live(const MixOptions& o, const std::vector<std::string>& files, bool* began, std::string* error) {
  *began = false;
  io::AudioOptions checked;
  if (!o.audio.fill(&checked, error)) return kUsage;
  LiveMixOptions options;
  options.mix = mix_options(o);
  options.session = o.session;
  options.words = o.audio.words();
  for (const std::string& word : o.auto_gain.words()) options.words.push_back(word);
  // Who names files wants those on the decks, not what a crash left.
  for (const std::string& word :
       {std::string("--level"), schedule::number_text(o.level), std::string("--resume"), std::string("fresh")}) {
    options.words.push_back(word);
  }
  session::MediaStack media;
  Analyses analyses(media.analyses(), files, o.keep_order);
  return live_mix(analyses, media.pool(), options, began, error);
}

int mix(const MixOptions& o) {
  std::vector<std::string> files = files_of(o);
  if (files.empty()) return kFailed;
  if (!o.output.empty() || o.plan) return mix_to_file(o, files, o.output, false);
  bool began = false;
  std::string error;
  const int code = mix_live(o, files, &began, &error);
  if (!began) fmt::print(stderr, "tactus: {}\n", error);
  if (!began && code != kUsage) fmt::print(stderr, "To render the set to a file: tactus mix … -o set.flac\n");
  return code;
}

// What ./run does: music named, or the demo crate; live, or a file where there is no device.
int start(MixOptions o) {
  if (o.paths.empty()) {
    const auto folder = demo_folder();
    fmt::print("No music named: a demo crate of seven tracks is made in {}.\n", folder.string());
    if (const int code = make_demo(folder, {.seconds = o.demo_seconds}, o.quiet); code != kOk) return code;
    o.paths = {folder.string()};
  }
  const std::vector<std::string> files = files_of(o);
  if (files.empty()) return kFailed;
  bool began = false;
  std::string error;
  const int code = mix_live(o, files, &began, &error);
  if (!began && code == kUsage) fmt::print(stderr, "tactus: {}\n", error);
  if (began || code == kUsage) return code;
  fmt::print("{}\nRendering the set to a file instead.\n", error);
  std::filesystem::create_directories(sets_folder());
  return mix_to_file(o, files, (sets_folder() / "set.flac").string(), true);
}

}  // namespace

void add_mix(CLI::App& app, Run& run) {
  auto* cmd = app.add_subcommand("mix", "Analyse tracks, order them, and mix them into one continuous set");
  auto o = std::make_shared<MixOptions>();
  cmd->add_option("PATHS", o->paths, "Files and folders")->required();
  cmd->add_option("-o,--output", o->output, "Render to this .wav or .flac instead of playing");
  cmd->add_flag("--plan", o->plan, "Print the set file of the plan, and do nothing");
  cmd->add_flag("--json", o->json, "With -o: one JSON object at the end");
  add_common(cmd, o);
  cmd->footer(std::string(kKeys) + kEngine +
              "Examples:\n  tactus mix ~/Music/house\n  tactus mix a.mp3 b.flac c.m4a -o set.flac\n"
              "  tactus mix ~/Music --plan > set.jsonl");
  cmd->callback([&run, o] { run = [o] { return mix(*o); }; });
}

void add_start(CLI::App& app, Run& run) {
  auto* cmd = app.add_subcommand("start", "Play: the music named, or a demo crate; to a file where there is no device");
  auto o = std::make_shared<MixOptions>();
  cmd->add_option("PATHS", o->paths, "Files and folders; none: the demo crate");
  cmd->add_option("--demo-seconds", o->demo_seconds, "Only about so much of each track of the demo crate")
      ->check(CLI::Range(5.0, 600.0));
  add_common(cmd, o);
  cmd->footer(std::string(kKeys) + kEngine + "Examples:\n  tactus start\n  tactus start ~/Music");
  cmd->callback([&run, o] { run = [o] { return start(*o); }; });
}

}  // namespace tactus::app
