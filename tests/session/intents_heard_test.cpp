// Intents of the transport, through scheduler, clock and engine, judged by what sounds: the track is a ruler, whose
// samples grow along it, so that what is heard says which place of it sounds.
#include <gtest/gtest.h>

#include <cmath>
#include <ostream>

#include "session/renderer.h"
#include "support/fake_source.h"
#include "support/listen.h"

using namespace tactus;
using namespace tactus::testing;
using session::ScriptEvent;

namespace {

constexpr double kBpm = 120, kBeat = 24000;  // of the track, frames
constexpr double kRulerBeats = 100;
constexpr double kFrame = 1 / kBeat;
constexpr double kSilent = -1;  // where no place of the track is heard

struct Line {
  double beat;  // of the session
  std::string text;
};

std::unique_ptr<RigTrack> ruler(double bpm = kBpm) {
  return make_track(static_cast<std::int64_t>(kRulerBeats * kBeat), 2, bpm, 0, [](std::int64_t f, int) {
    return static_cast<float>(0.05 + 0.35 * static_cast<double>(f) / (kRulerBeats * kBeat));
  });
}

struct Rendered {
  session::RenderReport report;
  std::vector<float> left;
  double beat_frames = kBeat;  // of the session

  float sample(double beat) const { return left.at(static_cast<std::size_t>(std::llround(beat * beat_frames))); }
  // Beats of the track (at kBpm) that sound at a beat of the session, when `decks` play the same place.
  double heard(double beat, int decks = 1) const {
    const double x = sample(beat) / decks;
    return x < 0.02 ? kSilent : (x - 0.05) / 0.35 * kRulerBeats;
  }
};

// Renders a script of which deck 1 has the track "a" on it.
Rendered play(FakeSource& source, const std::vector<Line>& script, double beats, double bpm = kBpm,
              const schedule::Metre& metre = {}) {
  std::vector<ScriptEvent> events;
  for (const char* text : {"/clock/source internal", "/deck/1/load \"a\""}) {
    events.push_back({msg::When::at(Beat{}), text, 0});
  }
  for (const Line& line : script) events.push_back({msg::When::at(Beat::of(line.beat)), line.text, 0});
  Rendered r;
  r.beat_frames = 48000 * 60 / bpm;
  session::RenderOptions options;
  options.tempo = Bpm{bpm};
  options.metre = metre;
  options.max_seconds = beats * 60 / bpm;
  r.report = session::render(events, options, source, [&](std::span<const float> x) {
    for (std::size_t i = 0; i < x.size(); i += 2) r.left.push_back(x[i]);
    return true;
  });
  for (const session::Refused& refused : r.report.refused) ADD_FAILURE() << refused.text << ": " << refused.why;
  for (const std::string& notice : r.report.notices) ADD_FAILURE() << notice;
  EXPECT_EQ(r.report.events.size(), events.size()) << "each is executed, and reported";
  return r;
}

struct Case {
  const char* name;
  std::vector<Line> script;
  std::vector<std::pair<double, double>> heard;  // beat of the session, beat of the track
  double within = kFrame;                        // beats
};
void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }

constexpr double kSteps = 48 * kFrame;    // where a speed is held for a control step of 32 frames
constexpr double kByHand = 200 * kFrame;  // until the platter has the hand's speed

