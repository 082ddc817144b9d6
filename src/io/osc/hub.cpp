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
#include <map>
#include <thread>

#include "io/ahead.h"
#include "io/osc/hub_peer.h"
#include "io/osc/sockets.h"
#include "lockfree/spsc_ring.h"

namespace tactus::io {

namespace {

constexpr std::size_t kInbox = 8192, kOutbox = 8192;
constexpr int kRepliesAtOnce = 256, kNewcomersAtOnce = 16, kDatagramsAtOnce = 32;  // in a turn
constexpr std::size_t kUdpSenders = 256;  // that are told apart; beyond, the longest silent is forgotten
constexpr std::size_t kMostName = 31;
constexpr double kToldEverySeconds = 0.25;  // a sender that is refused hears of it so often

// Since this thread goes ahead of others, what each may cost it is bounded: a peer, all who come and go, all of UDP,
// everybody together. When the last is used up, those alone are read who have kept at least half of what is theirs.
constexpr double kNewcomersShare = 0.1, kUdpShare = 0.15, kAllShare = 0.4, kAllMost = 0.010;
constexpr double kTurn = 0.002;  // seconds that a turn reads: who has waited may be a calmer one
constexpr int kPauseMs = 2;      // until it looks again at those it passed over

double wall_s() { return seconds_of(CLOCK_REALTIME); }

struct Outgoing {
  ClientId client = 0;
  OscPacket packet;
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
      held_ = holds_;
      if (!holds_) ring();
    } else {
      lost_replies_.fetch_add(1, std::memory_order_relaxed);
    }
  }
  void hold(bool on) override {
    holds_ = on;
    if (!on && std::exchange(held_, false)) ring();
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
  bool gather();
  void turn();
  void charge(Allowance& whose);
  void deliver();
  void accept_some(const UniqueFd& listener, Incoming::Way way);
  void read_stream(Peer& peer);
  void read_udp();
  Peer* udp_peer(const sockaddr_in& from);
  void packet_from(Peer& peer, std::span<const std::byte> bytes);
  bool may(Peer& peer);
  template <typename Why>
  void refuse(Peer& peer, const Why& why);
  bool queue(Incoming incoming);
  void reply_to(Peer& peer, std::int64_t port);
  void reply(Peer& peer, OscPacket packet);
  void pay();
  void bury();

  HubOptions options_;
  std::function<void()> wake_;
  UniqueFd bell_, local_, udp_, tcp_;
  std::map<ClientId, std::unique_ptr<Peer>> peers_;
  ClientId next_ = 1;
  bool queued_ = false;
  bool holds_ = false, held_ = false;  // the control thread's
  std::vector<pollfd> fds_;
  std::vector<Peer*> whose_, ready_, owed_;
  Allowance newcomers_{kNewcomersShare, kAllMost, kAllMost, now_s()},
      datagrams_{kUdpShare, kAllMost, kAllMost, now_s()}, all_{kAllShare, kAllMost, kAllMost, now_s()};
  double lap_ = 0;  // of this thread's time, when it was last charged to somebody
  lockfree::SpscRing<Incoming*> inbox_{kInbox};
  lockfree::SpscRing<Outgoing*> outbox_{kOutbox};
  std::atomic<std::uint64_t> messages_{0}, malformed_{0}, throttled_{0}, refused_{0}, lost_replies_{0};
  std::atomic<std::uint32_t> clients_{0};
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

void Hub::run() {
  Ahead ahead;
  while (!stop_.load(std::memory_order_relaxed)) {
    ahead.turn();
    const bool passed_over = gather();
    if (::poll(fds_.data(), fds_.size(), passed_over ? kPauseMs : -1) < 0) continue;
    lap_ = seconds_of(CLOCK_THREAD_CPUTIME_ID);
    turn();
    bury();
    charge(newcomers_);
    if (queued_) wake_();
    queued_ = false;
  }
}

// Whom to wait for. True: somebody was passed over, having used up what is theirs.
bool Hub::gather() {
  fds_.clear();
  whose_.clear();
  bool passed_over = false;
  const double now = now_s();
  const bool all = all_.left(now) > 0;
  const auto watch = [this](int fd, int events, Peer* peer) {
    if (fd < 0) return;
    fds_.push_back({fd, static_cast<short>(events), 0});
    whose_.push_back(peer);
  };
  watch(bell_.get(), POLLIN, nullptr);
  if (all && newcomers_.left(now) > 0) {
    watch(local_.get(), POLLIN, nullptr);
    watch(tcp_.get(), POLLIN, nullptr);
  } else {
    passed_over = true;
  }
  if (all && datagrams_.left(now) > 0) {
    watch(udp_.get(), POLLIN, nullptr);
  } else {
    passed_over = true;
  }
  for (auto& [id, peer] : peers_) {
    const bool may = peer->work.left(now) > (all ? 0 : kPeerMost / 2);
    const int events = (may ? POLLIN : 0) | (peer->out.empty() ? 0 : POLLOUT);
    // Who hung up is always reported: a peer that waits for nothing isn't asked about.
    if (events) watch(peer->fd.get(), events, peer.get());
    passed_over = passed_over || !may;
  }
  return passed_over;
}

void Hub::turn() {
  const double begun = now_s();
  ready_.clear();
  for (std::size_t i = 0; i < fds_.size(); ++i) {
    const pollfd& p = fds_[i];
    if (!p.revents) continue;
    if (Peer* peer = whose_[i]) {
      if (!peer->out.empty()) peer->write_out();
      charge(peer->work);
      if (p.events & POLLIN && p.revents & (POLLIN | POLLHUP | POLLERR)) ready_.push_back(peer);
    } else if (p.fd == bell_.get()) {
      std::uint64_t rung = 0;
      if (::read(bell_.get(), &rung, sizeof rung) > 0) deliver();
    } else if (p.fd == udp_.get()) {
      read_udp();
      charge(datagrams_);
    } else {
      accept_some(p.fd == tcp_.get() ? tcp_ : local_, p.fd == tcp_.get() ? Incoming::Way::tcp : Incoming::Way::local);
      charge(newcomers_);
    }
  }
  // The calmest first.
  std::sort(ready_.begin(), ready_.end(),
            [begun](Peer* a, Peer* b) { return a->work.left(begun) > b->work.left(begun); });
  for (Peer* peer : ready_) {
    read_stream(*peer);
    charge(peer->work);
    if (now_s() - begun > kTurn) break;
  }
  pay();
}

// What this thread has done since the last time was for `whose`.
void Hub::charge(Allowance& whose) {
  const double now = seconds_of(CLOCK_THREAD_CPUTIME_ID), spent = now - std::exchange(lap_, now);
  whose.spend(spent);
  all_.spend(spent);
}

void Hub::deliver() {
  Outgoing* raw = nullptr;
  for (int n = 0; n < kRepliesAtOnce; ++n) {
    if (!outbox_.pop(raw)) return;
    const std::unique_ptr<Outgoing> out(raw);
    const auto peer = peers_.find(out->client);
    if (peer == peers_.end() || peer->second->gone) continue;
    reply(*peer->second, std::move(out->packet));
  }
  ring();  // the rest in the next turn
}

void Hub::accept_some(const UniqueFd& listener, Incoming::Way way) {
  for (int n = 0; n < kNewcomersAtOnce; ++n) {
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

// One read: then others have their turn.
void Hub::read_stream(Peer& peer) {
  std::byte buffer[8192];
  const ssize_t n = ::recv(peer.fd.get(), buffer, sizeof buffer, 0);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (n <= 0) {
    peer.gone = true;
    return;
  }
  const bool good = peer.in.take(std::as_bytes(std::span(buffer, static_cast<std::size_t>(n))),
                                 [&](std::span<const std::byte> packet) { packet_from(peer, packet); });
  if (good) return;
  count(malformed_);
  peer.gone = true;
}

void Hub::read_udp() {
  static thread_local std::byte buffer[65536];
  for (int reads = 0; reads < kDatagramsAtOnce; ++reads) {
    sockaddr_in from{};
    socklen_t size = sizeof from;
    const ssize_t n = ::recvfrom(udp_.get(), buffer, sizeof buffer, 0, reinterpret_cast<sockaddr*>(&from), &size);
    if (n < 0) return;
    if (Peer* peer = udp_peer(from)) packet_from(*peer, std::span(buffer, static_cast<std::size_t>(n)));
  }
}

// Null: there are too many who have gone and whose going couldn't be told yet.
Peer* Hub::udp_peer(const sockaddr_in& from) {
  Peer* oldest = nullptr;
  std::size_t senders = 0;
  for (auto& [id, peer] : peers_) {
    if (peer->way != Incoming::Way::udp || peer->gone) continue;
    if (peer->address.sin_addr.s_addr == from.sin_addr.s_addr && peer->address.sin_port == from.sin_port)
      return peer.get();
    ++senders;
    if (!oldest || peer->heard < oldest->heard) oldest = peer.get();
  }
  if (peers_.size() >= options_.most_clients + 2 * kUdpSenders) {
    count(refused_);
    return nullptr;
  }
  double tokens = options_.burst;
  if (senders >= kUdpSenders) {
    // Changing ports must not buy a new allowance.
    tokens = std::min(tokens, oldest->tokens);
    oldest->gone = true;  // and the control thread is told, which keeps something of everybody, too
  }
  auto peer = std::make_unique<Peer>();
  peer->id = next_++;
  peer->way = Incoming::Way::udp;
  peer->address = peer->replies = from;
  peer->place = peer->name = address_text(from);
  peer->tokens = tokens;
  peer->refilled = now_s();
  return peers_.emplace(peer->id, std::move(peer)).first->second.get();
}

bool Hub::may(Peer& peer) {
  const double now = now_s();
  peer.tokens = std::min(options_.burst, peer.tokens + (now - peer.refilled) * options_.per_second);
  peer.refilled = peer.heard = now;
  if (peer.tokens < 1) return false;
  peer.tokens -= 1;
  return true;
}

// `why` is asked for the reason when the peer is told.
template <typename Why>
void Hub::refuse(Peer& peer, const Why& why) {
  ++peer.refused;
  const double now = now_s();
  if (peer.way == Incoming::Way::udp || now - peer.told < kToldEverySeconds) return;
  peer.told = now;
  osc::Message m{"/refused", {static_cast<std::int64_t>(peer.refused), std::string(why())}};
  peer.refused = 0;
  reply(peer, {osc::encode(m), 0, {}});
}

void Hub::packet_from(Peer& peer, std::span<const std::byte> bytes) {
  std::vector<osc::Timed> found;
  std::string why;
  if (!may(peer)) {
    count(throttled_);
    refuse(peer, [&] {
      return peer.name + " sends more than " + std::to_string(static_cast<int>(options_.per_second)) +
             " messages a second";
    });
    return;
  }
  if (!osc::decode(bytes, found, &why)) {
    count(malformed_);
    refuse(peer, [&] { return why; });
    return;
  }
  const double wall = options_.wall_clock ? options_.wall_clock() : wall_s();
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (i > 0 && !may(peer)) {
      count(throttled_, found.size() - i);
      refuse(peer, [&] { return peer.name + " sends too much at once"; });
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
      refuse(peer, [] { return "the engine has more to do than it can take in; send again"; });
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

void Hub::reply(Peer& peer, OscPacket packet) {
  if (peer.way == Incoming::Way::udp) {
    if (::sendto(udp_.get(), packet.bytes.data(), packet.bytes.size(), MSG_NOSIGNAL,
                 reinterpret_cast<const sockaddr*>(&peer.replies), sizeof peer.replies) < 0) {
      count(lost_replies_);
    }
    return;
  }
  const auto full = [&] { return peer.out_bytes + packet.bytes.size() > options_.backlog; };
  // What waits for the end of this turn only waits for us: its client may have room for it.
  if (full()) peer.write_out();
  if (full()) {
    ++peer.lost;
    count(lost_replies_);
    return;
  }
  const auto put = [&peer](OscPacket p) {
    p.bytes = osc::framed(std::move(p.bytes));
    peer.out_bytes += p.bytes.size();
    peer.out.push_back(std::move(p));
  };
  if (peer.lost > 0) {
    put({osc::encode({"/lost", {static_cast<std::int64_t>(peer.lost)}}), 0, {}});
    peer.lost = 0;
  }
  put(std::move(packet));
  if (!std::exchange(peer.owed, true)) owed_.push_back(&peer);
}

// Each its replies, all at once.
void Hub::pay() {
  for (Peer* peer : owed_) {
    peer->owed = false;
    peer->write_out();
    charge(peer->work);
  }
  owed_.clear();
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
    if (peer.way != Incoming::Way::udp) clients_.fetch_sub(1, std::memory_order_relaxed);
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
