// Cues and hot cues stay with a track: over unload and load, from deck to deck, and from one session to the next.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "session/hum.h"
#include "session/set_keeper.h"
#include "support/fake_source.h"
#include "support/temp_folder.h"

using namespace tactus;
using namespace tactus::testing;
using session::Session;

namespace {

constexpr int kBlock = 256;

// A session on a folder of cues, with what writes them; and another one later, as an engine that was started anew.
class Cues : public ::testing::Test {
 protected:
  struct One {
    One(Cues& test, bool keeps)
        : writer(test.store_),
          session(options(keeps ? &writer : nullptr), test.source_,
                  {{}, [&test](const std::string& n) { test.notices_ += n + "\n"; }, {}, {}}) {}
    static Session::Options options(session::CueWriter* cues) {
      Session::Options o;
      o.max_block = kBlock;
      o.cues = cues;
      return o;
    }
    session::CueWriter writer;
    Session session;
  };
  Cues() {
    source_.first_sound = kFirstSound;
    source_.cues = &store_;
    source_.add("a.wav", hum(126));
    source_.add("b.wav", hum(120));
    again();
  }
  // The engine ends, and another one begins.
  void again(bool keeps = true) {
    one_.reset();
    one_ = std::make_unique<One>(*this, keeps);
    run(1);
  }
  void run(int blocks) {
    std::array<std::array<float, kBlock>, 2> planes;
    for (int i = 0; i < blocks; ++i) {
      one_->session.tick();
      one_->session.host().feed(kBlock);
      float* out[2] = {planes[0].data(), planes[1].data()};
      msg::AudioBlock block;
      block.out = out;
      block.outputs = 2;
      block.frames = kBlock;
      const msg::Callback callback = one_->session.host().callback();
      callback.process(callback.context, block, {});
    }
    one_->session.tick();
  }
  void ok(const std::string& text) {
    EXPECT_EQ(one_->session.submit(text, kHand).reason, "") << text;
    run(2);
  }
  const msg::DeckSnapshot& deck(int n) { return one_->session.world().snapshot.decks[n - 1]; }
  // What is on the disk when the engine has ended.
  analysis::Cues stored(const std::string& content) {
    one_.reset();
    return store_.find(content).cues;
  }

