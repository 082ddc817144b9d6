// The safety loop, heard: a track that nobody mixes out of goes on, on the beat, in its last beats.
#include <gtest/gtest.h>

#include <cmath>

#include "session/session.h"
#include "support/fake_source.h"

namespace tactus::session {
namespace {

using namespace testing;

constexpr std::int64_t kBeat = 24000, kTrackBeats = 40;
constexpr int kBlock = 480;

// The samples of the track grow along it: what is heard says which place of it sounds.
float place(double beats) { return static_cast<float>(0.05 + 0.35 * beats / kTrackBeats); }

class SafetyLoop : public ::testing::Test {
 protected:
  // Left channel of `beats` of the session, in which the track plays from beat 0 on.
  void play(double safety_loop_beats, double beats) {
    FakeSource source;
    source.add("a", make_track(kTrackBeats * kBeat, 2, 120, 0,
                               [](std::int64_t f, int) { return place(static_cast<double>(f) / kBeat); }));
    Session::Options options;
    options.max_block = kBlock;
    options.scheduler.safety_loop_beats = safety_loop_beats;
    Session::Observer observer;
    observer.notice = [this](const std::string& text) { notices_.push_back(text); };
    Session session(options, source, observer);
    const schedule::Source hand{"hand", schedule::Source::Kind::hand, 1};
    for (const char* text : {"/clock/source internal", "/deck/1/load \"a\"", "/deck/1/play"}) {
      EXPECT_EQ(session.submit(text, hand).reason, "") << text;
    }
    std::vector<float> left(kBlock), right(kBlock);
    float* out[2] = {left.data(), right.data()};
    while (session.world().now.v < std::llround(beats * kBeat)) {
      session.tick();
      session.host().feed(kBlock);
      msg::AudioBlock block;
      block.out = out;
      block.outputs = 2;
      block.frames = kBlock;
      const msg::Callback callback = session.host().callback();
      callback.process(callback.context, block, {});
      heard_.insert(heard_.end(), left.begin(), left.end());
    }
  }
  // Beats of the track that sound `beats` after it began; below 0: silence.
  double heard(double beats) const {
    const double x = double{heard_.at(static_cast<std::size_t>(start_ + std::llround(beats * kBeat)))};
    return x < 0.02 ? -1 : (x - 0.05) / 0.35 * kTrackBeats;
  }
  void find_start() {
    while (heard_.at(static_cast<std::size_t>(start_)) == 0) ++start_;
    ASSERT_LT(start_, kBeat);
  }

  std::vector<float> heard_;
  std::vector<std::string> notices_;
  std::int64_t start_ = 0;
};

TEST_F(SafetyLoop, TheLastBeatsGoOnUntilSomebodyComes) {
  play(4, kTrackBeats + 24);
  find_start();
  const bool told = std::any_of(notices_.begin(), notices_.end(), [](const std::string& text) {
    return text.find("is at its end and loops 4 beats") != std::string::npos;
  });
  EXPECT_TRUE(told);
  // Where the loop lies: its first wrap is where the place that sounds goes back.
  double end = 0;
  for (double b = kTrackBeats - 8; b < kTrackBeats && end == 0; b += 0.125) {
    if (heard(b + 0.125) < heard(b)) end = b + 0.125;
  }
  ASSERT_GT(end, kTrackBeats - 8) << "no wrap before the end";
  EXPECT_NEAR(heard(end - 0.25), end - 0.25, 0.01) << "nothing is left out before";
  for (double b = 0.0625; b < 20; b += 0.125) {
    const double in_loop = std::fmod(b, 4.0);
    EXPECT_NEAR(std::fmod(heard(end + b) - heard(end + 0.0625) + 0.0625 + 8, 4.0), in_loop, 0.01) << b;
  }
}

TEST_F(SafetyLoop, IsOffUnlessAskedFor) {
  play(0, kTrackBeats + 4);
  find_start();
  EXPECT_NEAR(heard(kTrackBeats - 0.5), kTrackBeats - 0.5, 0.01);
  EXPECT_LT(heard(kTrackBeats + 0.5), 0);
  for (const std::string& text : notices_) EXPECT_EQ(text.find("loops"), std::string::npos) << text;
}

}  // namespace
}  // namespace tactus::session
