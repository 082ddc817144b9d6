#include <fmt/format.h>

#include <atomic>
#include <iostream>
#include <thread>

#include "audio_option.h"
#include "auto_gain_option.h"
#include "command.h"
#include "keys.h"
#include "session/live.h"
#include "session/media_stack.h"
#include "session/script.h"
#include "session/track_sources.h"

namespace tactus::app {

namespace {

struct Options {
  std::vector<std::string> files;
  AudioOption audio;
  double level = -6, tempo = 120;
  AutoGainOption auto_gain;
  double safety_loop = 0;
  bool json = false;
};

void answer(const Options& o, const std::string& text, const schedule::Fate& fate, double rate) {
  const bool refused = fate.verdict == schedule::Fate::Verdict::refused;
  if (o.json) {
    const char* verdict = refused                                              ? "refused"
                          : fate.verdict == schedule::Fate::Verdict::coalesced ? "coalesced"
                                                                               : "accepted";
    fmt::print("{{\"do\": {}, \"fate\": \"{}\", \"beat\": {:.6f}, \"frame\": {}, \"why\": {}}}\n",
               session::json_text(text), verdict, fate.beat.value(), fate.frame.v, session::json_text(fate.reason));
  } else if (refused) {
    fmt::print("refused: {}\n", fate.reason);
  } else {
    fmt::print("ok: beat {:.2f}, {:.3f} s{}{}\n", fate.beat.value(), static_cast<double>(fate.frame.v) / rate,
               fate.note.empty() ? "" : "; ", fate.note);
  }
  std::fflush(stdout);
}

int play(const Options& o) {
  install_stop_signals();
  session::MediaStack media(true);
  session::LiveSource source(media.cache(), media.analyses());
  session::LiveOptions options;
  std::string error;
  if (!o.audio.fill(&options.audio, &error)) {
    fmt::print(stderr, "tactus: {}\n", error);
    return kUsage;
  }
  options.session.rate = SampleRate{static_cast<double>(o.audio.rate)};
  options.session.tempo = Bpm{o.tempo};
  options.session.max_block = o.audio.block;
  options.session.target_lufs = o.auto_gain.target();
  options.session.scheduler.safety_loop_beats = o.safety_loop;
  options.session.feeder_threads = session::default_feeder_threads();
  options.master_db = o.level;
  auto live = session::Live::start(
      options, source, [](const std::string& text) { fmt::print(stderr, "{}\n", text); }, {}, &error);
  if (!live) {
    fmt::print(stderr, "tactus: {}\nWithout a device: --audio null plays to nobody in real time.\n", error);
    return kFailed;
  }
  media.set_grace([&live] { return live->grace(); });
  const schedule::Source hand{"terminal", schedule::Source::Kind::hand, 1};
  const auto submit = [&](const std::string& text) {
    live->call([&](session::Session& s) { answer(o, text, s.submit(text, hand), o.audio.rate); });
  };
  for (std::size_t i = 0; i < o.files.size() && i < 4; ++i) {
    schedule::Fate ignored;
    submit(fmt::format("/deck/{}/load {}", i + 1, session::json_text(o.files[i])));
  }
  if (!o.json) fmt::print(stderr, "Intents, one a line; `tactus intents` lists them. End with Ctrl-D, or `quit`.\n");
  std::string text;
  while (!stop_asked() && std::getline(std::cin, text)) {
    if (text == "quit" || text == "q") break;
    if (text.starts_with("wait ")) {  // for scripts: seconds
      std::this_thread::sleep_for(
          std::chrono::duration<double>(std::min(std::strtod(text.c_str() + 5, nullptr), 3600.0)));
    } else if (!text.empty() && text.front() != '#') {
      submit(text);
    }
  }
  media.set_grace({});
  return kOk;
}

}  // namespace

void add_play(CLI::App& app, Run& run) {
  auto* cmd = app.add_subcommand("play", "Load tracks on decks and take intents from standard input");
  auto o = std::make_shared<Options>();
  cmd->add_option("FILES", o->files, "Up to four tracks, for decks 1 to 4")->expected(0, 4);
  o->audio.add(cmd);
  cmd->add_option("--level", o->level, "Master level at the start, dB")
      ->capture_default_str()
      ->check(CLI::Range(-60.0, 6.0));
  cmd->add_option("--tempo", o->tempo, "Tempo of the clock until a deck leads it")
      ->capture_default_str()
      ->check(CLI::Range(20.0, 300.0));
  o->auto_gain.add(cmd);
  cmd->add_option("--safety-loop", o->safety_loop, "Beats that a sounding deck loops rather than end; 0: it ends")
      ->capture_default_str()
      ->check(CLI::Range(0.0, 64.0));
  cmd->add_flag("--json", o->json, "Each intent's fate as a JSON object");
  cmd->footer(
      "Each line is one intent, answered at once: `ok` with the beat and time at which it sounds, or `refused`\n"
      "with the reason. `wait SECONDS` waits, `quit` fades out and ends.\n\n"
      "Examples:\n  tactus play one.mp3 two.flac\n"
      "  printf '/deck/1/play\\nwait 10\\n/deck/2/sync beat\\n/deck/2/play @bar\\nwait 20\\n' | tactus play one.mp3 "
      "two.flac");
  cmd->callback([&run, o] { run = [o] { return play(*o); }; });
}

}  // namespace tactus::app
