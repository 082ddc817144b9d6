#include "library/phrases/index_server.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <optional>
#include <tuple>
#include <vector>

#include "library/phrases/index_wire.h"
#include "library/phrases/phrase_shelf.h"
#include "library/store/store.h"

namespace tactus::library {

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto kReadAtOnce = 20ms;  // of the database, between two answers
constexpr auto kLookEvery = 1s;     // for another file under the name of the database or the index, and for news
constexpr auto kTryAgain = 1s;

// Another file has another one.
struct FileMark {
  ino_t number = 0;
  std::int64_t written = 0;
  bool operator==(const FileMark&) const = default;
};
FileMark mark_of(const std::string& path, bool content) {
  struct stat about {};
  if (::stat(path.c_str(), &about) != 0) return {};
  return {about.st_ino, content ? about.st_mtim.tv_sec * 1'000'000'000 + about.st_mtim.tv_nsec : 0};
}

}  // namespace

// All of it on the server's thread.
class IndexServer::Work {
 public:
  explicit Work(IndexServer& of) : of_(of) {}

  void run() {
    while (!stopped()) {
      try {
        keep_up();
      } catch (const StoreError&) {
        close_library();
      }
      wait();
    }
  }

 private:
  struct Client {
    UniqueFd socket;
    Clock::time_point heard;
    bool asked = false;  // anything yet
  };
  // What is open of a library.
  struct Open {
    explicit Open(const std::string& folder) : reader(folder), shelf(reader.db(), folder) {}
    Reader reader;
    PhraseShelf shelf;
    std::int64_t version = -1;  // of the database's data, when all of it was read
  };

  bool stopped() const {
    pollfd wake{of_.wake_.get(), POLLIN, 0};
    return ::poll(&wake, 1, 0) > 0;
  }

  // Takes in what is new, for a moment at the most.
  void keep_up() {
    const auto now = Clock::now();
    if (now >= look_at_) {
      look_at_ = now + kLookEvery;
      const std::array marks = {mark_of(database_file(of_.folder_), false),
                                mark_of(of_.folder_ + "/phrases.index", true)};
      if (marks != marks_) open_.reset();
      if (!open_) {
        marks_ = marks;
        open_.emplace(of_.folder_);
      }
    }
    if (!open_) return;
    const std::int64_t version = open_->reader.db().integer("PRAGMA data_version").value_or(0);
    if (version == open_->version) return;
    const bool all = open_->shelf.read_on(kReadAtOnce);
    if (all) open_->version = version;
    of_.complete_ = all;
  }

  void close_library() {
    open_.reset();
    of_.complete_ = false;
    look_at_ = Clock::now() + kTryAgain;
  }

  void wait() {
    std::vector<pollfd> files = {{of_.wake_.get(), POLLIN, 0}, {of_.listening_.get(), POLLIN, 0}};
    for (const Client& c : clients_) files.push_back({c.socket.get(), POLLIN, 0});
    const int ms = open_ && !of_.complete_ ? 0 : static_cast<int>(std::chrono::milliseconds(kLookEvery).count());
    if (::poll(files.data(), files.size(), ms) <= 0) return;
    // What is committed before a question is asked is in its answer.
    try {
      keep_up();
    } catch (const StoreError&) {
      close_library();
    }
    for (std::size_t i = 0; i < clients_.size(); ++i)
      if (files[i + 2].revents != 0 && !answer(clients_[i])) clients_[i].socket.reset();
    std::erase_if(clients_, [](const Client& c) { return !c.socket; });
    if (files[1].revents != 0) let_in();
  }

  void let_in() {
    UniqueFd socket(::accept4(of_.listening_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!socket) {
      // Out of files: one makes room.
      if (errno == EMFILE || errno == ENFILE) drop_silent();
      return;
    }
    if (clients_.size() >= kMostClients) drop_silent();
    clients_.push_back({std::move(socket), Clock::now()});
  }
  // So those who only connect can't send those away who ask.
  void drop_silent() {
    const auto at = std::min_element(clients_.begin(), clients_.end(), [](const Client& a, const Client& b) {
      return std::tuple(a.asked, a.heard) < std::tuple(b.asked, b.heard);
    });
    if (at != clients_.end()) clients_.erase(at);
  }

  // False: it has gone, sends what makes no sense, or doesn't read.
  bool answer(Client& client) {
    std::array<char, kLongestAsk> room;
    const ssize_t n = ::recv(client.socket.get(), room.data(), room.size(), MSG_TRUNC);
    if (n < 0) return errno == EAGAIN || errno == EINTR;
    if (n == 0 || n > std::ssize(room)) return false;
    const auto ask = read_ask({room.data(), static_cast<std::size_t>(n)});
    if (!ask) return false;
    client.heard = Clock::now();
    client.asked = true;
    IndexAnswer out;
    if (open_) {
      const LocalIndex& index = *open_->shelf.index();
      out = {of_.complete_, index.size(), static_cast<std::uint32_t>(index.dimensions()), index.embedder(), {}};
      if (ask->k > 0) out.hits = index.search(ask->vector, ask->k, ask->filter);
    }
    const std::string bytes = bytes_of(out);
    return ::send(client.socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) == std::ssize(bytes);
  }

  IndexServer& of_;
  std::optional<Open> open_;
  std::array<FileMark, 2> marks_{};
  Clock::time_point look_at_{};
  std::vector<Client> clients_;
};

bool IndexServer::start(std::string* why) {
  if (thread_.joinable()) return true;
  const auto fail = [&](const std::string& what) {
    if (why != nullptr) *why = what;
    listening_.reset();
    lock_.reset();
    return false;
  };
  const std::string lock = folder_ + "/phrases.serve";
  lock_ = UniqueFd(::open(lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!lock_) return fail(lock + ": " + std::strerror(errno));
  if (::flock(lock_.get(), LOCK_EX | LOCK_NB) != 0) return fail("another process serves the phrases of " + folder_);
  listening_ = listen_for_asks(folder_);
  wake_ = UniqueFd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!listening_ || !wake_) return fail(folder_ + "/phrases.sock: " + std::strerror(errno));
  thread_ = std::thread([this] { Work(*this).run(); });
  return true;
}

void IndexServer::stop() {
  if (!thread_.joinable()) return;
  ::eventfd_write(wake_.get(), 1);
  thread_.join();
  complete_ = false;
  ::unlink((folder_ + "/phrases.sock").c_str());
  listening_.reset();
  lock_.reset();
}

}  // namespace tactus::library
