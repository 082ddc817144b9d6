#include "keys.h"

#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <thread>
#include <utility>

namespace tactus::app {

namespace {
std::atomic<bool> g_stop{false};
constexpr std::chrono::milliseconds kStopLook{100};  // between two looks whether a stop is asked for
}  // namespace

Keys::Keys() {
  if (!isatty(STDIN_FILENO) || tcgetattr(STDIN_FILENO, &before_) != 0) return;
  termios raw = before_;
  raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
  raw.c_cc[VMIN] = 0;
  raw.c_cc[VTIME] = 0;
  active_ = tcsetattr(STDIN_FILENO, TCSANOW, &raw) == 0;
}

Keys::~Keys() {
  if (active_) tcsetattr(STDIN_FILENO, TCSANOW, &before_);
}

int Keys::wait(int ms) {
  if (!active_) {
    std::this_thread::sleep_for(std::chrono::milliseconds(ms));
    return 0;
  }
  pollfd p{STDIN_FILENO, POLLIN, 0};
  if (poll(&p, 1, ms) <= 0) return 0;
  unsigned char c = 0;
  return ::read(STDIN_FILENO, &c, 1) == 1 ? c : -1;
}

void install_stop_signals() {
  struct sigaction action {};
  action.sa_handler = [](int) { g_stop.store(true); };
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  struct sigaction before {};
  sigaction(SIGHUP, nullptr, &before);
  if (before.sa_handler != SIG_IGN) sigaction(SIGHUP, &action, nullptr);  // ignored under nohup: then it stays so
}

bool stop_asked() { return g_stop.load(); }

void sleep_unless_stopped(std::chrono::duration<double> time) {
  const auto until = std::chrono::steady_clock::now() + time;
  while (!stop_asked() && std::chrono::steady_clock::now() < until) {
    const std::chrono::duration<double> left = until - std::chrono::steady_clock::now();
    std::this_thread::sleep_for(std::min(left, std::chrono::duration<double>(kStopLook)));
  }
}

std::optional<std::string> Lines::next() {
  while (!stop_asked()) {
    if (const std::size_t end = held_.find('\n'); end != std::string::npos) {
      std::string line = held_.substr(0, end);
      held_.erase(0, end + 1);
      return line;
    }
    if (ended_) return held_.empty() ? std::nullopt : std::optional(std::exchange(held_, {}));
    pollfd p{STDIN_FILENO, POLLIN, 0};
    if (poll(&p, 1, static_cast<int>(kStopLook.count())) <= 0) continue;
    char some[4096];
    const ssize_t n = ::read(STDIN_FILENO, some, sizeof some);
    if (n > 0) held_.append(some, static_cast<std::size_t>(n));
    ended_ = n == 0 || (n < 0 && errno != EINTR);
  }
  return std::nullopt;
}

}  // namespace tactus::app
