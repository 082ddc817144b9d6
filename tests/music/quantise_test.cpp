// Quantise, as laws: they hold for any beat, any raster, any phase.
#include "music/quantise.h"

#include <random>

namespace tactus::music {
namespace {

std::vector<Raster> rasters() {
  std::vector<Raster> all;
  for (int n : {1, 2, 4, 8, 16, 32}) {
    all.push_back(Raster::note(n, false));
    all.push_back(Raster::note(n, true));
  }
  for (double beats : {1.0, 3.0, 4.0, 5.0, 7.0, 16.0, 32.0, 0.3, 1.0 / 7})
    all.push_back(Raster::every(Beats::of(beats)));
  all.push_back({4'000'000, 7});  // seven in a bar
  all.push_back({1, 1});          // the finest there is
  return all;
}

TEST(Quantise, NextIsTheNearestBoundaryAtOrAfter) {
  std::mt19937_64 random(1);
  for (const Raster r : rasters()) {
    for (int i = 0; i < 2000; ++i) {
      const Beat b{std::uniform_int_distribution<std::int64_t>(-5'000'000'000, 5'000'000'000)(random)};
      const Beat phase{std::uniform_int_distribution<std::int64_t>(-9'000'000, 9'000'000)(random)};
      const Beat next = next_boundary(r, b, phase);
      const Beat last = previous_boundary(r, b, phase);
      ASSERT_LE(last, b);
      ASSERT_GE(next, b);
      // Neighbours, or the same point when b is on the raster.
      const std::int64_t k = boundary_index(r, b, phase);
      ASSERT_EQ(last, boundary(r, k, phase));
      ASSERT_EQ(next, b == last ? last : boundary(r, k + 1, phase));
      // A boundary is its own next and its own previous.
      ASSERT_EQ(next_boundary(r, next, phase), next);
      ASSERT_EQ(previous_boundary(r, next, phase), next);
      ASSERT_GE(phase_in(r, b, phase).micro, 0);
      ASSERT_LE(phase_in(r, b, phase).micro * r.den, r.micro + r.den);
    }
  }
}

TEST(Quantise, ShiftingTimeAndPhaseTogetherChangesNothing) {
  std::mt19937_64 random(2);
  for (const Raster r : rasters()) {
    for (int i = 0; i < 500; ++i) {
      const Beat b{std::uniform_int_distribution<std::int64_t>(-1'000'000'000, 1'000'000'000)(random)};
      const Beats shift{std::uniform_int_distribution<std::int64_t>(-70'000'000, 70'000'000)(random)};
      EXPECT_EQ(next_boundary(r, b + shift, Beat{} + shift), next_boundary(r, b) + shift);
    }
  }
}

TEST(Quantise, NegativeBeatsCountTowardsZero) {
  const Raster bar = Raster::every(Beats::of(4));
  EXPECT_EQ(next_boundary(bar, Beat::of(-0.5)), Beat::of(0));
  EXPECT_EQ(next_boundary(bar, Beat::of(-4)), Beat::of(-4));
  EXPECT_EQ(next_boundary(bar, Beat::of(-4.000001)), Beat::of(-4));
  EXPECT_EQ(previous_boundary(bar, Beat::of(-0.5)), Beat::of(-4));
  EXPECT_EQ(phase_in(bar, Beat::of(-0.5)), Beats::of(3.5));
  EXPECT_EQ(next_boundary(bar, Beat::of(-3), Beat::of(1)), Beat::of(-3));
}

TEST(Quantise, ZeroAndNegativeQuantaMeanNow) {
  for (const Raster r : {Raster{}, Raster::every(Beats{}), Raster::every(Beats::of(-4)), Raster{4'000'000, 0}}) {
    EXPECT_TRUE(r.none());
    EXPECT_EQ(next_boundary(r, Beat::of(1.234567)), Beat::of(1.234567));
    EXPECT_EQ(previous_boundary(r, Beat::of(-1.5)), Beat::of(-1.5));
    EXPECT_EQ(phase_in(r, Beat::of(9.9)), Beats{});
  }
}

TEST(Quantise, OddQuanta) {
  const Raster seven = Raster::every(Beats::of(7));
  EXPECT_EQ(next_boundary(seven, Beat::of(7.1)), Beat::of(14));
  EXPECT_EQ(next_boundary(seven, Beat::of(-7.1)), Beat::of(-7));
  EXPECT_EQ(next_boundary(Raster::every(Beats::of(3)), Beat::of(100)), Beat::of(102));
}

TEST(Quantise, TripletsNeverDrift) {
  const Raster r = Raster::note(8, true);  // 1/8T: three to the beat
  EXPECT_EQ(boundary(r, 1).micro, 333'333);
  EXPECT_EQ(boundary(r, 2).micro, 666'667);
  EXPECT_EQ(boundary(r, 3).micro, 1'000'000);
  // A step of 333,333 micro-beats added a million times would be a third of a beat off here.
  EXPECT_EQ(boundary(r, 3'000'000).micro, 1'000'000'000'000);
  EXPECT_EQ(boundary(r, -3'000'001).micro, -1'000'000'333'333);
  // Walking from boundary to boundary visits each exactly once.
  Beat b{};
  for (std::int64_t k = 1; k <= 30'000; ++k) {
    b = next_boundary(r, b + Beats{1});
    ASSERT_EQ(b, boundary(r, k));
  }
  EXPECT_EQ(b, Beat::of(10'000));
}

TEST(Quantise, NoteValues) {
  EXPECT_EQ(boundary(Raster::note(4, false), 1), Beat::of(1));
  EXPECT_EQ(boundary(Raster::note(2, false), 1), Beat::of(2));
  EXPECT_EQ(boundary(Raster::note(32, false), 1), Beat::of(0.125));
  EXPECT_EQ(boundary(Raster::note(2, true), 3), Beat::of(4));   // three half-note triplets fill a bar
  EXPECT_EQ(boundary(Raster::note(4, true), 3), Beat::of(2));   // three quarter triplets fill two beats
  EXPECT_EQ(boundary(Raster::note(16, true), 6), Beat::of(1));  // six to the beat
}

TEST(Quantise, PhaseOf) {
  const Raster bar = Raster::every(Beats::of(4));
  EXPECT_EQ(next_with_phase_of(bar, Beat::of(10), Beat::of(1.5)), Beat::of(13.5));
  EXPECT_EQ(next_with_phase_of(bar, Beat::of(13.5), Beat::of(-2.5)), Beat::of(13.5));
  EXPECT_EQ(next_with_phase_of(bar, Beat::of(-10), Beat::of(1.5)), Beat::of(-6.5));
}

static_assert(next_boundary(Raster::every(Beats{4'000'000}), Beat{1}) == Beat{4'000'000}, "usable in constants");

}  // namespace
}  // namespace tactus::music
