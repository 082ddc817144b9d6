// Who speaks OSC to the engine, well or badly.
#include "io/osc/hub.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <fstream>
#include <set>
#include <thread>

#include "base/unique_fd.h"
#include "support/temp_folder.h"

namespace tactus::io {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

std::vector<std::byte> framed(std::vector<std::byte> packet) {
  std::byte size[4];
  for (std::size_t i = 0; i < 4; ++i) size[i] = static_cast<std::byte>(packet.size() >> (24 - 8 * i) & 255);
  packet.insert(packet.begin(), size, size + 4);
  return packet;
}

// A client that knows sockets and nothing else.
class Wire {
 public:
  explicit Wire(const std::string& path) : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un a{};
    a.sun_family = AF_UNIX;
    std::strncpy(a.sun_path, path.c_str(), sizeof a.sun_path - 1);
    connected_ = ::connect(fd_.get(), reinterpret_cast<sockaddr*>(&a), sizeof a) == 0;
  }
  bool connected() const { return connected_; }
  bool put(const std::vector<std::byte>& bytes) {
    return ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size());
  }
  bool say(const osc::Message& m) { return put(framed(osc::encode(m))); }
  // The next message; an empty address: none came, or the other end has hung up.
  osc::Message hear(std::chrono::milliseconds patience = 2s) {
    std::byte size[4];
    if (!read_all(size, 4, patience)) return {};
    std::size_t n = 0;
    for (const std::byte b : size) n = n << 8 | std::to_integer<std::size_t>(b);
    std::vector<std::byte> bytes(n);
    std::vector<osc::Timed> found;
    std::string why;
    if (!read_all(bytes.data(), n, patience) || !osc::decode(bytes, found, &why) || found.empty()) return {};
    return found[0].message;
  }
  bool hung_up(std::chrono::milliseconds patience = 2s) {
    pollfd p{fd_.get(), POLLIN, 0};
    std::byte b{};
    return ::poll(&p, 1, static_cast<int>(patience.count())) > 0 && ::recv(fd_.get(), &b, 1, MSG_PEEK) <= 0;
  }

 private:
  bool read_all(std::byte* to, std::size_t n, std::chrono::milliseconds patience) {
    while (n > 0) {
      pollfd p{fd_.get(), POLLIN, 0};
      if (::poll(&p, 1, static_cast<int>(patience.count())) <= 0) return false;
      const ssize_t got = ::recv(fd_.get(), to, n, 0);
      if (got <= 0) return false;
      to += got, n -= static_cast<std::size_t>(got);
    }
    return true;
  }
  UniqueFd fd_;
  bool connected_ = false;
};

class Hub : public ::testing::Test {
 protected:
  void SetUp() override { options_.unix_path = folder_ / "engine"; }
  void TearDown() override {
    hub_.reset();
    EXPECT_FALSE(fs::exists(options_.unix_path)) << "it takes its socket away";
  }
  void open() {
    std::string error;
    hub_ = OscHub::open(
        options_, [this] { ++woken_; }, &error);
    ASSERT_TRUE(hub_) << error;
  }
  // The next message of that kind that comes in; its address is empty when none does.
  Incoming take(Incoming::What what = Incoming::What::message, std::chrono::milliseconds patience = 2s) {
    const auto until = std::chrono::steady_clock::now() + patience;
    Incoming in;
    while (std::chrono::steady_clock::now() < until) {
      while (hub_->take(in)) {
        if (in.what == what) return in;
      }
      std::this_thread::sleep_for(1ms);
    }
    return {};
  }
  template <typename Is>
  static bool soon(Is is) {
    for (int i = 0; i < 2000; ++i) {
      if (is()) return true;
      std::this_thread::sleep_for(1ms);
    }
    return false;
  }

  const tactus::test::TempFolder temp_;
  const fs::path folder_ = temp_.path();
  HubOptions options_;
  std::atomic<int> woken_{0};
  std::unique_ptr<OscHub> hub_;
};

