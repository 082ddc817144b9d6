// LinkClock beside a peer of the bare Link library, a process of its own, in a network namespace where only the
// loopback is up. Time limits here only end a test that has failed: no figure depends on how fast peers meet.
#include "io/link/link_clock.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <functional>
#include <string>
#include <thread>

#include "io/audio/stream.h"
#include "support/soak.h"

namespace tactus::io {
namespace {

std::string no_network;  // why there is no namespace of our own; empty: there is

// Before any thread starts: a network in which nobody else's Link session is, and which no packet leaves.
std::string enter_own_network() {
  if (::unshare(CLONE_NEWNET) != 0) return std::string("no network namespace: ") + std::strerror(errno);
  const int fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ifreq lo{};
  std::strcpy(lo.ifr_name, "lo");
  lo.ifr_flags = IFF_UP | IFF_RUNNING;
  const bool up = fd >= 0 && ::ioctl(fd, SIOCSIFFLAGS, &lo) == 0;
  const std::string why = up ? "" : std::string("the loopback can't be brought up: ") + std::strerror(errno);
  if (fd >= 0) ::close(fd);
  return why;
}

class Peer {
 public:
  Peer() {
    int in[2], out[2];
    if (::pipe2(in, O_CLOEXEC) != 0 || ::pipe2(out, O_CLOEXEC) != 0) return;
    pid_ = ::fork();
    if (pid_ == 0) {
      ::dup2(in[0], 0);
      ::dup2(out[1], 1);
      ::execl(TACTUS_LINK_PEER, TACTUS_LINK_PEER, nullptr);
      ::_exit(127);
    }
    ::close(in[0]);
    ::close(out[1]);
    to_ = ::fdopen(in[1], "w");
    from_ = ::fdopen(out[0], "r");
  }
  ~Peer() {
    std::fclose(to_);
    std::fclose(from_);
    ::waitpid(pid_, nullptr, 0);
  }
  std::string ask(const std::string& line) {
    std::fprintf(to_, "%s\n", line.c_str());
    std::fflush(to_);
    char answer[128] = {};
    if (!std::fgets(answer, sizeof answer, from_)) return {};
    answer[std::strcspn(answer, "\n")] = 0;
    return answer;
  }
  double number(const std::string& line) { return std::stod("0" + ask(line)); }
  double beat(std::int64_t ns) {
    const std::string answer = ask("beat " + std::to_string(ns) + " 4");
    return answer.empty() ? NAN : std::stod(answer);
  }

 private:
  pid_t pid_ = -1;
  FILE* to_ = nullptr;
  FILE* from_ = nullptr;
};

bool within(double seconds, const std::function<bool()>& done) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  while (!done()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

double phase_error_ms(double a, double b, double bpm) {
  const double off = std::remainder(a - b, 4.0);
  return std::fabs(off) * 60'000 / bpm;
}

class LinkPeers : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!no_network.empty()) GTEST_SKIP() << no_network;
  }
  bool meet() {
    return within(20, [&] { return ours.peers() == 1 && peer.number("peers") == 1; });
  }
  // Of two sessions that meet, Link keeps the one that is older by half a second; of equals it keeps either. A session
  // that everyone else has left is founded anew, so its age counts from there.
  static void grow_old() { std::this_thread::sleep_for(std::chrono::milliseconds(800)); }
  // Once a block, as a callback would: the first frame of a block that starts now.
  LinkReading block(std::int64_t latency = 480) {
    ours.capture(frame_ += 256, {monotonic_ns(), latency}, SampleRate{48000});
    return ours.reading();
  }
  Peer peer;
  LinkClock ours{{126}};

 private:
  std::int64_t frame_ = 0;
};

