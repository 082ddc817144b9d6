// The database's log (WAL) seen from outside: how large it is, and which programs keep it from shrinking.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace tactus::library {

struct LogHolder {
  int pid = 0;
  std::string program;  // its name; empty: unknown
};

struct LogState {
  std::int64_t bytes = 0;
  // Programs that are reading at this moment: while one stays in the middle of its rows (it hangs, or was stopped), the
  // log grows. Empty also where the system doesn't tell (/proc/locks).
  std::vector<LogHolder> readers;
};

// Opens nothing of the database, so it disturbs no lock.
LogState log_state(const std::string& folder);
// "a reader that doesn't end, process 12 (tactus), keeps the log at 812 MB"; empty while all is well.
std::string log_trouble(const LogState& state);

}  // namespace tactus::library