const Case kCases[] = {
    {"PauseAndPlay",
     {{0, "/deck/1/play"}, {4, "/deck/1/pause"}, {6, "/deck/1/play"}},
     {{3.5, 3.5}, {4.5, kSilent}, {6.5, 4.5}}},
    {"SeekAndJump",
     {{0, "/deck/1/play"}, {4, "/deck/1/jump 8"}, {6, "/deck/1/seek 5"}, {8, "/deck/1/jump -4"}},
     {{3.5, 3.5}, {4.5, 12.5}, {6.5, 10.5}, {8.5, 8.5}}},
    {"Tempo", {{0, "/deck/1/keylock 0"}, {0, "/deck/1/play"}, {4, "/deck/1/tempo 50"}}, {{3.5, 3.5}, {6, 7}}, kByHand},
    {"Nudge",
     {{0, "/deck/1/keylock 0"}, {0, "/deck/1/play"}, {4, "/deck/1/nudge 10"}, {6, "/deck/1/nudge 0"}},
     {{5, 5.1}, {7, 7.2}, {9, 9.2}},
     kSteps},

    {"CueIsHeldAndPlayLatches",
     {{2, "/deck/1/cue 1"}, {3, "/deck/1/cue 0"}, {4, "/deck/1/cue 1"}, {4.5, "/deck/1/play"}, {5, "/deck/1/cue 0"}},
     {{1.5, kSilent}, {2.5, 0.5}, {3.5, kSilent}, {4.25, 0.25}, {4.75, 0.75}, {7, 3}}},
    {"CueGoesBackAndStops",
     {{0, "/deck/1/play"}, {4, "/deck/1/cue/set"}, {6, "/deck/1/cue 1"}, {7, "/deck/1/cue 0"}, {8, "/deck/1/play"}},
     {{5.5, 5.5}, {6.5, kSilent}, {7.5, kSilent}, {8.5, 4.5}}},
    {"HotcuesAreSetJumpedToAndCleared",
     {{0, "/deck/1/play"},
      {1, "/deck/1/hotcue/16/set 10"},
      {4, "/deck/1/hotcue/1/set"},
      {8, "/deck/1/hotcue/1/jump"},
      {10, "/deck/1/hotcue/16/jump"},
      {12, "/deck/1/hotcue/16/clear"},
      {13, "/deck/1/hotcue/16 1"},  // empty: sets it
      {13.5, "/deck/1/hotcue/16 0"},
      {16, "/deck/1/hotcue/16/jump"}},
     {{7.5, 7.5}, {8.5, 4.5}, {10.5, 20.5}, {14, 24}, {16.5, 23.5}}},
    {"HotcueIsHeldAndPlayLatches",
     {{0, "/deck/1/hotcue/2/set 4"},
      {2, "/deck/1/hotcue/2 1"},
      {3, "/deck/1/hotcue/2 0"},
      {4, "/deck/1/hotcue/2 1"},
      {4.5, "/deck/1/play"},
      {5, "/deck/1/hotcue/2 0"}},
     {{2.5, 8.5}, {3.5, kSilent}, {4.25, 8.25}, {6, 10}}},

    {"LoopInAndOut",
     {{0, "/deck/1/play"}, {4, "/deck/1/loop/in"}, {6, "/deck/1/loop/out"}},
     {{5.5, 5.5}, {6.5, 4.5}, {7.5, 5.5}, {8.5, 4.5}, {20.5, 4.5}}},
    {"LoopInAndOutByTime",
     {{0, "/deck/1/play"}, {1, "/deck/1/loop/in 2"}, {1.5, "/deck/1/loop/out 3"}},
     {{5.5, 5.5}, {6.5, 4.5}, {8.5, 4.5}}},
    {"LoopHalvedInsideAndBehindThePlayhead",
     {{0, "/deck/1/play"}, {4, "/deck/1/loop/beats 8"}, {13, "/deck/1/loop/halve"}, {19, "/deck/1/loop/halve"}},
     {{11.5, 11.5}, {12.5, 4.5}, {15.5, 7.5}, {16.5, 4.5}, {18.5, 6.5}, {19.5, 5.5}, {20.5, 4.5}, {21.5, 5.5}}},
    {"LoopDoubled",
     {{0, "/deck/1/play"}, {4, "/deck/1/loop/beats 2"}, {7, "/deck/1/loop/double"}},
     {{6.5, 4.5}, {8.5, 6.5}, {9.5, 7.5}, {10.5, 4.5}, {14.5, 4.5}}},
    {"LoopMoved",
     {{0, "/deck/1/play"}, {4, "/deck/1/loop/beats 2"}, {7, "/deck/1/loop/move 8"}, {11, "/deck/1/loop/move -4"}},
     {{6.5, 4.5}, {7.5, 13.5}, {8.5, 12.5}, {11.5, 9.5}, {12.5, 8.5}}},
    {"LoopLeftAndTakenUpAgain",
     {{0, "/deck/1/play"}, {4, "/deck/1/loop/beats 2"}, {7, "/deck/1/loop/exit"}, {10, "/deck/1/reloop"}},
     {{6.5, 4.5}, {7.5, 5.5}, {9.5, 7.5}, {10.5, 4.5}, {12.5, 4.5}}},
    {"LoopRoll",
     {{0, "/deck/1/play"}, {4, "/deck/1/loop/roll 1/2"}, {6, "/deck/1/loop/exit"}},
     {{4.25, 4.25}, {4.75, 4.25}, {5.75, 4.25}, {6.5, 6.5}}},
    {"LoopsKeptAndRecalled",
     {{0, "/deck/1/play"},
      {4, "/deck/1/loop/beats 2"},
      {5, "/deck/1/loop/slot/3/save"},
      {5.5, "/deck/1/loop/exit"},
      {8, "/deck/1/loop/beats 1"},
      {8.5, "/deck/1/loop/exit"},
      {10, "/deck/1/loop/slot/3/recall"}},
     {{7.5, 7.5}, {9.5, 9.5}, {10.5, 4.5}, {12.5, 4.5}}},

    {"Brake",
     {{0, "/deck/1/play"}, {4, "/deck/1/brake 1"}, {8, "/deck/1/play"}},
     {{3.5, 3.5}, {5, 4.75}, {6.5, kSilent}, {8.5, 5.5}},
     kSteps},
    {"SpinUp", {{4, "/deck/1/brake -1"}}, {{3.5, kSilent}, {5, 0.25}, {7, 2}}, kSteps},
    {"ScratchAndJog",
     {{0, "/deck/1/play"},
      {4, "/deck/1/scratch 1"},
      {4, "/deck/1/jog -1"},
      {6, "/deck/1/jog 0.5"},
      {8, "/deck/1/scratch 0"}},
     {{5, 3}, {5.9, 2.1}, {7, 2.5}, {9, 4}},
     kByHand},
    {"JogPushesByMilliseconds",
     {{0, "/deck/1/play"}, {4, "/deck/1/jog 100"}, {6, "/deck/1/jog -50"}},
     {{3.5, 3.5}, {5, 5.2}, {7, 7.1}}},
    {"Censor",
     {{0, "/deck/1/play"}, {8, "/deck/1/censor 1"}, {10, "/deck/1/censor 0"}},
     {{9, 7}, {10.5, 10.5}},
     kSteps},
    {"Reverse",
     {{0, "/deck/1/play"}, {8, "/deck/1/reverse 1"}, {12, "/deck/1/reverse 0"}},
     {{9, 7}, {11, 5}, {13, 5}},
     kSteps},

    {"SlipUnderALoop",
     {{0, "/deck/1/play"}, {2, "/deck/1/slip 1"}, {4, "/deck/1/loop/beats 1"}, {8, "/deck/1/loop/exit"}},
     {{5.5, 4.5}, {8.5, 8.5}}},
    {"SlipUnderALoopByHand",
     {{0, "/deck/1/play"},
      {2, "/deck/1/slip 1"},
      {4, "/deck/1/loop/in"},
      {5, "/deck/1/loop/out"},
      {8, "/deck/1/loop/exit"}},
     {{5.5, 4.5}, {8.5, 8.5}}},
    {"SlipUnderAReloop",
     {{0, "/deck/1/play"},
      {4, "/deck/1/loop/beats 1"},
      {4.5, "/deck/1/loop/exit"},
      {6, "/deck/1/slip 1"},
      {8, "/deck/1/reloop"},
      {10, "/deck/1/loop/exit"}},
     {{7.5, 7.5}, {8.5, 4.5}, {10.5, 10.5}}},
    {"SlipUnderARecalledLoop",
     {{0, "/deck/1/play"},
      {4, "/deck/1/loop/beats 1"},
      {4.25, "/deck/1/loop/slot/1/save"},
      {4.5, "/deck/1/loop/exit"},
      {6, "/deck/1/slip 1"},
      {8, "/deck/1/loop/slot/1/recall"},
      {10, "/deck/1/loop/exit"}},
     {{7.5, 7.5}, {8.5, 4.5}, {10.5, 10.5}}},
    {"SlipUnderAMovedLoop",
     {{0, "/deck/1/play"},
      {4, "/deck/1/loop/beats 2"},
      {6, "/deck/1/slip 1"},
      {7, "/deck/1/loop/move 8"},
      {10, "/deck/1/loop/exit"}},
     {{6.5, 4.5}, {7.5, 13.5}, {8.5, 12.5}, {10.5, 8.5}}},
    {"SlipUnderARoll",
     {{0, "/deck/1/play"}, {2, "/deck/1/slip 1"}, {4, "/deck/1/loop/roll 1/2"}, {6, "/deck/1/loop/exit"}},
     {{5.25, 4.25}, {6.5, 6.5}}},
    {"SlipUnderAJump",
     {{0, "/deck/1/play"}, {2, "/deck/1/slip 1"}, {8, "/deck/1/jump -4"}, {10, "/deck/1/slip 0"}},
     {{8.5, 4.5}, {10.5, 10.5}}},
    {"SlipUnderASeek",
     {{0, "/deck/1/play"}, {2, "/deck/1/slip 1"}, {8, "/deck/1/seek 1"}, {10, "/deck/1/slip 0"}},
     {{8.5, 2.5}, {10.5, 10.5}}},
    {"SlipUnderAHotcue",
     {{0, "/deck/1/play"},
      {1, "/deck/1/hotcue/1/set 10"},
      {2, "/deck/1/slip 1"},
      {4, "/deck/1/hotcue/1 1"},
      {6, "/deck/1/hotcue/1 0"},
      {8, "/deck/1/hotcue/1/jump"},
      {10, "/deck/1/slip 0"}},
     {{4.5, 20.5}, {6.5, 6.5}, {8.5, 20.5}, {10.5, 10.5}}},
    {"SlipUnderAScratch",
     {{0, "/deck/1/play"},
      {2, "/deck/1/slip 1"},
      {4, "/deck/1/scratch 1"},
      {4, "/deck/1/jog -1"},
      {6, "/deck/1/scratch 0"}},
     {{5, 3}, {6.5, 6.5}},
     kByHand},
    {"SlipUnderReverse",
     {{0, "/deck/1/play"}, {2, "/deck/1/slip 1"}, {8, "/deck/1/reverse 1"}, {10, "/deck/1/reverse 0"}},
     {{9, 7}, {10.5, 10.5}},
     kSteps},
    {"SlipUnderACensor",
     {{0, "/deck/1/play"}, {2, "/deck/1/slip 1"}, {8, "/deck/1/censor 1"}, {10, "/deck/1/censor 0"}},
     {{9, 7}, {10.5, 10.5}},
     kSteps},
};

