// What the beat network is given: levels and times that are right, whatever the rate, the pieces and the gain.
#include "analysis/spectra.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <random>

#include "analysis/network.h"
#include "analysis/network_input.h"
#include "analysis/network_reference.h"

namespace tactus::analysis {
namespace {

std::vector<float> tone(double hz, double gain, double seconds, int rate) {
  std::vector<float> out(static_cast<std::size_t>(seconds * rate));
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i] = static_cast<float>(gain * std::sin(2 * std::numbers::pi * hz * static_cast<double>(i) / rate));
  }
  return out;
}

std::vector<SpectrumFrame> spectra_of(const std::vector<float>& mono, int rate) {
  SpectraExtractor extractor(rate);
  extractor.feed(mono);
  return extractor.finish();
}

double strongest_db(const SpectrumFrame& f) { return *std::max_element(f.wide.begin(), f.wide.end()) / 2.0 - 100; }

TEST(Spectra, LevelsAreThoseOfTheSine) {
  for (const int rate : {8000, 44100, 48000, 96000}) {
    for (const double db : {0.0, -20.0, -60.0}) {
      const auto frames = spectra_of(tone(1000, std::pow(10, db / 20), 2, rate), rate);
      ASSERT_EQ(frames.size(), 100u);
      // A sine between two bands is shared by them, and a window is wider than a bin.
      EXPECT_NEAR(strongest_db(frames[50]), db, 4) << rate;
      // Two octaves off there is nothing.
      const SpectrumFrame& f = frames[50];
      const auto top = std::max_element(f.wide.begin(), f.wide.end()) - f.wide.begin();
      EXPECT_LT(f.wide[static_cast<std::size_t>(top - 14)] / 2.0 - 100, std::max(-98.0, db - 60)) << rate;
    }
  }
}

TEST(Spectra, AClickIsInTheFrameOfItsTime) {
  for (const int rate : {44100, 48000}) {
    for (const double at : {0.5, 0.51, 0.73, 1.2}) {
      std::vector<float> mono(static_cast<std::size_t>(2 * rate), 0.0f);
      mono[static_cast<std::size_t>(at * rate)] = 1;
      const auto frames = spectra_of(mono, rate);
      double best = -1, where = 0;
      for (std::size_t i = 0; i < frames.size(); ++i) {
        for (std::size_t half = 0; half < 2; ++half) {
          double sum = 0;
          for (const auto v : frames[i].fast[half]) sum += v;
          if (sum > best) {
            best = sum;
            where = (static_cast<double>(i) + 0.5 * static_cast<double>(half)) * kFrameSeconds;
          }
        }
      }
      EXPECT_NEAR(where, at, 0.0051) << rate;
    }
  }
}

TEST(Spectra, PiecesOfAnySizeGiveTheSame) {
  const std::vector<float> mono = tone(440, 0.5, 3, 44100);
  SpectraExtractor pieces(44100);
  std::size_t at = 0, piece = 1;
  while (at < mono.size()) {
    const std::size_t n = std::min(piece, mono.size() - at);
    pieces.feed(std::span(mono).subspan(at, n));
    at += n;
    piece = piece * 7 % 9973 + 1;
  }
  const auto a = spectra_of(mono, 44100), b = pieces.finish();
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i].wide, b[i].wide);
    EXPECT_EQ(a[i].fast, b[i].fast);
  }
}

TEST(NetworkInput, IsTheSameAtAnyGain) {
  const auto input = [](float gain) {
    FeatureExtractor extractor(44100);
    std::vector<float> stereo;
    for (const float v : tone(330, 0.5, 4, 44100)) stereo.insert(stereo.end(), {gain * v, gain * v});
    extractor.feed(stereo);
    return network_input(extractor.finish());
  };
  const auto loud = input(1), quiet = input(0.1f);
  ASSERT_EQ(loud.size(), quiet.size());
  ASSERT_EQ(loud.size(), 200u * kInputRows);
  for (std::size_t i = 100 * kInputRows; i < 101 * kInputRows; ++i) {
    // Half a decibel of rounding; what lies below the quiet one's floor is lost.
    if (quiet[i] > 60) {
      EXPECT_NEAR(loud[i], quiet[i], 1) << i % kInputRows;
    }
  }
}

TEST(Network, MakesOfItsWeightsWhatTheTrainingSaw) {
  std::vector<std::uint8_t> input(200 * kInputRows);
  std::uint32_t state = 1;
  for (auto& v : input) {
    state = state * 1664525 + 1013904223;
    v = static_cast<std::uint8_t>(state >> 24);
  }
  const Activations a = run_network(input);
  ASSERT_EQ(a.beat.size(), 200u);
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_NEAR(a.beat[40 * i], kNetworkReference[0][i], 2e-4);
    EXPECT_NEAR(a.downbeat[40 * i], kNetworkReference[1][i], 2e-4);
    EXPECT_NEAR(a.section[40 * i], kNetworkReference[2][i], 2e-4);
    EXPECT_NEAR(a.voice[40 * i], kNetworkReference[3][i], 2e-4);
  }
}

TEST(Network, SeesTheSameInPieces) {
  std::mt19937 random(3);
  std::vector<std::uint8_t> input(7000 * kInputRows);
  for (std::uint8_t& v : input) v = static_cast<std::uint8_t>(random());
  const Activations whole = run_network(input), pieces = run_network(input, 1, 1500);
  ASSERT_EQ(whole.beat.size(), 7000u);
  EXPECT_EQ(pieces.beat, whole.beat);
  EXPECT_EQ(pieces.downbeat, whole.downbeat);
  EXPECT_EQ(pieces.section, whole.section);
  EXPECT_EQ(pieces.voice, whole.voice);
}

TEST(Network, HearsAgainByTheMeanOfThreeSpeeds) {
  std::mt19937 random(5);
  std::vector<std::uint8_t> input(300 * kInputRows);
  for (std::uint8_t& v : input) v = static_cast<std::uint8_t>(random());
  Activations again = run_network(input);
  const Activations first = again, slower = run_network(input, 0.87), faster = run_network(input, 1.15);
  EXPECT_EQ(slower.beat.size(), 344u);
  EXPECT_EQ(faster.beat.size(), 260u);
  hear_again(input, again);
  ASSERT_EQ(again.beat.size(), first.beat.size());
  const auto odds = [](float p) { return std::log(p / (1 - p)); };
  // Where all three begin is the same moment; and 200 frames on, 174 fast or 230 slow ones.
  EXPECT_NEAR(odds(again.beat[0]), (odds(first.beat[0]) + odds(slower.beat[0]) + odds(faster.beat[0])) / 3, 1e-3);
  const float later = static_cast<float>(200 / 0.87 - 229);
  EXPECT_NEAR(
      odds(again.downbeat[200]),
      (odds(first.downbeat[200]) + (1 - later) * odds(slower.downbeat[229]) + later * odds(slower.downbeat[230]) +
       (1 - 0.913f) * odds(faster.downbeat[173]) + 0.913f * odds(faster.downbeat[174])) /
          3,
      1e-2);
  EXPECT_EQ(again.voice, first.voice);
  EXPECT_EQ(again.section, first.section);
  Activations none;
  hear_again({}, none);
  EXPECT_TRUE(none.beat.empty());
}

}  // namespace
}  // namespace tactus::analysis
