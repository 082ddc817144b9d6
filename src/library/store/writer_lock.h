// Who may write a library: a role that one process at a time holds, by a lock on a file beside the database. The lock
// ends with the process, however that ends.
#pragma once

#include <optional>
#include <string>

#include "base/unique_fd.h"

namespace tactus::library {

struct LockHolder {
  int pid = 0;
  std::string who;  // what it called itself
};

class WriterLock {
 public:
  // `file` is made when it isn't there. Waits up to `wait_ms` for another holder, then throws a StoreError (busy) that
  // names it. `who`: how this holder is named to others, e.g. "tactus library scan".
  WriterLock(const std::string& file, const std::string& who, int wait_ms);

  // Who holds it now; nothing: nobody does. Any process may ask.
  static std::optional<LockHolder> holder(const std::string& file);

 private:
  UniqueFd fd_;
};

}  // namespace tactus::library
