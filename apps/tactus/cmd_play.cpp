#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <filesystem>
#include <map>
#include <string>
#include <thread>

#include "audio_option.h"
#include "auto_gain_option.h"
#include "client/start.h"
#include "command.h"
#include "keys.h"
#include "paths.h"
#include "session/script.h"
#include "start_option.h"

namespace tactus::app {

namespace {

struct PlayOptions {
  std::vector<std::string> files;
  std::string session;
  AudioOption audio;
  StartOption start;
  AutoGainOption auto_gain;
  bool json = false;
};

void answer(const PlayOptions& o, const std::string& text, const client::Fate& fate, double rate) {
  if (o.json) {
    fmt::print("{{\"do\": {}, \"fate\": \"{}\", \"beat\": {:.6f}, \"frame\": {}, \"why\": {}}}\n",
               session::json_text(text), fate.verdict, fate.beat, fate.frame, session::json_text(fate.reason));
  } else if (fate.verdict == "refused") {
    fmt::print("refused: {}\n", fate.reason);
  } else {
    fmt::print("ok: beat {:.2f}, {:.3f} s{}{}\n", fate.beat, static_cast<double>(fate.frame) / rate,
               fate.note.empty() ? "" : "; ", fate.note);
  }
  std::fflush(stdout);
}

// The options of the engine that is started when none runs.
std::vector<std::string> engine_words(const PlayOptions& o) {
  std::vector<std::string> words = o.audio.words();
  const auto add = [&words](const std::vector<std::string>& more) {
    words.insert(words.end(), more.begin(), more.end());
  };
  add(o.start.words());
  add(o.auto_gain.words());
  // Who names files wants those on the decks, not what a crash left.
  if (!o.files.empty()) add({"--resume", "fresh"});
  return words;
}

// What was asked for here and isn't done yet, by what the engine tells its subscribers.
class Unfinished {
 public:
  static void subscribe(client::Client& engine) { engine.post(osc::Message{"/subscribe", {std::string("events")}}); }
  void add(const client::Fate& fate) {
    if (fate.verdict == "accepted") waiting_.emplace(fate.id, fate.text);
  }
  // What has been told already: nobody else reads it.
  void hear(client::Client& engine) {
    while (const auto m = engine.next(std::chrono::milliseconds(0))) take(*m);
  }
  // `wait done`. At most a minute: an intent that another one takes the place of is never told to be done.
  void wait(client::Client& engine) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    while (!waiting_.empty() && !stop_asked() && !engine.closed() && std::chrono::steady_clock::now() < until) {
      if (const auto m = engine.next(std::chrono::milliseconds(100))) take(*m);
    }
    for (const auto& [id, text] : waiting_) fmt::print(stderr, "not done yet: {}\n", text);
    waiting_.clear();
  }

 private:
  void take(const osc::Message& m) {
    if (m.address == "/done") waiting_.erase(static_cast<std::uint64_t>(m.integer(0)));
    if (m.address == "/failed") std::erase_if(waiting_, [&](const auto& w) { return w.second == m.text(0); });
  }

  std::map<std::uint64_t, std::string> waiting_;  // by their ids
};

int play(const PlayOptions& o) {
  install_stop_signals();
  std::string error;
  io::AudioOptions checked;
  if (!o.audio.fill(&checked, &error)) {
    fmt::print(stderr, "tactus: {}\n", error);
    return kUsage;
  }
  const client::ConnectOptions who{.session = o.session, .name = "terminal", .kind = "hand"};
  client::Instrument engine = client::connect_or_start(who, own_program(), engine_words(o));
  if (!engine.client) {
    if (!engine.error.empty()) fmt::print(stderr, "tactus: {}\n", engine.error);
    return engine.exit_code;
  }
  if (engine.supervisor == 0) {
    fmt::print(stderr, "An engine runs already, and is played; its audio stays as it is. It plays on after `quit`.\n");
  }
  const auto state = engine.client->board().read();
  const double rate = state && state->rate > 0 ? state->rate : o.audio.rate;
  bool lost = false;
  Unfinished unfinished;
  Unfinished::subscribe(*engine.client);
  const auto submit = [&](const std::string& text) {
    unfinished.hear(*engine.client);
    auto fate = engine.client->send(text);
    // It crashed, and its supervisor has started it again.
    if (!fate && engine.client->closed()) {
      std::this_thread::sleep_for(std::chrono::milliseconds(500));
      if (auto again = client::Client::connect(who, &error)) {
        engine.client = std::move(again);
        Unfinished::subscribe(*engine.client);
        fate = engine.client->send(text);
      }
    }
    lost = !fate;
    if (!fate) return;
    unfinished.add(*fate);
    answer(o, text, *fate, rate);
  };
  for (std::size_t i = 0; i < o.files.size() && i < 4; ++i) {
    std::error_code ignored;
    // The engine may have been started elsewhere.
    const std::string path = std::filesystem::absolute(o.files[i], ignored).lexically_normal().string();
    submit(fmt::format("/deck/{}/load {}", i + 1, session::json_text(path)));
  }
  if (!o.json) fmt::print(stderr, "Intents, one a line; `tactus intents` lists them. End with Ctrl-D, or `quit`.\n");
  Lines lines;
  while (!lost) {
    const std::optional<std::string> line = lines.next();
    if (!line || *line == "quit" || *line == "q") break;
    const std::string& text = *line;
    // For scripts.
    if (text == "wait done") {
      unfinished.wait(*engine.client);
    } else if (text.starts_with("wait ")) {
      sleep_unless_stopped(std::chrono::duration<double>(std::min(std::strtod(text.c_str() + 5, nullptr), 3600.0)));
    } else if (!text.empty() && text.front() != '#') {
      submit(text);
    }
  }
  if (lost) fmt::print(stderr, "tactus: the engine does not answer\n");
  client::end(engine);
  return lost ? kFailed : kOk;
}

}  // namespace

void add_play(CLI::App& app, Run& run) {
  auto* cmd = app.add_subcommand("play", "Load tracks on decks and take intents from standard input");
  auto o = std::make_shared<PlayOptions>();
  cmd->add_option("FILES", o->files, "Up to four tracks, for decks 1 to 4")->expected(0, 4);
  cmd->add_option("--session", o->session, "The session's folder");
  o->audio.add(cmd);
  o->start.add(cmd);
  o->auto_gain.add(cmd);
  cmd->add_flag("--json", o->json, "Each intent's fate as a JSON object");
  cmd->footer(
      "Each line is one intent, answered at once: `ok` with the beat and time at which it sounds, or `refused`\n"
      "with the reason. `wait SECONDS` waits, `wait done` until all that was asked for is done (tracks are loaded,\n"
      "a beat has come), `quit` ends.\n\n"
      "An engine that runs is played, and plays on afterwards. Where none runs one is started, under a supervisor,\n"
      "and fades out at `quit`; should this program be killed it plays on: `tactus stop` ends it.\n\n"
      "Examples:\n  tactus play one.mp3 two.flac\n"
      "  printf 'wait done\\n/deck/1/play\\nwait 10\\n/deck/2/sync beat\\n/deck/2/play @bar\\nwait 20\\n' | tactus "
      "play one.mp3 "
      "two.flac");
  cmd->callback([&run, o] { run = [o] { return play(*o); }; });
}

}  // namespace tactus::app
