#include <fmt/format.h>
#include <unistd.h>
#include <CLI/CLI.hpp>

#include <cmath>
#include <iostream>
#include <nlohmann/json.hpp>
#include <thread>

#include "client/client.h"
#include "command.h"
#include "keys.h"
#include "progress.h"
#include "session/keeper_process.h"

namespace tactus::app {

namespace {

using namespace std::chrono_literals;
using Json = nlohmann::ordered_json;
constexpr auto kLook = 50ms;  // between two looks whether the engine answers

struct ClientOptions {
  std::string session, name = "terminal", kind = "hand";
  std::vector<std::string> intents;
  bool json = false;
  double hz = 10;
};

std::unique_ptr<client::Client> connect(const ClientOptions& o) {
  std::string error;
  auto engine = client::Client::connect({.session = o.session, .name = o.name, .kind = o.kind}, &error);
  if (!engine) fmt::print(stderr, "tactus: {}\n", error);
  return engine;
}

int send_one(const ClientOptions& o, client::Client& engine, const std::string& text, double rate) {
  const auto fate = engine.send(text);
  if (!fate) {
    fmt::print(stderr, "tactus: the engine does not answer\n");
    return kFailed;
  }
  if (o.json) {
    const Json j = {{"do", text},           {"fate", fate->verdict}, {"id", fate->id},    {"beat", fate->beat},
                    {"frame", fate->frame}, {"why", fate->reason},   {"note", fate->note}};
    fmt::print("{}\n", j.dump(-1, ' ', false, Json::error_handler_t::replace));
  } else if (fate->verdict == "refused") {
    fmt::print("refused: {}\n", fate->reason);
  } else {
    fmt::print("ok: beat {:.2f}, {:.3f} s{}{}\n", fate->beat, static_cast<double>(fate->frame) / rate,
               fate->note.empty() ? "" : "; ", fate->note);
  }
  std::fflush(stdout);
  return fate->verdict == "refused" ? kFailed : kOk;
}

int send(const ClientOptions& o) {
  const auto engine = connect(o);
  if (!engine) return kFailed;
  const auto state = engine->board().read();
  const double rate = state && state->rate > 0 ? state->rate : 48000;
  int code = kOk;
  for (const std::string& text : o.intents) {
    if (text != "-") {
      code = std::max(code, send_one(o, *engine, text, rate));
      continue;
    }
    for (std::string line; !engine->closed() && std::getline(std::cin, line);) {
      if (!line.empty() && line[0] != '#') code = std::max(code, send_one(o, *engine, line, rate));
    }
  }
  return code;
}

// "deck/1/eq/low" into nested objects.
Json state_json(const sidecar::BoardState& state) {
  Json j;
  for (const sidecar::BoardField& f : sidecar::board_fields()) {
    Json* at = &j;
    std::size_t from = 0;
    for (std::size_t slash; (slash = f.name.find('/', from)) != std::string::npos; from = slash + 1) {
      at = &(*at)[f.name.substr(from, slash - from)];
    }
    Json& value = (*at)[f.name.substr(from)];
    if (f.type == sidecar::BoardField::Type::text) {
      value = sidecar::board_text(state, f);
    } else {
      // Whole numbers as such: an epoch has more digits than a double.
      value = Json::parse(sidecar::board_text(state, f), nullptr, false);
      if (value.is_discarded()) value = nullptr;
    }
  }
  return j;
}

std::string meter(float db) {
  constexpr int kBarWidth = 20;
  const int n = std::clamp(static_cast<int>(std::lround((db + 60) / 60 * kBarWidth)), 0, kBarWidth);
  return std::string(static_cast<std::size_t>(n), '=') + std::string(static_cast<std::size_t>(kBarWidth - n), ' ');
}

// What key lock has had to give up for the machine's sake.
const char* give_way(const sidecar::BoardDeck& deck) {
  constexpr std::uint8_t kDirect = 3;
  if (deck.stretching == deck.stretch) return "";
  return deck.stretching == kDirect ? " NO KEY LOCK: TOO SLOW A MACHINE" : " ECONOMY KEY LOCK: TOO SLOW A MACHINE";
}

// Who has the library, where that isn't its keeper.
std::string library_text(const sidecar::BoardState& s) {
  using Role = session::KeeperState::Role;
  switch (static_cast<Role>(s.library_role)) {
    case Role::lent:
    case Role::elsewhere:
      return fmt::format("the library is written by {}\n", static_cast<const char*>(s.library_says));
    case Role::stuck:
      return fmt::format("THE LIBRARY WAITS FOR {}; the music goes on\n", static_cast<const char*>(s.library_says));
    case Role::troubled:
      return fmt::format("THE LIBRARY CAN'T BE WRITTEN: {}; the music goes on\n",
                         static_cast<const char*>(s.library_says));
    default:
      return {};
  }
}

std::string state_text(const sidecar::BoardState& s) {
  const double in_bar = s.bar > 0 ? s.beat - s.bar * std::floor(s.beat / s.bar) : 0;
  std::string text = fmt::format("{:.2f} BPM  beat {:.1f} of the bar, {:.1f} in all  {}\n", s.bpm, in_bar + 1, s.beat,
                                 s.on_device ? s.device : "no device: the set goes on unheard");
  if (s.held) text += "ON HOLD: /hold 0 lets it go on\n";
  text += fmt::format("master [{}] {:.1f} dB, limiter {:.1f} dB, CPU {:.1f} %, worst {:.1f} %, {} clients\n",
                      meter(std::max(s.master_left, s.master_right)), std::max(s.master_left, s.master_right),
                      s.reduction, 100 * s.cpu_mean, 100 * s.cpu_worst, s.clients);
  for (int d = 0; d < sidecar::kBoardDecks; ++d) {
    const sidecar::BoardDeck& deck = s.decks[d];
    const std::string path = deck.path;
    if (path.empty()) {
      text += fmt::format("deck {}  empty\n", d + 1);
      continue;
    }
    text +=
        fmt::format("deck {} {} [{}] {} / {}  {:.2f} BPM {:+.1f} %{}{}{}{}  {}\n", d + 1, deck.playing ? '>' : ' ',
                    meter(std::max(deck.peak_left, deck.peak_right)), clock_text(std::max(0.0, deck.position)),
                    clock_text(deck.length), deck.bpm, deck.tempo, deck.sync ? " sync" : "",
                    deck.looping ? " loop" : "", deck.source == 1 && deck.keylock && deck.tempo != 0 ? " direct" : "",
                    give_way(deck), path.substr(path.rfind('/') + 1));
    if (deck.trouble[0] != 0) text += fmt::format("       CAN'T BE READ ON: {}\n", std::string(deck.trouble));
  }
  for (std::uint32_t i = 0; i < std::min<std::uint32_t>(s.pending_count, 8); ++i) {
    text += fmt::format("  at {:.1f}: {} ({})\n", s.pending[i].beat, s.pending[i].text, s.pending[i].source);
  }
  if (s.journal_troubled) text += "THE JOURNAL CAN'T BE WRITTEN: make room on its disk; the music goes on\n";
  text += library_text(s);
  if (s.notices > 0) {
    const double age = static_cast<double>(sidecar::monotonic_ns() - s.notice_ns) * 1e-9;
    text += fmt::format("{} ago: {}\n", clock_text(std::max(0.0, age)), static_cast<const char*>(s.notice));
  }
  return text;
}

int show(const ClientOptions& o, const sidecar::BoardState& s) {
  fmt::print("{}", o.json ? state_json(s).dump(-1, ' ', false, Json::error_handler_t::replace) + "\n" : state_text(s));
  std::fflush(stdout);
  return kOk;
}

int state(const ClientOptions& o) {
  const auto engine = connect(o);
  if (!engine) return kFailed;
  // The engine may have been taken off the processor amid a write.
  for (int look = 0; look < 25; ++look) {
    const auto s = engine->board().read();
    if (s && s->version != 0) return show(o, *s);
    std::this_thread::sleep_for(20ms);
  }
  fmt::print(stderr, "tactus: the engine has shown no state yet\n");
  return kFailed;
}

int watch(const ClientOptions& o) {
  install_stop_signals();
  const auto engine = connect(o);
  if (!engine) return kFailed;
  engine->post(osc::Message{"/subscribe", {std::string("events")}});
  const bool terminal = ::isatty(STDOUT_FILENO) && !o.json;
  std::string last;
  bool alive = true;
  const auto period = std::chrono::milliseconds(static_cast<int>(1000 / o.hz));
  while (!stop_asked() && !engine->closed()) {
    const auto until = std::chrono::steady_clock::now() + period;
    for (auto left = period; left > 0ms;
         left = std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now())) {
      const auto m = engine->next(std::min(left, kLook));
      if (m && m->address == "/failed") last = m->text(0) + ": " + m->text(1);
      if (engine->closed() || engine->board().alive() != alive) break;
    }
    const auto s = engine->board().read();
    if (!s) continue;
    if (terminal) fmt::print("\033[H\033[J");
    alive = engine->board().alive();
    if (!alive) fmt::print("THE ENGINE DOES NOT ANSWER\n");
    show(o, *s);
    if (!last.empty() && !o.json) fmt::print("{}\n", last);
  }
  if (!engine->closed()) return kOk;
  fmt::print(stderr, "tactus: the engine has ended\n");
  return kFailed;
}

}  // namespace

