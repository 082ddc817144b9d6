// LinkClock beside a peer of the bare Link library, a process of its own, in a network namespace where only the
// loopback is up. Time limits here only end a test that has failed: no figure depends on how fast peers meet.
#include "io/link/link_clock.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <string>
#include <thread>

#include "io/audio/stream.h"
#include "link_booth.h"
#include "support/soak.h"

namespace tactus::io {
namespace {

using test::grow_old;
using test::no_network;
using test::Peer;
using test::within;

double phase_error_ms(double a, double b, double bpm) {
  const double off = std::remainder(a - b, 4.0);
  return std::fabs(off) * 60'000 / bpm;
}

class LinkPeers : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!no_network().empty()) GTEST_SKIP() << no_network();
  }
  bool meet() {
    return within(20, [&] { return ours.peers() == 1 && peer.number("peers") == 1; });
  }
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
  if (!no_network().empty()) GTEST_SKIP() << no_network();  // there might be peers
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
