// The grid on beats that are known, without any sound: what a tracker that loses its way leaves of a constant tempo.
#include "analysis/grid.h"

#include <gtest/gtest.h>

#include <cmath>

namespace tactus::analysis {
namespace {

constexpr double kPeriod = 60.0 / 138, kFirst = 0.2, kDuration = 60;

// Something begins on every half-beat.
OnsetCurve half_beats() {
  OnsetCurve out;
  out.hop = 0.00145;
  out.all.resize(static_cast<std::size_t>(kDuration / out.hop));
  for (double at = kFirst; at < kDuration - 0.1; at += kPeriod / 2)
    out.all[static_cast<std::size_t>(std::lround(out.index(at)))] = 1;
  out.low = out.mid = out.high = out.all;
  return out;
}

// Half a beat off from `from` to `to` seconds.
std::vector<TrackedBeat> astray(double from, double to) {
  std::vector<TrackedBeat> out;
  for (double at = kFirst; at < kDuration - 1; at += kPeriod)
    out.push_back({at > from && at < to ? at + kPeriod / 2 : at, 0.8});
  return out;
}

TEST(Grid, BeatsThatWentAstrayByHalfOfOneDontBendIt) {
  const Grid grid = find_grid(half_beats(), astray(20, 32), kDuration);
  ASSERT_EQ(grid.anchors.size(), 1u);
  EXPECT_NEAR(grid.anchors[0].bpm, 138, 0.01);
  EXPECT_NEAR(std::remainder(grid.anchors[0].seconds - kFirst, kPeriod), 0, 0.003);
}

}  // namespace
}  // namespace tactus::analysis