TEST_F(Hub, AMessageComesInAndItsReplyGoesBack) {
  open();
  Wire a(options_.unix_path), b(options_.unix_path);
  ASSERT_TRUE(a.say({"/deck/1/fader", {0.5f}}));
  const Incoming in = take();
  EXPECT_EQ(in.message.address, "/deck/1/fader");
  EXPECT_EQ(in.message.number(0), 0.5);
  EXPECT_EQ(in.way, Incoming::Way::local);
  EXPECT_EQ(in.peer, "pid " + std::to_string(::getpid()));
  EXPECT_GT(woken_.load(), 0);
  hub_->send(in.client, {"/fate", {std::int32_t{7}}});
  EXPECT_EQ(a.hear().address, "/fate");
  EXPECT_EQ(b.hear(100ms).address, "") << "nobody else's";
  hub_->send(in.client + 100, {"/fate", {}});  // nobody: ignored
  EXPECT_EQ(hub_->stats().messages, 1U);
}

TEST_F(Hub, HalfAMessageWaitsForItsOtherHalf) {
  open();
  Wire a(options_.unix_path);
  const auto whole = framed(osc::encode({"/do", {std::int32_t{1}, "/panic"}}));
  for (const std::byte b : whole) {
    ASSERT_TRUE(a.put({b}));
    std::this_thread::sleep_for(1ms);
  }
  EXPECT_EQ(take().message.text(1), "/panic");
  ASSERT_TRUE(a.put({whole.begin(), whole.begin() + 10}));
  EXPECT_EQ(take(Incoming::What::message, 100ms).message.address, "");
}

TEST_F(Hub, AStreamThatLosesItsPlaceIsClosedAndNobodyElse) {
  open();
  Wire bad(options_.unix_path), good(options_.unix_path);
  ASSERT_TRUE(bad.put(std::vector<std::byte>(64, std::byte{0xFF})));
  EXPECT_TRUE(bad.hung_up());
  EXPECT_NE(take(Incoming::What::left).client, 0U);
  EXPECT_TRUE(soon([&] { return hub_->stats().malformed == 1; }));
  ASSERT_TRUE(good.say({"/ping", {std::int32_t{1}}}));
  EXPECT_EQ(take().message.address, "/ping");
  // A packet that is none, in a frame that is one: refused with its reason, and the stream goes on.
  ASSERT_TRUE(good.put(framed(std::vector<std::byte>(8, std::byte{'x'}))));
  EXPECT_EQ(good.hear().address, "/refused");
  ASSERT_TRUE(good.say({"/ping", {std::int32_t{2}}}));
  EXPECT_EQ(take().message.integer(0), 2);
}

TEST_F(Hub, WhoSendsTooMuchIsRefusedByName) {
  options_.burst = 10;
  options_.per_second = 1;
  open();
  Wire flood(options_.unix_path), calm(options_.unix_path);
  ASSERT_TRUE(flood.say({"/hello", {"my pad", "midi", 1.0f}}));
  for (int i = 0; i < 40; ++i) ASSERT_TRUE(flood.say({"/panic", {}}));
  ASSERT_TRUE(calm.say({"/ping", {}}));
  int from_flood = 0, from_calm = 0;
  for (Incoming in = take(); !in.message.address.empty(); in = take(Incoming::What::message, 200ms)) {
    ++(in.message.address == "/ping" ? from_calm : from_flood);
  }
  EXPECT_EQ(from_calm, 1);
  EXPECT_GE(from_flood, 10);
  EXPECT_LE(from_flood, 12);  // what a second brings
  const osc::Message told = flood.hear();
  EXPECT_EQ(told.address, "/refused");
  EXPECT_NE(told.text(1).find("my pad"), std::string::npos) << told.text(1);
  EXPECT_EQ(hub_->stats().throttled, 41U - static_cast<unsigned>(from_flood));
}

// Seconds of a processor that the hub's thread has taken.
double worked() {
  for (const auto& task : fs::directory_iterator("/proc/self/task")) {
    std::string name;
    std::getline(std::ifstream(task.path() / "comm"), name);
    double ns = 0;
    if (name == "tactus-osc" && std::ifstream(task.path() / "schedstat") >> ns) return ns * 1e-9;
  }
  return -1;
}

