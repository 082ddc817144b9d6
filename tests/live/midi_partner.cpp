#include "midi_partner.h"

#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <sstream>

namespace tactus::test {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

MidiPartner::MidiPartner(const std::string& name, const std::string& api, int later_ms) {
  const std::string later = std::to_string(later_ms);
  int in[2], out[2];
  if (::pipe(in) != 0 || ::pipe(out) != 0) return;
  pid_ = ::fork();
  if (pid_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::dup2(in[0], 0);
    ::dup2(out[1], 1);
    for (const int fd : {in[0], in[1], out[0], out[1]}) ::close(fd);
    ::execl(TACTUS_MIDI_PEER, TACTUS_MIDI_PEER, name.c_str(), api.c_str(), later.c_str(), nullptr);
    ::_exit(127);
  }
  ::close(in[0]);
  ::close(out[1]);
  to_ = in[1];
  from_ = out[0];
  std::string line;
  ready_ = read_line(&line, 10s) && line == "ready";
}

MidiPartner::~MidiPartner() {
  ::close(to_);
  ::close(from_);
  if (pid_ <= 0) return;
  ::kill(pid_, SIGTERM);
  ::waitpid(pid_, nullptr, 0);
}

void MidiPartner::say(const std::string& line) {
  const std::string text = line + "\n";
  if (::write(to_, text.data(), text.size()) < 0) ready_ = false;
}

bool MidiPartner::read_line(std::string* line, std::chrono::milliseconds patience) {
  const auto until = Clock::now() + patience;
  while (true) {
    const std::size_t end = rest_.find('\n');
    if (end != std::string::npos) {
      *line = rest_.substr(0, end);
      rest_.erase(0, end + 1);
      return true;
    }
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now()).count();
    pollfd p{from_, POLLIN, 0};
    if (::poll(&p, 1, static_cast<int>(std::max<long long>(0, left))) <= 0) return false;
    char text[4096];
    const ssize_t n = ::read(from_, text, sizeof text);
    if (n <= 0) return false;
    rest_.append(text, static_cast<std::size_t>(n));
  }
}

std::vector<Heard> MidiPartner::heard(std::size_t at_least, std::chrono::milliseconds patience) {
  const auto until = Clock::now() + patience;
  std::string line;
  while (true) {
    const bool enough = heard_.size() >= at_least;
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now());
    if (!read_line(&line, enough ? 0ms : std::max(left, 0ms))) return heard_;
    std::istringstream words(line);
    std::string got;
    Heard h;
    if (!(words >> got >> h.at_ns) || got != "got") continue;
    std::getline(words >> std::ws, h.bytes);
    heard_.push_back(std::move(h));
  }
}

bool MidiPartner::hears(const std::string& bytes, std::chrono::milliseconds patience) {
  const auto until = Clock::now() + patience;
  do {
    const auto all = heard(heard_.size() + 1, std::min(50ms, patience));
    if (std::any_of(all.begin(), all.end(), [&](const Heard& h) { return h.bytes == bytes; })) return true;
  } while (Clock::now() < until);
  return false;
}

}  // namespace tactus::test