TEST_F(LinkPeers, JoiningTakesUpTheSessionsTempoAndPhaseAndNeverChangesThem) {
  ASSERT_EQ(peer.ask("on 131"), "ok");
  grow_old();
  ours.enable(true);
  ASSERT_TRUE(meet());
  ASSERT_TRUE(within(10, [&] { return std::fabs(ours.tempo().v - 131) < 1e-3; })) << ours.tempo().v;
  EXPECT_NEAR(peer.number("bpm"), 131, 1e-3);
  double worst = 0;
  ASSERT_TRUE(within(10, [&] {
    const LinkReading r = block();
    return phase_error_ms(r.beat, peer.beat(r.heard_ns), 131) < 3;
  }));
  for (int i = 0; i < 50; ++i) {
    const LinkReading r = block();
    worst = std::max(worst, phase_error_ms(r.beat, peer.beat(r.heard_ns), 131));
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  test::record("Link: worst phase error to a peer " + std::to_string(worst) + " ms");
  EXPECT_LT(worst, 3);
}

TEST_F(LinkPeers, ATempoGoesBothWays) {
  ASSERT_EQ(peer.ask("on 120"), "ok");
  ours.enable(true);
  ASSERT_TRUE(meet());
  peer.ask("tempo 97");
  EXPECT_TRUE(within(10, [&] { return std::fabs(ours.tempo().v - 97) < 1e-3; })) << ours.tempo().v;
  EXPECT_NEAR(block().bpm, 97, 1e-3);
  ours.commit_tempo({141.5}, monotonic_ns());
  EXPECT_TRUE(within(10, [&] { return std::fabs(peer.number("bpm") - 141.5) < 1e-3; })) << peer.number("bpm");
  const LinkReading r = block();
  EXPECT_LT(phase_error_ms(r.beat, peer.beat(r.heard_ns), r.bpm), 3);
}

TEST_F(LinkPeers, OurBeatsGoOnWithoutAJumpWhilePeersComeAndGo) {
  ours.enable(true);
  LinkReading last = block();
  double worst = 0;
  const int rounds = test::soak_length(4, 100);
  const auto watch = [&] {
    const LinkReading r = block();
    const double due = last.beat + static_cast<double>(r.heard_ns - last.heard_ns) * 1e-9 * 126 / 60;
    worst = std::max(worst, std::fabs(r.beat - due) * 60'000 / 126);
    last = r;
    return r.peers;
  };
  for (int i = 0; i < rounds; ++i) {
    grow_old();
    ASSERT_EQ(peer.ask("on 90"), "ok");
    ASSERT_TRUE(within(20, [&] { return watch() == 1; })) << "round " << i;
    ASSERT_EQ(peer.ask("off"), "ok");
    ASSERT_TRUE(within(20, [&] { return watch() == 0; })) << "round " << i;
    EXPECT_NEAR(last.bpm, 126, 1e-3) << "round " << i;
  }
  test::record("Link: " + std::to_string(rounds) + " joins and leaves, worst step of our beat " +
               std::to_string(worst) + " ms");
  EXPECT_LT(worst, 1);
}

TEST(LinkAlone, EnablingAndDisablingChangesNeitherTempoNorBeat) {
  if (!no_network.empty()) GTEST_SKIP() << no_network;  // there might be peers
  LinkClock link({133});
  const std::int64_t now = monotonic_ns();
  ASSERT_TRUE(link.set_beat_when_alone(10, now));
  link.enable(true);
  EXPECT_NEAR(link.tempo().v, 133, 1e-3);
  EXPECT_NEAR(link.beat_at(now), 10, 1e-3);
  link.enable(false);
  EXPECT_NEAR(link.tempo().v, 133, 1e-3);
  EXPECT_NEAR(link.beat_at(now), 10, 1e-3);
}

TEST(LinkAlone, ACaptureSpeaksOfWhenTheBlockIsHeard) {
  LinkClock link({120});
  const std::int64_t now = monotonic_ns();
  link.set_beat_when_alone(0, now);
  EXPECT_LT(link.reading().frame, 0);
  link.set_offset_ms(25);
  link.capture(4096, {now, 24000}, SampleRate{48000});
  const LinkReading r = link.reading();
  EXPECT_EQ(r.frame, 4096);
  EXPECT_EQ(r.heard_ns, now + 525'000'000);
  EXPECT_NEAR(r.beat, 1.05, 1e-3);  // half a second and the offset, at 2 beats a second
  EXPECT_NEAR(r.bpm, 120, 1e-3);
}

}  // namespace
}  // namespace tactus::io

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // a peer that died is a test that fails
  tactus::io::no_network = tactus::io::enter_own_network();
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