// It goes ahead of other programs, so a storm waits in its own sockets, and who is calm doesn't wait for it.
TEST_F(Hub, AStormTakesLessThanHalfOfAProcessorAndWhoIsCalmIsReadFirst) {
  open();
  Wire calm(options_.unix_path);
  ASSERT_TRUE(calm.say({"/hello", {"calm", "hand", 1.0f}}));
  ASSERT_EQ(take().message.address, "/hello");
  std::vector<std::byte> heap;
  while (heap.size() < 40'000) {
    const auto one = framed(osc::encode({"/deck/3/fader", {0.5f}}));
    heap.insert(heap.end(), one.begin(), one.end());
  }
  std::atomic<bool> over{false};
  std::vector<std::thread> storm;
  for (int i = 0; i < 6; ++i) {
    storm.emplace_back([&] {
      while (!over) {
        Wire wire(options_.unix_path);
        for (int k = 0; k < 20 && !over && wire.put(heap); ++k) continue;
      }
    });
  }
  std::this_thread::sleep_for(200ms);
  const auto begun = std::chrono::steady_clock::now();
  const double before = worked();
  std::vector<double> ms;
  Incoming in;
  for (int i = 0; i < 200; ++i) {
    const auto said = std::chrono::steady_clock::now();
    ASSERT_TRUE(calm.say({"/ping", {std::int32_t{i}}}));
    while (!(hub_->take(in) && in.message.address == "/ping")) {
      if (std::chrono::steady_clock::now() - said > 2s) break;
    }
    ms.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - said).count());
    for (const auto next = said + 5ms; std::chrono::steady_clock::now() < next; std::this_thread::sleep_for(500us)) {
      while (hub_->take(in)) continue;
    }
  }
  const double share =
      (worked() - before) / std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
  over = true;
  while (hub_->take(in)) continue;
  for (auto& thread : storm) thread.join();
  std::sort(ms.begin(), ms.end());
  std::printf(
      "measured: the hub took %.0f %% of a processor; who was calm was heard after %.2f ms (median), %.2f (p90)\n",
      100 * share, ms[100], ms[180]);
  ASSERT_GT(before, 0);
  EXPECT_LT(share, 0.55);
  EXPECT_LT(ms[100], 5);
  EXPECT_GT(hub_->stats().throttled, 1000U);
}

TEST_F(Hub, WhoDoesNotReadLosesRepliesAndIsToldHowMany) {
  options_.backlog = 10'000;
  open();
  Wire deaf(options_.unix_path), other(options_.unix_path);
  ASSERT_TRUE(deaf.say({"/ping", {}}));
  const ClientId client = take().client;
  ASSERT_TRUE(other.say({"/ping", {}}));
  const ClientId second = take().client;
  const std::string text(900, 'x');
  constexpr int kReplies = 2000;  // more than the backlog and the system's buffer of the socket
  for (int i = 0; i < kReplies; ++i) {
    hub_->send(client, {"/notice", {text}});
    if (i % 50 == 0) std::this_thread::sleep_for(2ms);
  }
  EXPECT_TRUE(soon([&] { return hub_->stats().lost_replies > 100; }));
  hub_->send(second, {"/pong", {}});
  EXPECT_EQ(other.hear().address, "/pong");
  int heard = 0;
  while (deaf.hear(300ms).address == "/notice") ++heard;
  hub_->send(client, {"/pong", {}});  // room again: first of all, what was lost
  const osc::Message lost = deaf.hear();
  EXPECT_EQ(lost.address, "/lost");
  EXPECT_EQ(lost.integer(0) + heard, kReplies);
  EXPECT_EQ(deaf.hear().address, "/pong");
}

TEST_F(Hub, MoreThanItHasRoomForAreTurnedAway) {
  options_.most_clients = 3;
  open();
  std::vector<std::unique_ptr<Wire>> in;
  for (int i = 0; i < 3; ++i) {
    in.push_back(std::make_unique<Wire>(options_.unix_path));
    ASSERT_NE(take(Incoming::What::joined).client, 0U);
  }
  Wire late(options_.unix_path);
  EXPECT_TRUE(late.hung_up());
  in.pop_back();
  ASSERT_NE(take(Incoming::What::left).client, 0U);
  EXPECT_TRUE(soon([&] { return hub_->stats().clients == 2; }));
  Wire now(options_.unix_path);
  ASSERT_TRUE(now.say({"/ping", {}}));
  EXPECT_EQ(take().message.address, "/ping");
}

