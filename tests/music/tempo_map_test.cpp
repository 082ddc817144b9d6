// TempoMap, as laws over random maps: constant stretches, ramps up and down, jumps of the beat line, forgotten history.
#include "music/tempo_map.h"

#include <algorithm>
#include <random>

namespace tactus::music {
namespace {

struct RandomMap {
  TempoMap map;
  std::vector<double> starts;  // frames where a segment begins, those still in the table
  double end = 0;              // a frame well past the last change
};

RandomMap random_map(std::uint64_t seed) {
  std::mt19937_64 random(seed);
  const auto uniform = [&](double lo, double hi) { return std::uniform_real_distribution<double>(lo, hi)(random); };
  const double rates[] = {8000, 44100, 48000, 96000, 192000};
  RandomMap m{TempoMap({rates[random() % 5]}, {uniform(20, 300)}), {0}, 0};
  const int changes = static_cast<int>(random() % 40);  // more than the table holds, at times
  double frame = 0;
  for (int i = 0; i < changes; ++i) {
    frame += uniform(1, 20 * m.map.rate());
    const double bpm = uniform(20, 300);
    switch (random() % 4) {
      case 0:
        m.map.change_tempo(frame, {bpm}, {});
        break;
      case 1:
        m.map.change_tempo(frame, {bpm}, Beats::of(uniform(0.01, 64)));
        break;
      case 2:
        m.map.change_tempo(frame, {m.map.bpm_at_frame(frame) * (1 + 1e-9)}, Beats::of(16));
        break;
      default:
        m.map.set_beat(frame, m.map.beat_of(frame) + uniform(0, 4), {bpm});
    }
  }
  m.starts.clear();
  for (const TempoSegment& s : m.map.segments()) m.starts.push_back(s.frame0);
  m.end = frame + 60 * m.map.rate();
  return m;
}

constexpr int kMaps = 300;

TEST(TempoMap, BeatsNeverRunBackwards) {
  for (int seed = 0; seed < kMaps; ++seed) {
    const RandomMap m = random_map(static_cast<std::uint64_t>(seed));
    double last = m.map.beat_of(m.starts.front() - 10 * m.map.rate());
    for (int i = 1; i <= 2000; ++i) {
      const double f = m.starts.front() + (m.end - m.starts.front()) * i / 2000.0;
      const double beat = m.map.beat_of(f);
      ASSERT_GT(beat, last) << "seed " << seed << " frame " << f;
      last = beat;
    }
  }
}

TEST(TempoMap, FrameOfIsTheInverseOfBeatOf) {
  for (int seed = 0; seed < kMaps; ++seed) {
    const RandomMap m = random_map(static_cast<std::uint64_t>(seed));
    std::mt19937_64 random(static_cast<std::uint64_t>(seed) + 1000);
    for (int i = 0; i < 500; ++i) {
      const double f = std::uniform_real_distribution<double>(m.starts.front() - 5 * m.map.rate(), m.end)(random);
      ASSERT_NEAR(m.map.frame_of(m.map.beat_of(f)), f, 1e-6) << "seed " << seed;
    }
    for (const double f : m.starts) ASSERT_NEAR(m.map.frame_of(m.map.beat_of(f)), f, 1e-6) << "seed " << seed;
  }
}

TEST(TempoMap, DueIsMonotoneInTheBeat) {
  for (int seed = 0; seed < kMaps; ++seed) {
    const RandomMap m = random_map(static_cast<std::uint64_t>(seed));
    const double first = m.map.beat_of(m.starts.front()) - 20;
    const double last = m.map.beat_of(m.end);
    Frame before = m.map.due(Beat::of(first));
    for (int i = 1; i <= 3000; ++i) {
      const Frame due = m.map.due(Beat::of(first + (last - first) * i / 3000.0));
      ASSERT_GE(due, before) << "seed " << seed;
      before = due;
    }
  }
}

TEST(TempoMap, BpmIsTheSlopeOfTheBeatLine) {
  for (int seed = 0; seed < kMaps; ++seed) {
    const RandomMap m = random_map(static_cast<std::uint64_t>(seed));
    std::mt19937_64 random(static_cast<std::uint64_t>(seed) + 2000);
    for (int i = 0; i < 50; ++i) {
      const double f = std::uniform_real_distribution<double>(m.starts.front(), m.end)(random);
      const double h = 8;
      const bool seam =
          std::any_of(m.starts.begin(), m.starts.end(), [&](double s) { return std::fabs(s - f) < 2 * h; });
      if (seam) continue;
      const double slope = (m.map.beat_of(f + h) - m.map.beat_of(f - h)) / (2 * h);
      ASSERT_NEAR(slope / m.map.slope_at(f), 1, 2e-3) << "seed " << seed;
    }
  }
}

// Checks the closed form against a sum of small steps, which knows nothing of logarithms.
TEST(TempoMap, ARampTakesTheTimeThatItsTempoTakes) {
  for (const auto& [from, to] : {std::pair{120.0, 140.0}, {140.0, 70.0}, {100.0, 100.0 + 1e-9}}) {
    TempoMap map({48000}, {from});
    map.change_tempo(48000, {to}, Beats::of(32));
    double seconds = 0;
    const int steps = 200'000;
    for (int i = 0; i < steps; ++i) seconds += 32.0 / steps * 60.0 / (from + (to - from) * (i + 0.5) / steps);
    const double start = map.beat_of(48000);
    EXPECT_NEAR(map.frame_of(start + 32), 48000 + seconds * 48000, 1e-3);
    EXPECT_NEAR(map.bpm_at_frame(map.frame_of(start + 16)), (from + to) / 2, 1e-9) << "linear in beats, not in time";
    EXPECT_NEAR(map.frame_of(start + 33) - map.frame_of(start + 32), 48000 * 60 / to, 1e-6);
  }
}

TEST(TempoMap, WhatTheBeatLineJumpsOverIsDueAtTheJump) {
  TempoMap map({48000}, {120});
  map.set_beat(96000.25, 7.5, {120});  // beat 4 and a bit becomes 7.5
  EXPECT_EQ(map.due(Beat::of(3)), (Frame{72000}));
  for (const double skipped : {4.01, 5.0, 6.0, 7.0, 7.5}) EXPECT_EQ(map.due(Beat::of(skipped)), (Frame{96000}));
  EXPECT_EQ(map.due(Beat::of(8)), (Frame{108000}));
}

TEST(TempoMap, AChangeMovesWhatIsPendingButNotThePast) {
  TempoMap map({48000}, {120});
  const Frame before = map.due(Beat::of(64));
  const double past = map.frame_of(8);
  map.change_tempo(map.frame_of(16), {140}, {});
  EXPECT_DOUBLE_EQ(map.frame_of(8), past);
  EXPECT_LT(map.due(Beat::of(64)), before);
  EXPECT_NEAR(map.frame_of(64), 16 * 24000 + 48 * 48000 * 60 / 140.0, 1e-6);
}

TEST(TempoMap, ALaterChangeReplacesWhatWasPlannedAfterIt) {
  TempoMap map({48000}, {120});
  map.change_tempo(480000, {60}, {});
  map.change_tempo(240000, {180}, {});
  EXPECT_DOUBLE_EQ(map.bpm_at_frame(600000), 180);
  map.change_tempo(-1000, {90}, {});  // before the first segment: it becomes the first
  EXPECT_EQ(map.segments().size(), 1U);
  EXPECT_DOUBLE_EQ(map.bpm_at_frame(0), 90);
}

TEST(TempoMap, BarsAndPhrasesChangeAtTheirBeats) {
  TempoMap map({48000}, {120});
  EXPECT_EQ(map.metre_at(Beat::of(1e6)), Metre{});
  map.start_metre({Beats::of(3), Beats::of(32), {}});
  map.change_metre({Beat::of(64), Beats::of(5), {}});
  map.change_metre({Beat::of(32), {}, Beats::of(16)});  // asked for later, and before it
  EXPECT_EQ(map.metre_at(Beat::of(31.999999)), (Metre{Beats::of(3), Beats::of(32), {}}));
  EXPECT_EQ(map.metre_at(Beat::of(32)), (Metre{Beats::of(3), Beats::of(16), {}}));
  EXPECT_EQ(map.metre_at(Beat::of(64)), (Metre{Beats::of(5), Beats::of(16), {}}));
  map.change_tempo(1000, {127.3}, {});  // no beat falls on a frame now
  const auto due = static_cast<double>(map.due(Beat::of(64)).v);
  EXPECT_EQ(map.metre_at_frame(due).bar, Beats::of(5)) << "what is due at that beat already has it";
  EXPECT_EQ(map.metre_at_frame(due - 1).bar, Beats::of(3));
  map.change_metre({Beat::of(64), Beats::of(7), {}});
  EXPECT_EQ(map.metre_at(Beat::of(64)).bar, Beats::of(7)) << "of two at a beat the later counts";
  for (int i = 1; i <= 100; ++i) map.change_metre({Beat::of(64 + i), Beats::of(1 + i % 7), {}});
  for (int i = 100; i > 100 - static_cast<int>(TempoMap::kMaxSteps); --i) {
    EXPECT_EQ(map.metre_at(Beat::of(64 + i)), (Metre{Beats::of(1 + i % 7), Beats::of(16), {}})) << i;
  }
}

TEST(TempoMap, NegativeTimeExtrapolatesTheFirstTempo) {
  const TempoMap map({48000}, {120});
  EXPECT_DOUBLE_EQ(map.beat_of(-24000), -1);
  EXPECT_EQ(map.due(Beat::of(-2)), (Frame{-48000}));
}

TEST(TempoMap, ForgettingOldSegmentsKeepsThePresent) {
  TempoMap map({48000}, {120});
  std::vector<std::pair<double, double>> seen;
  for (int i = 1; i <= 100; ++i) {
    map.change_tempo(i * 1000.0, {100.0 + i % 7}, {});
    seen.emplace_back(i * 1000.0 + 500, map.beat_of(i * 1000.0 + 500));
  }
  EXPECT_EQ(map.segments().size(), TempoMap::kMaxSegments);
  for (std::size_t i = seen.size() - 20; i < seen.size(); ++i)
    EXPECT_NEAR(map.beat_of(seen[i].first), seen[i].second, 1e-9);
}

}  // namespace
}  // namespace tactus::music
