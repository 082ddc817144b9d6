#include "library/store/tag_readers.h"

#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <optional>

#include "library/store/sql.h"

namespace tactus::library {

namespace {

constexpr std::size_t kAhead = 16;         // requests that wait in a reader's socket
constexpr std::size_t kMessage = 1 << 17;  // bytes; texts are cut far below

// Numbers and texts one after the other. Whoever unpacks trusts no length: a reader may have been taken over by a file.
class Packer {
 public:
  template <class T>
  void number(T value) {
    bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  void text(const std::string& value) {
    number(static_cast<std::uint32_t>(value.size()));
    bytes += value;
  }
  std::string bytes;
};

class Unpacker {
 public:
  explicit Unpacker(std::string_view bytes) : rest_(bytes) {}
  template <class T>
  void number(T& out) {
    if (rest_.size() < sizeof out) return fail();
    std::memcpy(&out, rest_.data(), sizeof out);
    rest_.remove_prefix(sizeof out);
  }
  void text(std::string& out) {
    std::uint32_t size = 0;
    number(size);
    if (rest_.size() < size) return fail();
    out.assign(rest_.substr(0, size));
    rest_.remove_prefix(size);
  }
  bool whole() const { return good_ && rest_.empty(); }

 private:
  void fail() { good_ = false; }
  std::string_view rest_;
  bool good_ = true;
};

template <class Coder, class File>
void code(Coder& c, File& f) {
  c.text(f.error);
  c.number(f.passing);
  c.number(f.identity.length);
  c.number(f.identity.hash);
  for (auto* t : {&f.title, &f.artist, &f.album, &f.genre, &f.comment, &f.label, &f.composer, &f.remixer, &f.codec})
    c.text(*t);
  c.number(f.year);
  c.number(f.duration);
  c.number(f.bpm);
  c.number(f.key);
  c.number(f.rate);
  c.number(f.bitrate);
  c.number(f.art);
}

void limit_memory() {
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  const rlimit limit{.rlim_cur = rlim_t{4} << 30, .rlim_max = rlim_t{4} << 30};
  ::setrlimit(RLIMIT_AS, &limit);
#endif
  const rlimit no_core{.rlim_cur = 0, .rlim_max = 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
}

MusicFile read_or_say_why(TagReaders::Read read, const std::string& path) {
  try {
    return read(path);
  } catch (const std::exception& e) {
    MusicFile out;
    out.error = std::string("its tags are broken: ") + e.what();
    return out;
  }
}

[[noreturn]] void serve(int socket, TagReaders::Read read, pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(0);  // it went before that
  ::prctl(PR_SET_NAME, "tactus-tags");
  // The parent's database and lock are none of ours: a lock would outlive its holder.
  if (socket != 3) ::dup2(socket, 3);
  ::close_range(4, ~0U, 0);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) ::signal(signal, SIG_IGN);  // the parent says when to end
  for (const int signal : {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL}) ::signal(signal, SIG_DFL);
  limit_memory();
  std::string path(kMessage, '\0');
  for (;;) {
    const ssize_t n = ::recv(3, path.data(), path.size(), 0);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) ::_exit(0);
    const MusicFile file = read_or_say_why(read, path.substr(0, static_cast<std::size_t>(n)));
    Packer out;
    code(out, file);
    while (::send(3, out.bytes.data(), out.bytes.size(), MSG_NOSIGNAL) < 0)
      if (errno != EINTR) ::_exit(1);
  }
}

}  // namespace

TagReaders::TagReaders(int count, Read read, std::chrono::milliseconds most)
    : read_(read), most_(most), workers_(static_cast<std::size_t>(count)) {
  for (Worker& w : workers_) start(w);
}

TagReaders::~TagReaders() {
  for (Worker& w : workers_) end(w);
}

void TagReaders::start(Worker& worker) {
  int pair[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
    throw StoreError(StoreError::Kind::other, std::string("no reader can be started: ") + std::strerror(errno));
  worker.socket = UniqueFd(pair[0]);
  const UniqueFd theirs(pair[1]);
  const pid_t parent = ::getpid();
  worker.pid = ::fork();
  if (worker.pid < 0)
    throw StoreError(StoreError::Kind::other, std::string("no reader can be started: ") + std::strerror(errno));
  if (worker.pid == 0) serve(theirs.get(), read_, parent);
  worker.since = Clock::now();
}

void TagReaders::end(Worker& worker) {
  if (worker.pid <= 0) return;
  worker.socket.reset();
  ::kill(worker.pid, SIGKILL);
  while (::waitpid(worker.pid, nullptr, 0) < 0 && errno == EINTR) {
  }
  worker.pid = -1;
}

bool TagReaders::full() const {
  return std::all_of(workers_.begin(), workers_.end(), [](const Worker& w) { return w.asked.size() >= kAhead; });
}
bool TagReaders::idle() const {
  return std::all_of(workers_.begin(), workers_.end(), [](const Worker& w) { return w.asked.empty(); });
}

void TagReaders::ask(std::uint64_t token, const std::string& path) {
  Worker& least = *std::min_element(workers_.begin(), workers_.end(),
                                    [](const Worker& a, const Worker& b) { return a.asked.size() < b.asked.size(); });
  if (least.asked.empty()) least.since = Clock::now();
  least.asked.push_back({token, path});
  // One that has died is found out, and its requests are asked anew, when answers are collected.
  while (::send(least.socket.get(), path.data(), path.size(), MSG_NOSIGNAL) < 0 && errno == EINTR) {
  }
}

bool TagReaders::take_answer(Worker& worker, const Answer& answer) {
  std::string bytes(kMessage, '\0');
  const ssize_t n = ::recv(worker.socket.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
  // A reader that died with requests unread resets the connection; what it answered before can be read after that.
  if (n < 0) return errno == EAGAIN || errno == EINTR || errno == ECONNRESET;
  if (n == 0 || worker.asked.empty()) return false;
  Unpacker in(std::string_view(bytes).substr(0, static_cast<std::size_t>(n)));
  MusicFile file;
  code(in, file);
  if (!in.whole()) return false;
  const Request done = std::move(worker.asked.front());
  worker.asked.pop_front();
  worker.since = Clock::now();
  answer(done.token, done.path, std::move(file));
  return true;
}

void TagReaders::give_up(Worker& worker, const std::string& why, const Answer& answer) {
  end(worker);
  std::deque<Request> asked = std::move(worker.asked);
  worker.asked.clear();
  start(worker);
  std::optional<Request> broken;
  if (!asked.empty()) {
    broken = std::move(asked.front());
    asked.pop_front();
  }
  for (Request& r : asked) {
    ::send(worker.socket.get(), r.path.data(), r.path.size(), MSG_NOSIGNAL);
    worker.asked.push_back(std::move(r));
  }
  if (!broken) return;
  MusicFile file;
  file.error = why;
  answer(broken->token, broken->path, std::move(file));
}

void TagReaders::collect(std::chrono::milliseconds timeout, const Answer& answer) {
  std::vector<pollfd> polled;
  for (const Worker& w : workers_) polled.push_back({w.socket.get(), POLLIN, 0});
  ::poll(polled.data(), polled.size(), static_cast<int>(timeout.count()));
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    Worker& w = workers_[i];
    if (polled[i].revents != 0) {
      if (!take_answer(w, answer)) give_up(w, "reading its tags crashed the reader", answer);
    } else if (!w.asked.empty() && Clock::now() - w.since > most_) {
      give_up(w, "reading its tags took too long", answer);
    }
  }
}

}  // namespace tactus::library