void add_clients(CLI::App& app, Run& run) {
  const auto common = [&app](const char* name, const char* help) {
    auto o = std::make_shared<ClientOptions>();
    auto* cmd = app.add_subcommand(name, help);
    cmd->add_option("--session", o->session, "The session's folder");
    cmd->add_flag("--json", o->json, "JSON, one object a line");
    return std::pair(cmd, o);
  };
  {
    const auto [cmd, o] = common("send", "Send intents to a running engine, and say what became of them");
    cmd->add_option("INTENTS", o->intents, "Each an intent in quotes; - reads them from standard input")->required();
    cmd->add_option("--as", o->kind, "Who asks: whose touch goes before whose")
        ->capture_default_str()
        ->check(CLI::IsMember({"hand", "key", "midi", "osc", "voice", "motion", "script", "ai"}));
    cmd->add_option("--name", o->name, "How the sender is named")->capture_default_str();
    cmd->footer(
        "Ends with 1 when one was refused.\n\nExamples:\n"
        "  tactus send '/deck/1/load \"one.mp3\"' '/deck/1/play @bar'\n"
        "  tactus send --json '/deck/2/eq/low -inf @phrase'");
    cmd->callback([&run, o = o] { run = [o] { return send(*o); }; });
  }
  {
    const auto [cmd, o] = common("state", "Show what a running engine is doing");
    cmd->footer("Example:\n  tactus state --json | jq '.deck[\"1\"].position'");
    cmd->callback([&run, o = o] { run = [o] { return state(*o); }; });
  }
  {
    const auto [cmd, o] = common("watch", "Watch decks, clock, meters and pending intents of a running engine");
    cmd->add_option("--hz", o->hz, "Times a second")->capture_default_str()->check(CLI::Range(0.2, 60.0));
    cmd->footer("Example:\n  tactus watch");
    cmd->callback([&run, o = o] { run = [o] { return watch(*o); }; });
  }
}

}  // namespace tactus::app
