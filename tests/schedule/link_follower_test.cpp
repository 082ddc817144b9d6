// LinkFollower and ClockOwner beside a session of others that is made up: who takes up whose tempo, and how.
#include "schedule/link_follower.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "schedule/clock_owner.h"

namespace tactus::schedule {
namespace {

using msg::SyncMode;
using msg::When;

constexpr double kRate = 48000;

// The shared timeline, as Link keeps it: beats go on when the tempo changes.
struct Session {
  double frame0 = 0, beat0 = 0, bpm = 120;

  double beat(double frame) const { return beat0 + (frame - frame0) * bpm / (60 * kRate); }
  void tempo(double frame, double to) {
    beat0 = beat(frame);
    frame0 = frame;
    bpm = to;
  }
};

// A booth with decks and Link at 64 frames a block, ticked every 3 ms, whose captures are `jitter` seconds off.
struct Booth {
  ClockOwner clock{{kRate}, {120}};
  World world;
  Session alone{0, 0, 120};  // our own, and that of who joins us
  Session theirs{0, 0, 131};
  bool joined_theirs = false;
  double jitter = 0;
  double drift = 0;  // relative: the host's clock runs so much faster than the device's
  int tells = 0;
  double worst_rate = 0;  // how much faster or slower than the session the beats went, relative, where not stepping
  std::mt19937_64 random{5};

