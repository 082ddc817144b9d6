// Truth files, judgements and what becomes of many of them.
#include "eval/judge.h"

#include <gtest/gtest.h>

#include <fstream>

#include "eval/rivals.h"
#include "eval/tally.h"
#include "support/temp_folder.h"

namespace tactus::eval {
namespace {

constexpr const char* kLine =
    R"({"file": "a/b.flac", "style": "house", "kind": "electronic", "part": "dev", "bpm": 120, "constant": true,)"
    R"( "beats": [0.5, 1.0, 1.5, 2.0, 2.5], "downbeats": [0.5, 2.5], "metre": 4, "key": "A minor", "tuning_cents": -12,)"
    R"( "sections": [{"start": 0.5, "end": 1.5, "label": "intro"}, {"start": 1.5, "end": 2.5, "label": null}],)"
    R"( "vocals": [[1.0, 2.0]], "more": 1})";

Truth truth() { return parse_truth(kLine, "/music").value(); }

TEST(Truth, IsReadAsWritten) {
  const Truth t = truth();
  EXPECT_EQ(t.name, "a/b.flac");
  EXPECT_EQ(t.path, "/music/a/b.flac");
  EXPECT_EQ(t.style, "house");
  EXPECT_EQ(t.kind, "electronic");
  EXPECT_EQ(t.part, "dev");
  EXPECT_EQ(t.bpm, 120);
  EXPECT_TRUE(t.constant);
  EXPECT_EQ(t.beats->size(), 5u);
  EXPECT_EQ(t.downbeats->size(), 2u);
  EXPECT_EQ(t.key->name(), "A minor");
  EXPECT_EQ(t.tuning_cents, -12);
  EXPECT_EQ(t.sections->at(0).label, "intro");
  EXPECT_EQ(t.sections->at(1).label, "");
  EXPECT_EQ(t.vocals->at(0), (analysis::TimeSpan{1, 2}));
}

TEST(Truth, WhatIsMissingIsNotJudgedAndNullIsKnown) {
  const Truth bare = parse_truth(R"({"file": "/abs/x.wav"})", "/music").value();
  EXPECT_EQ(bare.path, "/abs/x.wav");
  EXPECT_FALSE(bare.key_known || bare.beats || bare.sections || bare.vocals || bare.tempo());
  const Truth none = parse_truth(R"({"file": "x", "key": null, "bpm": null, "beats": []})", "").value();
  EXPECT_TRUE(none.key_known);
  EXPECT_FALSE(none.key || none.bpm || none.tempo());
  EXPECT_EQ(none.path, "x");
  Found found;
  found.bpm = 120;
  found.beats = {0.5, 1.0};
  found.key = music::Key{};
  const Judgement j = judge(bare, found);
  for (const auto& figure : j.figures) EXPECT_FALSE(figure);
}

TEST(Truth, TempoOfBeatsIsTheMedianOverTime) {
  Truth t;
  t.beats = {0};
  for (int i = 0; i < 20; ++i) t.beats->push_back(t.beats->back() + 0.3);  // 6 s at 200
  for (int i = 0; i < 10; ++i) t.beats->push_back(t.beats->back() + 1);    // 10 s at 60
  EXPECT_NEAR(t.tempo().value(), 60, 1e-9);
}

TEST(Truth, ErrorsNameFileAndLine) {
  const tactus::test::TempFolder folder;
  const std::string path = (folder.path() / "truth.jsonl").string();
  const auto error = [&path](const std::string& text) {
    std::ofstream(path) << text;
    const auto read = read_truth(path);
    return read ? std::string() : read.error().text();
  };
  EXPECT_EQ(error("{\"file\": \"x\"}\n\n{\"file\": \"y\"}\n"), "");
  EXPECT_EQ(read_truth(path)->size(), 2u);
  EXPECT_EQ(read_truth(path)->at(1).path, (folder.path() / "y").string());
  EXPECT_NE(error("{\"file\": \"x\"}\n{\"file\": 1}\n").find("truth.jsonl:2"), std::string::npos);
  EXPECT_NE(error("{}").find("file"), std::string::npos);
  EXPECT_NE(error("nonsense").find(":1"), std::string::npos);
  EXPECT_NE(error(R"({"file": "x", "beats": [2, 1]})").find("beats don't ascend"), std::string::npos);
  EXPECT_NE(error(R"({"file": "x", "key": "H"})").find("\"H\" is no key"), std::string::npos);
  EXPECT_NE(error("\n").find("no truth"), std::string::npos);
  EXPECT_FALSE(read_truth((folder.path() / "none").string()));
}

Found perfect() {
  Found f;
  f.bpm = 120;
  f.beats = {0.5, 1.0, 1.5, 2.0, 2.5};
  f.downbeats = {0.5, 2.5};
  f.grid = {{0.5, 0, 120}};
  f.key = music::parse_key("A minor");
  f.tuning_cents = -12;
  f.sections = {{0.5, 1.5, analysis::Part::intro, 3, 0.95}, {1.5, 2.5, analysis::Part::drop, 9, 0.4}};
  f.vocals = {{1, 2}};
  f.confidence = {0.95, 0.95, 0.95, 0.95, 0.95};
  return f;
}

TEST(Judge, WhatIsRightIsRightInEveryFigure) {
  const Judgement j = judge(truth(), perfect());
  for (const Figure f : {Figure::tempo_1, Figure::tempo_2, Figure::tempo_exact, Figure::grid_ends, Figure::beat_f70,
                         Figure::beat_f20, Figure::cml_t, Figure::aml_t, Figure::downbeat_f, Figure::boundary_f,
                         Figure::label, Figure::key, Figure::vocal_f}) {
    ASSERT_TRUE(j[f]) << info(f).id;
    EXPECT_DOUBLE_EQ(*j[f], 1) << info(f).id;
  }
  EXPECT_NEAR(*j[Figure::offset_ms], 0, 1e-9);
  EXPECT_NEAR(*j[Figure::tuning_cents], 0, 1e-9);
  EXPECT_FALSE(j[Figure::no_key]);
  // The second section has no true label, so nobody can be right or wrong about it.
  EXPECT_EQ(j.claims.size(), 6u);
  for (const Claim& c : j.claims) EXPECT_TRUE(c.right) << static_cast<int>(c.subject);
}

TEST(Judge, WhatIsWrongIsWrong) {
  Found f = perfect();
  f.bpm = 240;
  for (double& t : *f.beats) t += 0.03;
  f.downbeats = {1.0};
  f.grid = {{0.515, 0, 120}};
  f.key = music::parse_key("C major");
  f.tuning_cents = 38;
  f.sections = {{0.5, 2.5, analysis::Part::drop, 9, 0.95}};
  f.vocals = {{2, 3}};
  const Judgement j = judge(truth(), f);
  EXPECT_EQ(j[Figure::tempo_1], 0);
  EXPECT_EQ(j[Figure::tempo_2], 1);
  EXPECT_EQ(j[Figure::tempo_exact], 1);
  EXPECT_EQ(j[Figure::grid_ends], 0);
  EXPECT_EQ(j[Figure::beat_f70], 1);
  EXPECT_EQ(j[Figure::beat_f20], 0);
  EXPECT_NEAR(*j[Figure::offset_ms], 30, 1e-9);
  EXPECT_EQ(j[Figure::downbeat_f], 0);
  EXPECT_EQ(j[Figure::key], 0.3);
  EXPECT_NEAR(*j[Figure::tuning_cents], 50, 1e-9);
  EXPECT_EQ(j[Figure::boundary_f], 0);
  EXPECT_EQ(j[Figure::label], 0);
  EXPECT_EQ(j[Figure::vocal_f], 0);
  int right = 0;
  for (const Claim& c : j.claims) right += c.right;
  EXPECT_EQ(right, 1);  // the beats, but for the octave
}

TEST(Judge, NoClearKeyMustBeSaid) {
  Truth t = truth();
  t.key.reset();
  EXPECT_EQ(judge(t, perfect())[Figure::no_key], 0);
  EXPECT_FALSE(judge(t, perfect())[Figure::key]);
  Found f = perfect();
  f.key.emplace(std::nullopt);
  EXPECT_EQ(judge(t, f)[Figure::no_key], 1);
  EXPECT_EQ(judge(truth(), f)[Figure::key], 0);
}

TEST(Judge, AnAnalysisSaysWhatItFound) {
  analysis::TrackAnalysis a;
  a.bpm = 120;
  a.grid = {{0.5, 0, 120}};
  a.first_sound = 0.5;
  a.last_sound = 2.6;
  a.key_confidence = 0.4;
  const Found f = found_in(a);
  EXPECT_EQ(f.beats->size(), 5u);
  EXPECT_TRUE(*f.key);
  a.key_confidence = 0;
  EXPECT_TRUE(found_in(a).key);
  EXPECT_FALSE(*found_in(a).key);
}

TEST(Tally, MeansMediansAndPools) {
  Tally tally;
  EXPECT_FALSE(tally.value(Figure::key));
  for (const auto& [f, late, vocals, seconds] :
       {std::tuple{1.0, -5.0, 0.9, 90.0}, std::tuple{0.5, 1.0, 0.5, 10.0}, std::tuple{0.0, 2.0, 1.0, 0.0}}) {
    Judgement j;
    j[Figure::beat_f70] = f;
    j[Figure::offset_ms] = late;
    j[Figure::vocal_f] = vocals;
    j.vocal_seconds = seconds;
    tally.add(j);
  }
  tally.add({});
  EXPECT_EQ(tally.tracks(), 4);
  EXPECT_EQ(tally.count(Figure::beat_f70), 3);
  EXPECT_DOUBLE_EQ(*tally.value(Figure::beat_f70), 0.5);
  EXPECT_DOUBLE_EQ(*tally.value(Figure::offset_ms), 1);
  EXPECT_DOUBLE_EQ(*tally.value(Figure::vocal_f), 0.86);
}

TEST(Tally, ReliabilityCountsEachClaimInOneStep) {
  Tally tally;
  Judgement j;
  for (const double c : {0.1, 0.19, 0.9, 0.95, 1.0}) j.claims.push_back({Subject::key, c, c > 0.92});
  j.claims.push_back({Subject::tempo, 0.95, false});
  tally.add(j);
  EXPECT_EQ(tally.reliability(Subject::key, 0.1, 0.2).said, 2);
  EXPECT_EQ(tally.reliability(Subject::key, 0.1, 0.2).right, 0);
  EXPECT_EQ(tally.reliability(Subject::key, 0.9, 1).said, 3);
  EXPECT_EQ(tally.reliability(Subject::key, 0.9, 1).right, 2);
  EXPECT_EQ(tally.reliability(Subject::key, 0.8, 0.9).said, 0);
}

// Clicks over a quiet chord, so that there is a beat and a key.
Mono clicks(double bpm, double seconds) {
  Mono out{44100, std::vector<float>(static_cast<std::size_t>(44100 * seconds))};
  for (std::size_t i = 0; i < out.samples.size(); ++i) {
    for (const double hz : {261.63, 329.63, 392.0}) {
      out.samples[i] += 0.03f * static_cast<float>(std::sin(2 * M_PI * hz * static_cast<double>(i) / 44100));
    }
  }
  for (double t = 0.25; t < seconds - 0.1; t += 60 / bpm) {
    const auto at = static_cast<std::size_t>(t * 44100);
    for (std::size_t i = 0; i < 2000; ++i) {
      out.samples[at + i] +=
          static_cast<float>(0.7 * std::exp(-static_cast<double>(i) / 300) * std::sin(0.05 * static_cast<double>(i)));
    }
  }
  return out;
}

TEST(Rivals, ThoseBuiltInFindClicks) {
  const Mono track = clicks(126, 20);
  std::vector<double> truth;
  for (double t = 0.25; t < 19.9; t += 60.0 / 126) truth.push_back(t);
  int built = 0;
  for (const Rival& rival : rivals()) {
    if (!rival.run) continue;
    SCOPED_TRACE(rival.name);
    ++built;
    Truth t;
    t.beats = truth;
    t.bpm = 126;
    const Judgement j = judge(t, rival.run(track));
    EXPECT_EQ(j[Figure::tempo_2], 1);
    EXPECT_GT(j[Figure::beat_f70].value(), 0.6);
    EXPECT_GT(j[Figure::aml_t].value(), 0.6);
  }
  if (built == 0) GTEST_SKIP() << "neither libqm-dsp-dev nor libaubio-dev was there to build with";
}

TEST(Rivals, SteadyTempoIsOfTheLongestLineAndRounded) {
  std::vector<double> beats;
  // Steps of 11.61 ms, as a tracker has them: 128 BPM within what they can tell.
  for (int i = 0; i < 200; ++i) beats.push_back(0.01161 * std::round((0.3 + i * 60.0 / 128) / 0.01161));
  EXPECT_EQ(steady_tempo(beats), 128);
  const double last = beats.back();
  for (int i = 1; i < 60; ++i) beats.push_back(last + 0.2 + i * 60.0 / 90);
  EXPECT_EQ(steady_tempo(beats), 128);
  std::vector<double> odd;
  for (int i = 0; i < 400; ++i) odd.push_back(i * 60.0 / 127.32);
  EXPECT_NEAR(steady_tempo(odd), 127.32, 1e-6);
  EXPECT_EQ(steady_tempo(std::vector<double>{1}), 0);
}

}  // namespace
}  // namespace tactus::eval
