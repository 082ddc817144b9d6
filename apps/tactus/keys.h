// Single keys from a terminal, without waiting for Enter; the terminal is put back as it was. Inert when standard input
// is no terminal.
#pragma once

#include <termios.h>

#include <chrono>
#include <optional>
#include <string>

namespace tactus::app {

class Keys {
 public:
  Keys();
  ~Keys();
  Keys(const Keys&) = delete;
  Keys& operator=(const Keys&) = delete;
  bool active() const { return active_; }
  // The next key within `ms` milliseconds; 0 when none came, -1 when the input has ended.
  int wait(int ms);

 private:
  bool active_ = false;
  termios before_{};
};

// Set by SIGINT, SIGTERM and a terminal that closes (SIGHUP) once install_stop_signals() was called: end with a fade.
void install_stop_signals();
bool stop_asked();
// Shorter when a stop is asked for.
void sleep_unless_stopped(std::chrono::duration<double> time);

// Lines of standard input. A blocking read would miss a stop that is asked for in the instant before it.
class Lines {
 public:
  // Nothing at the input's end, or once a stop is asked for.
  std::optional<std::string> next();

 private:
  std::string held_;
  bool ended_ = false;
};

}  // namespace tactus::app
