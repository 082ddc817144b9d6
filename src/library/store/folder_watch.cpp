#include "library/store/folder_watch.h"

#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "library/store/sql.h"

namespace tactus::library {

FolderWatch::FolderWatch() : fd_(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK)) {
  if (!fd_) throw StoreError(StoreError::Kind::other, std::string("folders can't be watched: ") + std::strerror(errno));
}

bool FolderWatch::add(const std::vector<std::string>& folders) {
  for (const std::string& folder : folders) {
    // Written files are told when they are closed: one that is being copied isn't read half-way.
    const std::uint32_t what = IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF |
                               IN_MOVE_SELF | IN_ONLYDIR;
    const int watch = ::inotify_add_watch(fd_.get(), folder.c_str(), what);
    if (watch >= 0) folders_[watch] = folder;
    if (watch < 0 && errno == ENOSPC) return false;
  }
  return true;
}

// False: there was none.
bool FolderWatch::read_events(std::set<std::string>& changed) {
  alignas(inotify_event) std::array<char, 65536> buffer;
  const ssize_t n = ::read(fd_.get(), buffer.data(), buffer.size());
  for (ssize_t at = 0; at < n;) {
    inotify_event event;
    std::memcpy(&event, buffer.data() + at, sizeof event);
    at += static_cast<ssize_t>(sizeof event + event.len);
    if ((event.mask & IN_Q_OVERFLOW) != 0)
      for (const auto& [watch, folder] : folders_) changed.insert(folder);
    const auto found = folders_.find(event.wd);
    if (found == folders_.end()) continue;
    if ((event.mask & IN_IGNORED) != 0) {
      folders_.erase(found);
      continue;
    }
    changed.insert(found->second);
  }
  return n > 0;
}

std::set<std::string> FolderWatch::wait(std::chrono::milliseconds most, std::chrono::milliseconds quiet) {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point end = Clock::now() + most;
  std::set<std::string> changed;
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now());
    const auto pause = changed.empty() ? left : std::min(left, quiet);
    pollfd p{fd_.get(), POLLIN, 0};
    if (::poll(&p, 1, static_cast<int>(std::max(pause.count(), decltype(pause.count()){0}))) <= 0) break;
    while (read_events(changed)) {
    }
  }
  return changed;
}

}  // namespace tactus::library
