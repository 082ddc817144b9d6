#include <fmt/format.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#include <CLI/CLI.hpp>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>

#include "command.h"
#include "keys.h"
#include "paths.h"
#include "sidecar/board.h"
#include "sidecar/restarts.h"

namespace tactus::app {

namespace {

using namespace std::chrono_literals;
constexpr auto kPatience = 3s;  // for an engine that was told to end and should fade out

pid_t start(const std::vector<std::string>& words) {
  std::vector<char*> args;
  for (const std::string& w : words) args.push_back(const_cast<char*>(w.c_str()));
  args.push_back(nullptr);
  const pid_t pid = ::fork();
  if (pid != 0) return pid;
  ::execvp(args[0], args.data());
  ::_exit(127);
}

// Its status, or -1 once the user asked to stop: then it was told to end, and has.
int wait_for(pid_t pid) {
  int status = 0;
  bool told = false;
  auto until = std::chrono::steady_clock::time_point::max();
  for (;;) {
    const pid_t got = ::waitpid(pid, &status, WNOHANG);
    if (got == pid || (got < 0 && errno != EINTR)) return told ? -1 : status;
    if (stop_asked() && !told) {
      told = true;
      ::kill(pid, SIGTERM);
      until = std::chrono::steady_clock::now() + kPatience;
    }
    if (std::chrono::steady_clock::now() > until) ::kill(pid, SIGKILL);
    // Long enough to cost nothing, short beside what a start takes.
    std::this_thread::sleep_for(5ms);
  }
}

// What began afresh has something to come back to now.
void go_on(std::vector<std::string>& words) {
  for (std::size_t i = 1; i < words.size(); ++i) {
    if (words[i - 1] == "--resume" && words[i] == "fresh") words[i] = "now";
    if (words[i] == "--resume=fresh") words[i] = "--resume=now";
  }
}

int up(const std::vector<std::string>& options) {
  install_stop_signals();
  std::vector<std::string> words{own_program(), "engine"};
  words.insert(words.end(), options.begin(), options.end());
  sidecar::Restarts restarts;
  for (;;) {
    const pid_t pid = start(words);
    if (pid < 0) {
      fmt::print(stderr, "tactus: no process for the engine: {}\n", std::strerror(errno));
      return kFailed;
    }
    const int status = wait_for(pid);
    if (status < 0) return kOk;
    // It ended of itself: it was asked to, or can't run, and has said why.
    if (WIFEXITED(status)) return WEXITSTATUS(status);
    go_on(words);
    const double pause = restarts.crashed(static_cast<double>(sidecar::monotonic_ns()) * 1e-9);
    fmt::print(stderr, "tactus: the engine crashed ({}); it starts again{}\n", ::strsignal(WTERMSIG(status)),
               restarts.lately() >= sidecar::Restarts::kMany
                   ? fmt::format(" in a second: {} crashes in a minute", restarts.lately())
                   : "");
    for (double waited = 0; waited < pause && !stop_asked(); waited += 0.01) std::this_thread::sleep_for(10ms);
    if (stop_asked()) return kOk;
  }
}

}  // namespace

void add_up(CLI::App& app, Run& run) {
  auto* cmd = app.add_subcommand("up", "Run the engine, and start it again at once should it crash");
  auto options = std::make_shared<std::vector<std::string>>();
  cmd->prefix_command();
  cmd->footer(
      "Takes the options of `tactus engine`. After a crash the set goes on (--resume); clients connect again.\n\n"
      "Examples:\n  tactus up\n  tactus up --audio jack --osc udp:9000");
  cmd->callback([&run, cmd, options] {
    *options = cmd->remaining();
    run = [options] { return up(*options); };
  });
}

}  // namespace tactus::app
