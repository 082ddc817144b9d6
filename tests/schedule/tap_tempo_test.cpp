#include "schedule/tap_tempo.h"

#include <gtest/gtest.h>

#include <random>

#include "stage.h"

namespace tactus::schedule {
namespace {

TEST(TapTempo, EvenTapsGiveTheirTempoFromTheThirdOn) {
  TapTempo taps;
  EXPECT_FALSE(taps.tap(10));
  EXPECT_FALSE(taps.tap(10 + 60 / 128.0));
  const auto bpm = taps.tap(10 + 2 * 60 / 128.0);
  ASSERT_TRUE(bpm);
  EXPECT_NEAR(bpm->v, 128, 1e-9);
}

TEST(TapTempo, AnUnevenFingerAveragesOut) {
  std::mt19937 rng(4);
  std::normal_distribution<double> jitter(0, 0.012);  // seconds: a practised hand
  double worst = 0;
  for (int run = 0; run < 200; ++run) {
    TapTempo taps;
    std::optional<Bpm> bpm;
    for (int i = 0; i < 16; ++i) bpm = taps.tap(i * 60 / 126.0 + jitter(rng));
    ASSERT_TRUE(bpm);
    worst = std::max(worst, std::fabs(bpm->v - 126));
  }
  // The slope's standard deviation is 12 ms / sqrt(sum of squared beats) = 0.65 ms, that is 0.17 BPM.
  EXPECT_LT(worst, 4 * 0.17);
}

TEST(TapTempo, AMissedTapCountsAsTwoBeatsAndAPauseBeginsAnew) {
  TapTempo taps;
  std::optional<Bpm> bpm;
  for (double beat : {0.0, 1.0, 2.0, 4.0, 5.0}) bpm = taps.tap(beat * 0.5);
  ASSERT_TRUE(bpm);
  EXPECT_NEAR(bpm->v, 120, 1e-9);
  EXPECT_FALSE(taps.tap(10));
  EXPECT_FALSE(taps.tap(10.4));
  bpm = taps.tap(10.8);
  ASSERT_TRUE(bpm);
  EXPECT_NEAR(bpm->v, 150, 1e-9);
}

TEST(TapTempo, AnotherTempoIsTakenUpAtOnceAndNonsenseIsNone) {
  TapTempo taps;
  for (int i = 0; i < 8; ++i) taps.tap(i * 0.5);
  std::optional<Bpm> bpm;
  for (int i = 1; i <= 4; ++i) bpm = taps.tap(3.5 + i * 0.34);
  ASSERT_TRUE(bpm);
  EXPECT_NEAR(bpm->v, 60 / 0.34, 1e-6);
  TapTempo fast;
  for (int i = 0; i < 10; ++i) EXPECT_FALSE(fast.tap(i * 0.05)) << "1,200 BPM";
  EXPECT_FALSE(fast.tap(0.45)) << "twice at one time";
}

TEST(TapTempo, TapsSetTheClock) {
  test::Stage s;
  std::string note;
  for (int i = 0; i < 4; ++i) {
    const Fate fate = s.ok("/clock/tap");
    note = fate.note;
    if (i < 2) {
      EXPECT_FALSE(note.empty());
    }
    s.world.now = s.world.now + s.world.frames(60 / 132.0);
  }
  ASSERT_FALSE(s.actions.empty());
  const auto* tempo = std::get_if<ask::ClockTempo>(&s.actions.back().what);
  ASSERT_TRUE(tempo);
  EXPECT_NEAR(tempo->bpm.v, 132, 0.01);
}

}  // namespace
}  // namespace tactus::schedule