  const tactus::test::TempFolder folder_;
  const analysis::CueStore store_{folder_ / "cues"};
  FakeSource source_;
  std::string notices_;
  std::unique_ptr<One> one_;
};

TEST_F(Cues, ATrackThatIsLoadedAgainStandsAtItsCueAndHasItsHotCues) {
  ok("/deck/1/load \"a.wav\"");
  EXPECT_EQ(deck(1).position, 48000 * kFirstSound) << "nobody has set any";
  for (const char* text : {"/deck/1/cue/set 12.5", "/deck/1/hotcue/1/set 2", "/deck/1/hotcue/16/set 11"}) ok(text);
  ok("/deck/1/seek 20");
  ok("/deck/1/hotcue/3 1");  // the button of an empty one sets it where the deck is
  const auto back = [&](int n, const char* when) {
    EXPECT_NEAR(deck(n).position, 600000, 1e-6) << when;
    EXPECT_NEAR(deck(n).cue, 600000, 1e-6) << when;
    EXPECT_NEAR(deck(n).hotcues[0], 96000, 1e-6) << when;
    EXPECT_LT(deck(n).hotcues[1], 0) << when;
    EXPECT_NEAR(deck(n).hotcues[2], 960000, 1e-6) << when;
    EXPECT_NEAR(deck(n).hotcues[15], 528000, 1e-6) << when;
  };
  ok("/deck/1/unload");
  EXPECT_EQ(deck(1).track_id, 0u);
  ok("/deck/1/load \"a.wav\"");
  back(1, "the same deck");
  ok("/deck/1/load \"b.wav\"");
  EXPECT_EQ(deck(1).position, 48000 * kFirstSound) << "another track";
  EXPECT_LT(deck(1).hotcues[0], 0);
  ok("/deck/2/load \"a.wav\"");
  back(2, "another deck");
  again();
  ok("/deck/3/load \"a.wav\"");
  back(3, "another session");
  // What sounds is what is there.
  ok("/deck/3/hotcue/16/jump");
  ok("/deck/3/play");
  run(4);
  EXPECT_NEAR(deck(3).position, 528000, 8 * kBlock);
  ok("/deck/3/cue 1");
  EXPECT_NEAR(deck(3).position, 600000, 1e-6);
}

TEST_F(Cues, TheCueButtonSetsTheCueThatIsKept) {
  ok("/deck/1/load \"a.wav\"");
  ok("/deck/1/seek 7");
  ok("/deck/1/cue 1");
  ok("/deck/1/cue 0");
  again();
  ok("/deck/1/load \"a.wav\"");
  EXPECT_NEAR(deck(1).position, 7 * 48000, 1e-6);
}

TEST_F(Cues, ADeletedHotCueStaysDeletedUntilThatIsTakenBack) {
  ok("/deck/1/load \"a.wav\"");
  ok("/deck/1/hotcue/2/set 9"), ok("/deck/1/hotcue/4/set 10");
  ok("/deck/1/hotcue/2/clear");
  again();
  ok("/deck/1/load \"a.wav\"");
  EXPECT_LT(deck(1).hotcues[1], 0);
  EXPECT_NEAR(deck(1).hotcues[3], 480000, 1e-6);
  ok("/deck/1/hotcue/4/clear"), ok("/undo");
  EXPECT_NEAR(deck(1).hotcues[3], 480000, 1e-6);
  again();
  ok("/deck/1/load \"a.wav\"");
  EXPECT_NEAR(deck(1).hotcues[3], 480000, 1e-6);
}

TEST_F(Cues, ACueThatWasSetBeforeTheAnalysisComesStays) {
  ok("/deck/1/load \"a.wav\""), ok("/deck/1/cue/set 3");
  source_.late = true;
  again();
  ok("/deck/1/load \"a.wav\"");
  EXPECT_NEAR(deck(1).position, 144000, 1e-6);
  std::thread([this] { source_.answer(); }).join();
  run(2);
  EXPECT_GT(deck(1).bpm, 0);
  EXPECT_NEAR(deck(1).position, 144000, 1e-6);
  EXPECT_NEAR(deck(1).cue, 144000, 1e-6);
}

TEST_F(Cues, WhereALoadPutsADeckIsNobodysCue) {
  source_.late = true;
  ok("/deck/1/load \"a.wav\"");
  std::thread([this] { source_.answer(); }).join();
  run(2);
  EXPECT_EQ(deck(1).cue, 48000 * kFirstSound);
  ok("/deck/1/load \"b.wav\" force"), ok("/undo");
  run(80);
  std::thread([this] { source_.answer(); }).join();
  run(2);
  EXPECT_EQ(deck(1).cue, 48000 * kFirstSound);
  EXPECT_EQ(checkpoint_of(one_->session, {}).decks.at(0).set.size(), 0u) << "a comeback doesn't make one of it either";
  EXPECT_EQ(stored("a.wav"), analysis::Cues{});
  EXPECT_FALSE(std::filesystem::exists(folder_ / "cues")) << "nothing was written at all";
}

TEST_F(Cues, TwoDecksWithTheSameTrackEachAddTheirs) {
  ok("/deck/1/load \"a.wav\""), ok("/deck/2/load \"a.wav\"");
  ok("/deck/1/hotcue/1/set 1"), ok("/deck/2/hotcue/2/set 2"), ok("/deck/2/cue/set 4");
  const analysis::Cues kept = stored("a.wav");
  EXPECT_EQ(kept.hotcues[0], 1.0);
  EXPECT_EQ(kept.hotcues[1], 2.0);
  EXPECT_EQ(kept.cue, 4.0);
}

TEST_F(Cues, ADoubleHasTheHotCuesOfItsDeck) {
  ok("/deck/1/load \"a.wav\""), ok("/deck/1/hotcue/1/set 5"), ok("/deck/1/cue/set 6"), ok("/deck/1/seek 1");
  ok("/deck/2/double 1");
  EXPECT_NEAR(deck(2).hotcues[0], 240000, 1e-6);
  EXPECT_NEAR(deck(2).cue, 288000, 1e-6);
  EXPECT_NEAR(deck(2).position, 48000, 1e-6) << "where the other one stands";
}

TEST_F(Cues, ADamagedFileIsToldAndKept) {
  ok("/deck/1/load \"a.wav\""), ok("/deck/1/hotcue/1/set 5");
  one_.reset();
  const auto file = folder_ / "cues/a.wav.json";
  ASSERT_TRUE(std::filesystem::exists(file));
  std::ofstream(file) << "{\"tactus_cues\":1,\"hotcues\":[{\"num";
  again();
  ok("/deck/1/load \"a.wav\"");
  EXPECT_EQ(deck(1).position, 48000 * kFirstSound);
  EXPECT_NE(notices_.find("can't be understood"), std::string::npos) << notices_;
  ok("/deck/1/hotcue/2/set 6");
  EXPECT_EQ(stored("a.wav").hotcues[1], 6.0);
  std::string text;
  std::getline(std::ifstream(file + ".damaged"), text);
  EXPECT_EQ(text, "{\"tactus_cues\":1,\"hotcues\":[{\"num");
}

TEST_F(Cues, ADiskThatRefusesIsToldOnceAndTriedAgain) {
  std::ofstream(folder_ / "cues") << "no folder";
  ok("/deck/1/load \"a.wav\"");
  ok("/deck/1/hotcue/1/set 5");
  for (int i = 0; i < 500 && notices_.empty(); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    run(1);
  }
  EXPECT_NE(notices_.find("can't be kept"), std::string::npos) << notices_;
  ok("/deck/1/load \"a.wav\"");
  EXPECT_NEAR(deck(1).hotcues[0], 240000, 1e-6) << "known as long as the engine lives";
  std::filesystem::remove(folder_ / "cues");
  ok("/deck/1/hotcue/2/set 6");
  const analysis::Cues kept = stored("a.wav");
  EXPECT_EQ(kept.hotcues[0], 5.0);
  EXPECT_EQ(kept.hotcues[1], 6.0);
}

TEST_F(Cues, ASessionThatKeepsNoneLoadsNone) {
  ok("/deck/1/load \"a.wav\""), ok("/deck/1/cue/set 3");
  again(false);
  ok("/deck/1/load \"a.wav\"");
  EXPECT_EQ(deck(1).position, 48000 * kFirstSound);
  ok("/deck/1/cue/set 5");
  EXPECT_EQ(stored("a.wav").cue, 3.0);
}

TEST_F(Cues, OneBeyondTheTracksEndIsLeftOut) {
  ASSERT_TRUE(store_.change("a.wav", {{0, 86400.0}, {1, 59.0}}).ok());
  ok("/deck/1/load \"a.wav\"");
  EXPECT_EQ(deck(1).position, 48000 * kFirstSound);
  EXPECT_NEAR(deck(1).hotcues[0], 59 * 48000, 1e-6);
}

}  // namespace
