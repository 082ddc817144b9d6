// Intents in, sound out, offline: what a script says is found in the audio, to the frame.
#include "session/renderer.h"

#include <gtest/gtest.h>

#include <cmath>

#include "support/fake_source.h"

using namespace tactus;
using namespace tactus::testing;
using session::Refused;
using session::RenderOptions;
using session::RenderReport;
using session::ScriptEvent;

namespace {

ScriptEvent at(double beat, std::string text) { return {msg::When::at(Beat::of(beat)), std::move(text), 0}; }

std::unique_ptr<RigTrack> clicks(double bpm, double seconds = 60) {
  const double beat = 48000 * 60 / bpm;
  return make_track(static_cast<std::int64_t>(48000 * seconds), 2, bpm, 0, [beat](std::int64_t f, int) {
    return f == std::llround(std::floor((static_cast<double>(f) + 0.5) / beat) * beat) ? 0.5f : 0.0f;
  });
}

struct Rendered {
  RenderReport report;
  std::vector<float> left;
};

Rendered play(FakeSource& source, const std::vector<ScriptEvent>& events, double bpm, int block = 256,
              double max_seconds = 0) {
  Rendered r;
  RenderOptions options;
  options.tempo = Bpm{bpm};
  options.block = block;
  options.max_seconds = max_seconds;
  r.report = session::render(events, options, source, [&](std::span<const float> x) {
    for (std::size_t i = 0; i < x.size(); i += 2) r.left.push_back(x[i]);
    return true;
  });
  return r;
}

std::int64_t loudest(const std::vector<float>& x, std::int64_t from, std::int64_t to) {
  std::int64_t best = from;
  for (std::int64_t i = from; i < to && i < static_cast<std::int64_t>(x.size()); ++i) {
    if (std::fabs(x[static_cast<std::size_t>(i)]) > std::fabs(x[static_cast<std::size_t>(best)])) best = i;
  }
  return best;
}

TEST(Renderer, PlayOnABeatIsFoundAtItsFrame) {
  FakeSource source;
  source.add("a.wav", clicks(128));
  const auto r = play(source, {at(0, "/clock/source internal"), at(0, "/deck/1/load \"a.wav\""), at(3, "/deck/1/play")},
                      128, 256, 10);
  ASSERT_TRUE(r.report.refused.empty()) << r.report.refused[0].why;
  const std::int64_t due = std::llround(3 * 48000 * 60 / 128.0);
  for (std::int64_t i = 0; i < due; ++i) ASSERT_EQ(r.left[static_cast<std::size_t>(i)], 0) << i;
  EXPECT_EQ(loudest(r.left, 0, due + 10000), due);
  bool reported = false;
  for (const auto& e : r.report.events) reported = reported || (e.text == "/deck/1/play" && e.frame.v == due);
  EXPECT_TRUE(reported);
}

TEST(Renderer, RefusalsNameReasonAndTheRestGoesOn) {
  FakeSource source;
  source.add("a.wav", clicks(120));
  const auto r = play(source,
                      {at(0, "/deck/2/play"), at(0, "/deck/1/load \"nothing.wav\""), at(0, "/deck/1/lood \"a.wav\""),
                       at(0, "/deck/1/load \"a.wav\""), at(4, "/deck/1/play")},
                      120, 256, 5);
  ASSERT_EQ(r.report.refused.size(), 3u);
  EXPECT_NE(r.report.refused[0].why.find("empty"), std::string::npos) << r.report.refused[0].why;
  EXPECT_EQ(r.report.refused[1].text, "/deck/1/load \"nothing.wav\"");
  EXPECT_NE(r.report.refused[1].why.find("no such file"), std::string::npos) << r.report.refused[1].why;
  EXPECT_NE(r.report.refused[2].why.find("load"), std::string::npos) << r.report.refused[2].why;
  EXPECT_GT(r.left.size(), 48000u);
}

std::vector<ScriptEvent> two_decks() {
  return {at(0, "/clock/source internal"),
          at(0, "/deck/1/load \"a.wav\""),
          at(0, "/deck/2/load \"b.wav\""),
          at(0, "/deck/1/sync beat"),
          at(0, "/deck/2/sync bar"),
          at(0, "/deck/1/play"),
          at(4, "/deck/2/fader 0"),
          at(8, "/deck/2/play @bar"),
          at(8, "/deck/2/fader 1 over 4 beats"),
          at(10, "/deck/1/eq/low -inf over 2 beats"),
          at(12, "/deck/1/fx/1/1/type echo"),
          at(13, "/deck/1/fx/1/1/on 1"),
          at(14, "/deck/2/loop/beats 2"),
          at(16, "/clock/tempo 131 over 8 beats"),
          at(20, "/deck/2/loop/exit"),
          at(22, "/deck/1/jump -4"),
          at(24, "/deck/1/pause"),
          at(26, "/mixer/crossfader 1 over 2 beats")};
}

TEST(Renderer, SameBitsAtAnyBlockSizeAndTwiceOver) {
  FakeSource source;
  source.add("a.wav", clicks(126, 40));
  source.add("b.wav", clicks(122, 40));
  const auto ref = play(source, two_decks(), 124, 32, 16);
  ASSERT_TRUE(ref.report.refused.empty()) << ref.report.refused[0].why;
  for (int block : {64, 256, 480, 4096, 32}) {
    const auto r = play(source, two_decks(), 124, block, 16);
    ASSERT_EQ(r.left.size(), ref.left.size());
    EXPECT_EQ(r.left, ref.left) << block;
  }
}

TEST(Renderer, AnIntentIsReportedAtTheBeatItAskedFor) {
  FakeSource source;
  source.add("a.wav", clicks(126));
  // At 127 BPM no beat falls on a frame.
  const auto r =
      play(source, {at(0, "/deck/1/load \"a.wav\""), at(3, "/deck/1/play"), at(5, "/deck/1/jump 4 @bar")}, 127, 256, 5);
  std::vector<double> beats;
  for (const auto& e : r.report.events) beats.push_back(e.beat.value());
  EXPECT_EQ(beats, (std::vector<double>{0, 3, 8}));
}

// Not one sample differs before the beat at which the effect was asked for, and it is heard from there on.
TEST(Renderer, AQuantisedEffectIsHeardFromItsBeatOn) {
  FakeSource source;
  source.add("a.wav", clicks(126));
  std::vector<ScriptEvent> plain = {at(0, "/deck/1/load \"a.wav\""), at(0, "/deck/1/play")};
  const auto dry = play(source, plain, 126, 256, 8);
  plain.push_back(at(5, "/deck/1/fx/1/1/type bitcrusher @bar"));
  plain.push_back(at(5, "/deck/1/fx/1/1/on 1 @bar"));
  const auto wet = play(source, plain, 126, 256, 8);
  ASSERT_TRUE(wet.report.refused.empty()) << wet.report.refused[0].why;
  ASSERT_TRUE(wet.report.notices.empty()) << wet.report.notices[0];
  const std::int64_t bar = std::llround(8 * 48000 * 60 / 126.0);
  std::size_t first = 0;
  while (first < dry.left.size() && dry.left[first] == wet.left[first]) ++first;
  EXPECT_GE(static_cast<std::int64_t>(first), bar);
  EXPECT_LT(static_cast<std::int64_t>(first), bar + 48000 * 60 / 126 + 100) << "by the next click";
}

TEST(Renderer, TracksAreBroughtToTheSameLoudness) {
  FakeSource source;
  source.lufs = -20;  // what the tone below has
  source.add("tone.wav", make_track(48000 * 20, 2, 0, 0, [](std::int64_t f, int) {
               return 0.1f * std::sin(static_cast<float>(f % 48) * 2 * static_cast<float>(M_PI) / 48);
             }));
  const auto r = play(source, {at(0, "/deck/1/load \"tone.wav\""), at(0, "/deck/1/play")}, 120, 256, 5);
  EXPECT_NEAR(r.report.lufs, session::kAutoGainLufs, 0.3);
}

TEST(AutoGain, AimsAtTheTargetAndLiftsNoPeakPastItsHeadroom) {
  analysis::TrackAnalysis a;
  a.lufs = -8, a.true_peak_db = 0.5;
  EXPECT_NEAR(session::auto_gain_db(a, -14.0), -6, 1e-9);
  EXPECT_EQ(session::auto_gain_db(a, std::nullopt), 0);
  a.lufs = -20, a.true_peak_db = -3;
  EXPECT_NEAR(session::auto_gain_db(a, -14.0), 2, 1e-9) << "to -1 dBTP";
  a.true_peak_db = 0;
  EXPECT_EQ(session::auto_gain_db(a, -14.0), 0) << "no boost, and no cut for the peak's sake";
  a.lufs = -std::numeric_limits<double>::infinity();
  EXPECT_EQ(session::auto_gain_db(a, -14.0), 0);
}

TEST(Renderer, EndsWhenTheMusicHasEnded) {
  FakeSource source;
  source.add("a.wav", clicks(120, 8));
  const auto r = play(source, {at(0, "/deck/1/load \"a.wav\""), at(2, "/deck/1/play")}, 120);
  EXPECT_GT(r.report.frames, 48000 * 9);
  EXPECT_LT(r.report.frames, 48000 * 13);
  EXPECT_GT(r.report.realtime_factor, 1);
}

TEST(Renderer, LoudnessAndPeakAreMeasured) {
  FakeSource source;
  source.add("tone.wav", make_track(48000 * 20, 2, 0, 0, [](std::int64_t f, int) {
               return 0.1f * std::sin(static_cast<float>(f % 48) * 2 * static_cast<float>(M_PI) / 48);
             }));
  const auto r = play(source, {at(0, "/deck/1/load \"tone.wav\""), at(0, "/deck/1/play")}, 120);
  EXPECT_NEAR(r.report.true_peak_db, -20, 0.1);
  EXPECT_NEAR(r.report.lufs, -20, 0.3);  // a 1 kHz tone on both sides reads its peak level (BS.1770)
}

}  // namespace
