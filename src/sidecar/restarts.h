// When a supervised process that ended is started again. Pure: the caller gives the time.
//
// A crash is answered at once, since the music stands still. A process that dies as soon as it starts would be a storm
// of starts: from the third crash in a minute on each start waits a second.
#pragma once

#include <deque>

namespace tactus::sidecar {

class Restarts {
 public:
  static constexpr double kWindow = 60;  // seconds
  static constexpr std::size_t kMany = 3;
  static constexpr double kPause = 1;

  // A crash at `now` (seconds, growing): how long to wait before the next start.
  double crashed(double now) {
    while (!crashes_.empty() && now - crashes_.front() >= kWindow) crashes_.pop_front();
    crashes_.push_back(now);
    return crashes_.size() >= kMany ? kPause : 0;
  }
  // Crashes in the minute before the last.
  std::size_t lately() const { return crashes_.size(); }

 private:
  std::deque<double> crashes_;
};

}  // namespace tactus::sidecar
