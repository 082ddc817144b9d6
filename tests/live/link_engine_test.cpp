// A whole engine with Link beside a peer of the bare Link library: feeders, control thread, the null device's clock,
// and what came out. Where a beat was heard is measured in the engine's own record; when a frame of the record was
// played is bounded by when the engine was seen to have passed it.
#include <gtest/gtest.h>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <thread>
#include <vector>

#include "client/client.h"
#include "link_booth.h"
#include "session/live.h"
#include "support/fake_source.h"
#include "support/listen.h"
#include "support/soak.h"
#include "support/temp_folder.h"
#include "support/tune.h"

using namespace tactus;
using namespace tactus::testing;
using test::Peer;
using test::within;

namespace {

constexpr int kBlock = 64;
const schedule::Source kHand{"hand", schedule::Source::Kind::hand, 1};

// Two decks in sync at the clock's tempo, which click on their beats, or play something soft in which a cut is heard.
class Club {
 public:
  explicit Club(double bpm, bool soft = false, bool link = true) {
    for (const auto& [path, own] : {std::pair{"/a", 126.0}, {"/b", 131.0}}) {
      source_.add(path, soft ? Tune(own, 48000, Tune::Kind::soft).track(40, 2) : beats(own, 40, 0.5));
    }
    session::LiveOptions options;
    options.audio.driver = io::Driver::null;
    options.audio.block = kBlock;
    options.session.max_block = kBlock;
    options.session.tempo = {bpm};
    options.session.feeder_threads = 1;
    options.session.record = true;
    options.session.target_lufs.reset();
    options.link.on = link;
    std::string error;
    live_ = session::Live::start(
        options, source_, [](const std::string&) {}, [this](auto& s) { look(s); }, &error);
    EXPECT_TRUE(live_) << error;
  }
  void say(const std::string& text) {
    live_->call([&](session::Session& s) {
      const schedule::Fate fate = s.submit(text, kHand);
      EXPECT_NE(fate.verdict, schedule::Fate::Verdict::refused) << text << ": " << fate.reason;
    });
  }
  void play_both() {
    for (const char* text :
         {"/deck/1/load \"/a\"", "/deck/2/load \"/b\"", "/deck/1/sync bar", "/deck/2/sync bar",
          "/deck/1/loop/beats 64 @now", "/deck/2/loop/beats 64 @now", "/deck/1/play @bar", "/deck/2/play @bar"}) {
      say(text);
    }
  }
  std::size_t peers() { return world().link.peers; }
  double bpm() { return world().snapshot.bpm; }
  schedule::World world() {
    const std::lock_guard lock(mutex_);
    return world_;
  }
  bool wait_frames(std::int64_t frames) {
    const std::int64_t until = world().now.v + frames;
    return within(30 + static_cast<double>(frames) / 4800, [&] { return world().now.v >= until; });
  }

  // How far the clicks of `seconds` from now on are from the peer's beats, in ms, the worst and their number.
  struct Heard {
    double worst_ms = 0, mean_ms = 0;
    int clicks = 0;
  };
  Heard listen(Peer& peer, double seconds) {
    const auto span = static_cast<std::int64_t>(seconds * 48000);
    std::int64_t from = 0;
    {
      const std::lock_guard lock(mutex_);
      from = static_cast<std::int64_t>(record_.size()) + 2400;
      start_ns_ = 1e300;  // a machine that stole time has moved the null device's clock
    }
    if (!wait_frames(span + 9600)) {
      ADD_FAILURE() << "the engine stood still";
      return {};
    }
    std::vector<float> heard_now;  // not held while the peer is asked, or the record would overflow meanwhile
    double start = 0, bpm = 0;
    {
      const std::lock_guard lock(mutex_);
      if (static_cast<std::int64_t>(record_.size()) < from + span + 2400 || lost_ > 0) {
        ADD_FAILURE() << "the record has holes: " << record_.size() << " frames of " << world_.now.v;
        return {};
      }
      heard_now.assign(record_.begin() + from - 2400, record_.begin() + from + span + 2400);
      start = start_ns_ + static_cast<double>(from - 2400) * 1e9 / 48000;
      bpm = world_.snapshot.bpm;
    }
    Heard heard;
    for (std::int64_t i = 2400; i < span; ++i) {
      if (std::fabs(heard_now[static_cast<std::size_t>(i)]) < 0.2f) continue;
      const double centre = static_cast<double>(i) + 2 + click_error(heard_now, static_cast<double>(i) + 2);
      const double beat = peer.beat(static_cast<std::int64_t>(start + centre * 1e9 / 48000));
      const double off = (beat - std::round(beat)) * 60'000 / bpm;
      heard.worst_ms = std::max(heard.worst_ms, std::fabs(off));
      heard.mean_ms += off;
      ++heard.clicks;
      i += 9600;
    }
    heard.mean_ms /= std::max(1, heard.clicks);
    return heard;
  }
  // The most that the map's tempo moved from one look to the next, relative, since the last call.
  double take_step() {
    const std::lock_guard lock(mutex_);
    return std::exchange(worst_step_, 0);
  }
  // The most that a deck's beats were off the session's, in beats.
  double take_phase() {
    const std::lock_guard lock(mutex_);
    return std::exchange(worst_phase_, 0);
  }
  std::vector<float> recorded() {
    const std::lock_guard lock(mutex_);
    return record_;
  }

