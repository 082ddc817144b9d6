// Every way in which a deck's sound is cut: nothing of it may be heard above 8 kHz, where a click would be.
//
// The music has nothing up there, where a hat could hide a click: all that is heard at a seam was made by the cut. It
// must stay below -70 dBFS, an absolute bound: there is no energy of the music's own to compare with. A hard cut of the
// same music is above -60 (see the first test).
#include <gtest/gtest.h>

#include "support/host_rig.h"
#include "support/listen.h"
#include "support/soak.h"
#include "support/tune.h"

using namespace tactus;
using namespace tactus::testing;
using msg::LoopOp;
using msg::Op;
using msg::Param;
using msg::When;

namespace {

constexpr int kLatency = EngineRig::latency();
constexpr double kHeard = -70;  // dBFS

const Tune& tune() {
  static const Tune t(120, 48000, Tune::Kind::soft);
  return t;
}

// A deck that plays, and seams at known frames.
class Seams : public ::testing::Test {
 protected:
  void start(double tempo, int channels = 2) {
    track = tune().track(30, channels);
    track->ref.hotcues[0] = 48000 * 9.3;
    track->ref.hotcues[1] = 48000 * 2.77;
    rig.load(0, *track);
    rig.set(Param::tempo, 0, tempo);
    rig.render(640);
    rig.send(Op::play, 0);
    rig.render(48000 - 640);
  }
  // Renders on; what begins at the next block is a seam.
  void seam_now() { seams.push_back(rig.host.frame()); }
  When seam_at(std::int64_t frame) {
    seams.push_back(frame);
    return When::at(Frame{frame});
  }
  // The loudest of all seams: dB above 8 kHz over 2.7 ms.
  double cut(const char* what) {
    const auto high = above(rig.bus());
    const auto end = static_cast<std::int64_t>(high.size()) - 1000;
    double loudest = -200;
    for (const std::int64_t s : seams) {
      // The seam, and all that a cross-fade and a late voice may still do.
      loudest = std::max(loudest, loudest_db(high, s + kLatency - 256, std::min(s + kLatency + 3000, end)));
    }
    test::record(std::string("seam, ") + what + ": " + std::to_string(loudest) + " dBFS above 8 kHz");
    return loudest;
  }

