// What somebody set right about a track: kept apart, read back, and over every analysis.
#include "analysis/edits.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "support/temp_folder.h"

namespace tactus::analysis {
namespace {

TrackAnalysis found() {
  TrackAnalysis a;
  a.versions = kVersions;
  a.duration = 200;
  a.first_sound = 0.5;
  a.last_sound = 199;
  a.grid = {{1, 0, 140}};
  a.metre = {{0, 3}};
  a.bpm = 140;
  a.confidence = a.tempo_confidence = a.downbeat_confidence = 0.4;
  a.phrases = {{0, 16, 1}, {32, 16, 0.5}, {64, 8, 0.7}, {72, 8, 0.7}};
  a.key = {9, true};
  a.keys = {{0.5, {9, true}, 0.5}, {100, {0, false}, 0.5}};
  return a;
}

TEST(Edits, AGridGoesBeforeTheOneThatWasFound) {
  TrackAnalysis a = found();
  std::vector<double> places;
  for (const Phrase& p : a.phrases) places.push_back(a.seconds_of(p.beat));
  apply({{{{1.1, 0, 70}}}, {}}, a);
  EXPECT_EQ(a.bpm, 70);
  EXPECT_EQ(a.alternative_bpm, 140);
  EXPECT_EQ(a.first_downbeat, 1.1);
  EXPECT_TRUE(a.metre.empty());
  EXPECT_EQ(a.confidence * a.tempo_confidence * a.downbeat_confidence, 1);
  ASSERT_EQ(a.phrases.size(), 4u) << "each has its embedding";
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(std::fmod(a.phrases[i].beat, 4), 0);
    EXPECT_TRUE(i == 3 || std::fabs(a.seconds_of(a.phrases[i].beat) - places[i]) < 0.2) << i;
    EXPECT_TRUE(i == 0 || a.phrases[i].beat > a.phrases[i - 1].beat) << i;
  }
  EXPECT_EQ(a.key, (music::Key{9, true})) << "as it was";
  EXPECT_TRUE(parse_json(to_json(a)));
}

TEST(Edits, AKeyIsTheWholeTracks) {
  TrackAnalysis a = found();
  apply({{}, music::Key{6, true}}, a);
  EXPECT_EQ(a.key, (music::Key{6, true}));
  EXPECT_EQ(a.key_confidence, 1);
  ASSERT_EQ(a.keys.size(), 1u);
  EXPECT_EQ(a.keys[0].key, a.key);
  EXPECT_EQ(a.grid, found().grid);
}

TEST(Edits, NoneChangeNothing) {
  TrackAnalysis a = found();
  apply({}, a);
  EXPECT_EQ(a, found());
  TrackAnalysis silent;
  silent.duration = 10;
  apply({{{{1, 0, 120}}}, {}}, silent);
  EXPECT_EQ(silent.bpm, 120) << "also where no beat was found";
}

TEST(Edits, AreReadBackAndTakenAway) {
  const test::TempFolder folder;
  const EditStore store(folder / "edits");
  EXPECT_EQ(store.find("abc"), Edits{});
  const Edits edits{{{{0.25, 0, 126.5}, {60.125, 126, 127}}}, music::Key{3, true}};
  ASSERT_TRUE(store.store("abc", edits));
  EXPECT_EQ(store.find("abc"), edits);
  ASSERT_TRUE(store.store("abc", {{}, music::Key{3, true}}));
  EXPECT_EQ(store.find("abc").grid, std::nullopt);
  ASSERT_TRUE(store.store("abc", {}));
  EXPECT_EQ(store.find("abc"), Edits{});
  EXPECT_TRUE(std::filesystem::is_empty(folder / "edits"));
  EXPECT_TRUE(store.store("abc", {})) << "none to take away";
}

TEST(Edits, OutliveAnalysesOfAnotherMind) {
  const test::TempFolder folder;
  const Cache cache(folder / "cache");
  const EditStore store(folder / "edits");
  ASSERT_TRUE(cache.store("abc", found()));
  ASSERT_TRUE(store.store("abc", {{{{1.1, 0, 70}}}, {}}));
  EXPECT_EQ(find_known(cache, store, "abc")->bpm, 70);
  TrackAnalysis better = found();
  better.bpm = better.grid[0].bpm = 141;
  ASSERT_TRUE(cache.store("abc", better));
  EXPECT_EQ(find_known(cache, store, "abc")->bpm, 70);
  EXPECT_EQ(cache.find("abc")->bpm, 141) << "what was found is kept as it is";
  ASSERT_TRUE(store.store("abc", {}));
  EXPECT_EQ(find_known(cache, store, "abc")->bpm, 141);
  EXPECT_FALSE(find_known(cache, store, "other"));
}

TEST(Edits, WhatMakesNoSenseCountsAsNone) {
  for (const char* text :
       {"", "{}", "[]", "{\"tactus_edits\":2}", "{\"tactus_edits\":1,\"grid\":[]}",
        "{\"tactus_edits\":1,\"key\":\"H dur\"}",
        "{\"tactus_edits\":1,\"grid\":[{\"seconds\":1,\"beat\":0,\"bpm\":0}]}",
        "{\"tactus_edits\":1,\"grid\":[{\"seconds\":1,\"beat\":0,\"bpm\":120},{\"seconds\":1,\"beat\":4,\"bpm\":120}]}",
        "{\"tactus_edits\":1,\"grid\":[{\"seconds\":1e300,\"beat\":0,\"bpm\":120}]}",
        "{\"tactus_edits\":1,\"grid\":[{\"seconds\":1,\"beat\":0}]}", "{\"tactus_edits\":1,\"grid\":7}"}) {
    EXPECT_FALSE(parse_edits(text)) << text;
  }
  EXPECT_EQ(parse_edits("{\"tactus_edits\":1}"), Edits{});
}

}  // namespace
}  // namespace tactus::analysis
