// The whole analysis against bands whose tempo, downbeat, parts, key and loudness are known.
#include "analysis/analysis.h"

#include <chrono>
#include <limits>
#include <numbers>

#include "analysis/band.h"
#include "analysis/features.h"

namespace tactus::analysis {
namespace {

using testing::play;
using testing::Score;
using testing::Sound;
using testing::Style;

TrackAnalysis analysis_of(const Sound& s) { return analyze(s.pcm, s.rate); }

// Distance in seconds of beat `k` of the truth from the grid's nearest beat.
double error_at(const TrackAnalysis& a, double seconds) {
  return a.seconds_of(std::round(a.beat_of(seconds))) - seconds;
}

struct Case {
  const char* name;
  Score score;
};
void PrintTo(const Case& c, std::ostream* os) { *os << c.name; }

class Bands : public ::testing::TestWithParam<Case> {};

TEST_P(Bands, TempoBeatBarPhraseAndKeyAreFound) {
  const Score& score = GetParam().score;
  const Sound sound = play(score);
  const TrackAnalysis a = analysis_of(sound);

  ASSERT_EQ(a.grid.size(), 1u);
  EXPECT_NEAR(a.bpm, score.bpm, 0.02);
  EXPECT_EQ(a.bpm, a.grid[0].bpm);
  // Beat 1, and that the grid hasn't drifted by the end.
  EXPECT_NEAR(a.first_downbeat, score.first_downbeat, 0.005);
  EXPECT_EQ(a.first_downbeat, a.grid[0].seconds);
  EXPECT_NEAR(error_at(a, sound.beats.back()), 0, 0.005);
  EXPECT_GT(a.confidence, 0.7);
  EXPECT_LT(a.grid_error_ms, 3);

  // Parts begin every 8 bars.
  ASSERT_FALSE(a.phrases.empty());
  EXPECT_EQ(a.phrases.front().beat, 0);
  for (const Phrase& p : a.phrases) {
    const int beat = static_cast<int>(p.beat);
    EXPECT_EQ(beat % 8, 0);
    EXPECT_EQ(p.length == 32, beat % 32 == 0) << beat;
    EXPECT_EQ(p.length == 16, beat % 32 == 16) << beat;
    if (p.strength > 0.65) {
      EXPECT_EQ(beat % 32, 0) << "strength " << p.strength << " at " << beat;
    }
  }
  EXPECT_LE(music::key_distance(a.key, score.key), 1) << a.key.name() << " for " << score.key.name();
  EXPECT_TRUE(a.key == score.key || a.key == score.key.relative()) << a.key.name() << " for " << score.key.name();
}

Score score(Style style, double bpm, double swing, const char* key, double first = 0.4, int bars = 40) {
  Score s;
  s.style = style;
  s.bpm = bpm;
  s.swing = swing;
  s.key = *music::parse_key(key);
  s.first_downbeat = first;
  s.bars = bars;
  s.seed = static_cast<std::uint32_t>(bpm * 10);
  return s;
}

INSTANTIATE_TEST_SUITE_P(Styles, Bands,
                         ::testing::Values(Case{"house", score(Style::house, 126, 0.5, "Am")},
                                           Case{"shuffled_house_off_the_round",
                                                score(Style::house, 121.73, 0.58, "C#m", 0.05)},
                                           Case{"just_below_round", score(Style::house, 127.96, 0.5, "F", 1.37, 48)},
                                           Case{"drum_and_bass", score(Style::dnb, 174, 0.5, "Fm", 0.33, 48)},
                                           Case{"drum_and_bass_half", score(Style::dnb, 172.5, 0.5, "B", 0.62, 48)},
                                           Case{"dubstep", score(Style::halftime, 140, 0.5, "E", 0.4)},
                                           Case{"breaks", score(Style::breaks, 132, 0.52, "Bm", 0.1)}),
                         [](const auto& test) { return test.param.name; });

// These are counted twice as fast as people would (docs/analysis.md).
TEST(Analysis, WhatMayBeCountedOtherwiseIsOneStepAway) {
  for (const Score& s : {score(Style::house, 95, 0.5, "G#m", 0.4, 32), score(Style::hiphop, 92, 0.62, "Dm", 0.9, 32),
                         score(Style::hiphop, 84.5, 0.56, "Eb", 0.21, 32)}) {
    const Sound sound = play(s);
    const TrackAnalysis a = analysis_of(sound);
    ASSERT_EQ(a.grid.size(), 1u);
    const double nearest = std::fabs(a.bpm - s.bpm) < 1 ? a.bpm : a.alternative_bpm;
    EXPECT_NEAR(nearest, s.bpm, 0.02) << a.bpm << " or " << a.alternative_bpm;
    for (const double beat : sound.beats) EXPECT_NEAR(error_at(a, beat), 0, 0.005);
  }
}

TEST(Analysis, SameAtAnotherRateAndLevel) {
  Score s = score(Style::breaks, 128, 0.5, "Gm", 0.3, 24);
  s.rate = 48000;
  s.gain = 0.03;
  const TrackAnalysis a = analysis_of(play(s));
  EXPECT_NEAR(a.bpm, 128, 0.02);
  EXPECT_NEAR(a.first_downbeat, 0.3, 0.005);
  EXPECT_TRUE(a.key == s.key || a.key == s.key.relative()) << a.key.name();
}

TEST(Analysis, FollowsATempoThatMoves) {
  Score s = score(Style::house, 122, 0.5, "Am", 0.4, 56);
  s.bpm_drift = 5;
  const Sound sound = play(s);
  const TrackAnalysis a = analysis_of(sound);
  ASSERT_GT(a.grid.size(), 4u);
  EXPECT_NEAR(a.bpm, 124.5, 0.7);
  std::vector<double> errors;
  for (const double t : sound.beats) errors.push_back(std::fabs(error_at(a, t)));
  std::sort(errors.begin(), errors.end());
  EXPECT_LT(errors[errors.size() * 9 / 10], 0.012);
  // Not one beat lost or won.
  EXPECT_NEAR(a.beat_of(sound.beats.back()) - a.beat_of(sound.beats.front()),
              static_cast<double>(sound.beats.size() - 1), 0.1);
}

TEST(Analysis, PiecesOfAnySizeGiveTheSame) {
  const Sound sound = play(score(Style::house, 126, 0.5, "Am", 0.4, 8));
  Analyzer pieces(sound.rate);
  std::size_t at = 0, piece = 2;
  while (at < sound.pcm.size()) {
    const std::size_t n = std::min(piece, sound.pcm.size() - at);
    pieces.feed(std::span(sound.pcm).subspan(at, n));
    at += n;
    piece = piece * 3 % 20011 / 2 * 2 + 2;
  }
  EXPECT_EQ(pieces.finish(), analysis_of(sound));
}

// --- What is no music ------------------------------------------------------------------------------------------------

TEST(Analysis, SilenceHasNoBeatKeyOrLoudness) {
  const TrackAnalysis a = analyze(std::vector<float>(2 * 44100 * 20, 0.0f), 44100);
  EXPECT_NEAR(a.duration, 20, 1e-9);
  EXPECT_FALSE(a.has_grid() && a.confidence > 0.3);
  EXPECT_EQ(a.key_confidence, 0);
  EXPECT_EQ(a.lufs, -std::numeric_limits<double>::infinity());
  EXPECT_EQ(a.true_peak_db, -std::numeric_limits<double>::infinity());
  EXPECT_EQ(a.first_sound, a.last_sound);
}

TEST(Analysis, NothingAndNextToNothing) {
  EXPECT_EQ(analyze({}, 44100).duration, 0);
  EXPECT_FALSE(analyze(std::vector<float>{0.5f, 0.5f}, 44100).has_grid());
  const std::vector<float> second(2 * 48000, 0.25f);
  EXPECT_FALSE(analyze(second, 48000).has_grid());
}

TEST(Analysis, ThreeSecondsAreNotMadeMoreOfThanTheyAre) {
  Sound sound = play(score(Style::house, 126, 0.5, "Am", 0.4, 24));
  // From where everything plays: 3 s hold six beats.
  const auto from = sound.pcm.begin() + 2 * 44100 * 34;
  const TrackAnalysis a = analyze(std::vector<float>(from, from + 2 * 44100 * 3), 44100);
  EXPECT_NEAR(a.duration, 3, 1e-9);
  EXPECT_FALSE(a.has_grid());
  EXPECT_GT(a.lufs, -40);
}

TEST(Analysis, TelephoneRateStillHasTempoAndKey) {
  Score s = score(Style::house, 126, 0.5, "Am", 0.4, 40);
  s.rate = 8000;
  const TrackAnalysis a = analysis_of(play(s));
  EXPECT_NEAR(a.bpm, 126, 0.05);
  EXPECT_NEAR(a.first_downbeat, 0.4, 0.010);
  EXPECT_TRUE(a.key == s.key || a.key == s.key.relative()) << a.key.name();
}

TEST(Analysis, NoiseIsNotTrusted) {
  std::uint32_t state = 1;
  std::vector<float> noise(2 * 44100 * 30);
  for (float& v : noise) {
    state = state * 1664525 + 1013904223;
    v = static_cast<float>(static_cast<std::int32_t>(state)) * 1e-10f;
  }
  const TrackAnalysis a = analyze(noise, 44100);
  EXPECT_LT(a.confidence, 0.3);
  EXPECT_EQ(a.key_confidence, 0);
}

TEST(Analysis, NumbersThatAreNoneCountAsSilence) {
  Sound sound = play(score(Style::house, 126, 0.5, "Am", 0.4, 16));
  const TrackAnalysis clean = analysis_of(sound);
  for (std::size_t i = 1000; i < sound.pcm.size(); i += 50000) {
    sound.pcm[i] =
        i % 100000 == 1000 ? std::numeric_limits<float>::quiet_NaN() : std::numeric_limits<float>::infinity();
  }
  const TrackAnalysis a = analysis_of(sound);
  EXPECT_NEAR(a.bpm, clean.bpm, 0.02);
  EXPECT_NEAR(a.lufs, clean.lufs, 0.2);
}

TEST(Analysis, KeepsLittleOfEachSecond) {
  FeatureExtractor extractor(96000);
  const std::vector<float> second(2 * 96000, 0.1f);
  for (int i = 0; i < 20; ++i) extractor.feed(second);
  const Features f = extractor.finish();
  const auto bytes = [](const auto& v) { return static_cast<double>(v.size() * sizeof(v[0])); };
  double kept = bytes(f.spectra) + bytes(f.notes) + bytes(f.bass);
  for (const auto& band : f.energy) kept += bytes(band);
  EXPECT_LT(kept / 20, 20e3);
  EXPECT_GT(kept / 20, 10e3);
}

// --- Loudness and level ----------------------------------------------------------------------------------------------

std::vector<float> sine(double hz, double dbfs, double seconds, int rate, double phase = 0) {
  std::vector<float> out;
  const double gain = std::pow(10, dbfs / 20);
  for (int i = 0; i < static_cast<int>(seconds * rate); ++i) {
    const auto v = static_cast<float>(gain * std::sin(2 * std::numbers::pi * hz * i / rate + phase));
    out.insert(out.end(), {v, v});
  }
  return out;
}

TEST(Loudness, SoundBeginsAndEndsWhereItIsHeard) {
  std::vector<float> pcm(2 * 48000 * 2, 0.0005f);  // -66 dBFS of noise floor
  const std::vector<float> tone = sine(440, -20, 3, 48000);
  pcm.insert(pcm.end(), tone.begin(), tone.end());
  pcm.resize(pcm.size() + 2 * 48000, 0.0f);
  const TrackAnalysis a = analyze(pcm, 48000);
  EXPECT_NEAR(a.first_sound, 2, 0.001);
  EXPECT_NEAR(a.last_sound, 5, 0.001);
  EXPECT_NEAR(a.duration, 6, 1e-9);
}

TEST(Analysis, FramesAtTheEnginesRate) {
  TrackAnalysis a;
  a.grid = {{0.5, 0, 120}, {8.5, 16, 100}};
  const std::vector<music::GridAnchor> anchors = a.anchors(48000);
  ASSERT_EQ(anchors.size(), 2u);
  const music::GridView view{anchors.data(), 2, 48000};
  for (const double beat : {-3.0, 0.0, 7.25, 16.0, 40.0}) {
    EXPECT_NEAR(view.frame_of(beat), a.seconds_of(beat) * 48000, 1e-6);
    EXPECT_NEAR(a.beat_of(a.seconds_of(beat)), beat, 1e-9);
  }
}

}  // namespace
}  // namespace tactus::analysis
