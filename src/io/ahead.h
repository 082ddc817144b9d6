// For threads on the way from somebody's hand to the sound: ahead of all ordinary programs, behind all that makes
// sound.
//
// Niceness alone doesn't do that: desktops weigh it within a terminal's session only, and a compiler in another one
// goes first for hundreds of milliseconds. So it is a realtime priority; and since such a thread could keep everybody
// else from working, it gives it up for a while when it is busy for long: a storm of intents, not a hand's.
#pragma once

#include <cstdint>

namespace tactus::io {

class Ahead {
 public:
  // For the calling thread, whose loop calls turn(). Without the right to it (RLIMIT_RTPRIO) as nice as may be.
  Ahead();
  // Once a turn of the loop: a tick, a wake.
  void turn();
  bool ahead() const { return ahead_; }

 private:
  void ask();
  void judge(std::int64_t now);

  bool may_ = true, ahead_ = false;
  std::int64_t since_ = 0, worked_ = 0;  // ns, at the beginning of what is judged: of the clock, of its own work
  std::int64_t again_ = 0;               // when it asks again
};

}  // namespace tactus::io
