// What the scheduler refuses, and what it says then.
#include <set>

#include "schedule/intent_table.h"
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

// A deck that plays, and what may be done to it that makes it inaudible.
struct Way {
  const char* text;
  void (*prepare)(Stage&) = [](Stage&) {};
};

void kill_two_bands(Stage& s) {
  s.ok("/deck/1/eq/low -inf", kVoice);
  s.ok("/deck/1/eq/mid -inf", kVoice);
}
void mute_three_stems(Stage& s) {
  s.world.decks[0].has_stems = true;
  for (const char* stem : {"vocals", "drums", "bass"}) s.ok("/deck/1/stem/" + std::string(stem) + "/mute 1", kVoice);
}
void stand_at(Stage& s, double seconds) { s.world.snapshot.decks[0].position = seconds * 48000; }
void loop_at(Stage& s, double seconds) {
  msg::DeckSnapshot& d = s.world.snapshot.decks[0];
  d.loop_start = seconds * 48000;
  d.loop_end = d.loop_start + 48000;
  d.loop_active = true;
  stand_at(s, seconds + 0.5);
}

// Afterwards 2.1 s go by, so that no hand holds anything. The track has 300 s and 126 BPM.
constexpr Frames kUntilFree{100'800};
const Way kWays[] = {
    {"/deck/1/fader 0"},
    {"/deck/1/fader 0.005"},
    {"/deck/1/fader 0 over 16 beats"},
    {"/deck/1/trim -inf"},
    {"/deck/1/trim -45"},
    {"/deck/1/eq/high -inf", kill_two_bands},
    {"/deck/1/eq/low -inf", [](Stage& s) { s.ok("/deck/1/eq/mid -inf"), s.ok("/deck/1/eq/high -50"); }},
    {"/deck/1/eq/mid -inf", [](Stage& s) { s.ok("/deck/1/eq/low -inf"), s.ok("/deck/1/eq/high -inf"); }},
    {"/deck/1/filter -0.9", kill_two_bands},
    {"/deck/1/filter 0.9", [](Stage& s) { s.ok("/deck/1/eq/mid -inf"), s.ok("/deck/1/eq/high -inf"); }},
    {"/deck/1/stem/other/mute 1", mute_three_stems},
    {"/deck/1/stem/other/gain -inf", mute_three_stems},
    {"/deck/1/stem/drums/solo 1", mute_three_stems},
    {"/deck/1/pause"},
    {"/deck/1/pause @8bar"},
    {"/deck/1/cue 1"},
    {"/deck/1/brake 2"},
    {"/deck/1/unload force"},
    {"/deck/1/load \"b.flac\" force"},
    {"/deck/1/double 3 force"},
    {"/mixer/crossfader 1"},
    {"/mixer/crossfader/assign 1 right", [](Stage& s) { s.ok("/mixer/crossfader -1"); }},
    {"/mixer/master -inf"},
    {"/deck/1/scratch 1"},
    {"/deck/1/scratch 1 @8bar"},
    {"/deck/1/seek 299"},
    {"/deck/1/seek 297 @8bar"},
    {"/deck/1/seek 1", [](Stage& s) { s.world.snapshot.decks[0].reverse = true, stand_at(s, 100); }},
    {"/deck/1/jump 512", [](Stage& s) { stand_at(s, 100); }},
    {"/deck/1/jump 64 @8bar", [](Stage& s) { stand_at(s, 255); }},  // 30 s on, and 16 by the bar
    {"/deck/1/hotcue/2/jump", [](Stage& s) { s.world.snapshot.decks[0].hotcues[1] = 299 * 48000; }},
    {"/deck/1/hotcue/2 1", [](Stage& s) { s.world.snapshot.decks[0].hotcues[1] = 299 * 48000; }},
    {"/deck/1/reverse 1", [](Stage& s) { stand_at(s, 1); }},
    {"/deck/1/censor 1", [](Stage& s) { stand_at(s, 1); }},
    {"/deck/1/loop/exit", [](Stage& s) { loop_at(s, 298); }},
    {"/deck/1/loop/in", [](Stage& s) { loop_at(s, 298); }},
    {"/deck/1/loop/move 512", [](Stage& s) { loop_at(s, 100); }},
};

void sound_alone(Stage& s) {
  s.load(0, true);
  s.load(1, false);
  s.load(2, false);
  s.ok("/mixer/crossfader/assign 1 left");
}

TEST(Guards, AnUntrustedSourceCantSilenceTheLastSoundingDeck) {
  for (const Way& way : kWays) {
    Stage s;
    sound_alone(s);
    way.prepare(s);
    s.run(kUntilFree);
    for (const Source& source : {kVoice, kAi, Source{"phone", Source::Kind::motion, 1}}) {
      EXPECT_TRUE(says(s.refused(way.text, source), "last sounding deck")) << way.text << " from " << source.name;
    }
    s.ok(way.text, {"voice", Source::Kind::voice, 0.9});
    Stage other;
    sound_alone(other);
    other.load(1, true);
    way.prepare(other);
    other.run(kUntilFree);
    const bool master = std::string(way.text).find("master") != std::string::npos;
    EXPECT_EQ(other.submit(way.text, kVoice).verdict == Fate::Verdict::refused, master)
        << way.text << " with another deck sounding";
  }
}

TEST(Guards, UndoingWhatBroughtTheLastDeckInIsSilenceToo) {
  Stage s;
  s.load(0, true);
  s.ok("/deck/1/fader 0");
  s.run(kUntilFree);
  s.ok("/deck/1/fader 1", kVoice);
  s.run({480});
  EXPECT_TRUE(says(s.refused("/undo", kVoice), "last sounding deck"));
  s.load(1, true);
  s.ok("/undo", kVoice);
}

// What is near those ways and isn't one.
TEST(Guards, WhatGoesOnSoundingIsNotSilenced) {
  const Way heard[] = {
      {"/deck/1/seek 295"},
      {"/deck/1/jump -512"},
      {"/deck/1/jump 256", [](Stage& s) { stand_at(s, 100); }},
      {"/deck/1/seek 299", [](Stage& s) { loop_at(s, 298); }},  // the loop takes it back
      {"/deck/1/reverse 1", [](Stage& s) { stand_at(s, 10); }},
      {"/deck/1/reverse 0", [](Stage& s) { s.world.snapshot.decks[0].reverse = true, stand_at(s, 1); }},
      {"/deck/1/scratch 0", [](Stage& s) { s.ok("/deck/1/scratch 1"); }},
      {"/deck/1/loop/exit", [](Stage& s) { loop_at(s, 290); }},
      {"/deck/1/loop/move 8", [](Stage& s) { loop_at(s, 290); }},
      {"/deck/1/hotcue/2 1"},
      {"/deck/1/filter 1"},
      {"/deck/1/filter -1"},
      {"/deck/1/filter 0.9", kill_two_bands},
      {"/deck/1/stem/other/solo 1", mute_three_stems},
  };
  for (const Way& way : heard) {
    Stage s;
    sound_alone(s);
    way.prepare(s);
    s.run(kUntilFree);
    s.ok(way.text, kVoice);
  }
}

TEST(Guards, AScratchedOrEndingDeckIsStillReplacedByForceAlone) {
  Stage s;
  s.load(0, true);
  s.ok("/deck/1/scratch 1");
  EXPECT_TRUE(says(s.refused("/deck/1/load \"b.flac\""), "sounding"));
  Stage t;
  t.load(0, true);
  t.ok("/deck/1/seek 299");
  EXPECT_TRUE(says(t.refused("/deck/1/unload"), "sounding"));
}

// Every intent there is either can silence a deck, and then the list above has a way, or it can't.
TEST(Guards, TheWaysToSilenceADeckAreComplete) {
  std::set<std::string_view> ways = {"/undo"};
  for (const Way& way : kWays) ways.insert(parse(way.text).intent->row->pattern);
  const std::set<std::string_view> never = {
      // They start, or leave the playhead.
      "/deck/N/play", "/deck/N/cue/set", "/deck/N/hotcue/K/set", "/deck/N/hotcue/K/clear", "/deck/N/cue_bus",
      // A loop sounds as long as it is on.
      "/deck/N/loop/out", "/deck/N/loop/beats", "/deck/N/loop/roll", "/deck/N/loop/halve", "/deck/N/loop/double",
      "/deck/N/reloop", "/deck/N/loop/slot/K/save", "/deck/N/loop/slot/K/recall",
      // Slower, never still: but for a hand on the platter, which is refused itself.
      "/deck/N/jog", "/deck/N/slip", "/deck/N/tempo", "/deck/N/nudge", "/deck/N/key", "/deck/N/keylock",
      "/deck/N/stretch", "/deck/N/sync",
      // An effect gives back what it takes.
      "/deck/N/fx/UNIT/SLOT/type", "/deck/N/fx/UNIT/SLOT/on", "/deck/N/fx/UNIT/SLOT/wet", "/deck/N/fx/UNIT/SLOT/PARAM",
      // Not the master's sound. Of the crossfader's curves none is softer than the one that is reckoned with.
      "/mixer/crossfader/curve", "/mixer/cue_mix", "/mixer/split", "/mixer/headphones", "/mixer/booth", "/mixer/record",
      "/clock/source", "/clock/tempo", "/clock/tap", "/clock/quantum", "/clock/phrase", "/clock/link",
      "/clock/link/transport", "/midi/note", "/midi/cc", "/midi/clock",
      // What they do is to be heard; or only a hand may.
      "/panic", "/silence", "/hold"};
  for (const IntentRow& row : intent_table()) {
    EXPECT_NE(ways.count(row.pattern), never.count(row.pattern)) << row.pattern;
    EXPECT_EQ((row.guards & kMaySilence) != 0, ways.count(row.pattern) == 1) << row.pattern;
  }
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
