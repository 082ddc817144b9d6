// Who may write a library: a role that one process at a time holds, by a lock on a file beside the database. The lock
// ends with the process, however that ends.
//
// While a session plays, a keeper (role_keeper.h) holds the role on behalf of its engine, and lends it to whoever asks:
// the lock's file itself goes over, so that there is no moment in which nobody holds it.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "base/unique_fd.h"

namespace tactus::library {

struct LockHolder {
  int pid = 0;
  std::string who;       // what it called itself
  bool stopped = false;  // it stands still (SIGSTOP, a debugger)
};
// "tactus library scan (process 12)"; of one that stands still, what helps.
std::string holder_text(const LockHolder& holder);
bool stands_still(int pid);

struct RoleWait {
  int ms = 5000;       // for another writer to be done
  bool queue = false;  // where a keeper answers: until it is our turn, however long that takes
  // Is told why it takes time, again and again; may throw, which ends the waiting.
  std::function<void(const std::string&)> told{};
};

class WriterLock {
 public:
  // `file` is made when it isn't there. Waits for another holder, then throws a StoreError (busy) that names it. `who`:
  // how this holder is named to others, e.g. "tactus library scan".
  WriterLock(const std::string& file, const std::string& who, const RoleWait& wait);
  // A second hold on what `held` holds: the role is free again when both have gone.
  static WriterLock shared(const WriterLock& held);
  // Nothing: somebody else has it. Never waits, asks no keeper. Throws where the file can't be made.
  static std::optional<WriterLock> if_free(const std::string& file, const std::string& who);

  // Who holds it now; nothing: nobody does. Any process may ask.
  static std::optional<LockHolder> holder(const std::string& file);

  // For who lends it: the file to hand over; and the name to be told again once it is back.
  int fd() const { return fd_.get(); }
  void name(const std::string& who) const;

 private:
  WriterLock() = default;
  bool borrow(const std::string& file, const std::string& who, const RoleWait& wait,
              std::chrono::steady_clock::time_point* deadline);

  UniqueFd keeper_;  // the connection to whom the role goes back; closed last
  UniqueFd fd_;
};

}  // namespace tactus::library