 private:
  void look(session::Session& s) {
    const std::lock_guard lock(mutex_);
    const std::int64_t frame = s.host().frame();
    const auto now = static_cast<double>(io::monotonic_ns());
    // The block that ends at `frame` had begun when it was seen; the earliest sight is the truest.
    start_ns_ = std::min(start_ns_, now - static_cast<double>(frame - kBlock) * 1e9 / 48000);
    rt::TapFrame f;
    if (s.host().tap()->writable() == 0) ++lost_;
    while (s.host().tap()->pop(f)) record_.push_back(f.left);
    const double before = world_.snapshot.bpm;
    world_ = s.world();
    if (before > 0 && world_.snapshot.bpm > 0) {
      worst_step_ = std::max(worst_step_, std::fabs(world_.snapshot.bpm / before - 1));
    }
    for (int d = 0; d < 2; ++d) {
      const msg::DeckSnapshot& deck = world_.snapshot.decks[d];
      if (!deck.audible) continue;
      const double phase = deck.track_beat - world_.snapshot.beat;
      worst_phase_ = std::max(worst_phase_, std::fabs(phase - std::round(phase)));
    }
  }

  FakeSource source_;
  std::mutex mutex_;
  schedule::World world_;
  double start_ns_ = 1e300, worst_step_ = 0, worst_phase_ = 0;
  std::vector<float> record_;  // from frame 0
  int lost_ = 0;               // times that the control thread came too late for it
  std::unique_ptr<session::Live> live_;
};

class LinkEngine : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!test::no_network().empty()) GTEST_SKIP() << test::no_network();
  }
  Peer peer;
};

void expect_aligned(Club& club, Peer& peer, const char* when) {
  // A machine that is shared stands still now and then: two windows of three.
  int good = 0, windows = 0;
  for (; windows < 3 && good < 2; ++windows) {
    const Club::Heard heard = club.listen(peer, 2);
    test::record("Link, a whole engine, " + std::string(when) + ": clicks " + std::to_string(heard.mean_ms) +
                 " ms from the peer's beats, at worst " + std::to_string(heard.worst_ms));
    good += heard.clicks >= 3 && heard.worst_ms < 3;
  }
  EXPECT_EQ(good, 2) << when << ", of " << windows;
}

TEST_F(LinkEngine, DecksSoundOnThePeersBeatsAndTempoGoesBothWays) {
  ASSERT_EQ(peer.ask("on 124"), "ok");
  test::grow_old();
  Club club(120);  // joins a session that is there, in silence
  ASSERT_TRUE(within(20, [&] { return club.peers() == 1 && std::fabs(club.bpm() - 124) < 0.01; })) << club.bpm();
  EXPECT_NEAR(peer.number("bpm"), 124, 1e-3) << "joining changes nobody's tempo";
  club.play_both();
  ASSERT_TRUE(within(20, [&] { return club.world().snapshot.decks[1].audible; }));
  club.wait_frames(48000);
  expect_aligned(club, peer, "having joined");

  ASSERT_EQ(peer.ask("tempo 128"), "ok");
  ASSERT_TRUE(within(10, [&] { return std::fabs(club.bpm() - 128) < 0.01; })) << club.bpm();
  club.wait_frames(2 * 48000);  // what the news took to travel is slewed
  expect_aligned(club, peer, "after the peer's tempo change");

  club.say("/clock/tempo 122");
  ASSERT_TRUE(within(10, [&] { return std::fabs(peer.number("bpm") - 122) < 1e-3; })) << peer.number("bpm");
  club.wait_frames(2 * 48000);
  EXPECT_NEAR(club.bpm(), 122, 0.01);
  expect_aligned(club, peer, "after our tempo change");
}

TEST_F(LinkEngine, APeerThatJoinsFindsOurBeats) {
  Club club(126);
  club.play_both();
  ASSERT_TRUE(within(20, [&] { return club.world().snapshot.decks[1].audible; }));
  test::grow_old();
  ASSERT_EQ(peer.ask("on 90"), "ok");
  ASSERT_TRUE(within(20, [&] { return std::fabs(peer.number("bpm") - 126) < 1e-3; })) << peer.number("bpm");
  expect_aligned(club, peer, "joined by a peer");
  EXPECT_NEAR(club.bpm(), 126, 0.01);
}