class IntentsHeard : public ::testing::TestWithParam<Case> {};

TEST_P(IntentsHeard, SoundsWhereItShould) {
  const Case& c = GetParam();
  FakeSource source;
  source.add("a", ruler());
  const Rendered r = play(source, c.script, c.heard.back().first + 1);
  for (const auto& [beat, place] : c.heard) EXPECT_NEAR(r.heard(beat), place, c.within) << "at beat " << beat;
}

INSTANTIATE_TEST_SUITE_P(Transport, IntentsHeard, ::testing::ValuesIn(kCases),
                         [](const auto& test) { return std::string(test.param.name); });

TEST(IntentsHeardOnTwoDecks, ADoubledDeckPlaysTheSamePlace) {
  FakeSource source;
  source.add("a", ruler());
  const Rendered r = play(source, {{0, "/deck/1/play"}, {4, "/deck/2/double 1"}, {6, "/deck/1/pause"}}, 9);
  EXPECT_NEAR(r.heard(3.5), 3.5, kFrame);
  EXPECT_NEAR(r.heard(4.5, 2), 4.5, kFrame);
  EXPECT_NEAR(r.heard(8), 8, kFrame);
}

TEST(IntentsHeardOnTwoDecks, ADoubledDeckStandsWhereTheOtherStands) {
  FakeSource source;
  source.add("a", ruler());
  const Rendered r =
      play(source, {{0, "/deck/1/play"}, {4, "/deck/1/pause"}, {5, "/deck/2/double 1"}, {6, "/deck/2/play"}}, 8);
  EXPECT_EQ(r.heard(5.5), kSilent);
  EXPECT_NEAR(r.heard(7), 5, kFrame);
}

