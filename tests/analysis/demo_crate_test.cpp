// The analysis against the demo crate: seven styles whose grid and key are known, cut to 40 seconds each so that it
// takes seconds. The whole tracks: `tactus eval`, docs/analysis.md.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "analysis/analysis.h"
#include "demo/demo.h"
#include "support/temp_folder.h"

namespace tactus::analysis {
namespace {

TEST(DemoCrate, TempoDownbeatAndKeyOfEveryStyle) {
  const tactus::test::TempFolder folder;
  const auto crate = demo::make_crate(folder.path(), {.seconds = 40});
  ASSERT_TRUE(crate.ok());
  ASSERT_EQ(crate->tracks.size(), 7u);
  int same_key = 0, counted_double = 0;
  for (const demo::Track& track : crate->tracks) {
    SCOPED_TRACE(track.title);
    const auto truth = nlohmann::json::parse(std::ifstream(track.truth));
    const double bpm = truth.at("grid").at("bpm");
    const double first = truth.at("grid").at("first_downbeat_seconds");
    const auto key = music::parse_key(track.key);
    ASSERT_TRUE(key);
    const auto found = analyze_file(track.audio.string());
    ASSERT_TRUE(found.ok());
    ASSERT_EQ(found->grid.size(), 1u);
    // One of the cuts (92 BPM, swung) is counted twice as fast; the whole track isn't.
    const bool doubled = std::fabs(found->bpm / bpm - 2) < 0.01;
    counted_double += doubled ? 1 : 0;
    EXPECT_NEAR(doubled ? found->alternative_bpm : found->bpm, bpm, 0.05);
    // Which bar is the first may be a matter of taste; that it is the start of one is not.
    const double off = found->first_downbeat - first;
    const double bar = 240 / bpm;
    EXPECT_NEAR(off - std::round(off / bar) * bar, 0, 0.010);
    EXPECT_GT(found->confidence, 0.3);
    same_key += found->key == *key;
    EXPECT_LE(music::key_distance(found->key, *key), 1) << found->key.name() << " for " << key->name();
  }
  EXPECT_GE(same_key, 4);
  EXPECT_LE(counted_double, 1);
}

}  // namespace
}  // namespace tactus::analysis
