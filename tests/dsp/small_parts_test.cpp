// Guard, meter and stem gate.
#include <limits>

#include "dsp/guard.h"
#include "dsp/meter.h"
#include "dsp/signals.h"
#include "dsp/zero_cross.h"

namespace tactus::dsp {
namespace {

TEST(Guard, FindsEveryNonFiniteSampleAtEveryPlace) {
  constexpr float kInf = std::numeric_limits<float>::infinity();
  for (float bad : {kInf, -kInf, std::numeric_limits<float>::quiet_NaN()}) {
    for (int n = 1; n <= 33; ++n) {
      std::vector<float> x(33, std::numeric_limits<float>::max());
      EXPECT_TRUE(all_finite(x.data(), n));
      for (int i = 0; i < n; ++i) {
        std::vector<float> broken = x;
        broken[static_cast<std::size_t>(i)] = bad;
        ASSERT_FALSE(all_finite(broken.data(), n)) << i << " of " << n;
      }
    }
  }
}

TEST(Guard, FlushesBothSidesWhenOneIsBroken) {
  test::Stereo s = test::noise(32, 1);
  EXPECT_FALSE(flush_if_broken(s.left.data(), s.right.data(), 32));
  EXPECT_NE(s.left[3], 0.0f);
  s.right[31] = std::nanf("");
  EXPECT_TRUE(flush_if_broken(s.left.data(), s.right.data(), 32));
  for (std::size_t i = 0; i < 32; ++i) EXPECT_TRUE(s.left[i] == 0.0f && s.right[i] == 0.0f);
}

TEST(Meter, ReadsPeakAndPowerSinceTheLastReading) {
  Meter m;
  auto s = test::stereo_sine(1000, 48000, 4800, 0.5);
  s.right[100] = -0.9f;
  test::run(
      s, [&](float* l, float* r, int n) { m.process(l, r, n); }, {}, 7);
  const MeterReading reading = m.take();
  EXPECT_NEAR(reading.peak_left, 0.5f, 1e-3f);
  EXPECT_EQ(reading.peak_right, 0.9f);
  EXPECT_NEAR(std::sqrt(reading.power_left), 0.5 / std::sqrt(2), 1e-4);
  EXPECT_EQ(m.take().peak_left, 0.0f);
}

// A gate that is told to mute at frame 960 and to open again at 4800.
std::function<void(test::Stereo&, unsigned)> muting_gate() {
  StemGate gate;
  gate.prepare({48000});
  return [gate](test::Stereo& s, unsigned seed) mutable {
    test::run(
        s, [&](float* l, float* r, int n) { gate.process(l, r, n); },
        [&](std::size_t at) {
          if (at == 960) gate.set_mute(true);
          if (at == 4800) gate.set_mute(false);
        },
        seed);
  };
}

TEST(StemGate, CutsExactlyAtAZeroCrossing) {
  test::Stereo s;
  s.left = test::sine(110, 48000, 9600, 0.8, 0.3);
  s.right = s.left;
  const auto in = s;
  muting_gate()(s, 0);
  std::size_t cut = 960;
  while (s.left[cut] != 0.0f) ++cut;
  ASSERT_LT(cut, 960u + 480);
  EXPECT_LT(std::abs(in.left[cut]), 0.012f) << "less than one step of the tone from zero";
  for (std::size_t i = 0; i < cut; ++i) ASSERT_EQ(s.left[i], in.left[i]);
  for (std::size_t i = cut; i < 4800; ++i) ASSERT_EQ(s.left[i], 0.0f);
  EXPECT_TRUE(test::same_bits({s.left.begin() + 5400, s.left.end()}, {in.left.begin() + 5400, in.left.end()}));
  for (std::size_t i = 1; i < s.size(); ++i) ASSERT_LT(std::abs(s.left[i] - s.left[i - 1]), 0.02f);
}

TEST(StemGate, FadesOverTwoMillisecondsWhenNoCrossingComesInTen) {
  test::Stereo s(9600);
  std::fill(s.left.begin(), s.left.end(), 0.5f);
  std::fill(s.right.begin(), s.right.end(), -0.5f);
  muting_gate()(s, 0);
  EXPECT_EQ(s.left[960 + 478], 0.5f);
  EXPECT_LT(s.left[960 + 480], 0.5f);
  EXPECT_GT(s.left[960 + 480 + 90], 0.0f);
  EXPECT_EQ(s.left[960 + 480 + 96], 0.0f);
  EXPECT_EQ(s.left[4800 + 480 + 96], 0.5f);
  for (std::size_t i = 1; i < s.size(); ++i) ASSERT_LT(std::abs(s.left[i] - s.left[i - 1]), 0.006f);
}

TEST(StemGate, SoloShutsTheOthersAndMuteWins) {
  StemGate gate;
  gate.set_solo(false, true);
  EXPECT_FALSE(gate.open());
  gate.set_solo(true, true);
  EXPECT_TRUE(gate.open());
  gate.set_mute(true);
  EXPECT_FALSE(gate.open());
  gate.set_mute(false);
  gate.set_solo(false, false);
  EXPECT_TRUE(gate.open());
}

TEST(StemGate, AskingTwiceDoesNotWaitTwiceAndTakingItBackCutsNothing) {
  StemGate gate;
  gate.prepare({48000});
  test::Stereo s(960);
  std::fill(s.left.begin(), s.left.end(), 0.5f);
  std::fill(s.right.begin(), s.right.end(), 0.5f);
  auto twice = s;
  test::run(
      twice, [&](float* l, float* r, int n) { gate.process(l, r, n); },
      [&](std::size_t at) {
        if (at > 0 && at <= 448) gate.set_mute(true);
      });
  EXPECT_EQ(twice.left[32 + 480 + 96], 0.0f);
  EXPECT_EQ(twice.left[32 + 470], 0.5f);
  StemGate other;
  other.prepare({48000});
  test::run(
      s, [&](float* l, float* r, int n) { other.process(l, r, n); },
      [&](std::size_t at) { other.set_mute(at > 0 && at < 320); });
  for (float x : s.left) ASSERT_EQ(x, 0.5f);
}

TEST(StemGate, IsIdenticalHoweverCut) {
  EXPECT_TRUE(test::cutting_does_not_matter(test::stereo_sine(80, 48000, 9600, 0.7), muting_gate));
  EXPECT_TRUE(test::cutting_does_not_matter(test::noise(9600, 1), muting_gate));
}

}  // namespace
}  // namespace tactus::dsp
