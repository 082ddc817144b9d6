#include "library/store/writer_lock.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <thread>

#include "library/store/role_socket.h"
#include "library/store/sql.h"

namespace tactus::library {

namespace {

using LockClock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds kLockLook{10};
// A keeper that isn't writing itself answers at once; so long it may take on a busy machine. One that stands still is
// ended after ten seconds (session/keeper_process.h): who waits in its queue anyway waits for the next one.
constexpr std::chrono::milliseconds kAnswer{500}, kAnswerInQueue{15'000}, kNextKeeper{5000};

LockHolder read_holder(int fd) {
  std::array<char, 200> text{};
  const ssize_t n = ::pread(fd, text.data(), text.size() - 1, 0);
  LockHolder out;
  if (n <= 0) return out;
  char* end = nullptr;
  out.pid = static_cast<int>(std::strtol(text.data(), &end, 10));
  if (*end == ' ') out.who = std::string(end + 1, std::strcspn(end + 1, "\n"));
  out.stopped = stands_still(out.pid);
  return out;
}

UniqueFd opened_lock(const std::string& file) {
  UniqueFd fd(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666));
  if (!fd) throw StoreError(StoreError::Kind::other, file + ": it can't be opened: " + std::strerror(errno));
  return fd;
}

bool lock_now(int fd) {
  for (;;) {
    if (::flock(fd, LOCK_EX | LOCK_NB) == 0) return true;
    if (errno != EINTR) return false;
  }
}

std::string written_by(int fd) { return "the library is being written by " + holder_text(read_holder(fd)); }

}  // namespace

// The third word of its line in /proc, after a name in brackets that may hold anything.
bool stands_still(int pid) {
  std::string line;
  std::getline(std::ifstream("/proc/" + std::to_string(pid) + "/stat"), line);
  const std::size_t name = line.rfind(')');
  const char state = name != std::string::npos && name + 2 < line.size() ? line[name + 2] : ' ';
  return state == 'T' || state == 't';
}

std::string holder_text(const LockHolder& holder) {
  return (holder.who.empty() ? std::string("another program") : holder.who) + " (process " +
         std::to_string(holder.pid) + (holder.stopped ? ", which stands still: `kill -CONT` lets it go on)" : ")");
}

WriterLock::WriterLock(const std::string& file, const std::string& who, const RoleWait& wait) : fd_(opened_lock(file)) {
  const auto begun = LockClock::now();
  auto deadline = begun + std::chrono::milliseconds(wait.ms);
  while (!lock_now(fd_.get()) && !borrow(file, who, wait, &deadline)) {
    if (LockClock::now() >= deadline)
      throw StoreError(StoreError::Kind::busy, written_by(fd_.get()) + "; try again when it is done");
    if (wait.told && LockClock::now() - begun >= kAnswer) wait.told(written_by(fd_.get()));
    std::this_thread::sleep_for(kLockLook);
  }
  name(who);
}

// False: there is no keeper, or it has ended meanwhile, and another one may come; or it wasn't our turn in time.
bool WriterLock::borrow(const std::string& file, const std::string& who, const RoleWait& wait,
                        LockClock::time_point* deadline) {
  UniqueFd keeper = connect_to_keeper(std::filesystem::path(file).parent_path().string());
  if (!keeper || !send_role(keeper.get(), who.empty() ? "another program" : who)) return false;
  bool answered = false;
  std::string why;
  const auto asked = LockClock::now();
  const auto answer_by = std::max(*deadline, asked + (wait.queue ? kAnswerInQueue : kAnswer));
  while ((wait.queue && answered) || LockClock::now() < (answered ? *deadline : answer_by)) {
    pollfd p{keeper.get(), POLLIN, 0};
    ::poll(&p, 1, 100);
    RoleMessage m = receive_role(keeper.get());
    if (m.kind == RoleMessage::Kind::closed) {
      if (wait.queue) *deadline = std::max(*deadline, LockClock::now() + kNextKeeper);
      return false;
    }
    if (m.kind == RoleMessage::Kind::text && m.text[0] == kLends && m.file) {
      fd_ = std::move(m.file);
      keeper_ = std::move(keeper);
      return true;
    }
    if (m.kind == RoleMessage::Kind::text && m.text[0] == kWaits) {
      answered = true;
      why = m.text.substr(1);
    }
    if (why.empty() && LockClock::now() - asked >= kAnswer) why = written_by(fd_.get());
    if (wait.told && !why.empty()) wait.told(why);
  }
  return false;
}

WriterLock WriterLock::shared(const WriterLock& held) {
  WriterLock out;
  out.fd_ = UniqueFd(::fcntl(held.fd(), F_DUPFD_CLOEXEC, 0));
  if (!out.fd_)
    throw StoreError(StoreError::Kind::other, std::string("no second hold on the lock: ") + std::strerror(errno));
  return out;
}

std::optional<WriterLock> WriterLock::if_free(const std::string& file, const std::string& who) {
  WriterLock out;
  out.fd_ = opened_lock(file);
  if (!lock_now(out.fd())) return std::nullopt;
  out.name(who);
  return out;
}

// The name is a courtesy: on a full disk the lock holds without it.
void WriterLock::name(const std::string& who) const {
  const std::string text = std::to_string(::getpid()) + " " + who + "\n";
  if (::ftruncate(fd(), 0) == 0 && ::pwrite(fd(), text.data(), text.size(), 0) < 0) return;
}

std::optional<LockHolder> WriterLock::holder(const std::string& file) {
  const UniqueFd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return std::nullopt;
  // A shared lock, for an instant: two who ask don't see each other as holders.
  if (::flock(fd.get(), LOCK_SH | LOCK_NB) == 0) return std::nullopt;
  return read_holder(fd.get());
}

}  // namespace tactus::library
