#include "library/store/role_keeper.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include "library/store/role_socket.h"
#include "library/store/sql.h"
#include "library/store/store.h"

namespace tactus::library {

namespace {

using namespace std::chrono_literals;
constexpr auto kLookAfter = 1s;   // between two looks whether the lock's file is still the library's
constexpr auto kRoleSoon = 50ms;  // the same whether the role has become free
constexpr auto kSilent = 2s;      // for somebody who connects and doesn't ask
constexpr std::size_t kAskers = 64;

bool is_file(int fd, const std::string& path) {
  struct stat here {
  }, there{};
  return ::fstat(fd, &here) == 0 && ::stat(path.c_str(), &there) == 0 && here.st_ino == there.st_ino &&
         here.st_dev == there.st_dev;
}

}  // namespace

void RoleKeeper::turn(std::chrono::milliseconds most, bool wants, int also) {
  look_after_files();
  wait(listen_ && !lock_ ? std::min<std::chrono::milliseconds>(most, kRoleSoon) : most, also);
  if (!listen_) return;
  take_connections();
  hear();
  if (!lock_) lock_ = WriterLock::if_free(lock_file(folder_), who_);
  if (!(wants && mine())) lend();
  tell_waiting();
}

// A library that was deleted and made anew has another lock.
void RoleKeeper::look_after_files() {
  const auto now = Clock::now();
  if (lock_ && now - looked_ >= kLookAfter) {
    looked_ = now;
    if (!is_file(lock_->fd(), lock_file(folder_))) {
      askers_.clear();
      borrower_.reset();
      lock_.reset();
      listen_.reset();
      keepers_.reset();
    }
  }
  if (!listen_) listen();
}

void RoleKeeper::listen() {
  const std::string file = folder_ + "/keeper.lock";
  UniqueFd fd(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!fd) throw StoreError(StoreError::Kind::other, file + ": it can't be opened: " + std::strerror(errno));
  trouble_.clear();
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) return;
  listen_ = listen_for_role(folder_, &trouble_);
  if (listen_) keepers_ = std::move(fd);
}

void RoleKeeper::wait(std::chrono::milliseconds most, int also) const {
  std::vector<pollfd> list;
  if (also >= 0) list.push_back({also, POLLIN, 0});
  if (listen_) list.push_back({listen_.get(), POLLIN, 0});
  for (const Asker& a : askers_) list.push_back({a.socket.get(), POLLIN, 0});
  if (borrower_) list.push_back({borrower_->socket.get(), POLLIN, 0});
  ::poll(list.data(), list.size(), static_cast<int>(most.count()));
}

void RoleKeeper::take_connections() {
  for (;;) {
    UniqueFd socket(::accept4(listen_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!socket) return;
    if (askers_.size() >= kAskers) continue;
    Asker asker;
    asker.pid = process_behind(socket.get());
    asker.socket = std::move(socket);
    asker.since = Clock::now();
    askers_.push_back(std::move(asker));
  }
}

// Who asks, who has gone, and whether the borrower is done.
void RoleKeeper::hear() {
  const auto gone = [now = Clock::now()](Asker& a) {
    const RoleMessage m = receive_role(a.socket.get());
    if (m.kind == RoleMessage::Kind::text && a.who.empty()) a.who = m.text.empty() ? "a program" : m.text;
    return m.kind == RoleMessage::Kind::closed || (a.who.empty() && now - a.since > kSilent);
  };
  std::erase_if(askers_, gone);
  if (borrower_ && receive_role(borrower_->socket.get()).kind == RoleMessage::Kind::closed) {
    borrower_.reset();
    lock_->name(who_);
  }
}

void RoleKeeper::lend() {
  while (mine()) {
    const auto next = std::find_if(askers_.begin(), askers_.end(), [](const Asker& a) { return !a.who.empty(); });
    if (next == askers_.end()) return;
    Asker asker = std::move(*next);
    askers_.erase(next);
    if (send_role(asker.socket.get(), std::string(1, kLends), lock_->fd())) borrower_ = std::move(asker);
  }
}

void RoleKeeper::tell_waiting() {
  std::string by;
  if (const auto who = borrower()) {
    by = holder_text(*who);
  } else if (lock_) {
    by = who_;
  } else if (const auto holder = WriterLock::holder(lock_file(folder_))) {
    by = holder_text(*holder);
  }
  int before = 0;
  for (Asker& a : askers_) {
    if (a.who.empty()) continue;
    std::string text = kWaits + std::string("the library is being written by ") + by;
    if (before > 0) text += "; " + std::to_string(before) + " wait before this one";
    ++before;
    if (text != a.told) send_role(a.socket.get(), text);
    a.told = std::move(text);
  }
}

std::optional<LockHolder> RoleKeeper::borrower() const {
  if (!borrower_) return std::nullopt;
  LockHolder out{borrower_->pid, borrower_->who};
  out.stopped = stands_still(out.pid);
  return out;
}

std::size_t RoleKeeper::waiting() const {
  return static_cast<std::size_t>(
      std::count_if(askers_.begin(), askers_.end(), [](const Asker& a) { return !a.who.empty(); }));
}

}  // namespace tactus::library