// Asked for long before, it doubles what is there when it is due.
TEST(IntentsHeardOnTwoDecks, ADoubledDeckTakesWhatIsThereByThen) {
  FakeSource source;
  source.add("a", ruler());
  source.add("b", make_track(48000 * 40, 2, kBpm, 0, [](std::int64_t, int) { return 0.45f; }));
  const Rendered r = play(
      source,
      {{0, "/deck/1/play"}, {1, "/deck/2/double 1 @4bar"}, {4, "/deck/1/load \"b\" force"}, {17, "/deck/2/play"}}, 19);
  EXPECT_NEAR(r.heard(3.5), 3.5, kFrame);
  EXPECT_EQ(r.heard(16.5), kSilent);
  EXPECT_NEAR(r.sample(18), 0.45, 1e-6);
}

// A deck that stands on its beat 5 and is let go between two beats of a faster session.
TEST(IntentsHeardInSync, EachModeHoldsItsOwn) {
  constexpr double kSession = 128, kGo = 32.3;
  FakeSource source;
  source.add("a", ruler());
  const auto run = [&](const std::string& mode) {
    return play(source,
                {{0, "/deck/1/keylock 0"}, {0, "/deck/1/sync " + mode}, {0, "/deck/1/seek 2.5"}, {kGo, "/deck/1/play"}},
                50, kSession);
  };
  const double within = 4 * kFrame;
  const Rendered off = run("off"), tempo = run("tempo"), beat = run("beat"), bar = run("bar"), phrase = run("phrase");
  for (const double at : {33.0, 40.5, 48.0}) {
    EXPECT_NEAR(off.heard(at), 5 + (at - kGo) * kBpm / kSession, within);
    EXPECT_NEAR(tempo.heard(at), 5 + at - kGo, within) << "its tempo only";
    EXPECT_NEAR(beat.heard(at), at - 27, within) << "the nearest beat";
    EXPECT_NEAR(bar.heard(at), at - 28, within) << "the nearest bar";
    EXPECT_NEAR(phrase.heard(at), at - 32, within) << "the nearest phrase";
  }
}

