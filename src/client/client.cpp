#include "client/client.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "client/place.h"

namespace tactus::client {

namespace {
using Clock = std::chrono::steady_clock;
constexpr auto kSendPatience = std::chrono::milliseconds(200);

bool wait_for(int fd, short events, Clock::time_point until) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now()).count();
  pollfd p{fd, events, 0};
  return ::poll(&p, 1, left < 0 ? 0 : static_cast<int>(left) + 1) > 0;
}
}  // namespace

Client::Client(UniqueFd fd) : fd_(std::move(fd)) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(fd_.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0) engine_process_ = peer.pid;
}

std::unique_ptr<Client> Client::connect(const ConnectOptions& options, std::string* error) {
  const auto session = options.session.empty() ? default_session() : options.session;
  const std::string path = socket_of(session).string();
  sockaddr_un a{};
  a.sun_family = AF_UNIX;
  if (path.size() >= sizeof a.sun_path) {
    *error = path + ": too long for a socket's path";
    return nullptr;
  }
  std::memcpy(a.sun_path, path.data(), path.size());
  UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (::connect(fd.get(), reinterpret_cast<sockaddr*>(&a), sizeof a) != 0) {
    *error = "no engine runs for " + session.string() + " (" + std::strerror(errno) + "); `tactus engine` starts one";
    return nullptr;
  }
  std::unique_ptr<Client> client(new Client(std::move(fd)));
  client->post(osc::Message{"/hello", {options.name, options.kind, options.confidence}});
  const auto until = Clock::now() + options.patience;
  while (!client->closed() && Clock::now() < until) {
    const auto m = client->next(std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now()));
    if (!m || m->address != "/welcome") continue;
    client->version_ = m->text(1);
    if (m->integer(0) != sidecar::kBoardVersion) {
      *error = "the engine (version " + client->version_ + ") shows its state in layout " +
               std::to_string(m->integer(0)) + ", and this program reads layout " +
               std::to_string(sidecar::kBoardVersion) + ": install both from one version";
      return nullptr;
    }
    client->board_ = sidecar::BoardReader::map(std::move(client->passed_), error);
    return client->board_ ? std::move(client) : nullptr;
  }
  *error = client->closed() ? "the engine closed the connection" : "the engine does not answer";
  return nullptr;
}

bool Client::post(const osc::Message& message) {
  if (!fd_) return false;
  const auto bytes = osc::encode(message);
  std::vector<std::byte> packet(4);
  for (std::size_t i = 0; i < 4; ++i) packet[i] = static_cast<std::byte>(bytes.size() >> (24 - 8 * i) & 255);
  packet.insert(packet.end(), bytes.begin(), bytes.end());
  const auto until = Clock::now() + kSendPatience;
  for (std::size_t sent = 0; sent < packet.size();) {
    const ssize_t n = ::send(fd_.get(), packet.data() + sent, packet.size() - sent, MSG_NOSIGNAL);
    if (n >= 0) {
      sent += static_cast<std::size_t>(n);
    } else if (errno == EAGAIN && sent == 0 && !wait_for(fd_.get(), POLLOUT, until)) {
      return false;
    } else if (errno == EAGAIN && !wait_for(fd_.get(), POLLOUT, until)) {
      fd_.reset();  // half a packet is out: the stream has lost its place
      return false;
    } else if (errno != EAGAIN && errno != EINTR) {
      fd_.reset();
      return false;
    }
  }
  return true;
}

std::int32_t Client::post(const std::string& intent) {
  const std::int32_t request = request_ = request_ == INT32_MAX ? 1 : request_ + 1;
  return post(osc::Message{"/do", {request, intent}}) ? request : 0;
}

std::optional<Fate> Client::send(const std::string& intent, std::chrono::milliseconds patience) {
  const std::int32_t request = post(intent);
  if (request == 0) return std::nullopt;
  const auto until = Clock::now() + patience;
  std::deque<osc::Message> others;
  std::optional<Fate> fate;
  while (!fate && (!messages_.empty() || receive(until))) {
    osc::Message m = std::move(messages_.front());
    messages_.pop_front();
    if (m.address == "/fate" && m.integer(0) == request) {
      fate = fate_of(m);
    } else {
      others.push_back(std::move(m));
    }
  }
  messages_.insert(messages_.begin(), std::make_move_iterator(others.begin()), std::make_move_iterator(others.end()));
  return fate;
}

std::optional<osc::Message> Client::next(std::chrono::milliseconds patience) {
  if (messages_.empty() && !receive(Clock::now() + patience)) return std::nullopt;
  osc::Message m = std::move(messages_.front());
  messages_.pop_front();
  return m;
}

std::vector<std::string_view> Client::library_changes() {
  const auto now = board_->read();
  if (!now || now->version == 0) return {};  // the engine was in the way, or has shown nothing yet: the next time
  return sidecar::library_changes(std::exchange(library_, *now), *now);
}

Fate Client::fate_of(const osc::Message& m) {
  return {static_cast<std::int32_t>(m.integer(0)),
          m.text(1),
          static_cast<std::uint64_t>(m.integer(2)),
          m.number(3),
          m.integer(4),
          m.text(5),
          m.text(6),
          m.text(7),
          m.integer(8)};
}

// Until there is at least one message.
bool Client::receive(Clock::time_point until) {
  while (fd_) {
    while (take_packet()) continue;
    if (!messages_.empty()) return true;
    if (!wait_for(fd_.get(), POLLIN, until)) return false;
    std::byte buffer[16384];
    iovec piece{buffer, sizeof buffer};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))];
    msghdr header{};
    header.msg_iov = &piece;
    header.msg_iovlen = 1;
    header.msg_control = control;
    header.msg_controllen = sizeof control;
    const ssize_t n = ::recvmsg(fd_.get(), &header, MSG_CMSG_CLOEXEC);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (n <= 0) {
      fd_.reset();
      return false;
    }
    for (cmsghdr* c = CMSG_FIRSTHDR(&header); c; c = CMSG_NXTHDR(&header, c)) {
      if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) continue;
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(c), sizeof fd);
      passed_ = UniqueFd(fd);
    }
    in_.insert(in_.end(), buffer, buffer + n);
  }
  return !messages_.empty();
}

bool Client::take_packet() {
  if (in_.size() < 4) return false;
  std::size_t size = 0;
  for (std::size_t i = 0; i < 4; ++i) size = size << 8 | std::to_integer<std::size_t>(in_[i]);
  if (size > osc::kMaxPacket) {
    fd_.reset();
    return false;
  }
  if (in_.size() - 4 < size) return false;
  std::vector<osc::Timed> found;
  std::string why;
  if (osc::decode(std::span(in_).subspan(4, size), found, &why)) {
    for (osc::Timed& t : found) messages_.push_back(std::move(t.message));
  }
  in_.erase(in_.begin(), in_.begin() + 4 + static_cast<std::ptrdiff_t>(size));
  return true;
}

}  // namespace tactus::client
