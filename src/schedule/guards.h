// Rate limits and precedence. Pure; time is given in session frames; one owner.
#pragma once

#include <array>
#include <map>
#include <string>
#include <vector>

#include "schedule/intent.h"

namespace tactus::schedule {

// Intents a second that a source may send for long, and at once. Coalesced ones don't count: the last value of a sweep
// must arrive.
struct Rate {
  double per_second = 0;
  double burst = 0;
};
constexpr std::array<Rate, 8> kRates = {{
    {1000, 500},   // hand
    {200, 100},    // key
    {1000, 500},   // midi
    {500, 250},    // osc
    {10, 10},      // voice
    {500, 250},    // motion
    {2000, 4000},  // script
    {20, 40},      // ai
}};

// A token bucket for each source.
class RateLimiter {
 public:
  // Takes a token. False: the source has none left.
  bool take(const Source& source, Frame now, double rate_hz);

 private:
  // Names come from outside: beyond this many the longest unused is forgotten.
  static constexpr std::size_t kSources = 256;
  struct Bucket {
    std::string name;
    Source::Kind kind;
    double tokens;
    Frame at;
  };
  std::vector<Bucket> buckets_;
};

// Who touched which control last. A control is named by its address, or by what it is part of.
class Touches {
 public:
  // The kind of source that holds `control` against `kind` at `now`, or null: one that goes before it has touched it
  // within `hold`.
  const Source::Kind* held_against(Source::Kind kind, const std::string& control, Frame now, Frames hold) const;
  void touch(const std::string& control, Source::Kind kind, Frame now, Frames hold);
  void forget_before(Frame f);

 private:
  struct Touch {
    Source::Kind kind;
    Frame at;
  };
  std::map<std::string, Touch> touches_;
};

}  // namespace tactus::schedule
