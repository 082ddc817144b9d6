// A JACK server of the test's own: the dummy driver on a name that nobody else uses. It is stopped, frozen and killed
// by its own pid, dies with the test program, and leaves nothing behind.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "support/temp_folder.h"

namespace tactus::test {

class JackServer {
 public:
  // False where jackd isn't installed: then skip, and say so.
  static bool installed();

  // Clients of this process go to the server from construction on (JACK_DEFAULT_SERVER). Not started yet. Waits while
  // another program's test has one.
  JackServer();
  ~JackServer();
  JackServer(const JackServer&) = delete;
  JackServer& operator=(const JackServer&) = delete;

  // Starts it and waits until it answers a client; false after 10 s. It asks for realtime scheduling where there is the
  // right to it.
  bool start(int rate, int block, int playback = 4, int capture = 2);
  void stop();    // SIGTERM, as a user quits it
  void kill();    // SIGKILL, as a crash
  void freeze();  // SIGSTOP: it lives and answers nobody
  void thaw();    // SIGCONT

  const std::string& name() const { return name_; }
  pid_t pid() const { return pid_; }
  // What it printed so far, for a failing test's message.
  std::string log() const;

 private:
  bool answers() const;
  void end(int patience_ms);  // SIGTERM, and SIGKILL when that takes longer

  TempFolder folder_;
  const std::string log_path_ = folder_ / "log";
  std::string name_ = "tactus-test-jack";
  int place_ = -1;  // a socket that nobody else can have while we do
  pid_t pid_ = -1;
  bool killed_ = false;  // and not started since
};

}  // namespace tactus::test
