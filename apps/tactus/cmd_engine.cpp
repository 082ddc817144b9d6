#include <fmt/format.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <CLI/CLI.hpp>

#include <algorithm>

#include "base/unique_fd.h"
#include "client/client.h"
#include "command.h"
#include "engine_run.h"

namespace tactus::app {

namespace {

using namespace std::chrono_literals;

// Whoever starts the next engine right after this one must not be told that one runs already: its connections are
// closed before its process has ended, and the session is held to the end.
bool ended(const UniqueFd& process, std::chrono::steady_clock::time_point until) {
  pollfd p{process.get(), POLLIN, 0};
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
  return !process || ::poll(&p, 1, std::max(0, static_cast<int>(left.count()))) == 1;
}

int stop(const std::string& session) {
  std::string error;
  client::ConnectOptions options{.session = session, .name = "tactus stop", .kind = "hand"};
  auto engine = client::Client::connect(options, &error);
  if (!engine) {
    fmt::print(stderr, "tactus: {}\n", error);
    return kFailed;
  }
  // glibc 2.36 declares pidfd_open for C only.
  const pid_t pid = engine->engine_process();
  const UniqueFd process(pid > 0 ? static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)) : -1);
  engine->post(osc::Message{"/stop", {}});
  const auto until = std::chrono::steady_clock::now() + 5s;
  while (!engine->closed() && std::chrono::steady_clock::now() < until) engine->next(200ms);
  if (engine->closed() && ended(process, until)) return kOk;
  fmt::print(stderr, "tactus: the engine was asked to stop, and still runs\n");
  return kFailed;
}

}  // namespace

void add_engine(CLI::App& app, Run& run) {
  auto* cmd = app.add_subcommand("engine", "Run the engine in the foreground, for clients to play");
  auto o = std::make_shared<EngineOptions>();
  o->audio.add(cmd);
  cmd->add_option("--session", o->session, "The session's folder; one engine for each");
  cmd->add_option("--library", o->library, "The library that takes in what is played; off: none")
      ->type_name("FOLDER|off");
  cmd->add_option("--osc", o->osc, "Listen for OSC from elsewhere, too: udp:PORT, tcp:PORT");
  cmd->add_option("--osc-bind", o->osc_bind, "The address to listen on for it; 0.0.0.0 is everybody")
      ->capture_default_str();
  cmd->add_option("--record", o->record, "Record into this folder, from the start; else at /mixer/record 1");
  cmd->add_option("--record-what", o->record_what, "master, cue, decks, deck1 ... with commas; a file each")
      ->capture_default_str();
  cmd->add_option("--record-format", o->record_format, "flac (24 bits) or wav (32-bit floats)")->capture_default_str();
  cmd->add_option("--record-split", o->record_split, "Another file every so often: minutes:60, tracks, no")
      ->capture_default_str();
  o->start.add(cmd);
  auto* link = cmd->add_flag("--link", o->link, "Share tempo and beats with others on the network, by Ableton Link");
  cmd->add_option("--link-offset", o->link_offset, "So much later than the device says is our sound heard, ms")
      ->check(CLI::Range(-500.0, 500.0))
      ->needs(link);
  cmd->add_option(
         "--resume", o->resume,
         "After a crash the set goes on where it would be now, or where it stopped; off: empty decks; fresh: empty "
         "decks now, but under `tactus up` what is played from here on goes on")
      ->capture_default_str()
      ->check(CLI::IsMember({"now", "stopped", "off", "fresh"}));
  o->auto_gain.add(cmd);
  o->midi.add(cmd);
  cmd->footer(
      "Ends with a fade on Ctrl-C, SIGTERM or `tactus stop`. Nothing listens to the network unless --osc is given.\n\n"
      "Examples:\n"
      "  tactus engine --audio jack\n"
      "  tactus engine --link                                   in time with Link's other programs\n"
      "  tactus engine --midi --midi-clock-out                  controllers play, drum machines follow\n"
      "  tactus engine --record ~/sets --record-what master,decks --record-split minutes:60\n"
      "  tactus engine --osc udp:9000                           controllers on this machine\n"
      "  tactus engine --osc udp:9000 --osc-bind 192.168.1.5    and on this network");
  cmd->callback([&run, o] { run = [o] { return run_engine(*o); }; });

  auto* end = app.add_subcommand("stop", "End a running engine with a fade");
  auto session = std::make_shared<std::string>();
  end->add_option("--session", *session, "The session's folder");
  end->footer("Example:\n  tactus stop");
  end->callback([&run, session] { run = [session] { return stop(*session); }; });
}

}  // namespace tactus::app
