// A PulseAudio server of the test's own: one sink that plays into nothing in real time, on a socket that nobody else
// knows. What is played can be recorded. It is frozen and killed by its own pid, dies with the test program, and leaves
// nothing behind.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "support/temp_folder.h"

namespace tactus::test {

class PulseServer {
 public:
  static constexpr const char* kSink = "tactus-test";

  // False where pulseaudio isn't installed: then skip, and say so.
  static bool installed();

  // Clients of this process go to the server from construction on (PULSE_SERVER). Not started yet.
  PulseServer();
  ~PulseServer();
  PulseServer(const PulseServer&) = delete;
  PulseServer& operator=(const PulseServer&) = delete;

  // Waits until it answers; false after 10 s.
  bool start(int rate);
  void kill();    // SIGKILL, as a crash
  void freeze();  // SIGSTOP
  void thaw();    // SIGCONT

  // What the sink plays in the next so many seconds: stereo, interleaved, at `rate`.
  std::vector<float> record(int rate, double seconds) const;

  std::string address() const { return "unix:" + folder_ / "socket"; }
  const TempFolder& folder() const { return folder_; }
  // What it printed so far, for a failing test's message.
  std::string log() const;

 private:
  bool answers() const;

  TempFolder folder_;
  pid_t pid_ = -1;
};

}  // namespace tactus::test
