#include "progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace tactus::app {

Progress::Progress(std::string what, bool quiet)
    : what_(std::move(what)), quiet_(quiet), terminal_(isatty(STDERR_FILENO) != 0), start_(Clock::now()) {
  shown_ = start_ - std::chrono::hours(1);
}

Progress::~Progress() { done(); }

void Progress::show(double share, const std::string& detail) {
  if (quiet_) return;
  const auto now = Clock::now();
  const auto pause = terminal_ ? std::chrono::milliseconds(100) : std::chrono::milliseconds(5000);
  if (now - shown_ < pause) return;
  shown_ = now;
  share = std::clamp(share, 0.0, 1.0);
  const double spent = std::chrono::duration<double>(now - start_).count();
  std::string left;
  if (share > 0.02 && spent > 1) left = fmt::format(", {} left", clock_text(spent / share * (1 - share)));
  const std::string line =
      fmt::format("{} {:3.0f} %{}{}{}", what_, share * 100, detail.empty() ? "" : "  ", detail, left);
  std::fflush(stdout);  // what was said before is read before, in a file too
  std::fprintf(stderr, terminal_ ? "\r\033[K%s" : "%s\n", line.c_str());
  std::fflush(stderr);
  open_ = terminal_;
}

void Progress::done(const std::string& last) {
  if (quiet_) return;
  if (open_) std::fprintf(stderr, "\r\033[K");
  open_ = false;
  if (!last.empty()) std::fprintf(stderr, "%s\n", last.c_str());
}

std::string clock_text(double seconds) {
  const auto s = static_cast<long>(std::max(seconds, 0.0) + 0.5);
  return s >= 3600 ? fmt::format("{}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60)
                   : fmt::format("{}:{:02}", s / 60, s % 60);
}

}  // namespace tactus::app