// Three programs in one session: whoever founded it may leave, and whoever changes the tempo changes it for all.
TEST_F(LinkEngine, TwoPeersThatKnowEachOtherAndTheEngineAreOneSession) {
  Peer other;
  ASSERT_EQ(peer.ask("on 124"), "ok");
  test::grow_old();
  ASSERT_EQ(other.ask("on 90"), "ok");
  ASSERT_TRUE(within(20, [&] { return std::fabs(other.number("bpm") - 124) < 1e-3; })) << other.number("bpm");
  Club club(120);
  ASSERT_TRUE(within(20,
                     [&] {
                       return club.peers() == 2 && peer.number("peers") == 2 && other.number("peers") == 2 &&
                              std::fabs(club.bpm() - 124) < 0.01;
                     }))
      << club.peers() << " others, " << club.bpm() << " BPM";
  club.play_both();
  ASSERT_TRUE(within(20, [&] { return club.world().snapshot.decks[1].audible; }));
  club.wait_frames(48000);
  expect_aligned(club, peer, "in a session of two others, from the first");
  expect_aligned(club, other, "and from the second");

  ASSERT_EQ(other.ask("tempo 128"), "ok");
  ASSERT_TRUE(within(10, [&] { return std::fabs(club.bpm() - 128) < 0.01; })) << club.bpm();
  EXPECT_TRUE(within(10, [&] { return std::fabs(peer.number("bpm") - 128) < 1e-3; })) << peer.number("bpm");
  ASSERT_EQ(peer.ask("off"), "ok");
  ASSERT_TRUE(within(20, [&] { return club.peers() == 1; }));
  club.wait_frames(2 * 48000);
  EXPECT_NEAR(club.bpm(), 128, 0.01) << "who founded it has left, and it goes on";
  expect_aligned(club, other, "after the founder has left");

  club.say("/clock/tempo 122");
  ASSERT_TRUE(within(10, [&] { return std::fabs(other.number("bpm") - 122) < 1e-3; })) << other.number("bpm");
}

TEST_F(LinkEngine, PeersThatComeAndGoDuringASyncedMixAreNotHeard) {
  Club club(126, true);
  club.play_both();
  ASSERT_TRUE(within(20, [&] { return club.world().snapshot.decks[1].audible; }));
  club.wait_frames(48000);
  club.take_step();
  club.take_phase();
  const std::int64_t from = club.world().now.v;
  // Half of the time another one stays meanwhile: then nobody founds the session anew.
  Peer other;
  const int rounds = test::soak_length(4, 100);
  for (int i = 0; i < rounds; ++i) {
    const std::size_t stay = i < rounds / 2 ? 0 : 1;
    test::grow_old();
    if (i == rounds / 2) {
      ASSERT_EQ(other.ask("on 100"), "ok");
      ASSERT_TRUE(within(20, [&] { return club.peers() == 1; }));
    }
    ASSERT_EQ(peer.ask("on 90"), "ok");
    ASSERT_TRUE(within(20, [&] { return club.peers() == stay + 1; })) << "round " << i;
    ASSERT_EQ(peer.ask("off"), "ok");
    ASSERT_TRUE(within(20, [&] { return club.peers() == stay; })) << "round " << i;
  }
  const double step = club.take_step(), phase = club.take_phase();
  const auto high = above(club.recorded());
  double click = -200;
  for (std::size_t i = static_cast<std::size_t>(from); i + 4800 < high.size(); i += 64) {
    click = std::max(click, level_db(high, static_cast<std::int64_t>(i), static_cast<std::int64_t>(i) + 128));
  }
  test::record("Link, a whole engine, " + std::to_string(rounds) + " joins and leaves in a synced mix: at most " +
               std::to_string(click) + " dBFS above 8 kHz, tempo moved at most " + std::to_string(100 * step) +
               " %, decks " + std::to_string(phase) + " beats from the clock");
  EXPECT_LT(click, -70) << "two tunes that have nothing up there";
  EXPECT_LE(step, schedule::LinkFollower::kMostSlew + 1e-4) << "nothing to follow, but for a clock that was stopped";
  EXPECT_LT(phase, 1e-6);
}

// Judged by what is said, not by the clock: others may run beside it.
class LinkByIntent : public LinkEngine {};