// The same from beat 24.6 of the track, 22.3 ahead of the session, where each metre has another nearest place.
TEST(IntentsHeardInSync, BarAndPhraseAreTheSessions) {
  constexpr double kSession = 112, kGo = 2.3;
  FakeSource source;
  source.add("a", ruler());
  const auto ahead = [&](const std::string& mode, const schedule::Metre& metre, std::vector<Line> more = {}) {
    more.insert(
        more.end(),
        {{0, "/deck/1/keylock 0"}, {0, "/deck/1/sync " + mode}, {0, "/deck/1/seek 12.3"}, {kGo, "/deck/1/play"}});
    const Rendered r = play(source, more, 4.6, kSession, metre);
    EXPECT_NEAR(r.heard(3) - 3, r.heard(4.2) - 4.2, 4 * kFrame);
    return r.heard(4.2) - 4.2;
  };
  const double within = 4 * kFrame;
  const schedule::Metre usual, own{Beats::of(3), Beats::of(32), {}};
  EXPECT_NEAR(ahead("beat", own), 22, within);
  EXPECT_NEAR(ahead("bar", usual), 24, within);
  EXPECT_NEAR(ahead("bar", own), 21, within) << "of three beats";
  EXPECT_NEAR(ahead("phrase", usual), 16, within);
  EXPECT_NEAR(ahead("phrase", own), 32, within) << "of 32 beats";
  // By intents; from exactly where they are.
  EXPECT_NEAR(ahead("bar", usual, {{1, "/clock/quantum 3"}}), 21, within);
  EXPECT_NEAR(ahead("bar", usual, {{kGo, "/clock/quantum 3"}}), 21, within);
  EXPECT_NEAR(ahead("bar", usual, {{kGo + 0.01, "/clock/quantum 3"}}), 24, within) << "not before its beat";
  EXPECT_NEAR(ahead("phrase", usual, {{1, "/clock/phrase 32"}}), 32, within);
  EXPECT_NEAR(ahead("phrase", own, {{1, "/clock/phrase 16"}}), 16, within);
}

