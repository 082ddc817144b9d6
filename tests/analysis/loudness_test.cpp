// The meter against the signals that EBU Tech 3341 and 3342 (2023) define by formula: sines and steps of known level.
#include "analysis/loudness.h"

#include <ebur128.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <numbers>
#include <random>
#include <vector>

#include "analysis/true_peak.h"

namespace tactus::analysis {
namespace {

constexpr double kPi = std::numbers::pi;

struct Step {
  double dbfs, seconds;
};

struct Metered {
  double lufs, lra;
};

// 1 kHz in both channels, its level in steps.
Metered metered(const std::vector<Step>& steps, int rate) {
  LoudnessMeter meter(rate);
  double phase = 0;
  std::vector<float> pcm;
  for (const Step& step : steps) {
    pcm.clear();
    for (int i = 0; i < static_cast<int>(step.seconds * rate); ++i, phase += 2000 * kPi / rate) {
      const auto v = static_cast<float>(std::pow(10, step.dbfs / 20) * std::sin(phase));
      pcm.insert(pcm.end(), {v, v});
    }
    meter.feed(pcm);
  }
  return {meter.lufs(), meter.lra()};
}

TEST(Loudness, IntegratedAsTech3341Defines) {
  EXPECT_NEAR(metered({{-23, 20}}, 48000).lufs, -23, 0.1) << "test 1";
  EXPECT_NEAR(metered({{-23, 20}}, 44100).lufs, -23, 0.1) << "test 1";
  EXPECT_NEAR(metered({{-33, 20}}, 44100).lufs, -33, 0.1) << "test 2";
  EXPECT_NEAR(metered({{-36, 10}, {-23, 60}, {-36, 10}}, 48000).lufs, -23, 0.1) << "test 3, the relative gate";
  EXPECT_NEAR(metered({{-72, 10}, {-36, 10}, {-23, 60}, {-36, 10}, {-72, 10}}, 44100).lufs, -23, 0.1)
      << "test 4, both gates";
  EXPECT_NEAR(metered({{-26, 20}, {-20, 20.1}, {-26, 20}}, 48000).lufs, -23, 0.1) << "test 5";
}

TEST(Loudness, RangeAsTech3342Defines) {
  EXPECT_NEAR(metered({{-20, 20}, {-30, 20}}, 48000).lra, 10, 0.2) << "test 1";
  EXPECT_NEAR(metered({{-20, 20}, {-15, 20}}, 44100).lra, 5, 0.2) << "test 2";
  EXPECT_NEAR(metered({{-40, 20}, {-20, 20}}, 48000).lra, 20, 0.2) << "test 3";
  EXPECT_NEAR(metered({{-50, 20}, {-35, 20}, {-20, 20}, {-35, 20}, {-50, 20}}, 44100).lra, 15, 0.2) << "test 4";
}

TEST(Loudness, OfSilenceAndOfAMoment) {
  EXPECT_EQ(metered({{-200, 5}}, 48000).lufs, -std::numeric_limits<double>::infinity());
  EXPECT_EQ(metered({{-200, 5}}, 48000).lra, 0);
  EXPECT_EQ(metered({{-20, 0.1}}, 48000).lra, 0);
  EXPECT_EQ(LoudnessMeter(48000).true_peak_db(), -std::numeric_limits<double>::infinity());
}

TEST(Loudness, BrokenSamplesCountAsSilence) {
  LoudnessMeter meter(48000);
  std::vector<float> pcm(2 * 48000, std::numeric_limits<float>::quiet_NaN());
  pcm[1000] = std::numeric_limits<float>::infinity();
  meter.feed(pcm);
  EXPECT_EQ(meter.true_peak_db(), -std::numeric_limits<double>::infinity());
  EXPECT_EQ(meter.lufs(), -std::numeric_limits<double>::infinity());
}

double db(double linear) { return 20 * std::log10(linear); }

double peak_db(const std::vector<float>& pcm) {
  TruePeak peak;
  peak.feed(pcm);
  return db(peak.highest());
}

std::vector<float> sine(double of_the_rate, double degrees, double gain) {
  std::vector<float> pcm;
  for (int i = 0; i < 24000; ++i) {
    // Faded in, for a sine that begins at once does rise higher.
    const double fade = std::min(1.0, i / 2400.0);
    const auto v = static_cast<float>(fade * gain * std::sin(2 * kPi * of_the_rate * i + degrees * kPi / 180));
    pcm.insert(pcm.end(), {v, v});
  }
  return pcm;
}

TEST(TruePeak, AsTech3341Defines) {
  // Tests 15 to 19: none of their samples is the wave's top but in the first. Allowed there: +0.2, -0.4; here 0.2.
  EXPECT_NEAR(peak_db(sine(1 / 4.0, 0, 0.5)), -6, 0.2);
  EXPECT_NEAR(peak_db(sine(1 / 4.0, 45, 0.5)), -6, 0.2);
  EXPECT_NEAR(peak_db(sine(1 / 6.0, 60, 0.5)), -6, 0.2);
  EXPECT_NEAR(peak_db(sine(1 / 8.0, 67.5, 0.5)), -6, 0.2);
  EXPECT_NEAR(peak_db(sine(1 / 4.0, 45, 1.41)), 3, 0.2);
}

TEST(TruePeak, OfAPulseBetweenTwoSamples) {
  // Tests 20 to 23 have a pulse made at four times the rate, whose top lies on a sample or one to three quarters
  // behind.
  for (int quarter = 0; quarter < 4; ++quarter) {
    std::vector<float> pcm(4000, 0.0f);
    for (int i = 0; i < 2000; ++i) {
      // A sinc of half the bandwidth under a Gauss bell.
      const double x = (i - 1000 - quarter / 4.0) / 2;
      const double sinc = x == 0 ? 1 : std::sin(kPi * x) / (kPi * x);
      pcm[static_cast<std::size_t>(2 * i + 1)] = static_cast<float>(sinc * std::exp(-x * x / 50));
    }
    EXPECT_NEAR(peak_db(pcm), 0, 0.2) << quarter;
  }
}

TEST(TruePeak, IsLibebur128sWhateverThePiecesAre) {
  std::mt19937 random(7);
  std::normal_distribution<float> noise(0, 0.2f);
  for (int trial = 0; trial < 4; ++trial) {
    std::vector<float> pcm;
    for (int i = 0; i < 30000; ++i) pcm.push_back(noise(random) * (i % 9000 < 3000 ? 1.0f : 0.3f));
    const std::unique_ptr<ebur128_state, void (*)(ebur128_state*)> theirs(
        ebur128_init(2, 48000, EBUR128_MODE_TRUE_PEAK), [](ebur128_state* s) { ebur128_destroy(&s); });
    ASSERT_EQ(ebur128_add_frames_float(theirs.get(), pcm.data(), pcm.size() / 2), EBUR128_SUCCESS);
    double left = 0, right = 0;
    ebur128_true_peak(theirs.get(), 0, &left);
    ebur128_true_peak(theirs.get(), 1, &right);
    TruePeak ours;
    for (std::size_t at = 0; at < pcm.size();) {
      const std::size_t n = std::min(pcm.size() - at, 2 * std::uniform_int_distribution<std::size_t>(1, 900)(random));
      ours.feed({pcm.data() + at, n});
      at += n;
    }
    EXPECT_NEAR(db(ours.highest()), db(std::max(left, right)), 0.02);
    EXPECT_EQ(db(ours.highest()), peak_db(pcm));
  }
}

}  // namespace
}  // namespace tactus::analysis
