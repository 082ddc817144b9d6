// Measures on inputs small enough to work out by hand.
#include "eval/metrics.h"

#include <gtest/gtest.h>

#include <array>

namespace tactus::eval {
namespace {

using analysis::Anchor;
using music::Key;

std::vector<double> beats(double first, double interval, int count) {
  std::vector<double> out;
  for (int i = 0; i < count; ++i) out.push_back(first + i * interval);
  return out;
}

Key key(std::string_view name) { return music::parse_key(name).value(); }

TEST(FMeasure, IsTheHarmonicMeanOfPrecisionAndRecall) {
  const std::vector<double> truth = {1, 2, 3, 4};
  EXPECT_DOUBLE_EQ(f_measure(truth, truth, 0.07), 1);
  // Two of four found, and one beside: precision 2/3, recall 2/4.
  EXPECT_DOUBLE_EQ(f_measure(truth, std::vector<double>{1.05, 2.5, 3.93}, 0.07), 4.0 / 7);
  EXPECT_DOUBLE_EQ(f_measure(truth, std::vector<double>{1.05, 2.5, 3.93}, 0.02), 0);
  EXPECT_DOUBLE_EQ(f_measure(truth, {}, 0.07), 0);
  EXPECT_DOUBLE_EQ(f_measure({}, truth, 0.07), 0);
  EXPECT_DOUBLE_EQ(f_measure({}, {}, 0.07), 1);
}

TEST(FMeasure, TheWindowsEdgeCounts) {
  EXPECT_DOUBLE_EQ(f_measure(std::vector<double>{1}, std::vector<double>{1.07}, 0.07), 1);
  EXPECT_DOUBLE_EQ(f_measure(std::vector<double>{1}, std::vector<double>{1.0701}, 0.07), 0);
}

TEST(FMeasure, PairsAsManyAsPossibleAndEachOnce) {
  // Only 0.00 with 0.06 and 0.10 with 0.12 pairs both: the nearest for each (0.10 with 0.06 or 0.12) may pair one.
  EXPECT_EQ(match(std::vector<double>{0, 0.10}, std::vector<double>{0.06, 0.12}, 0.07).size(), 2u);
  EXPECT_EQ(match(std::vector<double>{1}, std::vector<double>{0.98, 1, 1.02}, 0.07).size(), 1u);
}

TEST(FMeasure, DoubleTempoIsTwoThirds) {
  EXPECT_NEAR(f_measure(beats(0, 0.5, 100), beats(0, 0.25, 200), 0.07), 2.0 / 3, 1e-9);
  EXPECT_NEAR(f_measure(beats(0, 0.5, 100), beats(0, 1, 50), 0.07), 2.0 / 3, 1e-9);
}

TEST(Offset, IsTheMedianOfWhatMatches) {
  const std::vector<double> truth = {1, 2, 3, 4, 5};
  EXPECT_NEAR(median_offset(truth, std::vector<double>{1.01, 2.02, 2.97, 4.2, 5.04}, 0.07).value(), 0.015, 1e-9);
  EXPECT_NEAR(median_offset(truth, std::vector<double>{0.98, 1.99, 3.06}, 0.07).value(), -0.01, 1e-9);
  EXPECT_FALSE(median_offset(truth, std::vector<double>{1.5}, 0.07));
}

TEST(Continuity, RightBeatsAreAllRight) {
  const Continuity c = continuity(beats(0.3, 0.5, 40), beats(0.3, 0.5, 40));
  EXPECT_DOUBLE_EQ(c.cml_c, 1);
  EXPECT_DOUBLE_EQ(c.cml_t, 1);
  EXPECT_DOUBLE_EQ(c.aml_c, 1);
  EXPECT_DOUBLE_EQ(c.aml_t, 1);
}

TEST(Continuity, OneBeatInTheMiddleThatIsOffCostsItselfAndTheNext) {
  std::vector<double> found = beats(0, 0.5, 20);
  found[8] += 0.1;  // 20 % of the interval: too late, and both its intervals are 20 % off
  const Continuity c = continuity(beats(0, 0.5, 20), found);
  EXPECT_DOUBLE_EQ(c.cml_t, 18.0 / 20);
  EXPECT_DOUBLE_EQ(c.cml_c, 10.0 / 20);  // beats 10 to 19
}

TEST(Continuity, ToleranceIsSeventeenAndAHalfPerCentOfTheInterval) {
  std::vector<double> found = beats(0, 0.5, 20);
  for (double& t : found) t += 0.17 * 0.5;
  EXPECT_DOUBLE_EQ(continuity(beats(0, 0.5, 20), found).cml_t, 1);
  for (double& t : found) t += 0.01 * 0.5;
  EXPECT_DOUBLE_EQ(continuity(beats(0, 0.5, 20), found).cml_t, 0);
}

TEST(Continuity, OtherLevelsCountOnlyForAml) {
  const std::vector<double> truth = beats(0, 0.5, 40);
  const std::array<std::vector<double>, 4> levels = {
      beats(0, 0.25, 79),   // double
      beats(0, 1, 20),      // half
      beats(0.5, 1, 20),    // the other half
      beats(0.25, 0.5, 39)  // off-beats
  };
  for (const std::vector<double>& found : levels) {
    const Continuity c = continuity(truth, found);
    EXPECT_DOUBLE_EQ(c.cml_t, 0);
    EXPECT_DOUBLE_EQ(c.aml_t, 1);
    EXPECT_DOUBLE_EQ(c.aml_c, 1);
  }
  const Continuity triple = continuity(truth, beats(0, 0.5 / 3, 118));
  EXPECT_LT(triple.aml_t, 0.1);
}

TEST(Continuity, IsOfTheLongerList) {
  // Half of the track was found, rightly.
  const Continuity c = continuity(beats(0, 0.5, 40), beats(0, 0.5, 20));
  EXPECT_DOUBLE_EQ(c.cml_t, 0.5);
  EXPECT_DOUBLE_EQ(c.cml_c, 0.5);
  // And a beat may be claimed once only.
  std::vector<double> twice = beats(0, 0.5, 10);
  twice.insert(twice.begin() + 5, twice[5]);
  EXPECT_DOUBLE_EQ(continuity(beats(0, 0.5, 10), twice).cml_t, 10.0 / 11);
  EXPECT_DOUBLE_EQ(continuity(beats(0, 0.5, 10), beats(0, 1, 1)).aml_t, 0);
}

TEST(Tempo, AccuraciesOneAndTwo) {
  EXPECT_TRUE(tempo_accuracy_1(125, 130));
  EXPECT_FALSE(tempo_accuracy_1(125, 130.1));
  EXPECT_TRUE(tempo_accuracy_1(125, 120));
  EXPECT_FALSE(tempo_accuracy_1(100, 50));
  for (const double found : {100.0, 200.0, 300.0, 50.0, 33.0, 207.0}) EXPECT_TRUE(tempo_accuracy_2(100, found));
  for (const double found : {150.0, 66.7, 400.0, 25.0, 0.0}) EXPECT_FALSE(tempo_accuracy_2(100, found));
}

TEST(Tempo, WithinFiveHundredthsOctaveForgiven) {
  EXPECT_TRUE(tempo_within(128, 128.049, 0.05));
  EXPECT_FALSE(tempo_within(128, 128.06, 0.05));
  EXPECT_TRUE(tempo_within(174, 87.02, 0.05));   // 0.04 off at 174
  EXPECT_FALSE(tempo_within(174, 87.03, 0.05));  // 0.06
  EXPECT_TRUE(tempo_within(70, 140.09, 0.05));
  EXPECT_FALSE(tempo_within(60, 180, 0.05));
}

TEST(GridEnds, TellHowFarTheGridIsOffAtEitherEnd) {
  const std::vector<double> truth = beats(1, 0.5, 241);  // 120 BPM for two minutes
  const auto ends = grid_ends(truth, {{1.002, 0, 120}});
  ASSERT_TRUE(ends);
  EXPECT_NEAR(ends->first, 0.002, 1e-9);
  EXPECT_NEAR(ends->last, 0.002, 1e-9);
  EXPECT_TRUE(ends->within(0.010));
  // 0.01 BPM too slow: 10 ms late after two minutes, from 5 ms late.
  const auto drifted = grid_ends(truth, {{1.005, 0, 119.99}});
  ASSERT_TRUE(drifted);
  EXPECT_NEAR(drifted->last, 0.015, 1e-4);
  EXPECT_FALSE(drifted->within(0.010));
}

TEST(GridEnds, OctavesCountAndWholeBeatsOffDoNot) {
  const std::vector<double> truth = beats(1, 0.5, 240);
  EXPECT_TRUE(grid_ends(truth, {{1, 0, 240}})->within(0.001));
  EXPECT_TRUE(grid_ends(truth, {{1, 0, 60}})->within(0.001));
  EXPECT_TRUE(grid_ends(truth, {{1.5, 0, 60}})->within(0.001));
  EXPECT_FALSE(grid_ends(truth, {{1.25, 0, 120}})->within(0.010));
  // One beat more on the way: right at both ends, and nowhere else.
  EXPECT_FALSE(grid_ends(truth, {{1, 0, 120 * 240.0 / 239}}));
  EXPECT_FALSE(grid_ends(truth, {{1, 0, 180}}));
}

TEST(KeyScore, AsMirexWeighsErrors) {
  EXPECT_DOUBLE_EQ(key_score(key("C major"), key("C major")), 1);
  EXPECT_DOUBLE_EQ(key_score(key("C major"), key("G major")), 0.5);
  EXPECT_DOUBLE_EQ(key_score(key("C major"), key("F major")), 0.5);
  EXPECT_DOUBLE_EQ(key_score(key("A minor"), key("E minor")), 0.5);
  EXPECT_DOUBLE_EQ(key_score(key("C major"), key("A minor")), 0.3);
  EXPECT_DOUBLE_EQ(key_score(key("A minor"), key("C major")), 0.3);
  EXPECT_DOUBLE_EQ(key_score(key("C major"), key("C minor")), 0.2);
  EXPECT_DOUBLE_EQ(key_score(key("C major"), key("E minor")), 0);
  EXPECT_DOUBLE_EQ(key_score(key("C major"), key("D major")), 0);
}

TEST(Sections, OnlyInnerBoundariesCount) {
  const std::vector<Span> truth = {{0.2, 30, "intro"}, {30, 60, "drop"}, {60, 90, "outro"}};
  EXPECT_DOUBLE_EQ(boundary_f(truth, truth, 0.5).value(), 1);
  // One of two, and another: 2 * 1 / (2 + 2).
  const std::vector<Span> found = {{0.9, 30.5, "intro"}, {30.5, 45, "drop"}, {45, 92, "outro"}};
  EXPECT_DOUBLE_EQ(boundary_f(truth, found, 0.5).value(), 0.5);
  EXPECT_DOUBLE_EQ(boundary_f(truth, {}, 0.5).value(), 0);
  EXPECT_FALSE(boundary_f(std::vector<Span>{{0, 90, "drop"}}, truth, 0.5));
}

TEST(Sections, LabelsAreJudgedByTime) {
  constexpr std::array<std::string_view, 3> kLabels = {"intro", "drop", "outro"};
  const std::vector<Span> truth = {{0, 20, "intro"}, {20, 40, "verse"}, {40, 80, "drop"}, {80, 100, "outro"}};
  const std::vector<Span> found = {{0, 10, "intro"}, {10, 70, "drop"}, {70, 100, "outro"}};
  EXPECT_DOUBLE_EQ(label_share(truth, found, kLabels).value(), (10.0 + 30 + 20) / 80);
  EXPECT_DOUBLE_EQ(label_share(truth, {}, kLabels).value(), 0);
  EXPECT_FALSE(label_share(std::vector<Span>{{0, 10, "verse"}}, found, kLabels));
  EXPECT_EQ(label_at(truth, 40), "drop");
  EXPECT_EQ(label_at(truth, 100), "");
}

TEST(Vocals, OverlapOfSpans) {
  const std::vector<analysis::TimeSpan> truth = {{10, 20}, {30, 40}}, found = {{15, 35}};
  const Overlap o = overlap(truth, found);
  EXPECT_DOUBLE_EQ(o.truth, 20);
  EXPECT_DOUBLE_EQ(o.found, 20);
  EXPECT_DOUBLE_EQ(o.both, 10);
  EXPECT_DOUBLE_EQ(o.f(), 0.5);
  EXPECT_DOUBLE_EQ(overlap(truth, {}).f(), 0);
  EXPECT_DOUBLE_EQ(overlap({}, {}).f(), 1);
}

}  // namespace
}  // namespace tactus::eval