TEST(IntentsHeardInSync, AModeTakenUpWhilePlayingComesIntoPhase) {
  FakeSource source;
  source.add("a", ruler());
  const Rendered r = play(source,
                          {{0, "/deck/1/keylock 0"},
                           {0, "/deck/1/sync tempo"},
                           {0.3, "/deck/1/play"},
                           {8, "/deck/1/sync beat"},
                           {16, "/deck/1/sync off"}},
                          26, 128);
  EXPECT_NEAR(r.heard(7), 6.7, 4 * kFrame);
  EXPECT_NEAR(r.heard(9), 9, 4 * kFrame);
  EXPECT_NEAR(r.heard(25), 25, 4 * kFrame) << "it keeps the tempo that it had";
}

// Under key lock, from one engine to the next while it plays: the beats stay where they are, and so does the pitch.
TEST(IntentsHeardStretched, EnginesAreSwitchedWhilePlaying) {
  constexpr double kSpeed = 1.06;
  const std::vector<Line> start = {{0, "/deck/1/tempo 6"}, {1, "/deck/1/play"}};
  std::vector<Line> switched = start;
  for (const auto& [beat, engine] : {std::pair{9, "r3long"}, {17, "r2"}, {25, "direct"}, {33, "r3"}}) {
    switched.push_back({static_cast<double>(beat), std::string("/deck/1/stretch ") + engine});
  }
  FakeSource clicks, tone;
  clicks.add("a", beats(kBpm, 60));
  tone.add("a", make_track(48000 * 60, 2, kBpm, 0, [](std::int64_t f, int) {
             return static_cast<float>(0.3 * std::sin(2 * M_PI * 440 * static_cast<double>(f) / 48000));
           }));

  const Rendered c = play(clicks, switched, 42);
  for (int k = 1; k < 40; ++k) {
    const double at = 1 + k / kSpeed;  // of the session
    const bool r2 = at > 16.5 && at < 25.5;
    EXPECT_LT(std::fabs(click_error(c.left, at * kBeat)), r2 ? 400 : 48) << "beat " << at;
  }

  const Rendered t = play(tone, switched, 42), same = play(tone, start, 42);
  const auto frame = [](double beat) { return static_cast<std::size_t>(beat * kBeat); };
  const auto cents = [&](double beat) {
    return 1200 * std::log2(frequency(t.left, frame(beat), frame(beat + 6)) / 440);
  };
  for (const double beat : {2.0, 10.0, 34.5}) EXPECT_LT(std::fabs(cents(beat)), 2) << beat;
  EXPECT_LT(std::fabs(cents(18)), 5) << "R2";
  EXPECT_NEAR(cents(26), 1200 * std::log2(kSpeed), 1) << "the direct path follows the speed";
  for (std::size_t i = 0; i < frame(9); ++i) ASSERT_EQ(t.left[i], same.left[i]) << i;
  for (const double beat : {10.0, 18.0, 26.0}) {
    EXPECT_FALSE(std::equal(t.left.begin() + static_cast<std::ptrdiff_t>(frame(beat)),
                            t.left.begin() + static_cast<std::ptrdiff_t>(frame(beat + 6)),
                            same.left.begin() + static_cast<std::ptrdiff_t>(frame(beat))))
        << beat;
  }
  // A cross-fade between two stretchers may cancel a lone tone for its 4.7 ms, and no longer.
  const double level = 20 * std::log10(0.3 / std::sqrt(2));
  for (auto i = static_cast<std::int64_t>(frame(1.5)); i < static_cast<std::int64_t>(frame(41)); i += 480) {
    ASSERT_GT(level_db(t.left, i, i + 960), level - 3) << i;
  }
}

}  // namespace