  std::unique_ptr<RigTrack> track;
  HostRig rig;
  std::vector<std::int64_t> seams;
};

TEST_F(Seams, AHardCutWouldBeHeard) {
  start(1);
  rig.render(48000);
  // What no deck does: one place of the music beside another.
  const std::vector<float>& x = rig.bus();
  double quietest = 0;
  for (const std::int64_t at : {60000, 66100, 72500, 80003}) {
    std::vector<float> y(x.begin() + at - 6000, x.begin() + at);
    y.insert(y.end(), x.begin() + 30000, x.begin() + 36000);
    quietest = std::min(quietest, loudest_db(above(y), 5800, 6200));
  }
  EXPECT_GT(quietest, kHeard + 10);
}

TEST_F(Seams, HotCuesOnTheDirectPath) {
  start(1);
  for (int i = 0; i < 12; ++i) {
    seam_now();
    rig.send(Op::hotcue_jump, 0, 0, i % 2);
    rig.render(9600 + 64 * i);
  }
  EXPECT_LT(cut("hot cues, direct"), kHeard);
}

TEST_F(Seams, HotCuesUnderKeyLock) {
  start(1.04);
  for (int i = 0; i < 12; ++i) {
    seam_now();
    rig.send(Op::hotcue_jump, 0, 0, i % 2);
    rig.render(9600 + 64 * i);
  }
  EXPECT_LT(cut("hot cues under key lock, unannounced"), kHeard);
}

TEST_F(Seams, ScheduledHotCuesUnderKeyLock) {
  start(0.96);
  for (int i = 0; i < 12; ++i) {
    rig.send(Op::hotcue_jump, 0, 0, i % 2, seam_at(rig.host.frame() + 9600 + 7 * i));
    rig.render(12800);
  }
  EXPECT_LT(cut("hot cues under key lock, scheduled"), kHeard);
}

TEST_F(Seams, LoopWrapsOnTheDirectPath) {
  start(1);
  const std::int64_t from = rig.host.frame() + 6400;
  rig.loop(LoopOp::beats, 0, 0.77, When::at(Frame{from}));
  for (int k = 1; k <= 10; ++k) seams.push_back(from + std::llround(0.77 * 24000 * k));
  rig.render(6400 + 18480 * 10 + 9600);
  EXPECT_LT(cut("loop wraps, direct"), kHeard);
}

TEST_F(Seams, LoopWrapsUnderKeyLock) {
  start(1.04);
  const std::int64_t from = rig.host.frame() + 6400;
  rig.loop(LoopOp::beats, 0, 0.77, When::at(Frame{from}));
  for (int k = 1; k <= 10; ++k) seams.push_back(from + std::llround(0.77 * 24000 / 1.04 * k));
  rig.render(6400 + 18480 * 10 + 9600);
  EXPECT_LT(cut("loop wraps under key lock"), kHeard);
}

TEST_F(Seams, BetweenTheDirectPathAndAVoice) {
  start(1);
  for (int i = 0; i < 10; ++i) {
    seam_now();
    rig.set(Param::tempo, 0, i % 2 ? 1 : 1.03);
    rig.render(12800);
  }
  EXPECT_LT(cut("direct to voice and back"), kHeard);
}

TEST_F(Seams, BetweenStretchers) {
  start(1.03);
  for (int i = 0; i < 6; ++i) {
    rig.send(Op::stretch, 0, 0, i % 2 ? 0 : 2, seam_at(rig.host.frame() + 6400));
    rig.render(19200);
  }
  EXPECT_LT(cut("R3 to R2 and back"), kHeard);
}

TEST_F(Seams, StemCuts) {
  start(1, 8);
  for (int i = 0; i < 16; ++i) {
    seam_now();
    rig.set(Param::stem_mute, 0, i % 2 ? 0 : 1, {}, i / 2 % 4);
    rig.render(6400 + 64 * i);
  }
  EXPECT_LT(cut("stem cuts"), kHeard);
}

TEST_F(Seams, StemCutsUnderKeyLock) {
  start(1.04, 8);
  for (int i = 0; i < 16; ++i) {
    seam_now();
    rig.set(Param::stem_mute, 0, i % 2 ? 0 : 1, {}, i / 2 % 4);
    rig.render(6400 + 64 * i);
  }
  EXPECT_LT(cut("stem cuts under key lock"), kHeard);
}

TEST_F(Seams, PauseUnloadAndLoad) {
  start(1.04);
  for (int i = 0; i < 6; ++i) {
    seam_now();
    rig.send(Op::pause, 0);
    rig.render(4800);
    seam_now();
    rig.send(Op::play, 0);
    rig.render(12800);
    seam_now();
    rig.send(Op::unload, 0);
    rig.render(4800);
    rig.load(0, *track);
    rig.send(Op::seek, 0, 48000 * 3.1 + 1000 * i);
    rig.render(640);
    seam_now();
    rig.send(Op::play, 0);
    rig.render(12800);
  }
  EXPECT_LT(cut("pause, play, unload, load"), kHeard);
}

// Two places of a track that differ by their sign alone: how long is neither heard alone?
TEST(CrossFade, IsOverWithin5Ms) {
  auto t = make_track(48000 * 10, 2, 120, 0, [](std::int64_t f, int) { return f < 48000 * 5 ? 0.4f : -0.4f; });
  t->ref.hotcues[0] = 48000 * 7;
  HostRig rig;
  rig.load(0, *t);
  rig.send(Op::play, 0);
  rig.render(4800);
  const auto now = static_cast<std::size_t>(rig.host.frame());
  rig.send(Op::hotcue_jump, 0, 0, 0);
  rig.render(4800);
  std::size_t first = 0, last = 0;
  for (std::size_t i = now; i < rig.bus().size(); ++i) {
    if (std::fabs(std::fabs(rig.bus()[i]) - 0.4f) < 1e-4f) continue;
    if (first == 0) first = i;
    last = i;
  }
  EXPECT_EQ(first, now + kLatency);
  EXPECT_LE(last - first + 1, 240u);
  EXPECT_NEAR(rig.bus().back(), -0.4f, 1e-4f);
}

}  // namespace
