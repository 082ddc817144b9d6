// A line of progress with the time left, on standard error: redrawn in place on a terminal, a line now and then
// elsewhere, nothing when quiet.
#pragma once

#include <chrono>
#include <string>

namespace tactus::app {

class Progress {
 public:
  explicit Progress(std::string what, bool quiet = false);
  ~Progress();
  // share: 0 to 1. detail is shown behind the percentage.
  void show(double share, const std::string& detail = {});
  // Ends the line, with `last` in its place if given.
  void done(const std::string& last = {});

 private:
  using Clock = std::chrono::steady_clock;
  std::string what_;
  bool quiet_, terminal_;
  bool open_ = false;
  Clock::time_point start_, shown_;
};

// "1:05", "1:02:03"
std::string clock_text(double seconds);

}  // namespace tactus::app
