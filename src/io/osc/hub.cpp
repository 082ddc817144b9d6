#include "io/osc/hub.h"

#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <deque>
#include <map>
#include <thread>

#include "io/osc/sockets.h"
#include "lockfree/spsc_ring.h"

namespace tactus::io {

namespace {

constexpr std::size_t kInbox = 8192, kOutbox = 8192;
constexpr int kReadsAtOnce = 16;          // of one peer, before the next has its turn
constexpr std::size_t kUdpSenders = 256;  // that are told apart; beyond, the longest silent is forgotten
constexpr std::size_t kMostName = 31;
constexpr double kToldEverySeconds = 0.25;  // a sender that is refused hears of it so often

double now_s() {
  timespec t{};
  ::clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}
double wall_s() {
  timespec t{};
  ::clock_gettime(CLOCK_REALTIME, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

struct Packet {
  std::vector<std::byte> bytes;
  std::size_t sent = 0;
  UniqueFd fd;
};

struct Outgoing {
  ClientId client = 0;
  Packet packet;
};

struct Peer {
  ClientId id = 0;
  Incoming::Way way = Incoming::Way::local;
  std::string place, name;  // where it is; what it is called
  UniqueFd fd;              // of a stream
  sockaddr_in address{};    // of a UDP sender
  sockaddr_in replies{};    // where that one listens
  double tokens = 0, refilled = 0, heard = 0, told = 0;
  std::uint64_t refused = 0;  // since it was told
  std::vector<std::byte> in;
  std::deque<Packet> out;
  std::size_t out_bytes = 0;
  std::uint64_t lost = 0;  // replies, since it was told
  bool gone = false;
};

class Hub final : public OscHub {
 public:
  Hub(const HubOptions& options, std::function<void()> wake) : options_(options), wake_(std::move(wake)) {}
  ~Hub() override {
    stop_.store(true);
    ring();
    if (thread_.joinable()) thread_.join();
    Incoming* in = nullptr;
    while (inbox_.pop(in)) delete in;
    Outgoing* out = nullptr;
    while (outbox_.pop(out)) delete out;
    if (!options_.unix_path.empty() && local_) ::unlink(options_.unix_path.c_str());
  }

  bool start(std::string* error) {
    bell_ = UniqueFd(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
    if (!options_.unix_path.empty() && !(local_ = listen_unix(options_.unix_path, error))) return false;
    if (!options_.udp.empty() && !(udp_ = bind_inet(options_.udp, SOCK_DGRAM, error))) return false;
    if (!options_.tcp.empty() && !(tcp_ = bind_inet(options_.tcp, SOCK_STREAM, error))) return false;
    thread_ = std::thread([this] {
      ::pthread_setname_np(::pthread_self(), "tactus-osc");
      run();
    });
    return true;
  }

  bool take(Incoming& incoming) override {
    Incoming* in = nullptr;
    if (!inbox_.pop(in)) return false;
    incoming = std::move(*in);
    delete in;
    return true;
  }
  void send(ClientId client, const osc::Message& message, int fd) override {
    auto out = std::make_unique<Outgoing>();
    out->client = client;
    out->packet.bytes = osc::encode(message);
    if (fd >= 0) out->packet.fd = UniqueFd(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
    Outgoing* raw = out.get();
    if (outbox_.push(raw)) {
      (void)out.release();
      ring();
    } else {
      lost_replies_.fetch_add(1, std::memory_order_relaxed);
    }
  }
  HubStats stats() const override {
    const auto get = [](const std::atomic<std::uint64_t>& v) { return v.load(std::memory_order_relaxed); };
    return {get(messages_), get(malformed_),    get(throttled_),
            get(refused_),  get(lost_replies_), clients_.load(std::memory_order_relaxed)};
  }
  std::string udp_address() const override { return bound_address(udp_.get()); }
  std::string tcp_address() const override { return bound_address(tcp_.get()); }

 private:
  void ring() {
    const std::uint64_t one = 1;
    // A full counter means that the bell rings already.
    if (::write(bell_.get(), &one, sizeof one) < 0) return;
  }
  static void count(std::atomic<std::uint64_t>& c, std::uint64_t n = 1) { c.fetch_add(n, std::memory_order_relaxed); }

  void run();
  void deliver();
  void accept_all(const UniqueFd& listener, Incoming::Way way);
  void read_stream(Peer& peer);
  void read_udp();
  Peer& udp_peer(const sockaddr_in& from);
  void packet_from(Peer& peer, std::span<const std::byte> bytes);
  bool may(Peer& peer);
  void refuse(Peer& peer, const std::string& why);
  bool queue(Incoming incoming);
  void reply_to(Peer& peer, std::int64_t port);
  void reply(Peer& peer, Packet packet);
  void write_out(Peer& peer);
  void bury();

  HubOptions options_;
  std::function<void()> wake_;
  UniqueFd bell_, local_, udp_, tcp_;
  std::map<ClientId, std::unique_ptr<Peer>> peers_;
  ClientId next_ = 1;
  bool queued_ = false;
  lockfree::SpscRing<Incoming*> inbox_{kInbox};
  lockfree::SpscRing<Outgoing*> outbox_{kOutbox};
  std::atomic<std::uint64_t> messages_{0}, malformed_{0}, throttled_{0}, refused_{0}, lost_replies_{0};
  std::atomic<std::uint32_t> clients_{0};
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

void Hub::run() {
  std::vector<pollfd> fds;
  std::vector<Peer*> whose;
  while (!stop_.load(std::memory_order_relaxed)) {
    fds.clear();
    whose.clear();
    const auto watch = [&](int fd, short events, Peer* peer) {
      if (fd < 0) return;
      fds.push_back({fd, events, 0});
      whose.push_back(peer);
    };
    watch(bell_.get(), POLLIN, nullptr);
    watch(local_.get(), POLLIN, nullptr);
    watch(tcp_.get(), POLLIN, nullptr);
    watch(udp_.get(), POLLIN, nullptr);
    for (auto& [id, peer] : peers_) {
      watch(peer->fd.get(), static_cast<short>(peer->out.empty() ? POLLIN : POLLIN | POLLOUT), peer.get());
    }
    if (::poll(fds.data(), fds.size(), -1) < 0) continue;
    for (std::size_t i = 0; i < fds.size(); ++i) {
      if (!fds[i].revents) continue;
      if (whose[i]) {
        if (fds[i].revents & POLLOUT) write_out(*whose[i]);
        if (fds[i].revents & (POLLIN | POLLHUP | POLLERR)) read_stream(*whose[i]);
      } else if (fds[i].fd == bell_.get()) {
        std::uint64_t rung = 0;
        if (::read(bell_.get(), &rung, sizeof rung) > 0) deliver();
      } else if (fds[i].fd == udp_.get()) {
        read_udp();
      } else {
        accept_all(fds[i].fd == tcp_.get() ? tcp_ : local_,
                   fds[i].fd == tcp_.get() ? Incoming::Way::tcp : Incoming::Way::local);
      }
    }
    bury();
    if (queued_) wake_();
    queued_ = false;
  }
}

void Hub::deliver() {
  Outgoing* raw = nullptr;
  while (outbox_.pop(raw)) {
    const std::unique_ptr<Outgoing> out(raw);
    const auto peer = peers_.find(out->client);
    if (peer != peers_.end() && !peer->second->gone) reply(*peer->second, std::move(out->packet));
  }
}

void Hub::accept_all(const UniqueFd& listener, Incoming::Way way) {
  for (;;) {
    UniqueFd fd(::accept4(listener.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!fd) return;
    if (peers_.size() >= options_.most_clients + kUdpSenders || clients_.load() >= options_.most_clients) {
      count(refused_);
      continue;  // closed at once: there is nobody to be polite to
    }
    auto peer = std::make_unique<Peer>();
    peer->id = next_++;
    peer->way = way;
    peer->tokens = options_.burst;
    peer->refilled = now_s();
    if (way == Incoming::Way::tcp) {
      const int on = 1;
      ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      sockaddr_in a{};
      socklen_t size = sizeof a;
      ::getpeername(fd.get(), reinterpret_cast<sockaddr*>(&a), &size);
      peer->place = peer->name = address_text(a);
    } else {
      peer->place = peer->name = peer_process(fd.get());
    }
    peer->fd = std::move(fd);
    clients_.fetch_add(1, std::memory_order_relaxed);
    Incoming joined;
    joined.what = Incoming::What::joined;
    joined.way = way;
    joined.client = peer->id;
    joined.peer = peer->name;
    queue(std::move(joined));
    peers_.emplace(peer->id, std::move(peer));
  }
}

void Hub::read_stream(Peer& peer) {
  std::byte buffer[16384];
  for (int reads = 0; reads < kReadsAtOnce && !peer.gone; ++reads) {
    const ssize_t n = ::recv(peer.fd.get(), buffer, sizeof buffer, 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n <= 0) {
      peer.gone = true;
      return;
    }
    peer.in.insert(peer.in.end(), buffer, buffer + n);
    std::size_t at = 0;
    while (peer.in.size() - at >= 4) {
      std::size_t size = 0;
      for (std::size_t i = 0; i < 4; ++i) size = size << 8 | std::to_integer<std::size_t>(peer.in[at + i]);
      if (size > osc::kMaxPacket) {  // no length: this isn't OSC, or it lost its place
        count(malformed_);
        peer.gone = true;
        return;
      }
      if (peer.in.size() - at - 4 < size) break;
      packet_from(peer, std::span(peer.in).subspan(at + 4, size));
      at += 4 + size;
    }
    peer.in.erase(peer.in.begin(), peer.in.begin() + static_cast<std::ptrdiff_t>(at));
  }
}

void Hub::read_udp() {
  static thread_local std::byte buffer[65536];
  for (int reads = 0; reads < kReadsAtOnce * 4; ++reads) {
    sockaddr_in from{};
    socklen_t size = sizeof from;
    const ssize_t n = ::recvfrom(udp_.get(), buffer, sizeof buffer, 0, reinterpret_cast<sockaddr*>(&from), &size);
    if (n < 0) return;
    packet_from(udp_peer(from), std::span(buffer, static_cast<std::size_t>(n)));
  }
}

Peer& Hub::udp_peer(const sockaddr_in& from) {
  Peer* oldest = nullptr;
  std::size_t senders = 0;
  for (auto& [id, peer] : peers_) {
    if (peer->way != Incoming::Way::udp) continue;
    if (peer->address.sin_addr.s_addr == from.sin_addr.s_addr && peer->address.sin_port == from.sin_port) return *peer;
    ++senders;
    if (!oldest || peer->heard < oldest->heard) oldest = peer.get();
  }
  double tokens = options_.burst;
  if (senders >= kUdpSenders) {
    // Changing ports must not buy a new allowance.
    tokens = std::min(tokens, oldest->tokens);
    peers_.erase(oldest->id);
  }
  auto peer = std::make_unique<Peer>();
  peer->id = next_++;
  peer->way = Incoming::Way::udp;
  peer->address = peer->replies = from;
  peer->place = peer->name = address_text(from);
  peer->tokens = tokens;
  peer->refilled = now_s();
  return *peers_.emplace(peer->id, std::move(peer)).first->second;
}

bool Hub::may(Peer& peer) {
  const double now = now_s();
  peer.tokens = std::min(options_.burst, peer.tokens + (now - peer.refilled) * options_.per_second);
  peer.refilled = peer.heard = now;
  if (peer.tokens < 1) return false;
  peer.tokens -= 1;
  return true;
}

void Hub::refuse(Peer& peer, const std::string& why) {
  ++peer.refused;
  const double now = now_s();
  if (peer.way == Incoming::Way::udp || now - peer.told < kToldEverySeconds) return;
  peer.told = now;
  osc::Message m{"/refused", {static_cast<std::int64_t>(peer.refused), why}};
  peer.refused = 0;
  reply(peer, {osc::encode(m), 0, {}});
}

void Hub::packet_from(Peer& peer, std::span<const std::byte> bytes) {
  std::vector<osc::Timed> found;
  std::string why;
  if (!may(peer)) {
    count(throttled_);
    refuse(peer, peer.name + " sends more than " + std::to_string(static_cast<int>(options_.per_second)) +
                     " messages a second");
    return;
  }
  if (!osc::decode(bytes, found, &why)) {
    count(malformed_);
    refuse(peer, why);
    return;
  }
  const double wall = options_.wall_clock ? options_.wall_clock() : wall_s();
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (i > 0 && !may(peer)) {
      count(throttled_, found.size() - i);
      refuse(peer, peer.name + " sends too much at once");
      return;
    }
    Incoming in;
    in.way = peer.way;
    in.client = peer.id;
    in.peer = peer.place;
    // Who says its name is called by it.
    if (found[i].message.address == "/hello" && !found[i].message.text(0).empty()) {
      peer.name = found[i].message.text(0).substr(0, kMostName) + " (" + peer.place + ")";
    }
    if (peer.way == Incoming::Way::udp && found[i].message.address == "/reply_to") {
      reply_to(peer, found[i].message.integer(0));
      count(messages_);
      continue;
    }
    in.wait_seconds = found[i].at.immediate() ? 0 : std::max(0.0, found[i].at.from(wall));
    in.message = std::move(found[i].message);
    if (!queue(std::move(in))) {
      count(refused_);
      refuse(peer, "the engine has more to do than it can take in; send again");
      return;
    }
    count(messages_);
  }
}

bool Hub::queue(Incoming incoming) {
  auto in = std::make_unique<Incoming>(std::move(incoming));
  Incoming* raw = in.get();
  if (!inbox_.push(raw)) return false;
  (void)in.release();
  queued_ = true;
  return true;
}

void Hub::reply_to(Peer& peer, std::int64_t port) {
  if (port > 0 && port < 65536) {
    peer.replies.sin_port = htons(static_cast<std::uint16_t>(port));
  } else {
    reply(peer, {osc::encode({"/refused", {std::int64_t{1}, "/reply_to takes a port, 1 to 65535"}}), 0, {}});
  }
}

void Hub::reply(Peer& peer, Packet packet) {
  if (peer.way == Incoming::Way::udp) {
    if (::sendto(udp_.get(), packet.bytes.data(), packet.bytes.size(), MSG_NOSIGNAL,
                 reinterpret_cast<const sockaddr*>(&peer.replies), sizeof peer.replies) < 0) {
      count(lost_replies_);
    }
    return;
  }
  if (peer.out_bytes + packet.bytes.size() > options_.backlog) {
    ++peer.lost;
    count(lost_replies_);
    return;
  }
  const auto put = [&peer](Packet p) {
    const std::size_t n = p.bytes.size();
    std::byte size[4];
    for (std::size_t i = 0; i < 4; ++i) size[i] = static_cast<std::byte>(n >> (24 - 8 * i) & 255);
    p.bytes.insert(p.bytes.begin(), size, size + 4);
    peer.out_bytes += p.bytes.size();
    peer.out.push_back(std::move(p));
  };
  if (peer.lost > 0) {
    put({osc::encode({"/lost", {static_cast<std::int64_t>(peer.lost)}}), 0, {}});
    peer.lost = 0;
  }
  put(std::move(packet));
  write_out(peer);
}

void Hub::write_out(Peer& peer) {
  while (!peer.out.empty() && !peer.gone) {
    Packet& p = peer.out.front();
    iovec piece{p.bytes.data() + p.sent, p.bytes.size() - p.sent};
    msghdr header{};
    header.msg_iov = &piece;
    header.msg_iovlen = 1;
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
    if (p.fd && peer.way == Incoming::Way::local) {
      header.msg_control = control;
      header.msg_controllen = sizeof control;
      cmsghdr* c = CMSG_FIRSTHDR(&header);
      c->cmsg_level = SOL_SOCKET;
      c->cmsg_type = SCM_RIGHTS;
      c->cmsg_len = CMSG_LEN(sizeof(int));
      const int fd = p.fd.get();
      std::memcpy(CMSG_DATA(c), &fd, sizeof fd);
    }
    const ssize_t n = ::sendmsg(peer.fd.get(), &header, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0) {
      if (errno != EAGAIN && errno != EINTR) peer.gone = true;
      return;
    }
    p.fd.reset();
    p.sent += static_cast<std::size_t>(n);
    if (p.sent < p.bytes.size()) return;
    peer.out_bytes -= p.bytes.size();
    peer.out.pop_front();
  }
}

void Hub::bury() {
  for (auto i = peers_.begin(); i != peers_.end();) {
    Peer& peer = *i->second;
    if (!peer.gone) {
      ++i;
      continue;
    }
    Incoming left;
    left.what = Incoming::What::left;
    left.way = peer.way;
    left.client = peer.id;
    left.peer = peer.name;
    // Is in the way of nothing when it must wait for room: it is tried again at the next turn.
    if (!queue(std::move(left))) return;
    clients_.fetch_sub(1, std::memory_order_relaxed);
    i = peers_.erase(i);
  }
}

}  // namespace

std::unique_ptr<OscHub> OscHub::open(const HubOptions& options, std::function<void()> wake, std::string* error) {
  auto hub = std::make_unique<Hub>(options, std::move(wake));
  if (!hub->start(error)) return nullptr;
  return hub;
}

}  // namespace tactus::io
