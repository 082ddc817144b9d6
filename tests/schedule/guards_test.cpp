// What the scheduler refuses, and what it says then.
#include "schedule/stage.h"

namespace tactus::schedule {
namespace {

using msg::Param;
using test::kAi;
using test::kHand;
using test::kScript;
using test::kVoice;
using test::Stage;

bool says(const std::string& reason, const std::string& part) { return reason.find(part) != std::string::npos; }

TEST(Guards, PrelisteningThatEveryoneWouldHearIsRefused) {
  Stage s;
  s.load(1, true);
  s.world.no_prelisten = "everyone would hear it; use the routing split=1-2";
  EXPECT_NE(s.refused("/deck/2/cue_bus 1").find("split=1-2"), std::string::npos);
  s.ok("/deck/2/cue_bus 0");
  s.world.no_prelisten.clear();
  s.ok("/deck/2/cue_bus 1");
}

TEST(Guards, EveryRefusalNamesAddressReasonAndWayOut) {
  Stage s;
  EXPECT_EQ(s.refused("/deck/2/play"), "/deck/2/play: deck 2 is empty; load a track first: /deck/2/load PATH");
}

TEST(Guards, RangesHoldForIntentsThatNoParserMade) {
  Stage s;
  Intent i = *parse("/deck/1/fader 1").intent;
  const auto why = [&] { return s.scheduler.submit(i, kHand, s.world).reason; };
  EXPECT_EQ(why(), "");
  i.args = {1.5};
  EXPECT_TRUE(says(why(), "0 to 1")) << why();
  i.args = {std::nan("")};
  EXPECT_TRUE(says(why(), "0 to 1"));
  i.args = {std::string("full")};
  EXPECT_TRUE(says(why(), "0 to 1"));
  i.args = {};
  EXPECT_TRUE(says(why(), "0 to 1"));
  i.args = {1.0, 1.0};
  EXPECT_TRUE(says(why(), "too many"));
  i.args = {1.0};
  i.deck = 4;
  EXPECT_TRUE(says(why(), "decks are 1 to 4"));
  i.deck = -1;
  EXPECT_TRUE(says(why(), "decks are 1 to 4"));
  i.deck = 0;
  i.over = Over{0, Over::Unit::beats};
  EXPECT_FALSE(why().empty());
  i = *parse("/deck/1/play").intent;
  i.over = Over{4, Over::Unit::beats};
  EXPECT_TRUE(says(why(), "does not ramp"));
  EXPECT_EQ(s.scheduler.submit(Intent{}, kHand, s.world).reason, ": no such intent");
}

TEST(Guards, EmptyDecksAndCuesAndEndsAreNamed) {
  Stage s;
  s.load(0, true, 0);
  EXPECT_TRUE(says(s.refused("/deck/2/double 3"), "deck 3 is empty"));
  EXPECT_TRUE(says(s.refused("/deck/2/double 2"), "can't double itself"));
  EXPECT_TRUE(says(s.refused("/deck/1/hotcue/5/jump"), "/deck/1/hotcue/5/set"));
  EXPECT_TRUE(says(s.refused("/deck/1/hotcue/5/clear"), "empty"));
  EXPECT_TRUE(says(s.refused("/deck/1/seek 301"), "ends at 300 s"));
  EXPECT_TRUE(says(s.refused("/deck/1/sync beat"), "no beat grid"));
  s.ok("/deck/1/sync off");
  s.run({480});
  EXPECT_TRUE(says(s.ok("/deck/1/loop/beats 4 @bar").note, "no beat grid")) << "a deck without a grid says so";
  // Once something is on its way to the deck, nobody can say what will be there.
  s.ok("/deck/1/hotcue/5/set");
  s.ok("/deck/1/hotcue/5/jump @bar");
}

TEST(Guards, RateLimitsAreOfASourceAndNeverEatTheLastValueOfASweep) {
  Stage s;
  s.load(0, true);
  int accepted = 0;
  std::string reason;
  for (int i = 0; i < 100; ++i) {
    const Fate f = s.submit(i % 2 ? "/deck/1/slip 1" : "/deck/1/slip 0", kVoice);
    accepted += f.verdict == Fate::Verdict::accepted;
    if (!f.reason.empty()) reason = f.reason;
  }
  EXPECT_EQ(accepted, 10);
  EXPECT_TRUE(says(reason, "more than 10 intents a second")) << reason;
  s.ok("/deck/1/slip 1");  // another source
  s.run({3 * 48000});
  s.ok("/deck/1/slip 1", kVoice);
  // A flood of movement: every value is taken, one a tick is sent, the last one arrives.
  for (int i = 0; i < 5000; ++i)
    s.ok("/deck/1/filter " + std::to_string(i / 5000.0), {"phone", Source::Kind::motion, 1});
  s.run({960});
  EXPECT_NEAR(s.last().a, 4999 / 5000.0, 1e-6);
}

TEST(Guards, SourceNamesCantFillTheMemory) {
  Stage s;
  s.load(0, true);
  for (int i = 0; i < 2000; ++i) {
    s.ok("/deck/1/keylock 1", {"osc:" + std::to_string(i), Source::Kind::osc, 1});
    if (i % 100 == 0) s.run({480});
  }
}

TEST(Guards, AHandGoesBeforeMotionBeforeAiForAWhile) {
  const Source motion{"phone", Source::Kind::motion, 1}, midi{"pad", Source::Kind::midi, 1};
  Stage s;
  s.load(0, true);
  s.load(1, true);
  s.ok("/deck/1/filter 0.5", motion);
  s.tick();
  s.tick();
  EXPECT_TRUE(says(s.refused("/deck/1/filter 0", kAi), "motion goes before ai"));
  s.ok("/deck/1/filter 0.2", midi);
  s.tick();
  s.tick();
  EXPECT_TRUE(says(s.refused("/deck/1/filter 0", motion), "midi goes before motion"));
  s.ok("/deck/1/filter 0.1", kHand);
  EXPECT_TRUE(says(s.refused("/deck/1/filter 0", midi), "hand goes before midi"));
  s.ok("/deck/2/filter 0", kAi);
  s.ok("/deck/1/eq/low -3", kAi);
  s.run({48000 * 2 - 480});
  EXPECT_TRUE(says(s.refused("/deck/1/filter 0", kAi), "free 2 s after"));
  s.run({480});
  s.ok("/deck/1/filter 0", kAi);
  // Whatever moves the playhead is one control.
  s.ok("/deck/1/loop/beats 4", kHand);
  EXPECT_TRUE(says(s.refused("/deck/1/jump 4", kAi), "hand goes before ai"));
  s.ok("/deck/2/jump 4", kAi);
  // A refused attempt holds nothing.
  s.refused("/deck/3/play", kHand);
  EXPECT_TRUE(says(s.refused("/deck/3/play", kAi), "empty"));
}

TEST(Guards, AnAudibleDeckIsReplacedOnlyByForce) {
  Stage s;
  s.load(0, true);
  s.load(1, false);
  EXPECT_TRUE(says(s.refused("/deck/1/load \"b.flac\""), "add `force`"));
  EXPECT_TRUE(says(s.refused("/deck/1/unload"), "add `force`"));
  EXPECT_TRUE(says(s.refused("/deck/1/double 2"), "add `force`"));
  s.ok("/deck/2/load \"b.flac\"");
  s.ok("/deck/1/load \"b.flac\" force");
}

TEST(Guards, WhatIsFadedOutMayBeReplacedButNotBeforeItIs) {
  Stage s;
  s.load(0, true);
  s.ok("/deck/1/fader 0 over 4 seconds");
  EXPECT_TRUE(says(s.refused("/deck/1/load \"b.flac\""), "sounding")) << "the fade has only begun";
  s.run({48000 * 2});
  EXPECT_TRUE(says(s.refused("/deck/1/load \"b.flac\""), "sounding"));
  s.ok("/deck/1/load \"c.flac\" @beat=9");  // 4.5 s, after the fade
  s.run({48000 * 2 + 480});
  s.ok("/deck/1/load \"b.flac\"");
  // A fade that is still to come counts too.
  Stage t;
  t.load(0, true);
  t.ok("/deck/1/fader 0 @4bar over 8 beats");
  t.run({480});
  t.ok("/deck/1/fader 0 @beat=64 over 8 beats");
  EXPECT_TRUE(says(t.refused("/deck/1/load \"b.flac\" @beat=12"), "sounding"));
  t.ok("/deck/1/load \"b.flac\" @beat=72");
}

// Each way there is to make a deck inaudible counts.
TEST(Guards, AnUntrustedSourceCantSilenceTheLastSoundingDeck) {
  const char* ways[] = {"/deck/1/fader 0",
                        "/deck/1/fader 0.005",
                        "/deck/1/pause",
                        "/deck/1/trim -inf",
                        "/deck/1/trim -45",
                        "/deck/1/cue 1",
                        "/deck/1/brake 2",
                        "/deck/1/unload force",
                        "/deck/1/load \"b.flac\" force",
                        "/deck/1/double 3 force",
                        "/mixer/crossfader 1",
                        "/mixer/master -inf",
                        "/deck/1/fader 0 over 16 beats",
                        "/deck/1/pause @8bar"};
  for (const char* way : ways) {
    Stage s;
    s.load(0, true);
    s.load(1, false);
    s.load(2, false);
    s.ok("/mixer/crossfader/assign 1 left");
    s.run({480});
    for (const Source& source : {kVoice, kAi, Source{"phone", Source::Kind::motion, 1}}) {
      EXPECT_TRUE(says(s.refused(way, source), "last sounding deck")) << way << " from " << source.name;
    }
    s.ok(way, {"voice", Source::Kind::voice, 0.9});
    Stage other;
    other.load(0, true);
    other.load(1, true);
    other.load(2, false);
    other.ok("/mixer/crossfader/assign 1 left");
    other.run({480});
    const bool master = std::string(way).find("master") != std::string::npos;
    EXPECT_EQ(other.submit(way, kVoice).verdict == Fate::Verdict::refused, master)
        << way << " with another deck sounding";
  }
}

TEST(Guards, KillingTheLastBandOrStemIsSilenceToo) {
  Stage s;
  s.load(0, true);
  s.ok("/deck/1/eq/low -inf", kVoice);
  s.ok("/deck/1/eq/mid -inf", kVoice);
  EXPECT_TRUE(says(s.refused("/deck/1/eq/high -inf", kVoice), "last sounding deck"));
  Stage t;
  t.load(0, true);
  t.world.decks[0].has_stems = true;
  for (const char* stem : {"vocals", "drums", "bass"}) t.ok("/deck/1/stem/" + std::string(stem) + "/mute 1", kVoice);
  EXPECT_TRUE(says(t.refused("/deck/1/stem/other/mute 1", kVoice), "last sounding deck"));
  EXPECT_TRUE(says(t.refused("/deck/1/stem/other/gain -inf", kVoice), "last sounding deck"));
  EXPECT_TRUE(says(t.refused("/deck/1/stem/drums/solo 1", kVoice), "last sounding deck")) << "drums are muted";
  t.ok("/deck/1/stem/other/solo 1", kVoice);
}

TEST(Guards, WhatIsPendingCounts) {
  Stage s;
  s.load(0, true);
  s.load(1, true);
  s.ok("/deck/1/pause @8bar", kVoice);
  EXPECT_TRUE(says(s.refused("/deck/2/pause @8bar", kVoice), "last sounding deck")) << "deck 1 will be gone by then";
  EXPECT_TRUE(says(s.refused("/deck/2/pause", kVoice), "last sounding deck")) << "silence would come at the eighth bar";
  s.ok("/deck/1/play @beat=32");
  s.ok("/deck/2/pause", kVoice);
  // Two in one tick.
  Stage t;
  t.load(0, true);
  t.load(1, true);
  t.ok("/deck/1/fader 0", kVoice);
  EXPECT_TRUE(says(t.refused("/deck/2/fader 0", kVoice), "last sounding deck"));
}

TEST(Guards, SilenceIsForHandsAndKeys) {
  Stage s;
  s.load(0, true);
  for (const Source::Kind kind : {Source::Kind::midi, Source::Kind::osc, Source::Kind::voice, Source::Kind::motion,
                                  Source::Kind::script, Source::Kind::ai}) {
    EXPECT_TRUE(says(s.refused("/silence", {"x", kind, 1}), "only a hand or a key")) << kind_name(kind);
  }
  const Fate f = s.ok("/silence", {"space bar", Source::Kind::key, 1});
  ASSERT_EQ(f.out.commands.size(), 1U);
  EXPECT_EQ(f.out.commands[0].param, Param::master);
  EXPECT_EQ(f.out.commands[0].a, 0);
  EXPECT_EQ(f.out.commands[0].ramp.frames, 4800);
}

TEST(Guards, HoldIsForHandsAndForABeatThatIsOurs) {
  Stage s;
  EXPECT_TRUE(says(s.refused("/hold 1", kScript), "only a hand or a key"));
  s.ok("/hold 1");
  ASSERT_EQ(s.actions.size(), 1U);
  EXPECT_TRUE(std::get<ask::Hold>(s.actions[0].what).on);
  s.world.link.enabled = true;
  EXPECT_TRUE(says(s.refused("/hold 1"), "Link"));
  s.ok("/hold 0");  // Link came while it stood still
  EXPECT_FALSE(std::get<ask::Hold>(s.actions[1].what).on);
  s.world.link.enabled = false;
  s.world.midi.enabled = true;
  s.ok("/hold 1");  // nobody sends a clock
  s.world.midi.peers = 1;
  EXPECT_TRUE(says(s.refused("/hold 1"), "MIDI clock"));
}

TEST(Guards, LinkIsTurnedOnByWhoSitsAtTheMachine) {
  Stage s;
  for (const auto kind : {Source::Kind::osc, Source::Kind::voice, Source::Kind::motion, Source::Kind::ai}) {
    EXPECT_TRUE(says(s.refused("/clock/link 1", {"x", kind, 1}), "network")) << kind_name(kind);
    EXPECT_TRUE(says(s.refused("/clock/link/transport 1", {"x", kind, 1}), "network")) << kind_name(kind);
  }
  for (const auto kind : {Source::Kind::hand, Source::Kind::key, Source::Kind::midi, Source::Kind::script}) {
    s.ok("/clock/link 1", {"x", kind, 1});
    EXPECT_TRUE(std::get<ask::Link>(s.actions.back().what).on);
    s.ok("/clock/link/transport 0", {"x", kind, 1});
    EXPECT_EQ(std::get<ask::Link>(s.actions.back().what).what, ask::Link::What::transport);
  }
}

TEST(Guards, SilenceStopsTheMasterFromComingBackByItself) {
  Stage s;
  s.load(0, true);
  s.ok("/mixer/master 0 @8bar over 8 beats");
  s.run({480});
  s.ok("/mixer/master -3 @1/2");  // within the horizon
  s.ok("/silence");
  s.run({48000 * 20});
  ASSERT_FALSE(s.executed.empty());
  EXPECT_EQ(s.last().a, 0);
  EXPECT_EQ(s.scheduler.value({Param::master, 0, 0, 0}, s.world), 0);
}

TEST(Guards, NobodyCrowdsOutTheOthers) {
  Stage s;
  s.load(0, false);
  const auto flood = [&](const std::string& name) {
    int accepted = 0;
    for (int i = 0; i < 700; ++i)
      accepted +=
          s.submit("/deck/1/play @beat=1000", {name, Source::Kind::script, 1}).verdict == Fate::Verdict::accepted;
    return accepted;
  };
  EXPECT_EQ(flood("a"), 512);
  EXPECT_TRUE(
      says(s.refused("/deck/1/pause @beat=1000", {"a", Source::Kind::script, 1}), "512 intents of 'a' are pending"));
  EXPECT_EQ(flood("b"), 512);
  EXPECT_EQ(flood("c"), 0);
  EXPECT_TRUE(says(s.refused("/deck/1/pause @beat=1000", {"c", Source::Kind::script, 1}), "1024 intents are pending"));
  s.ok("/deck/1/fader 0.5", {"c", Source::Kind::script, 1});
  s.ok("/deck/1/pause @beat=1000", kHand);
  s.ok("/panic", {"c", Source::Kind::script, 1});
}

}  // namespace
}  // namespace tactus::schedule
