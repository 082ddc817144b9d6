// What becomes of a load while the set goes on: an analysis that comes later, and /undo.
#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

#include "session/hum.h"
#include "support/fake_source.h"

using namespace tactus;
using namespace tactus::testing;
using session::Session;

namespace {

// A session as Live has it, with feeders on a thread of their own, and a device that asks for a block when told to.
class Loads : public ::testing::Test {
 protected:
  Loads() : session_(options(), source_, {{}, [this](const std::string& n) { notices_ += n + "\n"; }, {}, {}}) {
    source_.first_sound = kFirstSound;
    source_.add("a.wav", hum(126));
    source_.add("b.wav", hum(120));
    for (auto& plane : planes_) plane.resize(kBlock);
    run(1);
  }
  static Session::Options options() {
    Session::Options o;
    o.max_block = kBlock;
    o.feeder_threads = 1;
    return o;
  }
  void run(int blocks) {
    for (int i = 0; i < blocks; ++i) {
      session_.tick();
      float* out[msg::kBusChannels];
      for (std::size_t c = 0; c < planes_.size(); ++c) out[c] = planes_[c].data();
      msg::AudioBlock block;
      block.out = out;
      block.outputs = msg::kBusChannels;
      block.frames = kBlock;
      const msg::Callback callback = session_.host().callback();
      callback.process(callback.context, block, {});
      callback.wake(callback.context);
    }
    session_.tick();
  }
  void ok(const std::string& text) { EXPECT_EQ(session_.submit(text, kHand).reason, "") << text; }
  // The analyses that were asked for come, on a worker's thread.
  void analyse() {
    std::thread([this] { source_.answer(); }).join();
    run(2);
  }
  const msg::DeckSnapshot& deck(int n) { return session_.world().snapshot.decks[n - 1]; }

