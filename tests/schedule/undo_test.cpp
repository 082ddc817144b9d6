// /undo and /panic: back to the state before, back to neutral.
#include "schedule/stage.h"

namespace tactus::schedule {
namespace {

using msg::Op;
using msg::Param;
using test::kAi;
using test::kHand;
using test::kScript;
using test::Stage;

TEST(Undo, AMistakenLoadComesBackWhereItWouldNowBe) {
  Stage s;
  s.load(0, true);
  s.world.snapshot.decks[0].position = 1'000'000;
  s.world.snapshot.decks[0].speed = 1.05;
  s.world.snapshot.decks[0].cue = 500;
  s.world.snapshot.decks[0].cue_set = true;
  s.world.snapshot.decks[0].hotcues[15] = 4321;
  s.world.snapshot.decks[0].slots[7] = {10, 20};
  const Fate load = s.ok("/deck/1/load \"wrong.flac\" force");
  s.take(s.scheduler.host_done(load.id, s.world));
  msg::Event e;
  e.id = load.id;
  s.take(s.scheduler.on_event(e, s.world));
  s.world.snapshot.decks[0].playing = false;
  s.world.snapshot.decks[0].speed = 0;
  s.world.snapshot.decks[0].hotcues[15] = -1;
  s.run({96'000});
  const Fate undo = s.ok("/undo");
  ASSERT_EQ(undo.out.actions.size(), 1U);
  const auto& back = std::get<ask::UndoLoad>(undo.out.actions[0].what);
  EXPECT_EQ(back.path, "/music/0.flac");
  EXPECT_TRUE(back.law.playing);
  EXPECT_NEAR(back.law.at({96'000}), 1'000'000 + 96'000 * 1.05, 1e-6);
  EXPECT_EQ(back.marks.cue, 500);
  EXPECT_EQ(back.marks.hotcues[15], 4321);
  EXPECT_EQ(back.marks.slots[7].end, 20);
  EXPECT_NE(s.refused("/undo").find("nothing to undo"), std::string::npos);
}

TEST(Undo, ALoopGoesOnTurningWhileItIsAway) {
  const PositionLaw law{1000, 1, 0, 900, 1100, true};
  EXPECT_DOUBLE_EQ(law.at({50}), 1050);
  EXPECT_DOUBLE_EQ(law.at({100}), 900);
  EXPECT_DOUBLE_EQ(law.at({350}), 950);
  const PositionLaw past{2000, 1, 0, 900, 1100, true};
  EXPECT_DOUBLE_EQ(past.at({50}), 2050) << "a playhead behind its loop plays on";
}

TEST(Undo, UnloadComesBackAndALoadOntoAnEmptyDeckGoes) {
  Stage s;
  s.load(0, false);
  s.ok("/deck/1/unload");
  EXPECT_TRUE(std::holds_alternative<ask::Unload>(s.actions.back().what));
  s.take(s.scheduler.host_done(s.actions.back().id, s.world));
  s.ok("/undo");
  EXPECT_TRUE(std::holds_alternative<ask::UndoLoad>(s.actions.back().what));
  Stage t;
  const Fate load = t.ok("/deck/1/load \"a.flac\"");
  t.take(t.scheduler.host_done(load.id, t.world));
  t.ok("/undo");
  EXPECT_TRUE(std::holds_alternative<ask::Unload>(t.actions.back().what));
  // When it sounds by now, taking it away needs force.
  Stage u;
  const Fate again = u.ok("/deck/1/load \"a.flac\"");
  u.take(u.scheduler.host_done(again.id, u.world));
  msg::Event loaded;
  loaded.id = again.id;
  u.take(u.scheduler.on_event(loaded, u.world));
  u.load(0, true);
  EXPECT_NE(u.refused("/undo").find("`force`"), std::string::npos);
  u.ok("/undo force");
}

TEST(Undo, ALoadThatIsStillOpeningIsCalledOff) {
  Stage s;
  const Fate load = s.ok("/deck/1/load \"a.flac\"");
  s.ok("/deck/1/play");
  s.ok("/undo");
  ASSERT_TRUE(std::holds_alternative<ask::Cancel>(s.actions.back().what));
  EXPECT_EQ(s.actions.back().id, load.id);
  EXPECT_TRUE(s.scheduler.pending(s.world).empty()) << "and what waited for it";
}

TEST(Undo, CuesLoopsAndControls) {
  Stage s;
  s.load(0, true);
  s.world.snapshot.decks[0].hotcues[2] = 4321;
  s.ok("/deck/1/hotcue/3/clear");
  s.ok("/undo");
  EXPECT_EQ(s.engine.back().op, Op::hotcue_set);
  EXPECT_EQ(s.engine.back().index, 2);
  EXPECT_EQ(s.engine.back().a, 4321);

  s.world.snapshot.decks[0].loop_active = true;
  s.ok("/deck/1/loop/exit");
  s.ok("/undo");
  EXPECT_EQ(s.engine.back().op, Op::loop);
  EXPECT_EQ(s.engine.back().index, static_cast<int>(msg::LoopOp::reloop));

  s.ok("/deck/1/eq/low -6");
  s.run({48000 * 2});
  s.ok("/deck/1/eq/low -inf");
  s.ok("/undo");
  EXPECT_NEAR(s.engine.back().a, 0.501187, 1e-6);
  s.ok("/undo");
  EXPECT_EQ(s.engine.back().a, 1);
}

TEST(Undo, ASweepIsOneStep) {
  Stage s;
  s.load(0, true);
  for (int i = 1; i <= 50; ++i) {
    s.ok("/deck/1/fader " + std::to_string(1 - i * 0.01));
    s.run({960});
  }
  s.ok("/undo");
  s.run({960});
  EXPECT_DOUBLE_EQ(s.last().a, 1);
  EXPECT_NE(s.refused("/undo").find("nothing"), std::string::npos);
}

TEST(Undo, IsOfTheSameSource) {
  Stage s;
  s.load(0, true);
  s.ok("/deck/1/eq/low -6", kHand);
  s.ok("/deck/1/eq/mid -6", kScript);
  EXPECT_NE(s.refused("/undo", kAi).find("'ai'"), std::string::npos);
  s.ok("/undo", kHand);
  EXPECT_EQ(s.engine.back().param, Param::eq_low);
}

TEST(Undo, WhatHasNotHappenedNeverDoes) {
  Stage s;
  s.load(0, true);
  s.ok("/deck/1/eq/low -inf @8bar", kHand, msg::When::at(Beat::of(1)));
  EXPECT_NE(s.ok("/undo").note.find("had not happened yet"), std::string::npos);
  EXPECT_TRUE(s.scheduler.pending(s.world).empty());
  // With the engine already, it is put right at the very frame.
  s.run({480});
  s.ok("/deck/1/eq/low -inf @1/2");  // beat 2
  s.ok("/undo");
  s.run({96'000});
  ASSERT_EQ(s.executed.size(), 2U);
  EXPECT_EQ(s.executed[0].when.value, 48000);
  EXPECT_EQ(s.executed[1].when.value, 48000);
  EXPECT_EQ(s.executed[1].a, 1);
}

TEST(Undo, KnowsWhatIsPendingWhenItRemembersTheStateBefore) {
  Stage s;
  s.load(0, true);
  s.ok("/deck/1/eq/low -6 @1/2", kScript, msg::When::at(Beat::of(1)));
  s.ok("/deck/1/eq/low -inf @bar", kScript, msg::When::at(Beat::of(3)));
  s.run({24000 * 5});
  s.ok("/undo", kScript);
  EXPECT_NEAR(s.engine.back().a, 0.501187, 1e-6) << "the state before the second, not before both";
}

TEST(Panic, AllGoesNeutralAndSoundingDecksPlayOn) {
  Stage s;
  s.load(0, true);
  s.load(1, false);
  for (const char* text : {"/deck/1/eq/low -inf", "/deck/1/filter 0.7", "/deck/1/key 3", "/deck/1/stem/bass/mute 1",
                           "/deck/2/eq/high -inf", "/deck/1/fx/1/1/on 1", "/deck/1/fader 0.8", "/deck/1/tempo 3"}) {
    s.ok(text);
  }
  s.run({480});
  s.executed.clear();
  s.ok("/panic");
  s.run({480});
  std::vector<std::pair<Param, int>> reset;
  int panics = 0;
  for (const msg::Command& c : s.executed) {
    if (c.op == Op::panic) {
      EXPECT_EQ(c.ramp.frames, 2400) << "of the effects' tails";
    }
    panics += c.op == Op::panic;
    if (c.op != Op::set_param) continue;
    EXPECT_EQ(c.a, *neutral(c.param));
    EXPECT_EQ(c.ramp.frames, 2400) << "50 ms";
    reset.emplace_back(c.param, c.deck);
  }
  EXPECT_EQ(panics, 1);
  std::sort(reset.begin(), reset.end());
  const std::vector<std::pair<Param, int>> expected = {{Param::eq_low, 0},    {Param::eq_high, 1}, {Param::filter, 0},
                                                       {Param::stem_mute, 0}, {Param::key, 0},     {Param::fx_on, 0}};
  EXPECT_EQ(reset, expected) << "nothing of fader and tempo";
  EXPECT_TRUE(s.world.snapshot.decks[0].playing);
}

TEST(Panic, WhatIsPendingCantUndoIt) {
  Stage s;
  s.load(0, true);
  s.run({480});
  s.ok("/deck/1/eq/low -inf @1/2");                        // with the engine: beat 2
  s.ok("/deck/1/loop/beats 4 @1/2");                       // too
  s.ok("/deck/1/eq/mid -inf @8bar");                       // held
  s.ok("/deck/1/pause @8bar");                             // held; no business of panic
  s.ok("/deck/1/eq/high -3"), s.ok("/deck/1/eq/high -6");  // waits for the tick
  s.ok("/panic");
  s.run({48000 * 20});
  for (const Param p : {Param::eq_low, Param::eq_mid, Param::eq_high})
    EXPECT_EQ(s.scheduler.value({p, 0, 0, 0}, s.world), 1);
  const auto loop = std::find_if(s.executed.begin(), s.executed.end(), [](const auto& c) { return c.op == Op::loop; });
  ASSERT_NE(loop, s.executed.end());
  const auto reset = std::find_if(loop, s.executed.end(), [](const auto& c) { return c.op == Op::panic; });
  ASSERT_NE(reset, s.executed.end());
  EXPECT_EQ(reset->when.value, loop->when.value) << "at the same frame, after it";
  EXPECT_EQ(reset->ramp.frames, 0) << "effects that were switched on since then sound on";
  EXPECT_TRUE(std::any_of(s.executed.begin(), s.executed.end(), [](const auto& c) { return c.op == Op::pause; }));
}

// A script says it ahead of time: what is set until then is put right when it comes, and not before.
TEST(Panic, OfAScriptComesAtItsBeatAndAHandsAtOnce) {
  Stage s;
  s.load(0, true);
  s.run({480});
  s.ok("/deck/1/filter 0.5");
  s.run({480});
  s.ok("/deck/1/eq/low -inf @1/2");  // beat 2
  s.ok("/panic", kScript, msg::When::at(Beat::of(2.5)));
  s.run({72'000});
  s.ok("/deck/1/eq/mid -inf");
  s.run({480});
  const std::int64_t now = s.world.now.v;
  s.ok("/panic @8bar", kHand);
  s.run({480});
  std::vector<std::pair<Param, std::int64_t>> back;
  std::vector<std::int64_t> panics;
  for (const msg::Command& c : s.executed) {
    if (c.op == Op::set_param && c.a == *neutral(c.param)) back.emplace_back(c.param, c.when.value);
    if (c.op == Op::panic) panics.push_back(c.when.value);
  }
  const std::vector<std::pair<Param, std::int64_t>> expected = {
      {Param::filter, 60'000}, {Param::eq_low, 60'000}, {Param::eq_mid, now}};
  EXPECT_EQ(back, expected);
  EXPECT_EQ(panics, (std::vector<std::int64_t>{60'000, now}));
}

}  // namespace
}  // namespace tactus::schedule
