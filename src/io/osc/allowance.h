// What somebody may cost a thread that others need, too: a share of its time for long, and so much at once.
//
// One thread; times in seconds, `now` of a clock that nobody sets.
#pragma once

#include <time.h>

#include <algorithm>

namespace tactus::io {

inline double seconds_of(clockid_t clock) {
  timespec t{};
  ::clock_gettime(clock, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

class Allowance {
 public:
  // `share` of the time, 0 to 1; at most `most` seconds saved up, `left` of them to begin with.
  Allowance(double share, double most, double left, double now) : share_(share), most_(most), left_(left), at_(now) {}
  // What is left; nothing or less: others first.
  double left(double now) {
    left_ = std::min(most_, left_ + (now - at_) * share_);
    at_ = now;
    return left_;
  }
  void spend(double seconds) { left_ -= seconds; }

 private:
  double share_, most_, left_, at_;
};

}  // namespace tactus::io
