#include "dsp/ramp.h"

#include <random>

#include "dsp/gain.h"
#include "dsp/signals.h"

namespace tactus::dsp {
namespace {

constexpr Curve kCurves[] = {Curve::linear, Curve::equal_power, Curve::exponential, Curve::s_curve};

TEST(Ramp, ReachesItsTargetInExactlyItsLength) {
  for (Curve curve : kCurves) {
    for (int length : {1, 3, 240, 7919}) {
      Ramp r(0.25f);
      r.to(-0.5f, length, curve);
      for (int i = 0; i + 1 < length; ++i) ASSERT_GT(r.next(), -0.5f) << i;
      EXPECT_EQ(r.next(), -0.5f);
      EXPECT_FALSE(r.active());
      EXPECT_EQ(r.next(), -0.5f);
    }
  }
}

TEST(Ramp, OfNoLengthActsInTheNextFrame) {
  Ramp r(1);
  r.to(0, 0);
  EXPECT_EQ(r.value(), 1.0f);
  EXPECT_EQ(r.next(), 0.0f);
}

TEST(Ramp, IsMonotonicAndNeverLeavesItsRange) {
  for (Curve curve : kCurves) {
    for (float target : {1.0f, -1.0f}) {
      Ramp r(0);
      r.to(target, 1000, curve);
      float last = 0;
      for (int i = 0; i < 1000; ++i) {
        const float v = r.next();
        ASSERT_GE(v * target, last * target);
        ASSERT_LE(v * target, 1.0f);
        last = v;
      }
    }
  }
}

TEST(Ramp, ManyAtOnceAreTheSameToTheBit) {
  std::mt19937 random(4);
  const auto pick = [&](int most) { return static_cast<int>(random() % static_cast<unsigned>(most)); };
  Ramp one(0.3f), many(0.3f);
  for (int move = 0; move < 2000; ++move) {
    const float target = static_cast<float>(pick(2001) - 1000) * 1e-3f;
    const Curve curve = kCurves[pick(3) == 0 ? pick(4) : 0];
    if (pick(4) == 0) {
      const double progress = 0.01 * pick(110) - 0.05, growth = 1e-4 * pick(100);
      for (Ramp* r : {&one, &many}) {
        r->to_driven(target, curve);
        r->drive(progress, growth);
      }
    } else {
      const int length = pick(300);
      for (Ramp* r : {&one, &many}) r->to(target, length, curve);
    }
    for (int part = pick(6); part >= 0; --part) {
      float out[64];
      const int n = 1 + pick(64);
      many.fill(out, n);
      for (int i = 0; i < n; ++i) ASSERT_EQ(one.next(), out[i]) << move << ", " << i;
      ASSERT_EQ(one.value(), many.value());
      ASSERT_EQ(one.active(), many.active());
    }
  }
}

TEST(Ramp, RetargetingStartsFromTheCurrentValue) {
  Ramp r(0);
  r.to(1, 100);
  for (int i = 0; i < 50; ++i) r.next();
  const float here = r.value();
  EXPECT_NEAR(here, 0.5f, 1e-6f);
  r.to(0, 100, Curve::s_curve);
  EXPECT_NEAR(r.next(), here, 0.001f);
}

TEST(Ramp, CurvesAreWhatTheyAreCalled) {
  for (double p = 0; p <= 1; p += 0.01) {
    EXPECT_NEAR(curve_at(Curve::equal_power, p, true), std::sin(p * test::kPi / 2), 1e-8);
    const double rise = curve_at(Curve::equal_power, p, true), fall = 1 - curve_at(Curve::equal_power, p, false);
    EXPECT_NEAR(rise * rise + fall * fall, 1, 1e-7) << p;
    EXPECT_NEAR(curve_at(Curve::exponential, p, true), (std::pow(1000, p) - 1) / 999, 1e-7);
    EXPECT_NEAR(1 - curve_at(Curve::exponential, p, false), curve_at(Curve::exponential, 1 - p, true), 1e-12);
    EXPECT_NEAR(curve_at(Curve::s_curve, p, true) + curve_at(Curve::s_curve, 1 - p, true), 1, 1e-12);
  }
  for (double x = -40; x < 40; x += 0.37) EXPECT_NEAR(exp2_poly(x) / std::exp2(x), 1, 1e-8) << x;
}

TEST(Ramp, DrivenByProgressFollowsItAndIgnoresHowSegmentsAreCut) {
  // Progress is given at grid points only; the tempo doubles half way.
  const auto path = [](int step) {
    Ramp r(0);
    r.to_driven(1);
    EXPECT_EQ(r.next(), 0.0f) << "stands still until driven";
    r.drive(0, 1 / 640.0);
    std::vector<float> v;
    for (int i = 0; i < 600; ++i) {
      if (i == 320) r.drive(0.5, 1 / 320.0);
      if (i % step == 0 && i < 320) r.drive(i / 640.0, 1 / 640.0);
      v.push_back(r.next());
    }
    EXPECT_FALSE(r.active());
    return v;
  };
  const auto v = path(32);
  EXPECT_EQ(v[0], 0.0f);
  EXPECT_FLOAT_EQ(v[160], 0.25f);
  EXPECT_FLOAT_EQ(v[480], 1.0f);
  for (std::size_t i = 1; i < v.size(); ++i) ASSERT_LT(v[i] - v[i - 1], 1.01f / 320);
  EXPECT_EQ(path(64), v);
}

TEST(Gain, RampedIsFreeOfStepsAndIdenticalHoweverCut) {
  const auto make = [] {
    return [gain = Ramp(1)](test::Stereo& s, unsigned seed) mutable {
      test::run(
          s, [&](float* l, float* r, int n) { apply_gain(l, r, n, gain); },
          [&](std::size_t at) {
            if (at == 960) gain.to(0, 777, Curve::exponential);
            if (at == 1920) gain.to(1, 500, Curve::equal_power);
            if (at == 2560) gain.to(0, 240);
          },
          seed);
    };
  };
  EXPECT_TRUE(test::cutting_does_not_matter(test::noise(4000, 1), make));
  test::Stereo dc(4000);
  std::fill(dc.left.begin(), dc.left.end(), 1.0f);
  make()(dc, 0);
  EXPECT_EQ(dc.left[959], 1.0f);
  EXPECT_EQ(dc.left.back(), 0.0f);
  for (std::size_t i = 1; i < dc.size(); ++i) ASSERT_LT(std::abs(dc.left[i] - dc.left[i - 1]), 0.01f) << i;
}

TEST(Gain, MixInAddsTheRampedSource) {
  test::Stereo bus = test::noise(64, 0.5, 3), source = test::noise(64, 0.5, 4);
  const test::Stereo before = bus;
  Ramp gain(0.5f);
  mix_in(bus.left.data(), bus.right.data(), source.left.data(), source.right.data(), 64, gain);
  for (std::size_t i = 0; i < 64; ++i) EXPECT_EQ(bus.left[i], before.left[i] + 0.5f * source.left[i]);
}

TEST(Crossfader, EndsAreExactAndEachCurveKeepsItsPromise) {
  for (auto curve : {CrossfaderCurve::smooth, CrossfaderCurve::constant_power, CrossfaderCurve::cut}) {
    EXPECT_EQ(crossfader_gains(curve, -1).left, 1.0f);
    EXPECT_EQ(crossfader_gains(curve, -1).right, 0.0f);
    EXPECT_EQ(crossfader_gains(curve, 1).left, 0.0f);
    EXPECT_EQ(crossfader_gains(curve, 1).right, 1.0f);
    for (float x = -1; x <= 1; x += 0.01f) {
      EXPECT_NEAR(crossfader_gains(curve, x).left, crossfader_gains(curve, -x).right, 1e-6f);
    }
  }
  for (float x = -1; x <= 1; x += 0.01f) {
    const auto smooth = crossfader_gains(CrossfaderCurve::smooth, x);
    EXPECT_NEAR(smooth.left + smooth.right, 1, 1e-6f);
    const auto power = crossfader_gains(CrossfaderCurve::constant_power, x);
    EXPECT_NEAR(power.left * power.left + power.right * power.right, 1, 1e-6f);
    const auto cut = crossfader_gains(CrossfaderCurve::cut, x);
    if (std::abs(x) < 0.89f) {
      EXPECT_EQ(cut.left, 1.0f);
      EXPECT_EQ(cut.right, 1.0f);
    }
  }
}

TEST(Fader, RunsFromSilenceToUnity) {
  EXPECT_EQ(fader_gain(0), 0.0f);
  EXPECT_EQ(fader_gain(1), 1.0f);
  EXPECT_NEAR(test::db(double{fader_gain(0.5f)}), -12.04, 0.01);
}

}  // namespace
}  // namespace tactus::dsp
