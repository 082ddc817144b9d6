#include "dsp/filter.h"

#include "dsp/signals.h"

namespace tactus::dsp {
namespace {

std::vector<float> response(double rate, float knob, float resonance) {
  Filter f;
  f.knob().jump(knob);
  f.resonance().jump(resonance);
  f.prepare({rate});
  test::Stereo s(static_cast<std::size_t>(rate / 2));
  s.left[0] = 1;
  test::run(s, [&](float* l, float* r, int n) { f.process(l, r, n); });
  EXPECT_EQ(test::rms(s.right, 0, s.size()), 0);
  return s.left;
}

TEST(Filter, PassesBitForBitInTheDeadZone) {
  for (float knob : {-0.019f, 0.0f, 0.019f}) {
    Filter f;
    f.prepare({48000});
    f.knob().jump(knob);
    const auto in = test::noise(5000, 1);
    auto out = in;
    test::run(out, [&](float* l, float* r, int n) { f.process(l, r, n); });
    EXPECT_TRUE(test::same_bits(in, out)) << knob;
  }
}

TEST(Filter, IsThreeDecibelsDownAtItsCutOffWithoutResonance) {
  for (double rate : test::kRates) {
    for (float knob : {-1.0f, -0.7f, -0.4f, 0.3f, 0.6f, 0.9f}) {
      const double hz = Filter::cutoff_hz(double{knob});
      EXPECT_NEAR(test::db(test::magnitude_at(response(rate, knob, 0), hz, rate)), -3.01, 0.1) << knob << " " << rate;
    }
  }
}

TEST(Filter, FallsTwelveDecibelsAnOctaveOutsideItsBandAndIsFlatInside) {
  const auto low = response(48000, -0.8f, 0), high = response(48000, 0.8f, 0);
  const double fl = Filter::cutoff_hz(-0.8), fh = Filter::cutoff_hz(0.8);
  const auto at = [](const std::vector<float>& h, double hz) { return test::db(test::magnitude_at(h, hz, 48000)); };
  EXPECT_NEAR(at(low, 4 * fl) - at(low, 8 * fl), 12, 0.5);
  EXPECT_NEAR(at(low, fl / 8), 0, 0.1);
  EXPECT_NEAR(at(high, fh / 4) - at(high, fh / 8), 12, 0.5);
  EXPECT_NEAR(at(high, 20000), 0, 0.2);
}

TEST(Filter, ResonanceLiftsTheCutOff) {
  for (float knob : {-0.7f, 0.7f}) {
    const double hz = Filter::cutoff_hz(double{knob});
    EXPECT_NEAR(test::db(test::magnitude_at(response(48000, knob, 1), hz, 48000)), 20, 0.5);
    EXPECT_LT(test::db(test::magnitude_at(response(48000, knob, 0.25f), hz, 48000)), 4);
  }
}

TEST(Filter, SweepsThroughTheMiddleWithoutAClick) {
  // From closed low-pass to closed high-pass in 50 ms and in 5 ms: a bass tone that passes may only fade.
  for (int length : {2400, 240}) {
    Filter f;
    f.prepare({48000});
    f.knob().jump(-1);
    auto s = test::stereo_sine(50, 48000, 24000, 0.5);
    test::run(
        s, [&](float* l, float* r, int n) { f.process(l, r, n); },
        [&](std::size_t at) {
          if (at == 9600) f.knob().to(1, length);
          if (at == 16000) f.knob().to(-1, length);
        });
    double worst = 0;
    for (std::size_t i = 2; i < s.size(); ++i) {
      ASSERT_LT(std::abs(s.left[i]), 1.0f) << i;
      worst = std::max(worst, std::abs(double{s.left[i]} - double{s.left[i - 1]}));
    }
    EXPECT_LT(worst, 0.03) << length;  // the tone's own step is 0.003
  }
}

TEST(Filter, IsIdenticalHoweverCutWhileSwept) {
  for (double rate : test::kRates) {
    EXPECT_TRUE(test::cutting_does_not_matter(test::noise(6000, 1), [rate] {
      Filter f;
      f.prepare({rate});
      return [f](test::Stereo& s, unsigned seed) mutable {
        test::run(
            s, [&](float* l, float* r, int n) { f.process(l, r, n); },
            [&](std::size_t at) {
              if (at == 320) f.knob().to(-0.9f, 1111);
              if (at == 1600) f.knob().to(0.8f, 640, Curve::s_curve);
              if (at == 1920) f.resonance().to(1, 300);
              if (at == 4800) f.knob().to(0, 240);
            },
            seed);
      };
    }));
  }
}

TEST(Filter, StaysBoundedUnderWildAutomation) {
  Filter f;
  f.prepare({44100});
  f.resonance().jump(1);
  auto s = test::noise(96000, 1);
  test::run(
      s, [&](float* l, float* r, int n) { f.process(l, r, n); },
      [&](std::size_t at) {
        if (at % 64 == 0) f.knob().to(at % 128 == 0 ? 1.0f : -1.0f, 60);
      });
  for (float x : s.left) ASSERT_LT(std::abs(x), 20.0f);
}

}  // namespace
}  // namespace tactus::dsp
