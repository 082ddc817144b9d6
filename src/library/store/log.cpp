#include "library/store/log.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <sstream>

#include "library/store/store.h"

namespace tactus::library {

namespace {

// SQLite locks bytes of the shared memory file from 120 on: the writer's, the checkpointer's, the recoverer's, then
// those of five places in the log at which readers stand (https://www.sqlite.org/walformat.html, 2.2.1).
constexpr long kFirstReadLock = 123, kLastReadLock = 127;
// Sixteen times what a log is let grow to between two checkpoints.
constexpr std::int64_t kLargeLog = 64 << 20;

std::string program_of(int pid) {
  std::ifstream in("/proc/" + std::to_string(pid) + "/comm");
  std::string name;
  std::getline(in, name);
  return name;
}

// A line of /proc/locks: "1: POSIX  ADVISORY  READ 1234 08:02:5678 124 124" (proc(5)).
int reader_in(const std::string& line, ino_t inode) {
  std::istringstream words(line);
  std::string number, kind, advisory, access, place;
  int pid = 0;
  long first = 0;
  std::string last;
  words >> number >> kind >> advisory >> access >> pid >> place >> first >> last;
  const std::size_t colon = place.rfind(':');
  if (!words || kind != "POSIX" || access != "READ" || colon == std::string::npos) return 0;
  if (place.substr(colon + 1) != std::to_string(inode) || first < kFirstReadLock || first > kLastReadLock) return 0;
  return pid;
}

}  // namespace

LogState log_state(const std::string& folder) {
  LogState out;
  struct stat status {};
  if (::stat((database_file(folder) + "-wal").c_str(), &status) == 0) out.bytes = status.st_size;
  if (::stat((database_file(folder) + "-shm").c_str(), &status) != 0) return out;
  std::ifstream locks("/proc/locks");
  for (std::string line; std::getline(locks, line);) {
    const int pid = reader_in(line, status.st_ino);
    const auto same = [&](const LogHolder& h) { return h.pid == pid; };
    if (pid <= 0 || pid == ::getpid() || std::any_of(out.readers.begin(), out.readers.end(), same)) continue;
    out.readers.push_back({pid, program_of(pid)});
  }
  return out;
}

std::string log_trouble(const LogState& state) {
  if (state.bytes < kLargeLog) return {};
  std::string who;
  for (const LogHolder& h : state.readers) {
    who += (who.empty() ? "process " : ", process ") + std::to_string(h.pid);
    if (!h.program.empty()) who += " (" + h.program + ")";
  }
  const std::string size = std::to_string(state.bytes >> 20) + " MiB";
  if (who.empty()) return "the database's log has " + size + "; it shrinks when the next writer is done";
  return "a reader that doesn't end, " + who + ", keeps the database's log at " + size;
}

}  // namespace tactus::library
