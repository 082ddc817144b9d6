// The key: what the network was taught is what runs here; every key is found; none where there is none; changes are
// noted.
#include "analysis/tonality.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>

#include "analysis/band.h"
#include "analysis/key_network.h"
#include "analysis/key_reference.h"

namespace tactus::analysis {
namespace {

constexpr int kRate = 11025;

// Chords of a second each, every note of them with five partials. Triads by root, from C4, and whether they are minor.
struct Chord {
  int root;
  bool minor;
};

std::vector<Chord> cadence(int tonic, bool minor) {
  // I IV V I, I vi ii V; in minor i iv V i, i VI iv V.
  const Chord loop[] = {
      {0, minor}, {5, minor}, {7, false}, {0, minor}, {0, minor}, {minor ? 8 : 9, !minor}, {minor ? 5 : 2, true},
      {7, false}};
  std::vector<Chord> out;
  for (int turn = 0; turn < 3; ++turn) {
    for (const Chord& c : loop) out.push_back({tonic + c.root, c.minor});
  }
  out.push_back({tonic, minor});
  return out;
}

// A second of a note of five partials.
const std::vector<float>& tone(int note) {
  static std::map<int, std::vector<float>> made;
  std::vector<float>& out = made[note];
  const double hz = 440 * std::exp2((note - 69) / 12.0);
  for (int i = 0; std::ssize(out) < kRate; ++i) {
    const double edge = std::min(1.0, std::min(i, kRate - i) / 250.0);
    double v = 0;
    for (int k = 1; k <= 5; ++k) v += std::sin(2 * std::numbers::pi * hz * k * i / kRate) / k;
    out.push_back(static_cast<float>(0.05 * edge * v));
  }
  return out;
}

Tonality key_of(const std::vector<Chord>& chords) {
  FeatureExtractor extractor(kRate);
  for (const Chord& chord : chords) {
    std::vector<float> second(2 * kRate, 0.0f);
    for (const int step : {-24, 0, chord.minor ? 3 : 4, 7}) {
      const std::vector<float>& notes = tone(60 + chord.root % 12 + step);
      for (std::size_t i = 0; i < second.size(); ++i) second[i] += notes[i / 2];
    }
    extractor.feed(second);
  }
  return find_key(extractor.finish(), {});
}

TEST(KeyNetwork, MakesOfItsWeightsWhatTheTrainingSaw) {
  std::vector<float> rows(std::size_t{64} * kKeyRows * 12);
  std::uint32_t state = 1;
  for (float& v : rows) {
    state = state * 1664525 + 1013904223;
    v = static_cast<float>(state >> 24) / 255;
  }
  const auto logits = key_logits(rows);
  for (std::size_t k = 0; k < logits.size(); ++k) EXPECT_NEAR(logits[k], kKeyReference[k], 2e-3) << k;
}

TEST(Key, EveryOneIsFound) {
  for (int i = 0; i < 24; ++i) {
    const music::Key key = music::Key::of_index(i);
    const Tonality found = key_of(cadence(key.tonic, key.minor));
    EXPECT_EQ(found.key, key) << found.key.name() << " for " << key.name();
    EXPECT_GT(found.confidence, 0.5) << key.name();
    EXPECT_EQ(found.spans.size(), 1u) << key.name();
  }
}

TEST(Key, AChangeIsNoted) {
  std::vector<Chord> chords = cadence(0, false), later = cadence(4, false);
  chords.insert(chords.end(), later.begin(), later.end());
  chords.insert(chords.end(), later.begin(), later.end());
  const Tonality found = key_of(chords);
  EXPECT_EQ(found.key, (music::Key{4, false}));
  ASSERT_EQ(found.spans.size(), 2u);
  EXPECT_EQ(found.spans[0].key, (music::Key{0, false}));
  EXPECT_EQ(found.spans[1].key, (music::Key{4, false}));
  EXPECT_NEAR(found.spans[1].start, 25, 8);
}

}  // namespace
}  // namespace tactus::analysis