  Booth() {
    world.lead = {1152};
    world.map = clock.map();
  }
  Session& session() { return joined_theirs ? theirs : alone; }
  void join(std::size_t peers) { world.link.peers = peers; }
  void play(int n, double grid_bpm, SyncMode sync) {
    msg::DeckSnapshot& d = world.snapshot.decks[n];
    d.track_id = static_cast<std::uint64_t>(n) + 1;
    d.playing = true;
    d.sync = sync;
    d.tempo = 1;
    world.decks[static_cast<std::size_t>(n)].grid_bpm = grid_bpm;
  }
  double now() const { return static_cast<double>(world.now.v); }
  double host(double frame) const { return frame * (1 + drift); }  // of the session's clock
  void period() {
    world.snapshot.frame = world.now.v;
    world.link.enabled = true;
    world.link.frame = world.now.v;
    const double off = std::uniform_real_distribution<double>(-jitter, jitter)(random) * kRate;
    world.link.beat = session().beat(host(now()) + off);
    world.link.bpm = std::round(60e6 / session().bpm) == 0 ? 120 : 60e6 / std::round(60e6 / session().bpm);
    const Frame earliest = world.now + world.lead;
    const music::TempoMap before = clock.map();
    clock.tick(world, earliest);
    const auto untouched = static_cast<double>(earliest.v) - 1;
    ASSERT_NEAR(clock.map().beat_of(untouched), before.beat_of(untouched), 1e-9) << "the past was rewritten";
    if (const auto tell = clock.take_link_tell()) {
      ++tells;
      if (tell->what == LinkTell::What::tempo) {
        session().tempo(host(static_cast<double>(tell->frame.v)), tell->value);
      } else {
        ASSERT_EQ(world.link.peers, 0U) << "nobody's beats but our own";
        session().beat0 += tell->value - session().beat(host(static_cast<double>(tell->frame.v)));
      }
    }
    world.map = clock.map();
    world.leader = clock.leader();
    const double beat = world.map.beat_of(now());
    world.now = world.now + Frames{144};
    const double next = world.map.beat_of(now());
    ASSERT_GT(next, beat);
    const double rate = (next - beat) / (144 * session().bpm / (60 * kRate));
    worst_rate = std::max(worst_rate, std::fabs(rate - 1));
  }
  void run(double seconds) {
    for (int i = 0; i < seconds * kRate / 144; ++i) period();
  }
  double bpm() const { return world.map.bpm_at_frame(now()); }
  double error_ms() {
    return std::remainder(world.map.beat_of(now()) - session().beat(host(now())), 4) * 60000 / bpm();
  }
  bool intent(double bpm, double over = 0, When when = {}) {
    const bool c = clock.apply({1, when, ask::ClockTempo{{bpm}, Beats::of(over)}}, world.now + world.lead);
    world.map = clock.map();
    return c;
  }
  void source(ask::ClockSource::Kind kind, int deck = 0) {
    clock.apply({1, {}, ask::ClockSource{kind, deck}}, world.now + world.lead);
  }
  void meet_theirs() {
    joined_theirs = true;
    join(1);
  }
};

TEST(LinkFollower, JoiningInSilenceTakesUpTempoAndBarAtOnce) {
  Booth b;
  b.run(2.3);
  EXPECT_EQ(b.tells, 0);
  b.meet_theirs();
  b.run(0.1);
  EXPECT_NEAR(b.bpm(), 131, 0.01);
  EXPECT_NEAR(b.error_ms(), 0, 0.1);
  b.run(60);
  EXPECT_NEAR(b.error_ms(), 0, 0.6);
  EXPECT_EQ(b.tells, 0) << "who joins tells nobody";
  EXPECT_EQ(b.theirs.bpm, 131);
}

TEST(LinkFollower, JoiningWithSyncedMusicGlidesAndSlewsAndNeverJumps) {
  Booth b;
  b.play(0, 120, SyncMode::beat);
  b.run(2.3);
  b.meet_theirs();
  const double far = std::fabs(b.error_ms());
  ASSERT_GT(far, 100);
  double beat = b.world.map.beat_of(b.now()), worst_step = 0, last_bpm = b.bpm();
  for (int i = 0; i < 100 * kRate / 144; ++i) {
    b.period();
    const double next = b.world.map.beat_of(b.now());
    EXPECT_LT((next - beat) / (144 * 131 / (60 * kRate)), 1.0101);
    beat = next;
    worst_step = std::max(worst_step, std::fabs(b.bpm() / last_bpm - 1));
    last_bpm = b.bpm();
  }
  EXPECT_LT(worst_step, 0.0101) << "neither the glide nor the slew is a step of more than 1 %";
  EXPECT_NEAR(b.bpm(), 131, 0.01);
  EXPECT_NEAR(b.error_ms(), 0, 0.6);
  EXPECT_EQ(b.tells, 0);
}

TEST(LinkFollower, WhoJoinsUsChangesNothing) {
  Booth b;
  b.play(0, 120, SyncMode::bar);
  b.run(3);
  const std::size_t segments = b.clock.map().segments().size();
  for (int i = 0; i < 100; ++i) {
    b.join(static_cast<std::size_t>(i % 2));
    b.run(0.3);
  }
  EXPECT_EQ(b.clock.map().segments().size(), segments);
  EXPECT_EQ(b.tells, 0);
  EXPECT_LT(b.worst_rate, 1e-5);
}

TEST(LinkFollower, TheirTempoIsFollowedAtOnceAndThePhaseSlewed) {
  Booth b;
  b.play(0, 120, SyncMode::beat);
  b.join(1);
  b.run(1);
  for (const double bpm : {124.0, 97.0, 140.0, 139.5}) {
    b.session().tempo(b.host(b.now()), bpm);
    b.run(0.05);
    EXPECT_NEAR(b.bpm() / bpm, 1, LinkFollower::kMostSlew + 1e-4);
    b.worst_rate = 0;
    b.run(15);
    EXPECT_LE(b.worst_rate, LinkFollower::kMostSlew + 1e-4);
    EXPECT_NEAR(b.bpm(), bpm, 0.01);
    EXPECT_NEAR(b.error_ms(), 0, 0.6) << bpm;
  }
  EXPECT_EQ(b.tells, 0) << "nobody is told what he said himself";
}

TEST(LinkFollower, OurTempoIsToldFromItsOwnFrameSoThatNothingNeedsASlew) {
  Booth b;
  b.play(0, 120, SyncMode::beat);
  b.join(2);
  b.run(1);
  b.intent(126.5);
  b.run(2);
  EXPECT_NEAR(b.session().bpm, 126.5, 1e-9);
  EXPECT_EQ(b.tells, 1);
  EXPECT_NEAR(b.bpm(), 126.5, 1e-6);
  EXPECT_NEAR(b.error_ms(), 0, 0.1);
  b.intent(133, 8, When::at(Beat::of(16)));
  b.run(15);
  EXPECT_NEAR(b.session().bpm, 133, 1e-6) << "a ramp ends where it should";
  EXPECT_NEAR(b.bpm(), 133, 0.01);
  EXPECT_NEAR(b.error_ms(), 0, 0.6);
}

TEST(LinkFollower, AloneLinkIsKeptEqualToUs) {
  Booth b;
  b.run(1.5);
  b.play(0, 126, SyncMode::off);  // a deck takes the lead, and the beat line moves to its bar
  b.world.snapshot.decks[0].track_beat = 1.3;
  b.run(3);
  EXPECT_NEAR(b.alone.bpm, 126, 1e-6);
  EXPECT_NEAR(b.error_ms(), 0, 0.6);
  b.world.snapshot.decks[0].tempo = 1.04;
  b.run(3);
  EXPECT_NEAR(b.alone.bpm, 126 * 1.04, 1e-3);
  EXPECT_NEAR(b.error_ms(), 0, 0.6);
}

TEST(LinkFollower, LeavingKeepsPlaying) {
  Booth b;
  b.play(0, 120, SyncMode::beat);
  b.meet_theirs();
  b.run(120);
  const double bpm = b.bpm();
  b.alone = b.theirs;  // Link founds a session of one that goes on as it was
  b.joined_theirs = false;
  b.join(0);
  b.worst_rate = 0;
  b.run(10);
  EXPECT_DOUBLE_EQ(b.bpm(), bpm);
  EXPECT_LT(b.worst_rate, 1e-5);
}

TEST(LinkFollower, WhenPeersLeaveADeckLeadsAgainWithoutMovingTheBar) {
  Booth b;
  b.play(0, 126, SyncMode::off);
  b.run(1);
  b.meet_theirs();
  b.run(5);
  EXPECT_EQ(b.clock.leader(), -1);
  EXPECT_NEAR(b.bpm(), 131, 0.01);
  const double at = b.now() + 1152 + 144, due = b.world.map.beat_of(at);
  b.alone = b.theirs;
  b.joined_theirs = false;
  b.join(0);
  b.run(0.1);
  EXPECT_EQ(b.clock.leader(), 0);
  EXPECT_NEAR(b.world.map.beat_of(at), due, 0.01) << "what is pending must not fire early";
}

TEST(LinkFollower, OtherLeadersTellTheirTempoAndFollowNothing) {
  for (const auto kind : {ask::ClockSource::Kind::internal, ask::ClockSource::Kind::deck}) {
    Booth b;
    b.source(kind, 0);
    b.play(0, 120, SyncMode::off);
    b.run(1);
    b.meet_theirs();
    b.run(3);
    EXPECT_EQ(b.tells, 0) << "joining tells nothing, whoever leads";
    EXPECT_DOUBLE_EQ(b.bpm(), 120);
    if (kind == ask::ClockSource::Kind::deck)
      b.world.snapshot.decks[0].tempo = 1.05;
    else
      b.intent(126);
    b.run(1);
    EXPECT_NEAR(b.theirs.bpm, 126, 1e-6);
    b.theirs.tempo(b.host(b.now()), 90);
    b.run(3);
    EXPECT_NEAR(b.bpm(), 126, 1e-6);
    EXPECT_EQ(b.theirs.bpm, 90) << "no fight";
  }
}

TEST(LinkFollower, AClockThatDriftsIsFollowedInSmallSteps) {
  Booth b;
  b.drift = 100e-6;
  b.jitter = 100e-6;
  b.play(0, 120, SyncMode::beat);
  b.meet_theirs();
  b.run(150);
  b.worst_rate = 0;
  double worst = 0;
  for (int i = 0; i < 60; ++i) {
    b.run(1);
    worst = std::max(worst, std::fabs(b.error_ms()));
  }
  EXPECT_LT(worst, 1.2);
  EXPECT_LT(b.worst_rate, 0.001);
}

TEST(LinkFollower, FasterThanOurRangeIsHalvedAndStaysInPhase) {
  Booth b;
  b.theirs.bpm = 640;
  b.meet_theirs();
  b.run(3);
  EXPECT_NEAR(b.bpm(), 160, 0.01);
  const double beat = b.world.map.beat_of(b.now());
  EXPECT_NEAR(std::remainder(beat - b.theirs.beat(b.now()) / 4, 1), 0, 0.002);
  b.intent(150);
  b.run(1);
  EXPECT_NEAR(b.theirs.bpm, 600, 1e-3);
}

TEST(LinkFollower, AskedForByNameItGivesItsBarToo) {
  Booth b;
  b.source(ask::ClockSource::Kind::internal);
  b.run(1);
  b.meet_theirs();
  b.run(1);
  ASSERT_GT(std::fabs(b.error_ms()), 1);
  b.source(ask::ClockSource::Kind::link);
  b.run(0.2);
  EXPECT_NEAR(b.error_ms(), 0, 0.2);
  EXPECT_TRUE(b.clock.follows_link());
}

// A hundred sessions that come and go at any tempo and phase while a synced deck plays: the beat line stays one.
TEST(LinkFollower, PeersThatComeAndGoAHundredTimesLeaveOneBeatLine) {
  Booth b;
  std::mt19937_64 random(11);
  const auto uniform = [&](double lo, double hi) { return std::uniform_real_distribution<double>(lo, hi)(random); };
  b.play(0, 120, SyncMode::beat);
  b.jitter = 50e-6;
  double last = b.bpm();
  // The end of a slew, 1 / 0.99, and a period of the glide.
  for (int i = 0; i < 100; ++i) {
    b.theirs = {b.host(b.now()), uniform(0, 4), uniform(100, 140)};
    b.meet_theirs();
    const int periods = static_cast<int>(uniform(0.01, 8) * kRate / 144);
    for (int k = 0; k < periods; ++k) {
      b.period();
      ASSERT_LE(std::fabs(b.bpm() / last - 1), 0.0103) << "round " << i;
      last = b.bpm();
    }
    b.alone = {b.host(b.now()), b.session().beat(b.host(b.now())), b.session().bpm};
    b.joined_theirs = false;
    b.join(0);
    for (int k = 0; k < 400; ++k) {
      b.period();
      ASSERT_LE(std::fabs(b.bpm() / last - 1), 0.0103) << "round " << i;
      last = b.bpm();
    }
  }
}

}  // namespace
}  // namespace tactus::schedule
