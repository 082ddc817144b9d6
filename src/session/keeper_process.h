// The process that keeps the library while a session plays (`tactus library keep`): started, watched, and started again
// when it crashes or stands still. The music never waits for it: what was played is in the journal, and a keeper takes
// it from there whenever it comes.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/unique_fd.h"
#include "sidecar/restarts.h"

namespace tactus::session {

struct KeeperState {
  enum class Role : std::uint8_t {
    off,        // no keeper is wanted
    none,       // there is no library
    kept,       // the keeper has the writer's role
    lent,       // to a command
    elsewhere,  // somebody else has it, who didn't ask
    stuck,      // with somebody who stands still
    troubled,   // the library can't be written, or the keeper doesn't run
  };
  Role role = Role::off;
  std::string text;  // by whom; why
  bool operator==(const KeeperState&) const = default;
};
const char* role_name(KeeperState::Role role);

// A line of what a keeper says: "lent tactus library scan (process 12)\n". Reading takes anything; what is none is
// nothing.
std::string to_line(const KeeperState& state);
bool read_line(std::string_view line, KeeperState* state);

class KeeperProcess {
 public:
  // A keeper that says nothing for so long is ended, and another one started.
  static constexpr std::int64_t kSilentNs = 10'000'000'000;

  // The program and its words.
  explicit KeeperProcess(std::vector<std::string> words);
  // Tells it to take in the rest and end, and waits for that, for a second at most.
  ~KeeperProcess();
  KeeperProcess(const KeeperProcess&) = delete;
  KeeperProcess& operator=(const KeeperProcess&) = delete;

  // Any thread, as often as it likes: whether there is something new, in `state`. Never waits.
  bool look(KeeperState* state);

 private:
  void run();
  bool start();
  bool listen();
  void let_end();
  void say(const KeeperState& state);
  void pause(double seconds) const;

  std::vector<std::string> words_;
  std::mutex mutex_;  // of state_, held for a copy
  KeeperState state_;
  std::atomic<bool> fresh_{false}, stop_{false};

  // The thread's.
  pid_t pid_ = -1;
  UniqueFd input_, output_;  // ends of its standard input and output
  std::string heard_;        // of a line that isn't whole yet
  std::int64_t heard_ns_ = 0;
  sidecar::Restarts restarts_;
  std::thread thread_;
};

}  // namespace tactus::session
