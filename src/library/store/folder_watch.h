// Tells which folders something was put into, taken out of or written in (inotify). One thread.
#pragma once

#include <chrono>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/unique_fd.h"

namespace tactus::library {

class FolderWatch {
 public:
  FolderWatch();
  // Each folder by itself, not what lies below it. Those that are watched already are left as they are. False: the
  // system watches no more (fs.inotify.max_user_watches).
  bool add(const std::vector<std::string>& folders);
  // Waits for a first change, then until nothing has changed for `quiet`, but no longer than `most` for both. Empty:
  // nothing changed. A folder that is named contains every change; so many at once that the system lost count: all.
  std::set<std::string> wait(std::chrono::milliseconds most, std::chrono::milliseconds quiet);

 private:
  bool read_events(std::set<std::string>& changed);

  UniqueFd fd_;
  std::map<int, std::string> folders_;
};

}  // namespace tactus::library