  static constexpr int kBlock = 256;
  static constexpr double kStart = 48000 * kFirstSound;
  FakeSource source_;
  std::string notices_;
  std::array<std::vector<float>, msg::kBusChannels> planes_;
  Session session_;
};

TEST_F(Loads, AnUntouchedDeckGoesToTheFirstSoundWhenThatIsKnown) {
  source_.late = true;
  ok("/deck/1/load \"a.wav\"");
  run(2);
  EXPECT_EQ(deck(1).position, 0);
  EXPECT_EQ(deck(1).track_beat, 0) << "no grid yet";
  ok("/deck/1/eq/low -6"), ok("/deck/1/tempo 2"), ok("/deck/1/keylock 1");  // none of these is a place
  analyse();
  EXPECT_EQ(deck(1).position, kStart);
  EXPECT_EQ(deck(1).cue, kStart);
  EXPECT_NEAR(deck(1).bpm, 126 * 1.02, 1e-6);
  ok("/deck/1/play");
  run(4);
  EXPECT_GT(deck(1).position, kStart);
}

TEST_F(Loads, WhatTheFirstMinuteTellsHoldsUntilAllIsHeard) {
  source_.late = true;
  ok("/deck/1/load \"a.wav\"");
  run(2);
  std::thread([this] { source_.answer_early(0.010); }).join();
  run(2);
  EXPECT_NEAR(deck(1).bpm, 126, 1e-6) << "a tempo to play by";
  const double early = deck(1).track_beat;
  analyse();
  EXPECT_NEAR(deck(1).track_beat - early, 0.010 * 126 / 60, 1e-6) << "and the whole track's grid in its place";
}

TEST_F(Loads, ATrackWhoseBarsAreUnsureIsHeldByBeatAndSaysSo) {
  for (const bool late : {false, true}) {
    source_.late = late;
    for (const double bars : {0.9, 0.3}) {
      source_.bars = bars;
      notices_.clear();
      ok("/deck/1/load \"a.wav\" force");
      run(2);
      if (late) analyse();
      ok("/deck/1/sync phrase");
      run(2);
      EXPECT_EQ(deck(1).sync, msg::SyncMode::phrase);
      EXPECT_EQ(deck(1).sync_held, bars > 0.5 ? msg::SyncMode::phrase : msg::SyncMode::beat);
      EXPECT_EQ(notices_.find("deck 1: where the bars of a.wav begin is unsure (30 %)") != std::string::npos,
                bars < 0.5)
          << notices_;
    }
  }
}

TEST_F(Loads, AnAnalysisMovesNoDeckThatSomebodyPlaced) {
  source_.late = true;
  for (const char* touch : {"/deck/1/seek 3", "/deck/1/jump 4", "/deck/1/play", "/deck/1/hotcue/1 1"}) {
    ok("/deck/1/load \"a.wav\" force");
    run(2);
    ok(touch);
    run(2);
    const double before = deck(1).position;
    source_.answer();
    session_.tick();
    run(2);
    EXPECT_NEAR(deck(1).position, before, 3 * kBlock) << touch;
    EXPECT_NEAR(deck(1).cue, kStart, 1e-9) << touch << ": nobody has set another";
    EXPECT_GT(deck(1).bpm, 0) << touch;
    ok("/deck/1/pause");
    run(2);
  }
}

TEST_F(Loads, ACueThatSomebodySetStays) {
  source_.late = true;
  ok("/deck/1/load \"a.wav\"");
  run(2);
  ok("/deck/1/cue/set 2");
  run(2);
  analyse();
  EXPECT_EQ(deck(1).cue, 96000);
  EXPECT_EQ(deck(1).position, 0);
}

TEST_F(Loads, ADoubleIsToldToo) {
  source_.late = true;
  ok("/deck/1/load \"a.wav\"");
  run(2);
  ok("/deck/2/double 1");
  run(2);
  ok("/deck/1/play");
  run(2);
  ok("/deck/3/double 1");
  run(2);
  EXPECT_EQ(deck(3).position, deck(1).position);
  analyse();
  EXPECT_EQ(deck(2).position, kStart) << "as untouched as the deck it was taken from";
  EXPECT_LT(deck(1).position, kStart);
  EXPECT_EQ(deck(3).position, deck(1).position) << "plays on";
  for (int n = 1; n <= 3; ++n) EXPECT_NEAR(deck(n).bpm, 126, 1e-6) << n;
}

TEST_F(Loads, ADoubleStandsWhereTheOtherOneWasPut) {
  ok("/deck/1/load \"a.wav\"");
  run(2);
  ok("/deck/1/seek 0");
  run(2);
  ok("/deck/2/double 1");
  run(2);
  EXPECT_EQ(deck(2).position, 0);
  EXPECT_EQ(deck(2).cue, kStart);
}

TEST_F(Loads, AnAnalysisThatIsThereBeforeItsLoadIsDueIsNotLost) {
  source_.late = true;
  ok("/clock/source internal");
  ok("/deck/1/load \"a.wav\" @2bar");
  run(2);
  analyse();
  EXPECT_EQ(deck(1).track_id, 0u);
  run(2 * 4 * 24000 / kBlock + 4);
  ASSERT_NE(deck(1).track_id, 0u);
  EXPECT_EQ(deck(1).position, kStart);
  EXPECT_NEAR(deck(1).bpm, 126, 1e-6);
}

TEST_F(Loads, AnAnalysisForATrackThatIsGoneIsGivenBack) {
  source_.late = true;
  ok("/deck/1/load \"a.wav\"");
  run(2);
  const std::weak_ptr<const media::CachedTrack> a = session_.track_on(0)->pcm;
  source_.late = false;
  ok("/deck/1/load \"b.wav\"");
  run(1);  // it may be held still when the analysis of the first comes
  source_.answer();
  run(40);
  EXPECT_TRUE(a.expired());
  EXPECT_NEAR(deck(1).bpm, 120, 1e-6);
}

TEST_F(Loads, UndoBringsATrackBackWithItsCuesAndLoops) {
  ok("/deck/1/load \"a.wav\"");
  run(2);
  for (const char* text : {"/deck/1/cue/set 1.5", "/deck/1/hotcue/1/set 2", "/deck/1/hotcue/16/set 11",
                           "/deck/1/loop/in 20", "/deck/1/loop/out 22", "/deck/1/loop/slot/3/save", "/deck/1/loop/in 4",
                           "/deck/1/loop/out 6", "/deck/1/seek 5", "/deck/1/play"}) {
    ok(text);
    run(1);
  }
  run(60);
  const msg::Snapshot before = session_.world().snapshot;
  const msg::DeckSnapshot& was = before.decks[0];
  ASSERT_TRUE(was.loop_active && was.playing);

  ok("/deck/1/load \"b.wav\" force");
  run(10);
  EXPECT_LT(deck(1).hotcues[0], 0);
  EXPECT_LT(deck(1).slots[2].start, 0);
  ok("/undo");
  run(700);  // almost two loops on
  const msg::DeckSnapshot& is = deck(1);
  EXPECT_EQ(session_.world().decks[0].path, "a.wav");
  EXPECT_EQ(is.cue, was.cue);
  for (int k = 0; k < msg::kHotcues; ++k) EXPECT_EQ(is.hotcues[k], was.hotcues[k]) << k;
  for (int k = 0; k < msg::kLoopSlots; ++k) {
    EXPECT_EQ(is.slots[k].start, was.slots[k].start) << k;
    EXPECT_EQ(is.slots[k].end, was.slots[k].end) << k;
  }
  EXPECT_EQ(is.loop_start, 4 * 48000);
  EXPECT_EQ(is.loop_end, 6 * 48000);
  EXPECT_TRUE(is.loop_active && is.playing);
  const double gone = static_cast<double>(session_.world().snapshot.frame - before.frame);
  EXPECT_NEAR(is.position, is.loop_start + std::fmod(was.position - is.loop_start + gone, 96000), 1e-6)
      << "where it would be, had it never been away";
  // Slots and hot cues are more than numbers in a picture.
  ok("/deck/1/loop/slot/3/recall");
  run(2);
  EXPECT_EQ(deck(1).loop_start, 20 * 48000);
  ok("/deck/1/loop/exit"), ok("/deck/1/hotcue/16/jump");
  run(1);
  EXPECT_NEAR(deck(1).position, 11 * 48000, kBlock);
}

TEST_F(Loads, UndoBringsBackALoopThatIsOffAndADeckThatStands) {
  ok("/deck/1/load \"a.wav\"");
  run(2);
  for (const char* text : {"/deck/1/loop/in 20", "/deck/1/loop/out 22", "/deck/1/loop/exit", "/deck/1/seek 0"})
    ok(text);
  run(2);
  ok("/deck/1/load \"b.wav\"");
  run(10);
  ok("/undo");
  run(40);
  EXPECT_EQ(deck(1).position, 0) << "not at its cue";
  EXPECT_FALSE(deck(1).playing || deck(1).loop_active);
  ok("/deck/1/reloop");
  run(2);
  EXPECT_EQ(deck(1).position, 20 * 48000);
}

TEST_F(Loads, AFileThatCantBeReadOnIsToldOnceAndAgainWhenItCan) {
  const auto seconds = [this](double s) { run(static_cast<int>(s * 48000 / kBlock) + 1); };
  const auto told = [this] { return std::count(notices_.begin(), notices_.end(), '\n'); };
  ok("/deck/1/load \"a.wav\""), ok("/deck/1/play"), ok("/deck/2/load \"b.wav\"");
  seconds(0.5);
  source_.errors["a.wav"] = "a.wav: Input/output error";
  seconds(0.5);
  EXPECT_EQ(notices_, "Deck 1: a.wav: Input/output error. What is decoded of it plays on.\n");
  EXPECT_EQ(session_.trouble(0), "a.wav: Input/output error");
  EXPECT_EQ(session_.trouble(1), "");
  EXPECT_TRUE(deck(1).playing);
  source_.errors.clear();
  seconds(1);
  source_.errors["a.wav"] = "a.wav: Input/output error";  // it gave a little, and failed again
  seconds(0.5);
  source_.errors.clear();
  seconds(1.5);
  EXPECT_EQ(told(), 1);
  EXPECT_EQ(session_.trouble(0), "a.wav: Input/output error");
  seconds(1);
  EXPECT_NE(notices_.find("Deck 1: a.wav can be read again.\n"), std::string::npos);
  EXPECT_EQ(session_.trouble(0), "");
  source_.errors["b.wav"] = "b.wav: there is no such file";
  seconds(0.5);
  EXPECT_EQ(told(), 3);
  ok("/deck/2/load \"a.wav\"");
  seconds(0.5);
  EXPECT_EQ(session_.trouble(1), "") << "of another track";
  EXPECT_EQ(told(), 3);
}

}  // namespace
