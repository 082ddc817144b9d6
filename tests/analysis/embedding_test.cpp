// That music lies near itself whatever befell it, and near what has its groove; and what embedders may give.
#include "analysis/embedding.h"

#include <sndfile.h>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>
#include <span>

#include "analysis/band.h"
#include "media/decoder.h"
#include "support/temp_folder.h"

namespace tactus::analysis {
namespace {

using testing::Score;
using testing::Sound;
using testing::Style;

constexpr int kRate = 22050;  // half the work
constexpr Style kStyles[] = {Style::house, Style::hiphop, Style::dnb, Style::breaks};

Sound band(Style style, double bpm, const char* key, std::uint32_t seed) {
  Score s;
  s.style = style;
  s.bpm = bpm;
  s.key = *music::parse_key(key);
  s.seed = seed;
  s.bars = 28;
  s.rate = kRate;
  return testing::play(s);
}

// What is known of a band without listening: its beats, `rate` times as fast, and phrases with bass (bar 8 on), with
// everything (bar 16) and of drums alone (bar 20).
TrackAnalysis known(const Sound& sound, double rate = 1) {
  TrackAnalysis a;
  a.duration = sound.seconds() / rate;
  a.last_sound = a.duration;
  a.grid = {{sound.beats[0] / rate, 0, 60 * rate / (sound.beats[1] - sound.beats[0])}};
  a.phrases = {{32, 32, 1}, {64, 32, 1}, {80, 32, 1}};
  return a;
}

Features features_of(std::span<const float> pcm) {
  FeatureExtractor extractor(kRate);
  extractor.feed(pcm);
  return extractor.finish();
}

Embeddings embedded(const Sound& sound) { return embed(built_in_embedder(), features_of(sound.pcm), known(sound)); }
Embeddings embedded(std::span<const float> pcm, const TrackAnalysis& a) {
  return embed(built_in_embedder(), features_of(pcm), a);
}

// --- What befalls music ----------------------------------------------------------------------------------------------

std::vector<float> filtered(const std::vector<float>& in, double hz, bool high) {
  // Two poles, twice: 24 dB an octave (Butterworth's second order each; bilinear transform).
  std::vector<float> out = in;
  const double k = std::tan(std::numbers::pi * hz / kRate), norm = 1 / (1 + std::numbers::sqrt2 * k + k * k);
  const double b = high ? norm : k * k * norm, b1 = high ? -2 * b : 2 * b;
  for (int turn = 0; turn < 2; ++turn) {
    for (std::size_t side = 0; side < 2; ++side) {
      double s1 = 0, s2 = 0;
      for (std::size_t i = side; i < out.size(); i += 2) {
        const auto x = static_cast<double>(out[i]);
        const double y = b * x + s1;
        s1 = b1 * x - 2 * (k * k - 1) * norm * y + s2;
        s2 = b * x - (1 - std::numbers::sqrt2 * k + k * k) * norm * y;
        out[i] = static_cast<float>(y);
      }
    }
  }
  return out;
}

// Without key lock.
std::vector<float> faster(const std::vector<float>& in, double rate) {
  std::vector<float> out;
  for (double at = 0; at + 1 < static_cast<double>(in.size() / 2); at += rate) {
    const auto i = static_cast<std::size_t>(at);
    const auto part = static_cast<float>(at - std::floor(at));
    for (std::size_t side = 0; side < 2; ++side) {
      out.push_back((1 - part) * in[2 * i + side] + part * in[2 * i + 2 + side]);
    }
  }
  return out;
}

// Through a codec of libsndfile's and our decoder.
std::vector<float> coded(const std::vector<float>& in, int format, const char* ending) {
  const tactus::test::TempFolder folder;
  const std::string path = folder / (std::string("a.") + ending);
  SF_INFO info{};
  info.channels = 2;
  info.samplerate = (format & SF_FORMAT_SUBMASK) == SF_FORMAT_OPUS ? 24000 : kRate;  // one that Opus knows
  info.format = format;
  SNDFILE* file = sf_open(path.c_str(), SFM_WRITE, &info);
  EXPECT_NE(file, nullptr) << ending;
  if (!file) return {};
  double quality = 0.7;  // of compression: about 96 kilobits a second
  sf_command(file, SFC_SET_COMPRESSION_LEVEL, &quality, sizeof quality);
  const std::vector<float> at_rate = info.samplerate == kRate ? in : faster(in, kRate / 24000.0);
  sf_writef_float(file, at_rate.data(), static_cast<sf_count_t>(at_rate.size() / 2));
  sf_close(file);
  auto opened = media::Decoder::open(path, kRate, media::Stems::ignore);
  EXPECT_TRUE(opened) << ending;
  if (!opened) return {};
  media::Decoder decoder = std::move(opened).value();
  std::vector<float> out(2 * static_cast<std::size_t>(decoder.info().frames));
  EXPECT_TRUE(decoder.read(0, out).ok());
  return out;
}

class Embedding : public ::testing::Test {
 protected:
  // Four styles, each in two keys at two tempos by two hands.
  static void SetUpTestSuite() {
    bands_ = new std::vector<Sound>;
    made_ = new std::vector<Embeddings>;
    constexpr double kTempos[] = {124, 92, 172, 131};
    constexpr const char* kKeys[] = {"Am", "C#", "Fm", "E"};
    for (std::size_t i = 0; i < 4; ++i) {
      bands_->push_back(band(kStyles[i], kTempos[i], kKeys[i], static_cast<std::uint32_t>(i + 1)));
      bands_->push_back(band(kStyles[i], kTempos[i] + 4, kKeys[(i + 1) % 4], static_cast<std::uint32_t>(i + 11)));
    }
    for (const Sound& b : *bands_) made_->push_back(embedded(b));
  }
  static void TearDownTestSuite() {
    delete bands_;
    delete made_;
  }
  // Each phrase of `e` lies nearest the one of band `b` that it was made of.
  static void expect_nearest(const Embeddings& e, std::size_t b, const std::string& what) {
    ASSERT_EQ(e.embedder, (*made_)[b].embedder) << what;
    for (std::size_t p = 0; p < 3; ++p) {
      const double right = similarity(e.phrase(p), (*made_)[b].phrase(p));
      for (std::size_t other = 0; other < made_->size(); ++other) {
        for (std::size_t q = 0; q < 3; ++q) {
          if (other == b && q == p) continue;
          EXPECT_LT(similarity(e.phrase(p), (*made_)[other].phrase(q)), right)
              << what << ": phrase " << p << " of band " << b << " lies nearer phrase " << q << " of band " << other;
        }
      }
    }
  }
  static bool is_minor(std::size_t b) { return b / 2 % 2 == b % 2; }  // by kKeys
  static std::vector<Sound>* bands_;
  static std::vector<Embeddings>* made_;
};
std::vector<Sound>* Embedding::bands_ = nullptr;
std::vector<Embeddings>* Embedding::made_ = nullptr;

TEST_F(Embedding, TheSameMusicStaysNearestWhateverBefellIt) {
  const auto check = [](std::size_t b, const char* what, const auto& change, double rate = 1) {
    const Sound& sound = (*bands_)[b];
    expect_nearest(embedded(change(sound.pcm), known(sound, rate)), b, what);
  };
  check(0, "quiet", [](std::vector<float> pcm) {
    for (float& v : pcm) v *= 0.05f;
    return pcm;
  });
  check(1, "mp3", [](const auto& pcm) { return coded(pcm, SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III, "mp3"); });
  check(2, "opus", [](const auto& pcm) { return coded(pcm, SF_FORMAT_OGG | SF_FORMAT_OPUS, "opus"); });
  check(3, "low-pass", [](const auto& pcm) { return filtered(pcm, 2000, false); });
  check(4, "high-pass", [](const auto& pcm) { return filtered(pcm, 250, true); });
  check(
      6, "faster", [](const auto& pcm) { return faster(pcm, 1.06); }, 1.06);
  check(
      7, "slower", [](const auto& pcm) { return faster(pcm, 0.94); }, 0.94);
}

// A band's twin has its drums and other chords. Bands of other drums whose chords are the same by degree have as much
// in common with it as the twin: they are left out.
TEST_F(Embedding, SimilarGroovesRankFirst) {
  for (std::size_t b = 0; b < made_->size(); ++b) {
    for (const std::size_t p : {1u, 2u}) {  // all, and drums alone
      const double same = similarity((*made_)[b].phrase(p), (*made_)[b ^ 1].phrase(p));
      for (std::size_t other = 0; other < made_->size(); ++other) {
        if (other / 2 == b / 2 || is_minor(other) == is_minor(b)) continue;
        EXPECT_LT(similarity((*made_)[b].phrase(p), (*made_)[other].phrase(p)), same)
            << "phrase " << p << " of band " << b << " lies nearer band " << other << " than its own drums";
      }
    }
  }
}

// The first forty numbers, of drums alone.
TEST_F(Embedding, RhythmAloneCanBeAskedFor) {
  const auto rhythm = [](std::size_t band) { return (*made_)[band].phrase(2).first(40); };
  for (std::size_t b = 0; b < made_->size(); ++b) {
    const double same = similarity(rhythm(b), rhythm(b ^ 1));
    for (std::size_t other = 0; other < made_->size(); ++other) {
      if (other / 2 == b / 2) continue;
      EXPECT_LT(similarity(rhythm(b), rhythm(other)), same) << b << " and " << other;
    }
  }
}

TEST_F(Embedding, TracksLieNearThemselves) {
  const Sound& sound = (*bands_)[5];
  const Embeddings filtered_one = embedded(filtered(sound.pcm, 3000, false), known(sound));
  const double right = similarity(filtered_one.track, (*made_)[5].track);
  for (std::size_t other = 0; other < made_->size(); ++other) {
    if (other == 5) continue;
    EXPECT_LT(similarity(filtered_one.track, (*made_)[other].track), right) << other;
  }
}

TEST_F(Embedding, TheAnalysisHasOneForEachPhraseAndTheTrack) {
  const TrackAnalysis a = analyze((*bands_)[0].pcm, kRate);
  ASSERT_FALSE(a.phrases.empty());
  EXPECT_EQ(a.embeddings.embedder, "tactus 1");
  ASSERT_EQ(a.embeddings.size, built_in_embedder().size());
  EXPECT_EQ(a.embeddings.track.size(), static_cast<std::size_t>(a.embeddings.size));
  EXPECT_EQ(a.embeddings.phrases.size(), a.phrases.size() * a.embeddings.track.size());
}

TEST(Embedder, WhatHasNoBeatsHasATrackAllTheSame) {
  TrackAnalysis a;
  a.duration = a.last_sound = 12;
  std::vector<float> noise(2 * 12 * kRate);
  std::uint32_t state = 1;
  for (float& v : noise)
    v = static_cast<float>(static_cast<std::int32_t>(state = state * 1664525 + 1013904223)) * 5e-11f;
  const Embeddings e = embedded(noise, a);
  EXPECT_EQ(e.track.size(), static_cast<std::size_t>(e.size));
  EXPECT_TRUE(e.phrases.empty());
  EXPECT_GT(e.size, 0);
}

TEST(Embedder, SilenceHasNothing) { EXPECT_EQ(embedded(std::vector<float>(2 * kRate), {}), Embeddings{}); }

TEST(Embedder, PhrasesBeyondTheEndsAreHarmless) {
  TrackAnalysis a;
  a.duration = a.last_sound = 3;
  a.grid = {{0.5, 0, 120}};
  a.phrases = {{-64, 32, 1}, {-1, 32, 1}, {0, 32, 1}, {1e5, 32, 1}};
  const Embeddings e = embedded(std::vector<float>(2 * 3 * kRate, 0.1f), a);
  EXPECT_EQ(e.phrases.size(), 4 * static_cast<std::size_t>(e.size));
}

// One that gives what the test says.
class Told final : public Embedder {
 public:
  Told(std::vector<Vector> phrases, Vector track) : phrases_(std::move(phrases)), track_(std::move(track)) {}
  std::string_view name() const override { return "told"; }
  int version() const override { return 7; }
  int size() const override { return 3; }
  std::vector<Vector> phrases(const Features&, const TrackAnalysis&) const override { return phrases_; }
  Vector track(const Features&, const TrackAnalysis&, std::span<const Vector>) const override { return track_; }

