#include "library/phrases/remote_index.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

namespace tactus::library {

namespace {

using ReplyClock = std::chrono::steady_clock;

// False: not within the time.
bool readable(int socket, ReplyClock::time_point until) {
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - ReplyClock::now()).count();
    pollfd file{socket, POLLIN, 0};
    const int n = ::poll(&file, 1, static_cast<int>(std::max<std::int64_t>(left, 0)));
    if (n > 0) return true;
    if (n == 0 || errno != EINTR) return false;
  }
}

}  // namespace

std::unique_ptr<RemoteIndex> RemoteIndex::connect(const std::string& folder, std::chrono::milliseconds patience) {
  UniqueFd socket = connect_to_index(folder);
  if (!socket) return nullptr;
  std::unique_ptr<RemoteIndex> out(new RemoteIndex(std::move(socket), patience));
  try {
    out->ask({});
  } catch (const NoAnswer&) {
    return nullptr;
  }
  return out;
}

void RemoteIndex::ask(const IndexAsk& ask) const {
  // An answer that comes late would be taken for that of the next question: so there is no next one.
  const auto give_up = [&] {
    socket_.reset();
    throw NoAnswer();
  };
  const std::string bytes = bytes_of(ask);
  if (!socket_ || ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) != std::ssize(bytes)) give_up();
  if (!readable(socket_.get(), ReplyClock::now() + patience_)) give_up();
  std::string room(kLongestAnswer, '\0');
  const ssize_t n = ::recv(socket_.get(), room.data(), room.size(), MSG_TRUNC);
  if (n <= 0 || n > std::ssize(room)) give_up();
  std::optional<IndexAnswer> answer = read_answer(std::string_view(room).substr(0, static_cast<std::size_t>(n)));
  if (!answer || answer->hits.size() > ask.k) give_up();
  last_ = std::move(*answer);
}

std::vector<PhraseHit> RemoteIndex::search(std::span<const std::int8_t> vector, std::size_t k,
                                           const PhraseFilter& filter) const {
  const std::lock_guard lock(mutex_);
  if (k == 0 || vector.size() != last_.dimensions) return {};
  ask({static_cast<std::uint32_t>(std::min(k, kMostAskedHits)), filter, {vector.begin(), vector.end()}});
  return std::move(last_.hits);
}

std::size_t RemoteIndex::size() const {
  const std::lock_guard lock(mutex_);
  return last_.size;
}
std::size_t RemoteIndex::dimensions() const {
  const std::lock_guard lock(mutex_);
  return last_.dimensions;
}
std::string RemoteIndex::embedder() const {
  const std::lock_guard lock(mutex_);
  return last_.embedder;
}
bool RemoteIndex::complete() const {
  const std::lock_guard lock(mutex_);
  return last_.complete;
}

}  // namespace tactus::library
