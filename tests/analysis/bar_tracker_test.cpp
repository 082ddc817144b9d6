// The tracker and the choice of how to count against activations that are known: steady, drifting, jumping, resting, in
// three and in five, and none. Voices, too, against odds that are known.
#include "analysis/bar_tracker.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "analysis/counting.h"
#include "analysis/sections.h"
#include "analysis/spectra.h"

namespace tactus::analysis {
namespace {

// Beats as the network would show them: a bump over three frames each, noise elsewhere.
class Played {
 public:
  explicit Played(double seconds) {
    const auto frames = static_cast<std::size_t>(seconds / kFrameSeconds);
    std::mt19937 random(1);
    std::uniform_real_distribution<float> low(0, 0.04f);
    for (auto* of : {&a_.beat, &a_.downbeat, &a_.section, &a_.voice}) {
      of->resize(frames);
      for (float& v : *of) v = low(random);
    }
  }
  void beat(double seconds, bool one, float strength = 0.8f) {
    put(a_.beat, seconds, strength);
    if (one) put(a_.downbeat, seconds, strength);
    beats.push_back(seconds);
    if (one) ones.push_back(seconds);
  }
  const Activations& activations() const { return a_; }
  std::vector<double> beats, ones;

 private:
  static void put(std::vector<float>& to, double seconds, float strength) {
    const double at = seconds / kFrameSeconds;
    for (int i = static_cast<int>(at) - 1; i <= static_cast<int>(at) + 2; ++i) {
      const double height = 1 - std::fabs(i - at) / 1.6;
      if (i >= 0 && i < std::ssize(to) && height > 0) {
        to[static_cast<std::size_t>(i)] =
            std::max(to[static_cast<std::size_t>(i)], static_cast<float>(strength * height));
      }
    }
  }
  Activations a_;
};

void expect_all(const Played& played, const std::vector<TrackedBeat>& found, double within = 0.012) {
  std::vector<double> ones;
  ASSERT_EQ(found.size(), played.beats.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    EXPECT_NEAR(found[i].seconds, played.beats[i], within) << i;
    if (found[i].in_bar == 0) ones.push_back(found[i].seconds);
  }
  ASSERT_EQ(ones.size(), played.ones.size());
  for (std::size_t i = 0; i < ones.size(); ++i) EXPECT_NEAR(ones[i], played.ones[i], within);
}

class Steady : public ::testing::TestWithParam<std::pair<double, int>> {};

TEST_P(Steady, EveryBeatAndBarIsFound) {
  const auto [bpm, bar] = GetParam();
  Played played(60);
  for (int k = 0; 0.7 + k * 60 / bpm < 58; ++k) played.beat(0.7 + k * 60 / bpm, k % bar == 0);
  const auto found = track_bars(played.activations());
  expect_all(played, found);
  for (const TrackedBeat& b : found) EXPECT_EQ(b.bar_length, bar);
}

INSTANTIATE_TEST_SUITE_P(Tempos, Steady,
                         ::testing::Values(std::pair(55.0, 4), std::pair(87.3, 4), std::pair(120.0, 4),
                                           std::pair(127.96, 4), std::pair(174.0, 4), std::pair(200.0, 4),
                                           std::pair(96.0, 3), std::pair(180.0, 3), std::pair(140.0, 5),
                                           std::pair(132.0, 7)));

TEST(BarTracker, FollowsAPlayerWhoHurries) {
  Played played(70);
  double at = 1;
  for (int k = 0; at < 68; ++k) {
    played.beat(at, k % 4 == 0);
    at += 60 / (90 + 25 * at / 70 + 5 * std::sin(at));
  }
  expect_all(played, track_bars(played.activations()));
}

TEST(BarTracker, FollowsAJumpInTempo) {
  Played played(60);
  double at = 1;
  for (int k = 0; at < 58; ++k) {
    played.beat(at, k % 4 == 0);
    at += at < 30 ? 60.0 / 100 : 60.0 / 141;
  }
  expect_all(played, track_bars(played.activations()));
}

TEST(BarTracker, CountsThroughARest) {
  Played played(60);
  std::vector<double> all;
  for (int k = 0; 0.5 + k * 0.5 < 58; ++k) {
    all.push_back(0.5 + k * 0.5);
    if (k < 40 || k >= 72) played.beat(all.back(), k % 4 == 0);
  }
  const auto found = track_bars(played.activations());
  ASSERT_EQ(found.size(), all.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    EXPECT_NEAR(found[i].seconds, all[i], 0.06);
    EXPECT_EQ(found[i].in_bar, static_cast<int>(i % 4));
  }
}

TEST(BarTracker, ABarCutShortIsOne) {
  Played played(60);
  for (int k = 0; 0.5 + k * 0.5 < 58; ++k) played.beat(0.5 + k * 0.5, k < 42 ? k % 4 == 0 : (k - 42) % 4 == 0);
  expect_all(played, track_bars(played.activations()));
}

TEST(BarTracker, FindsNoBeatsInNoise) {
  EXPECT_TRUE(track_bars(Played(60).activations()).empty());
  EXPECT_TRUE(track_bars(Activations{}).empty());
}

TEST(BarTracker, SevenBeatsAreTooFew) {
  Played played(10);
  for (int k = 0; k < 7; ++k) played.beat(1 + k * 0.5, k % 4 == 0);
  EXPECT_TRUE(track_bars(played.activations()).empty());
}

// The ways of counting what was played, the likeliest first.
std::vector<Counting> counted(const Played& played) {
  OnsetCurve silent;
  silent.hop = 0.00145;
  TrackAnalysis track;
  track.duration = track.last_sound = static_cast<double>(played.activations().beat.size()) * kFrameSeconds;
  return countings(played.activations(), silent, track);
}

TEST(Counting, BarsOfEightBeatsInAHurryAreOfFourHalfAsFast) {
  Played played(60);
  const double beat = 60.0 / 94;
  for (int k = 0; 0.5 + k * beat < 58; ++k) played.beat(0.5 + k * beat, k % 4 == 0);
  Played doubled = played;
  for (int k = 0; 0.5 + (k + 0.5) * beat < 58; ++k) doubled.beat(0.5 + (k + 0.5) * beat, false, 0.6f);
  expect_all(played, counted(doubled).at(0).beats);
}

TEST(Counting, OtherWaysComeAfterTheLikeliestAndSumUpToOne) {
  Played played(60);
  for (int k = 0; 0.5 + k * 0.5 < 58; ++k) played.beat(0.5 + k * 0.5, k % 4 == 0);
  const std::vector<Counting> ways = counted(played);
  ASSERT_GE(ways.size(), 2u);
  EXPECT_NEAR(ways[0].bpm, 120, 0.5);
  float sum = 0, before = 1;
  for (const Counting& way : ways) {
    sum += way.evidence[kOdds];
    EXPECT_LE(way.evidence[kOdds], before);
    before = way.evidence[kOdds];
    for (const Counting& other : ways) {
      if (&other != &way) {
        EXPECT_GT(std::fabs(other.bpm / way.bpm - 1), 0.01) << "the same way twice";
      }
    }
  }
  EXPECT_NEAR(sum, 1, 1e-5);
}

TEST(Counting, OfNothingThereIsNoWay) {
  EXPECT_TRUE(counted(Played(60)).empty());
  EXPECT_TRUE(counted(Played(0)).empty());
}

// Ten seconds out of thirty with a voice of these odds; 0.02 elsewhere.
double trust_in_voice(double odds, std::size_t spans) {
  Activations heard;
  for (double at = 0; at < 30; at += kFrameSeconds) {
    heard.voice.push_back(static_cast<float>(at >= 10 && at < 20 ? odds : 0.02));
  }
  double confidence = -1;
  const std::vector<TimeSpan> found = find_vocals(heard, &confidence);
  EXPECT_EQ(found.size(), spans) << odds;
  if (found.size() == 1) {
    EXPECT_NEAR(found[0].start, 10, 0.3);
    EXPECT_NEAR(found[0].end, 20, 0.3);
  }
  return confidence;
}

TEST(Vocals, AreTrustedByTheOddsWhereTheyAre) {
  EXPECT_GT(trust_in_voice(0.98, 1), 0.8);
  EXPECT_LT(trust_in_voice(0.6, 1), 0.5);
  EXPECT_LT(trust_in_voice(0.45, 0), 0.7) << "nearly a voice";
  EXPECT_GT(trust_in_voice(0.02, 0), 0.9) << "surely none";
  double confidence = -1;
  EXPECT_TRUE(find_vocals({}, &confidence).empty());
  EXPECT_EQ(confidence, 0);
}

}  // namespace
}  // namespace tactus::analysis
