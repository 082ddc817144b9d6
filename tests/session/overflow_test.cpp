// More than the engine takes: the storm is turned away where it comes from, with a reason, and nothing that was
// accepted is lost.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "session/session.h"
#include "support/fake_source.h"

namespace tactus::session {
namespace {

constexpr int kBlock = 64;

class Overflow : public ::testing::Test {
 protected:
  Overflow() : session_(options(), source_, observer()) {
    for (std::size_t c = 0; c < planes_.size(); ++c) out_[c] = planes_[c].data();
  }
  static Session::Options options() {
    Session::Options o;
    o.max_block = kBlock;
    return o;
  }
  Session::Observer observer() {
    Session::Observer o;
    o.executed = [this](const Executed& e) { executed_.push_back(e); };
    return o;
  }
  // Switches aren't coalesced: each is a command of its own. From eight of a kind, so that it isn't one's own rate that
  // is met.
  schedule::Fate press(int n, schedule::Source::Kind kind, const std::string& what = "cue_bus") {
    const schedule::Source source{"source " + std::to_string(n % 8), kind, 1};
    const auto fate =
        session_.submit("/deck/" + std::to_string(1 + n % 4) + "/" + what + " " + std::to_string(n / 4 % 2), source);
    if (fate.verdict == schedule::Fate::Verdict::accepted) accepted_.insert(fate.id);
    if (n % 100 == 0) session_.tick();
    return fate;
  }
  // Until one is refused: why.
  std::string press_until_refused(schedule::Source::Kind kind) {
    std::string reason;
    for (int n = 0; n < 8000 && reason.empty(); ++n) reason = press(n, kind).reason;
    return reason;
  }
  // The device calls at last.
  void block() {
    session_.host().feed(kBlock);
    msg::AudioBlock b;
    b.out = out_;
    b.outputs = msg::kBusChannels;
    b.frames = kBlock;
    const msg::Callback callback = session_.host().callback();
    callback.process(callback.context, b, {});
  }
  void all_that_was_accepted_is_played() {
    for (int i = 0; i < 1000 && executed_.size() < accepted_.size(); ++i) {
      block();
      session_.tick();
    }
    EXPECT_EQ(executed_.size(), accepted_.size());
    std::map<std::int64_t, int> a_block;
    std::uint64_t last = 0;
    for (const Executed& e : executed_) {
      EXPECT_TRUE(accepted_.contains(e.id));
      EXPECT_GT(e.id, last) << "in order";
      last = e.id;
      ++a_block[e.frame.v / kBlock];
    }
    int most = 0;
    for (const auto& [frame, count] : a_block) most = std::max(most, count);
    EXPECT_EQ(most, msg::kMaxCommandsPerBlock);
  }

  testing::FakeSource source_;
  std::vector<Executed> executed_;
  std::set<std::uint64_t> accepted_;
  Session session_;
  std::array<std::array<float, kBlock>, msg::kBusChannels> planes_{};
  float* out_[msg::kBusChannels];
};

TEST_F(Overflow, WhatAnEngineThatTakesNothingIsAskedForIsRefusedWithTheReason) {
  const std::string reason = press_until_refused(schedule::Source::Kind::script);
  EXPECT_NE(reason.find("1024 intents are pending; wait until some have happened"), std::string::npos) << reason;
  EXPECT_EQ(accepted_.size(), 1024u);
  EXPECT_NE(press(1, schedule::Source::Kind::osc).reason, "") << "everybody's";
  EXPECT_EQ(press(1, schedule::Source::Kind::hand, "keylock").reason, "") << "but a hand's";
  all_that_was_accepted_is_played();
  EXPECT_EQ(press(2, schedule::Source::Kind::script, "keylock").reason, "") << "there is room again";
}

// Hands find room among what is pending: then it is the commands themselves that there is an end to.
TEST_F(Overflow, CommandsThatTheEngineHasNoRoomForAreHeldToABoundAndThenRefusedWithTheReason) {
  for (int n = 0; n < 3500; ++n) ASSERT_EQ(press(n, schedule::Source::Kind::hand).reason, "") << n;
  EXPECT_EQ(press(1, schedule::Source::Kind::script, "keylock").reason,
            "the engine has more commands than it can take in; send again");
  EXPECT_EQ(press(1, schedule::Source::Kind::hand, "keylock").reason, "");
  all_that_was_accepted_is_played();
  EXPECT_EQ(press(2, schedule::Source::Kind::script, "keylock").reason, "");
}

// The MIDI output has a limit of its own: what it can't keep isn't said to be done.
TEST(MidiOverflow, WhatCannotBeSentHasFailedAndIsNotDone) {
  std::vector<std::string> done, failed;
  std::string full;
  Session::Observer observer;
  observer.executed = [&](const Executed& e) { done.push_back(e.text); };
  observer.failed = [&](const std::string& text, const std::string& why) { failed.push_back(text + ": " + why); };
  observer.midi = [&](const schedule::HostAction&) { return full; };
  testing::FakeSource source;
  Session session({}, source, observer);
  session.set_no_midi("");
  const schedule::Source hand{"test", schedule::Source::Kind::hand, 1};
  EXPECT_EQ(session.submit("/midi/note 1 36 100 1", hand).verdict, schedule::Fate::Verdict::accepted);
  EXPECT_EQ(done, std::vector<std::string>{"/midi/note 1 36 100 1"});
  full = "too many wait";
  EXPECT_EQ(session.submit("/midi/cc 1 74 64", hand).verdict, schedule::Fate::Verdict::accepted);
  EXPECT_EQ(failed, std::vector<std::string>{"/midi/cc 1 74 64: too many wait"});
  EXPECT_EQ(done.size(), 1u);
  EXPECT_TRUE(session.idle()) << "and nothing of it stays pending";
}

}  // namespace
}  // namespace tactus::session