 private:
  std::vector<Vector> phrases_;
  Vector track_;
};

TEST(Embedder, AnotherOneIsTakenAtItsWordOrNotAtAll) {
  TrackAnalysis a;
  a.phrases = {{0, 32, 1}};
  const Features none;
  const Embeddings e = embed(Told({{1, 0, -2}}, {0, 5, 0}), none, a);
  EXPECT_EQ(e.embedder, "told 7");
  EXPECT_EQ(e.size, 3);
  EXPECT_EQ(e.phrases, (std::vector<std::int8_t>{64, 0, -127}));
  EXPECT_EQ(e.track, (std::vector<std::int8_t>{0, 127, 0}));
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN(), kInfinity = std::numeric_limits<float>::infinity();
  EXPECT_EQ(embed(Told({}, {1, 0, 0}), none, a), Embeddings{});
  EXPECT_EQ(embed(Told({{1, 0}}, {1, 0, 0}), none, a), Embeddings{});
  EXPECT_EQ(embed(Told({{0, 0, 0}}, {1, 0, 0}), none, a), Embeddings{});
  EXPECT_EQ(embed(Told({{1, kNan, 0}}, {1, 0, 0}), none, a), Embeddings{});
  EXPECT_EQ(embed(Told({{1, 0, 0}}, {kInfinity, 0, 0}), none, a), Embeddings{});
  EXPECT_EQ(embed(Told({{1, 0, 0}}, {}), none, a), Embeddings{});
}

TEST(Similarity, IsTheCosine) {
  using Bytes = std::vector<std::int8_t>;
  EXPECT_DOUBLE_EQ(similarity(Bytes{3, 4}, Bytes{6, 8}), 1);
  EXPECT_DOUBLE_EQ(similarity(Bytes{3, 4}, Bytes{-3, -4}), -1);
  EXPECT_DOUBLE_EQ(similarity(Bytes{1, 0}, Bytes{0, -128}), 0);
  EXPECT_NEAR(similarity(Bytes{1, 0}, Bytes{1, 1}), std::sqrt(0.5), 1e-12);
  EXPECT_EQ(similarity(Bytes{1, 2}, Bytes{1, 2, 3}), 0);
  EXPECT_EQ(similarity(Bytes{}, Bytes{}), 0);
  EXPECT_EQ(similarity(Bytes{0, 0}, Bytes{1, 2}), 0);
}

}  // namespace
}  // namespace tactus::analysis
