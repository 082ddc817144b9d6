#include "dsp/limiter.h"

#include <ebur128.h>

#include "dsp/signals.h"

namespace tactus::dsp {
namespace {

// By ITU-R BS.1770 annex 2, 48 taps in 4 phases.
double itu_peak(const std::vector<float>& x) {
  constexpr double kHalf[2][12] = {
      {0.0017089843750, 0.0109863281250, -0.0196533203125, 0.0332031250000, -0.0594482421875, 0.1373291015625,
       0.9721679687500, -0.1022949218750, 0.0476074218750, -0.0266113281250, 0.0148925781250, -0.0083007812500},
      {-0.0291748046875, 0.0292968750000, -0.0517578125000, 0.0891113281250, -0.1665039062500, 0.4650878906250,
       0.7797851562500, -0.2003173828125, 0.1015625000000, -0.0582275390625, 0.0330810546875, -0.0189208984375}};
  double peak = 0;
  for (std::size_t i = 11; i < x.size(); ++i) {
    for (int phase = 0; phase < 4; ++phase) {
      double sum = 0;
      for (std::size_t k = 0; k < 12; ++k) {
        const double c = phase < 2 ? kHalf[phase][k] : kHalf[3 - phase][11 - k];
        sum += c * double{x[i - k]};
      }
      peak = std::max(peak, std::abs(sum));
    }
  }
  return test::db(peak);
}

// By libebur128. It oversamples 4x below 96 kHz only, so it is told 48 kHz whatever the rate.
double ebur128_peak(const test::Stereo& s) {
  ebur128_state* state = ebur128_init(2, 48000, EBUR128_MODE_TRUE_PEAK);
  std::vector<float> pcm;
  for (std::size_t i = 0; i < s.size(); ++i) pcm.insert(pcm.end(), {s.left[i], s.right[i]});
  ebur128_add_frames_float(state, pcm.data(), s.size());
  double l = 0, r = 0;
  ebur128_true_peak(state, 0, &l);
  ebur128_true_peak(state, 1, &r);
  ebur128_destroy(&state);
  return test::db(std::max(l, r));
}

test::Stereo limited(test::Stereo s, double rate, float* lowest = nullptr) {
  Limiter limiter;
  limiter.prepare({rate});
  test::run(s, [&](float* l, float* r, int n) { limiter.process(l, r, n); });
  if (lowest) *lowest = limiter.take_lowest_gain();
  return s;
}

struct Hostile {
  const char* name;
  test::Stereo signal;
};

std::vector<Hostile> hostile_signals(double rate) {
  const std::size_t n = 24000;
  std::vector<Hostile> all;
  all.push_back({"noise at +12 dB", test::noise(n, 4)});
  test::Stereo square(n), bursts(n), impulses(n), quarter(n), late(n), alternating(n);
  std::mt19937 random(5);
  for (std::size_t i = 0; i < n; ++i) {
    square.left[i] = std::fmod(static_cast<double>(i) * 997 / rate, 1.0) < 0.5 ? 4.0f : -4.0f;
    square.right[i] = std::fmod(static_cast<double>(i) * 61 / rate, 1.0) < 0.5 ? 2.0f : -2.0f;
    bursts.left[i] = bursts.right[i] =
        (i / 1500) % 2 ? 4.0f * static_cast<float>(std::sin(0.9 * static_cast<double>(i))) : 0.1f;
    impulses.left[i] = i % 701 == 0 ? 8.0f : 0.0f;
    impulses.right[i] = i % 53 == 0 ? -3.0f : (i % 53 == 1 ? 3.0f : 0.0f);
    // A quarter of the rate at 45 degrees: samples at 0.707 of the peak between them.
    quarter.left[i] = 1.4f * static_cast<float>(std::sin(test::kPi / 2 * static_cast<double>(i) + test::kPi / 4));
    quarter.right[i] = static_cast<float>(std::sin(test::kPi / 2 * static_cast<double>(i) + test::kPi / 4));
    late.left[i] = i < 12000 ? 0.0f : (random() % 2 ? 16.0f : -16.0f);
    alternating.left[i] = (i % 2 ? 1.0f : -1.0f) * (i < 9000 ? 0.98f : 2.0f);
    alternating.right[i] = (i / 2 % 2 ? 1.0f : -1.0f) * (i % 4000 < 30 ? 4.0f : 0.5f);
  }
  all.push_back({"square waves", square});
  all.push_back({"tone bursts", bursts});
  all.push_back({"impulses", impulses});
  all.push_back({"peaks between samples", quarter});
  all.push_back({"random signs out of silence", late});
  all.push_back({"alternating signs", alternating});
  test::Stereo mixed = test::noise(n, 1.2, 9);
  for (std::size_t i = 0; i < n; ++i) mixed.left[i] += test::sine(55, rate, 1, 1, static_cast<double>(i) * 0.0072)[0];
  all.push_back({"noise on a bass", mixed});
  return all;
}

TEST(Limiter, NothingExceedsTheCeilingWhateverComes) {
  for (double rate : test::kRates) {
    for (const auto& hostile : hostile_signals(rate)) {
      const auto out = limited(hostile.signal, rate);
      const double itu = std::max(itu_peak(out.left), itu_peak(out.right)), ebu = ebur128_peak(out);
      EXPECT_LE(itu, Limiter::kCeilingDb) << hostile.name << " at " << rate;
      EXPECT_LE(ebu, Limiter::kCeilingDb) << hostile.name << " at " << rate;
      EXPECT_GT(itu, -6) << hostile.name << ": limited, not squashed";
    }
  }
}

// The peak of a signal after the limiter, by its own detector: what an adversary would maximise.
double peak_after(test::Stereo s) {
  Limiter limiter;
  limiter.prepare({48000});
  test::run(s, [&](float* l, float* r, int n) { limiter.process(l, r, n); });
  TruePeakDetector detector;
  float peak = 0;
  for (std::size_t i = 0; i < s.size(); ++i) peak = std::max(peak, detector.push(s.left[i], s.right[i], 0));
  return test::db(double{peak});
}

TEST(Limiter, AnAdversaryWhoClimbsFindsNoWayAboveTheCeiling) {
  std::mt19937 random(7);
  std::normal_distribution<float> normal(0, 1);
  for (int start = 0; start < 6; ++start) {
    test::Stereo s(260);
    for (std::size_t i = 60; i < 140; ++i) s.left[i] = 0.6f * normal(random);
    s.left[108 + random() % 50] = 20;
    double best = peak_after(s);
    for (int i = 0; i < 4000; ++i) {
      test::Stereo t = s;
      for (auto k = 1 + random() % 4; k > 0; --k) {
        float& x = t.left[60 + random() % 80];
        x += (i % 3 ? 0.1f : 0.5f) * normal(random) * (std::abs(x) > 3 ? 10 : 1);
      }
      const double peak = peak_after(t);
      if (peak < best) continue;
      best = peak;
      s = t;
    }
    EXPECT_LE(best, Limiter::kCeilingDb);
    EXPECT_GT(best, Limiter::kThresholdDb) << "the climb got nowhere: the test shows nothing";
  }
}

TEST(Limiter, IdlePassesBitForBitAfterItsLatency) {
  for (double rate : test::kRates) {
    const auto in = test::noise(20000, 0.45);
    float lowest = 0;
    const auto out = limited(in, rate, &lowest);
    EXPECT_EQ(lowest, 1.0f);
    const std::size_t d = Limiter::kLatency;
    EXPECT_TRUE(test::same_bits({out.left.begin() + static_cast<std::ptrdiff_t>(d), out.left.end()},
                                {in.left.begin(), in.left.end() - static_cast<std::ptrdiff_t>(d)}));
    for (std::size_t i = 0; i < d; ++i) ASSERT_EQ(out.left[i], 0.0f);
  }
}

TEST(Limiter, RecoversToExactlyOne) {
  auto s = test::noise(200000, 0.3);
  for (std::size_t i = 5000; i < 5100; ++i) s.left[i] *= 20;
  float lowest = 1;
  const auto out = limited(s, 48000, &lowest);
  EXPECT_LT(lowest, 0.3f);
  const std::size_t d = Limiter::kLatency;
  for (std::size_t i = 150000; i < 200000 - d; ++i) ASSERT_EQ(out.right[i + d], s.right[i]);
}

TEST(Limiter, BothSidesGetTheSameGain) {
  test::Stereo s = test::stereo_sine(440, 48000, 20000, 0.5);
  for (std::size_t i = 8000; i < 9000; ++i) s.right[i] *= 6;
  const auto out = limited(s, 48000);
  const std::size_t d = Limiter::kLatency;
  for (std::size_t i = 0; i + d < s.size(); ++i) {
    const double left = double{out.left[i + d]} * double{s.right[i]},
                 right = double{out.right[i + d]} * double{s.left[i]};
    ASSERT_NEAR(left, right, 1e-6) << i;
  }
}

TEST(Limiter, ReportsItsLowestGain) {
  Limiter limiter;
  limiter.prepare({48000});
  auto s = test::stereo_sine(1000, 48000, 9600, 2);
  test::run(s, [&](float* l, float* r, int n) { limiter.process(l, r, n); });
  EXPECT_NEAR(test::db(double{limiter.take_lowest_gain()}), -6.02 - 0.2, 0.1);
  EXPECT_EQ(limiter.take_lowest_gain(), 1.0f);
}

TEST(Limiter, ASteadyToneIsLoweredWithoutDistortion) {
  const auto out = limited(test::stereo_sine(1000, 48000, 48000, 2), 48000);
  const auto fit = test::fit_tone(out.left, 1000, 48000, 24000, 48000);
  EXPECT_LT(test::db(fit.rest_rms / fit.amplitude), -60);
}

TEST(Limiter, IsIdenticalHoweverCut) {
  for (double rate : test::kRates) {
    auto s = test::noise(12000, 0.8);
    for (std::size_t i = 4000; i < 5000; ++i) s.left[i] *= 5;
    EXPECT_TRUE(test::cutting_does_not_matter(s, [rate] {
      Limiter limiter;
      limiter.prepare({rate});
      return [limiter](test::Stereo& x, unsigned seed) mutable {
        test::run(
            x, [&](float* l, float* r, int n) { limiter.process(l, r, n); }, {}, seed);
      };
    }));
  }
}

TEST(TruePeak, NoPointExceedsTheStatedGain) {
  // The worst input has the sign of every tap: its response is the sum of their magnitudes.
  for (int quarter = 0; quarter < 200; ++quarter) {
    TruePeakDetector d;
    std::mt19937 random(static_cast<unsigned>(quarter));
    float worst = 0;
    for (int i = 0; i < 4000; ++i) worst = std::max(worst, d.push(random() % 2 ? 1.0f : -1.0f, 0, 0));
    ASSERT_LT(worst, TruePeakDetector::kGain);
  }
}

}  // namespace
}  // namespace tactus::dsp
