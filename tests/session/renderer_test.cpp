// Intents in, sound out, offline: what a script says is found in the audio, to the frame.
#include "session/renderer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "session/loudness_meter.h"
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

struct Output {
  RenderReport report;
  std::vector<float> left;
};

Output play(FakeSource& source, const std::vector<ScriptEvent>& events, double bpm, int block = 256,
            double max_seconds = 0, std::optional<double> target_lufs = session::kAutoGainLufs) {
  Output r;
  RenderOptions options;
  options.target_lufs = target_lufs;
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

// Impulses on the track's beats, and events on the session's, which is another tempo. Positions and frames are whole
// numbers, so an error of one frame can't hide.
class EventsOnBeats : public ::testing::Test {
 protected:
  static constexpr std::int64_t kBeat = 24000;  // of the track
  static constexpr double kBpm = 126.3;
  struct Event {
    double beat;
    std::string text;
    std::int64_t to;      // track frame
    bool is_way = false;  // `to` is to be added to where the deck is
  };
  const std::vector<Event> events_ = {{3, "play", 0},
                                      {6.25, "hotcue/1/jump", 14 * kBeat},
                                      {8 + 1.0 / 3, "seek 10", 20 * kBeat},
                                      {11, "jump 4", 4 * kBeat, true},
                                      {13.5, "hotcue/2/jump", 3 * kBeat},
                                      {16, "jump -2", -2 * kBeat, true},
                                      {18.75, "seek 20.5", 41 * kBeat}};

  void render(std::vector<ScriptEvent> script) {
    FakeSource source;
    source.add("a.wav", clicks(120));
    for (const char* text :
         {"/deck/1/hotcue/2/set 1.5", "/deck/1/hotcue/1/set 7", "/deck/1/load \"a.wav\"", "/clock/source internal"}) {
      script.insert(script.begin(), at(0, text));
    }
    for (const Event& e : events_) script.push_back(at(e.beat, "/deck/1/" + e.text));
    heard_ = play(source, script, kBpm, 256, 12);
    ASSERT_TRUE(heard_.report.refused.empty()) << heard_.report.refused[0].why;
    const music::TempoMap map(SampleRate{48000}, Bpm{kBpm});
    for (const Event& e : events_) {
      const std::int64_t due = map.due(Beat::of(e.beat)).v;
      const std::int64_t here = parts_.empty() ? 0 : parts_.back().second + due - parts_.back().first;
      parts_.emplace_back(due, e.is_way ? here + e.to : e.to);
      const auto told = std::find_if(heard_.report.events.begin(), heard_.report.events.end(),
                                     [&](const auto& t) { return t.text == "/deck/1/" + e.text; });
      ASSERT_NE(told, heard_.report.events.end());
      EXPECT_EQ(told->frame.v, due) << e.text;
    }
  }
  // Calls check(frame, part, frames since the part's event, whether an impulse is there). Part 0: before the first.
  template <typename Check>
  void each_frame(const Check& check) const {
    std::size_t part = 0;
    for (std::int64_t f = 0; f < static_cast<std::int64_t>(heard_.left.size()); ++f) {
      while (part < parts_.size() && parts_[part].first <= f) ++part;
      const auto [from, place] = part == 0 ? std::pair{f, std::int64_t{1}} : parts_[part - 1];
      check(f, part, f - from, (place + f - from) % kBeat == 0);
      if (HasFatalFailure()) return;
    }
  }

  Output heard_;
  std::vector<std::pair<std::int64_t, std::int64_t>> parts_;  // from a frame on, the deck is at a place
};

// Every impulse of the whole render is at its frame and nowhere else, after an EQ that stands at unity again, effects
// that are dry or off, and the limiter.
TEST_F(EventsOnBeats, AreFoundAtTheirFramesThroughTheWholeChain) {
  render({at(0, "/deck/1/fx/1/1/type echo"), at(0, "/deck/1/fx/1/1/wet 0"), at(0, "/deck/1/fx/1/1/on 1"),
          at(0, "/deck/1/fx/1/2/type reverb"), at(0, "/deck/1/eq/low -6"), at(0, "/deck/1/filter 0.5"),
          at(1, "/deck/1/eq/low 0"), at(1, "/deck/1/filter 0")});
  int found = 0;
  each_frame([&](std::int64_t f, std::size_t part, std::int64_t since, bool click) {
    const float x = heard_.left[static_cast<std::size_t>(f)];
    if (part == 0) {
      ASSERT_EQ(x, 0) << f;
    } else if (click) {
      ASSERT_NEAR(x, 0.5f, 1e-6f) << f << ", " << events_[part - 1].text;
    } else if (since > 240) {  // what sounded before an event has faded
      ASSERT_NEAR(x, 0, 1e-6f) << f << ", " << events_[part - 1].text;
    }
    found += click;
  });
  EXPECT_GT(found, 20);
}

// All of the chain at work: what it makes of an impulse begins at the impulse's frame, neither before nor after.
TEST_F(EventsOnBeats, BeginAtTheirFramesWithEqEffectAndLimiterAtWork) {
  render({at(0, "/deck/1/trim 12"), at(0, "/mixer/master 6"), at(0, "/deck/1/eq/low -6"), at(0, "/deck/1/eq/mid 2"),
          at(0, "/deck/1/filter 0.3"), at(0, "/deck/1/fx/1/1/type echo"), at(0, "/deck/1/fx/1/1/wet 0.5"),
          at(0, "/deck/1/fx/1/1/on 1"), at(0, "/deck/1/fx/1/2/type bitcrusher"), at(0, "/deck/1/fx/1/2/rate 48000"),
          at(0, "/deck/1/fx/1/2/on 1")});
  EXPECT_GT(heard_.report.limited_db, 1) << "the limiter works";
  int found = 0;
  each_frame([&](std::int64_t f, std::size_t part, std::int64_t, bool click) {
    const auto heard = heard_.left.begin() + f;
    if (part == 0) {
      ASSERT_EQ(*heard, 0) << f;
    } else if (click) {
      const float before =
          std::fabs(*std::max_element(heard - 64, heard, [](float a, float b) { return std::fabs(a) < std::fabs(b); }));
      ASSERT_GT(std::fabs(*heard), 0.2f) << f << ", " << events_[part - 1].text;
      ASSERT_LT(before, 0.02f) << "sounds before its frame: " << f << ", " << events_[part - 1].text;
    }
    found += click;
  });
  EXPECT_GT(found, 20);
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

// A 1 kHz tone on both sides reads its peak level (BS.1770): this one has -20 LUFS and a true peak of -20 dBTP.
std::unique_ptr<RigTrack> tone() {
  return make_track(48000 * 20, 2, 0, 0, [](std::int64_t f, int) {
    return 0.1f * std::sin(static_cast<float>(f % 48) * 2 * static_cast<float>(M_PI) / 48);
  });
}

TEST(Renderer, TracksAreBroughtToTheSameLoudness) {
  FakeSource source;
  source.lufs = -20;
  source.add("tone.wav", tone());
  const std::vector<ScriptEvent> events = {at(0, "/deck/1/load \"tone.wav\""), at(0, "/deck/1/play")};
  EXPECT_NEAR(play(source, events, 120, 256, 5).report.lufs, -14, 0.3) << "unless told otherwise";
  EXPECT_NEAR(play(source, events, 120, 256, 5, -17.0).report.lufs, -17, 0.3);
  EXPECT_NEAR(play(source, events, 120, 256, 5, -26.0).report.lufs, -26, 0.3);
  EXPECT_NEAR(play(source, events, 120, 256, 5, std::nullopt).report.lufs, -20, 0.3) << "switched off";
}

// Two tracks, one after the other: each is heard alone, for two seconds, at the loudness aimed at.
TEST(Renderer, TracksOfAnyLoudnessFollowEachOtherAtTheSame) {
  FakeSource source;
  const auto tone_of = [](double db) {
    return make_track(48000 * 20, 2, 0, 0, [db](std::int64_t f, int) {
      return static_cast<float>(std::pow(10, db / 20) * std::sin(static_cast<double>(f % 48) * 2 * M_PI / 48));
    });
  };
  source.add("soft.wav", tone_of(-20), -20);
  source.add("loud.wav", tone_of(-9), -9);
  const auto r = play(source,
                      {at(0, "/deck/1/load \"soft.wav\""), at(0, "/deck/2/load \"loud.wav\""), at(0, "/deck/1/play"),
                       at(6, "/deck/2/play"), at(6, "/deck/1/pause")},
                      120, 256, 6);
  ASSERT_TRUE(r.report.refused.empty()) << r.report.refused[0].why;
  for (const std::size_t from : {24000u, 168000u}) {
    session::LoudnessMeter meter(48000);
    std::vector<float> both;
    for (std::size_t i = from; i < from + 96000; ++i) both.insert(both.end(), {r.left.at(i), r.left.at(i)});
    meter.feed(both);
    EXPECT_NEAR(meter.lufs(), session::kAutoGainLufs, 0.5) << from;
  }
}

// Quiet tracks with high peaks: what is heard of them ends at -1 dBTP, and what was above already stays.
TEST(Renderer, NoPeakIsLiftedPastItsHeadroom) {
  for (const double peak : {-20.0, -6.0, -1.5, -0.5}) {
    FakeSource source;
    source.lufs = -40;
    source.true_peak_db = peak;
    source.add(
        "peak.wav", make_track(48000 * 20, 2, 0, 0, [peak](std::int64_t f, int) {
          return static_cast<float>(std::pow(10, peak / 20) * std::sin(static_cast<double>(f % 48) * 2 * M_PI / 48));
        }));
    const auto r = play(source, {at(0, "/deck/1/load \"peak.wav\""), at(0, "/deck/1/play")}, 120, 256, 5);
    EXPECT_NEAR(r.report.true_peak_db, peak < -13 ? peak + 12 : std::max(peak, -1.0), 0.03) << peak;
    EXPECT_EQ(r.report.limited_db, 0) << peak;
  }
}

// Everything turned up: 4x oversampled (libebur128), what leaves stays below -0.1 dBTP.
TEST(Renderer, ASetThatIsFarTooLoudStaysBelowTheCeiling) {
  FakeSource source;
  auto rng = std::make_shared<std::mt19937>(3);
  source.add("noise.wav", make_track(48000 * 10, 2, 0, 0, [rng](std::int64_t f, int) {
               const float burst = (f / 6000) % 2 ? 1.0f : 0.2f;
               return burst * (static_cast<float>((*rng)() % 2001) / 1000.0f - 1.0f);
             }));
  source.add("tone.wav", tone());
  std::vector<ScriptEvent> events = {at(0, "/mixer/master 6")};
  for (const char* deck : {"1", "2", "3"}) {
    const std::string d = std::string("/deck/") + deck;
    events.push_back(at(0, d + (deck[0] == '3' ? "/load \"tone.wav\"" : "/load \"noise.wav\"")));
    events.push_back(at(0, d + "/trim 6"));
    events.push_back(at(0, d + "/play"));
  }
  const auto r = play(source, events, 120, 256, 5);
  ASSERT_TRUE(r.report.refused.empty()) << r.report.refused[0].why;
  EXPECT_LE(r.report.true_peak_db, -0.1);
  EXPECT_GT(r.report.true_peak_db, -1);
  EXPECT_GT(r.report.limited_db, 6);
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
  source.add("tone.wav", tone());
  const auto r = play(source, {at(0, "/deck/1/load \"tone.wav\""), at(0, "/deck/1/play")}, 120);
  EXPECT_NEAR(r.report.true_peak_db, -20, 0.1);
  EXPECT_NEAR(r.report.lufs, -20, 0.3);
  EXPECT_EQ(r.report.limited_db, 0);
}

}  // namespace
