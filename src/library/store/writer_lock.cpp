#include "library/store/writer_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <thread>

#include "library/store/sql.h"

namespace tactus::library {

namespace {

LockHolder read_holder(int fd) {
  std::array<char, 200> text{};
  const ssize_t n = ::pread(fd, text.data(), text.size() - 1, 0);
  LockHolder out;
  if (n <= 0) return out;
  char* end = nullptr;
  out.pid = static_cast<int>(std::strtol(text.data(), &end, 10));
  if (*end == ' ') out.who = std::string(end + 1, std::strcspn(end + 1, "\n"));
  return out;
}

bool lock_now(int fd) {
  for (;;) {
    if (::flock(fd, LOCK_EX | LOCK_NB) == 0) return true;
    if (errno != EINTR) return false;
  }
}

}  // namespace

WriterLock::WriterLock(const std::string& file, const std::string& who, int wait_ms)
    : fd_(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666)) {
  if (!fd_) throw StoreError(StoreError::Kind::other, file + ": it can't be opened: " + std::strerror(errno));
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(wait_ms);
  while (!lock_now(fd_.get())) {
    if (std::chrono::steady_clock::now() >= deadline) {
      const LockHolder other = read_holder(fd_.get());
      throw StoreError(StoreError::Kind::busy, "the library is being written by " +
                                                   (other.who.empty() ? std::string("another program") : other.who) +
                                                   " (process " + std::to_string(other.pid) +
                                                   "); try again when it is done");
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  const std::string text = std::to_string(::getpid()) + " " + who + "\n";
  // The name is a courtesy: on a full disk the lock holds without it.
  if (::ftruncate(fd_.get(), 0) == 0 && ::pwrite(fd_.get(), text.data(), text.size(), 0) < 0) return;
}

std::optional<LockHolder> WriterLock::holder(const std::string& file) {
  const UniqueFd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return std::nullopt;
  // A shared lock, for an instant: two who ask don't see each other as holders.
  if (::flock(fd.get(), LOCK_SH | LOCK_NB) == 0) return std::nullopt;
  return read_holder(fd.get());
}

}  // namespace tactus::library