TEST_F(Hub, ATimeTagIsAWaitFromTheMomentItComesInWhateverTheWallClockDoesNext) {
  std::atomic<double> wall{1'800'000'000};
  options_.wall_clock = [&] { return wall.load(); };
  open();
  Wire a(options_.unix_path);
  const osc::Message m{"/deck/1/play", {}};
  const auto wait_of = [&](double at) {
    EXPECT_TRUE(a.put(framed(osc::encode(std::span(&m, 1), osc::TimeTag::at(at)))));
    return take().wait_seconds;
  };
  EXPECT_NEAR(wait_of(1'800'000'002.5), 2.5, 1e-6);
  wall = 1'799'999'000;  // set back: who sends by the new time is heard by the new time
  EXPECT_NEAR(wait_of(1'799'999'001), 1, 1e-6);
  EXPECT_EQ(wait_of(1'799'998'000), 0);  // passed: at once
  ASSERT_TRUE(a.say(m));
  EXPECT_EQ(take().wait_seconds, 0);
}

TEST_F(Hub, ByUdpRepliesGoWhereTheSenderListens) {
  options_.udp = "0";
  open();
  const std::string bound = hub_->udp_address();
  ASSERT_TRUE(bound.starts_with("127.0.0.1:")) << bound;
  const auto socket_at = [](std::uint16_t port) {
    UniqueFd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    sockaddr_in a{};
    a.sin_family = AF_INET;
    a.sin_port = htons(port);
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::bind(fd.get(), reinterpret_cast<sockaddr*>(&a), sizeof a), 0);
    return fd;
  };
  const auto port_of = [](const UniqueFd& fd) {
    sockaddr_in a{};
    socklen_t size = sizeof a;
    ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&a), &size);
    return ntohs(a.sin_port);
  };
  const UniqueFd talks = socket_at(0), listens = socket_at(0);
  sockaddr_in hub{};
  hub.sin_family = AF_INET;
  hub.sin_port = htons(static_cast<std::uint16_t>(std::stoi(bound.substr(10))));
  hub.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const auto say = [&](const osc::Message& m) {
    const auto bytes = osc::encode(m);
    ::sendto(talks.get(), bytes.data(), bytes.size(), 0, reinterpret_cast<sockaddr*>(&hub), sizeof hub);
  };
  const auto heard = [](const UniqueFd& fd, int ms) {
    pollfd p{fd.get(), POLLIN, 0};
    std::byte buffer[2048];
    if (::poll(&p, 1, ms) <= 0) return std::string();
    const ssize_t n = ::recv(fd.get(), buffer, sizeof buffer, 0);
    std::vector<osc::Timed> found;
    std::string why;
    osc::decode(std::span(buffer, static_cast<std::size_t>(n)), found, &why);
    return found.empty() ? why : found[0].message.address;
  };
  say({"/ping", {}});
  const ClientId client = take().client;
  hub_->send(client, {"/pong", {}});
  EXPECT_EQ(heard(talks, 2000), "/pong");
  say({"/reply_to", {std::int32_t{port_of(listens)}}});
  say({"/ping", {}});
  EXPECT_EQ(take().client, client);
  hub_->send(client, {"/pong", {}});
  EXPECT_EQ(heard(listens, 2000), "/pong");
  EXPECT_EQ(heard(talks, 50), "");
  say({"/reply_to", {std::int32_t{70000}}});
  EXPECT_EQ(heard(listens, 2000), "/refused");
}

// A sender by UDP says no goodbye: who has been silent longest is forgotten, and the control thread is told to forget.
TEST_F(Hub, ByUdpWhoeverIsForgottenIsSaidToHaveLeft) {
  options_.udp = "0";
  open();
  sockaddr_in hub{};
  hub.sin_family = AF_INET;
  hub.sin_port = htons(static_cast<std::uint16_t>(std::stoi(hub_->udp_address().substr(10))));
  hub.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const auto bytes = osc::encode({"/ping", {}});
  constexpr int kSenders = 600;
  std::set<ClientId> here;
  for (int i = 0; i < kSenders; ++i) {
    const UniqueFd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));  // a port of its own
    ASSERT_GT(::sendto(fd.get(), bytes.data(), bytes.size(), 0, reinterpret_cast<sockaddr*>(&hub), sizeof hub), 0);
    Incoming in;
    bool said = false;
    ASSERT_TRUE(soon([&] {
      while (hub_->take(in)) {
        if (in.what == Incoming::What::left) here.erase(in.client);
        if (in.what != Incoming::What::message) continue;
        here.insert(in.client);
        said = true;
      }
      return said;
    }));
  }
  EXPECT_LE(here.size(), 257u);
  EXPECT_EQ(hub_->stats().clients, 0u) << "of connections";
}

}  // namespace
}  // namespace tactus::io
