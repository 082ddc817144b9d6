#include "client/start.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <thread>

#include "client/place.h"

namespace tactus::client {

namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

// `said`: where its standard error goes; -1: to ours.
pid_t spawn(const std::vector<std::string>& words, int said) {
  std::vector<char*> args;
  for (const std::string& w : words) args.push_back(const_cast<char*>(w.c_str()));
  args.push_back(nullptr);
  const pid_t pid = ::fork();
  if (pid != 0) return pid;
  // A session of its own: what ends this terminal's programs doesn't end the music.
  ::setsid();
  const int nothing = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  ::dup2(nothing, 0);
  ::dup2(nothing, 1);
  if (said >= 0) ::dup2(said, 2);
  ::execvp(args[0], args.data());
  ::_exit(127);
}

// What a program that has ended had to say.
std::string text_of(int fd) {
  std::string text(4096, '\0');
  const ssize_t n = fd >= 0 ? ::pread(fd, text.data(), text.size(), 0) : 0;
  text.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
  while (!text.empty() && text.back() == '\n') text.pop_back();
  constexpr std::string_view kName = "tactus: ";
  return text.starts_with(kName) ? text.substr(kName.size()) : text;
}

}  // namespace

Instrument connect_or_start(const ConnectOptions& options, const std::string& program, std::vector<std::string> words,
                            Stderr words_of_engine, std::chrono::seconds patience) {
  Instrument found;
  found.client = Client::connect(options, &found.error);
  if (found.client) return found;
  const auto session = options.session.empty() ? default_session() : options.session;
  words.insert(words.begin(), {program, "up"});
  words.insert(words.end(), {"--session", session.string()});
  const UniqueFd said(words_of_engine == Stderr::kept ? ::memfd_create("tactus-engine-words", MFD_CLOEXEC) : -1);
  found.supervisor = spawn(words, said.get());
  if (found.supervisor < 0) {
    found.error = std::string("no process for the engine: ") + std::strerror(errno);
    found.supervisor = 0;
    return found;
  }
  const auto until = Clock::now() + patience;
  while (Clock::now() < until) {
    int status = 0;
    if (::waitpid(found.supervisor, &status, WNOHANG) == found.supervisor) {
      found.supervisor = 0;
      found.error.clear();
      found.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 1;
      // Two clients at once: the other's engine is as good.
      found.client = Client::connect(options, &found.error);
      if (!found.client) found.error = text_of(said.get());
      return found;
    }
    auto client = Client::connect(options, &found.error);
    // Answered, and the control thread runs: its board is filled.
    const auto state = client ? client->board().read() : std::nullopt;
    if (state && state->heartbeat_ns > 0) {
      found.client = std::move(client);
      found.error.clear();
      return found;
    }
    std::this_thread::sleep_for(10ms);
  }
  end(found);
  found.error = "the engine was started and doesn't answer";
  return found;
}

void end(Instrument& instrument) {
  if (instrument.supervisor == 0) return;
  if (instrument.client) instrument.client->post(osc::Message{"/stop", {}});
  const auto asked = Clock::now();
  bool told = !instrument.client;
  if (told) ::kill(instrument.supervisor, SIGTERM);
  while (::waitpid(instrument.supervisor, nullptr, WNOHANG) == 0) {
    // Its replies are read, so that it can write them.
    if (instrument.client && !instrument.client->closed()) instrument.client->next(10ms);
    std::this_thread::sleep_for(5ms);
    if (!told && Clock::now() - asked > 3s) {
      told = true;
      ::kill(instrument.supervisor, SIGTERM);
    }
  }
  instrument.supervisor = 0;
}

}  // namespace tactus::client
