// The order of a planned set: by tempo, and where tempos are about the same, by compatible key.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "session/mix_plan.h"

using namespace tactus;
using session::MixPlanner;
using session::MixTrack;

namespace {

MixTrack track(double bpm, std::string_view key) {
  MixTrack t;
  t.analysis.key = *music::parse_key(key);
  t.path = std::to_string(bpm) + " " + std::string(key);
  t.analysis.duration = t.analysis.last_sound = 200;
  if (bpm <= 0) return t;
  t.analysis.bpm = bpm;
  t.analysis.confidence = 1;
  t.analysis.grid = {{0, 0, bpm}};
  return t;
}

using Played = std::pair<double, std::string>;

std::vector<Played> order(std::vector<MixTrack> tracks, bool shuffled = true) {
  std::mt19937 rng(5);
  if (shuffled) std::shuffle(tracks.begin(), tracks.end(), rng);
  MixPlanner planner;
  planner.add(std::move(tracks));
  planner.plan(0, -1);
  std::vector<Played> out;
  for (const auto& e : planner.entries()) out.emplace_back(e.track.analysis.bpm, e.track.analysis.key.camelot());
  return out;
}

TEST(MixOrder, TempoComesFirstHoweverTheKeysClash) {
  EXPECT_EQ(order({track(118, "8A"), track(122, "2B"), track(126, "8A"), track(130, "2B"), track(134, "8A")}),
            (std::vector<Played>{{118, "8A"}, {122, "2B"}, {126, "8A"}, {130, "2B"}, {134, "8A"}}));
}

TEST(MixOrder, AboutTheSameTempoGoesByCompatibleKey) {
  // All within 2 %: round the wheel by neighbours, the relative key among them.
  EXPECT_EQ(order({track(124, "8A"), track(125, "11A"), track(124.5, "9B"), track(126, "10B"), track(125.5, "9A")}),
            (std::vector<Played>{{124, "8A"}, {125.5, "9A"}, {124.5, "9B"}, {126, "10B"}, {125, "11A"}}));
  // The same key before a fifth away, a fifth before anything else.
  EXPECT_EQ(order({track(120, "5A"), track(121, "6A"), track(121.5, "5A"), track(121.2, "11A")}),
            (std::vector<Played>{{120, "5A"}, {121.5, "5A"}, {121, "6A"}, {121.2, "11A"}}));
}

TEST(MixOrder, HalfAndDoubleTimeAreTheSameTempo) {
  EXPECT_EQ(order({track(87, "8A"), track(174, "8A"), track(120, "8A"), track(90, "8A")}),
            (std::vector<Played>{{87, "8A"}, {90, "8A"}, {174, "8A"}, {120, "8A"}}));
}

TEST(MixOrder, WhatHasNoGridComesLast) {
  EXPECT_EQ(order({track(0, "8A"), track(128, "1B"), track(100, "8A")}),
            (std::vector<Played>{{100, "8A"}, {128, "1B"}, {0, "8A"}}));
}

// What must hold for any crate: from the slowest on; of those that are left, none whose tempo lies between is passed
// over by more than 2 %; and the key is the best that about the same tempo has to offer.
TEST(MixOrder, HoldsWhateverTheTracks) {
  const double band = std::log2(1.02) + 1e-9;
  for (unsigned seed = 0; seed < 300; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 rng(seed);
    std::vector<MixTrack> tracks;
    for (int i = 0; i < 20; ++i) {
      const double bpm = std::uniform_real_distribution<>(110, 140)(rng);
      tracks.push_back(track(bpm, music::Key::of_index(static_cast<int>(rng() % 24)).camelot()));
    }
    const auto played = order(tracks);
    ASSERT_EQ(played.size(), tracks.size());
    for (std::size_t i = 1; i < played.size(); ++i) {
      EXPECT_GE(played[i].first, played[0].first);
      const double here = std::log2(played[i - 1].first), next = std::log2(played[i].first);
      EXPECT_GT(next, here - band) << "it only goes up, but for tempos that are about the same";
      int better = 0;
      for (std::size_t k = i + 1; k < played.size(); ++k) {
        const double left = std::log2(played[k].first);
        EXPECT_FALSE(left > here && left < next - band) << played[k].first << " passed over for " << played[i].first;
        const auto distance = [&](const Played& p) {
          return music::key_distance(*music::parse_key(played[i - 1].second), *music::parse_key(p.second));
        };
        // Nearer than the one that was taken, on the same side, and with a better key.
        better += std::fabs(left - here) < std::fabs(next - here) && (left - here) * (next - here) > 0 &&
                  distance(played[k]) < distance(played[i]);
      }
      EXPECT_EQ(better, 0) << "after " << played[i - 1].first;
    }
  }
}

}  // namespace