TEST_F(LinkByIntent, IsTurnedOnByAnIntentAndSharesStartAndStop) {
  Club club(126, false, false);
  club.play_both();
  ASSERT_TRUE(within(20, [&] { return club.world().snapshot.decks[1].audible; }));
  ASSERT_EQ(peer.ask("startstop 1"), "ok");
  ASSERT_EQ(peer.ask("on 90"), "ok");
  EXPECT_FALSE(club.world().link.enabled);
  EXPECT_EQ(peer.number("peers"), 0);
  test::grow_old();
  club.say("/clock/link 1");
  // Phases are slewed for a while: by 1 % of tempo.
  ASSERT_TRUE(within(20, [&] { return club.peers() == 1 && std::fabs(club.bpm() - 90) < 0.95; }))
      << "who joins follows: " << club.peers() << " others, " << club.bpm() << " BPM, theirs " << peer.number("bpm");
  club.say("/clock/link/transport 1");
  club.wait_frames(48000);
  EXPECT_TRUE(club.world().snapshot.decks[0].playing) << "that the others stand still stops nobody";
  ASSERT_EQ(peer.ask("play"), "ok");
  club.wait_frames(24000);
  ASSERT_EQ(peer.ask("stop"), "ok");
  const auto plays = [&](int d) { return club.world().snapshot.decks[d].playing; };
  ASSERT_TRUE(within(10, [&] { return !plays(0) && !plays(1); }));
  ASSERT_EQ(peer.ask("play"), "ok");
  ASSERT_TRUE(within(10, [&] { return plays(0) && plays(1); }));
  // Ours is told to them: the last deck that stops, the first that plays.
  club.say("/deck/1/pause");
  club.wait_frames(24000);
  EXPECT_EQ(peer.number("playing"), 1);
  club.say("/deck/2/pause");
  EXPECT_TRUE(within(10, [&] { return peer.number("playing") == 0; }));
  club.say("/deck/2/play");
  EXPECT_TRUE(within(10, [&] { return peer.number("playing") == 1; }));
  club.wait_frames(24000);
  EXPECT_TRUE(!plays(0) && plays(1)) << "what we told isn't taken for theirs";
  club.say("/clock/link 0");
  ASSERT_TRUE(within(10, [&] { return peer.number("peers") == 0 && !club.world().link.enabled; }));
  const double left_at = club.bpm();
  EXPECT_NEAR(left_at, 90, 0.95);
  ASSERT_EQ(peer.ask("tempo 100"), "ok");
  club.wait_frames(48000);
  EXPECT_NEAR(club.bpm(), left_at, 0.01) << "nobody's business any more";
  club.say("/clock/tempo 95");
  club.say("/clock/link 1");  // again: theirs is taken up again
  EXPECT_TRUE(within(20, [&] { return club.peers() == 1 && std::fabs(club.bpm() - 100) < 1.05; })) << club.bpm();
}

// The program itself, and clients of it.
TEST_F(LinkEngine, TheProgramSharesItsTempo) {
  const test::TempFolder temp;
  const std::string place = temp.path().string();
  const char* folder = place.c_str();
  const pid_t pid = ::fork();
  if (pid == 0) {
    for (const char* name : {"XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR", "HOME"})
      ::setenv(name, folder, 1);
    ::execl(TACTUS_PROGRAM, TACTUS_PROGRAM, "engine", "--audio", "null", "--tempo", "111", "--link", "--session",
            folder, nullptr);
    ::_exit(127);
  }
  ::setenv("XDG_RUNTIME_DIR", folder, 1);
  std::unique_ptr<client::Client> client;
  std::string error;
  EXPECT_TRUE(within(20, [&] { return (client = client::Client::connect({.session = place}, &error)) != nullptr; }))
      << error;
  if (client) {
    const auto board = [&] { return client->board().read().value_or(sidecar::BoardState{}); };
    test::grow_old();
    EXPECT_EQ(peer.ask("on 90"), "ok");
    EXPECT_TRUE(within(20, [&] { return board().link_peers == 1 && std::fabs(peer.number("bpm") - 111) < 1e-3; }));
    EXPECT_EQ(peer.ask("tempo 117"), "ok");
    EXPECT_TRUE(within(20, [&] { return std::fabs(board().bpm - 117) < 0.01; })) << board().bpm;
    const auto fate = client->send("/clock/tempo 119");
    EXPECT_TRUE(fate && fate->verdict == "accepted");
    EXPECT_TRUE(within(20, [&] { return std::fabs(peer.number("bpm") - 119) < 1e-3; })) << peer.number("bpm");
    client.reset();
  }
  ::kill(pid, SIGTERM);
  int status = -1;
  ::waitpid(pid, &status, 0);
  EXPECT_EQ(status, 0) << "left the session and ended in peace";
  EXPECT_TRUE(within(20, [&] { return peer.number("peers") == 0; }));
  EXPECT_NEAR(peer.number("bpm"), 119, 1e-3);
}

}  // namespace
