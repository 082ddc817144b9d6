#include "dsp/eq.h"

#include "dsp/signals.h"

namespace tactus::dsp {
namespace {

// The impulse response of an equaliser whose gains have stood for long.
std::vector<float> response(double rate, float low, float mid, float high) {
  Eq eq;
  eq.prepare({rate});
  eq.gain(Eq::low).jump(low);
  eq.gain(Eq::mid).jump(mid);
  eq.gain(Eq::high).jump(high);
  test::Stereo s(static_cast<std::size_t>(rate / 2));
  s.left[0] = 1;
  test::run(s, [&](float* l, float* r, int n) { eq.process(l, r, n); });
  EXPECT_EQ(test::rms(s.right, 0, s.size()), 0) << "the sides are separate";
  return s.left;
}

TEST(Eq, AtUnityTheBandsAddUpToTheInput) {
  for (double rate : test::kRates) {
    const auto h = response(rate, 1, 1, 1);
    for (double hz = 20; hz <= 20000; hz *= 1.03) {
      ASSERT_NEAR(test::db(test::magnitude_at(h, hz, rate)), 0, 0.01) << hz << " Hz at " << rate;
    }
  }
}

TEST(Eq, AnImpulseSoundsInItsOwnFrame) {
  for (double rate : test::kRates) {
    const auto h = response(rate, 1, 1, 1);
    EXPECT_GT(std::abs(h[0]), 0.1f) << rate;
  }
}

TEST(Eq, AKilledBandIsGone) {
  for (double rate : test::kRates) {
    const double low = std::sqrt(20 * Eq::kLowSplit), mid = std::sqrt(Eq::kLowSplit * Eq::kHighSplit);
    const double high = std::sqrt(Eq::kHighSplit * 20000);
    struct {
      double hz;
      float low, mid, high;
    } const kills[] = {{low, 0, 1, 1},  {mid, 1, 0, 1},   {high, 1, 1, 0},
                       {1000, 1, 0, 1}, {10000, 1, 1, 0}, {50, 0, 1, 1}};
    for (const auto& kill : kills) {
      const auto h = response(rate, kill.low, kill.mid, kill.high);
      EXPECT_LT(test::db(test::magnitude_at(h, kill.hz, rate)), -80) << kill.hz << " Hz at " << rate;
      // ... and the others are still there.
      for (const auto& other : kills) {
        const bool same = other.low == kill.low && other.mid == kill.mid && other.high == kill.high;
        if (same) continue;
        EXPECT_NEAR(test::db(test::magnitude_at(h, other.hz, rate)), 0, 0.1) << other.hz;
      }
    }
    const auto silence = response(rate, 0, 0, 0);
    EXPECT_EQ(test::rms(silence, 0, silence.size()), 0);
  }
}

TEST(Eq, AGainIsThatGainInItsBand) {
  const auto h = response(48000, 2, 0.5f, 1);
  EXPECT_NEAR(test::db(test::magnitude_at(h, 60, 48000)), 6.02, 0.05);
  EXPECT_NEAR(test::db(test::magnitude_at(h, 760, 48000)), -6.02, 0.05);
  EXPECT_NEAR(test::db(test::magnitude_at(h, 9000, 48000)), 0, 0.05);
}

TEST(Eq, CrossesAtHalfOfItsAmplitude) {
  EXPECT_NEAR(test::db(test::magnitude_at(response(48000, 1, 0, 0), Eq::kLowSplit, 48000)), -6.02, 0.01);
  EXPECT_NEAR(test::db(test::magnitude_at(response(48000, 0, 0, 1), Eq::kHighSplit, 48000)), -6.02, 0.01);
}

TEST(Eq, IsIdenticalHoweverCutWhileGainsMove) {
  for (double rate : test::kRates) {
    EXPECT_TRUE(test::cutting_does_not_matter(test::noise(6000, 1), [rate] {
      Eq eq;
      eq.prepare({rate});
      return [eq](test::Stereo& s, unsigned seed) mutable {
        test::run(
            s, [&](float* l, float* r, int n) { eq.process(l, r, n); },
            [&](std::size_t at) {
              if (at == 640) eq.gain(Eq::low).to(0, 240);
              if (at == 672) eq.gain(Eq::high).to(4, 1000, Curve::exponential);
              if (at == 3200) eq.gain(Eq::low).to(1, 240, Curve::s_curve);
            },
            seed);
      };
    }));
  }
}

TEST(Eq, KillingTheBassMakesNoClick) {
  Eq eq;
  eq.prepare({48000});
  auto s = test::stereo_sine(60, 48000, 24000, 0.9);
  test::run(
      s, [&](float* l, float* r, int n) { eq.process(l, r, n); },
      [&](std::size_t at) {
        if (at == 9600) eq.gain(Eq::low).to(0, default_ramp_frames({48000}));
      });
  // A click is a jump in slope: the second difference of a 60 Hz sine is tiny, a 5 ms ramp's is small.
  for (std::size_t i = 9000; i < 24000; ++i) {
    ASSERT_LT(std::abs(s.left[i] - 2 * s.left[i - 1] + s.left[i - 2]), 0.006f) << i;
  }
  EXPECT_LT(test::db(test::rms(s.left, 20000, 24000)), -80);
}

}  // namespace
}  // namespace tactus::dsp
