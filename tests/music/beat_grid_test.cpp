// Beat grids: constant ones, and piecewise ones as laws over random anchors.
#include "music/beat_grid.h"

#include <random>

namespace tactus::music {
namespace {

// Anchors of a drummer: each stretch keeps its tempo until the next anchor, so the beat line is continuous.
std::vector<GridAnchor> random_anchors(std::uint64_t seed, double rate) {
  std::mt19937_64 random(seed);
  const auto uniform = [&](double lo, double hi) { return std::uniform_real_distribution<double>(lo, hi)(random); };
  std::vector<GridAnchor> anchors{{uniform(0, rate), std::floor(uniform(-8, 8)), uniform(60, 200)}};
  for (std::size_t n = random() % 30; n > 0; --n) {
    const GridAnchor& a = anchors.back();
    const double beats = 1 + static_cast<double>(random() % 16);
    anchors.push_back({a.frame + beats * rate * 60 / a.bpm, a.beat + beats, uniform(60, 200)});
  }
  return anchors;
}

TEST(BeatGrid, BeatAndFrameAreInverseAndMonotone) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    const double rate = seed % 2 ? 44100 : 48000;
    const std::vector<GridAnchor> anchors = random_anchors(seed, rate);
    const GridView grid{anchors.data(), static_cast<std::uint32_t>(anchors.size()), rate};
    const double first = anchors.front().frame - 10 * rate;
    const double last = anchors.back().frame + 10 * rate;
    double before = grid.beat_of(first - 1);
    for (int i = 0; i <= 1000; ++i) {
      const double f = first + (last - first) * i / 1000;
      const double beat = grid.beat_of(f);
      ASSERT_GT(beat, before - 1e-9) << "seed " << seed;
      ASSERT_NEAR(grid.frame_of(beat), f, 1e-6) << "seed " << seed;
      before = beat;
    }
    for (const GridAnchor& a : anchors) {
      EXPECT_NEAR(grid.beat_of(a.frame), a.beat, 1e-9);
      EXPECT_EQ(grid.bpm_at(a.frame), a.bpm);
    }
  }
}

TEST(BeatGrid, OneAnchorIsAConstantGridBothWays) {
  const GridAnchor anchor{12000, 0, 126};
  const GridView grid{&anchor, 1, 48000};
  const double beat = 48000 * 60 / 126.0;
  EXPECT_DOUBLE_EQ(grid.frame_of(0), 12000);
  EXPECT_DOUBLE_EQ(grid.frame_of(1000), 12000 + 1000 * beat);
  EXPECT_DOUBLE_EQ(grid.frame_of(-2.5), 12000 - 2.5 * beat);
  EXPECT_FALSE(grid.empty());
  EXPECT_TRUE(GridView{}.empty());
}

}  // namespace
}  // namespace tactus::music
