// When things happen: stamps, the horizon, coalescing, waiting for files and effects.
#include "schedule/scheduler.h"

#include "schedule/stage.h"

namespace tactus::schedule {
namespace {

using msg::Op;
using msg::Param;
using msg::When;
using test::Stage;

TEST(Scheduler, WhatHasNoAtHappensNow) {
  Stage s;
  s.load(0, false);
  const Fate fate = s.ok("/deck/1/play");
  ASSERT_EQ(fate.out.commands.size(), 1U);
  EXPECT_EQ(fate.out.commands[0].op, Op::play);
  EXPECT_EQ(fate.out.commands[0].when.kind, When::Kind::now);
  EXPECT_EQ(fate.out.commands[0].id, fate.id);
  EXPECT_EQ(fate.frame, s.world.now);
  ASSERT_EQ(s.scheduler.pending(s.world).size(), 1U);
  s.run({480});
  EXPECT_TRUE(s.scheduler.pending(s.world).empty());
}

TEST(Scheduler, QuantisedWaitsForItsBeatAndTheEngineGetsItInTime) {
  Stage s;
  s.load(0, false);
  s.world.now = {100};
  const Fate fate = s.ok("/deck/1/play @4bar");  // 16 beats at 120 BPM: 384,000 frames
  EXPECT_EQ(fate.beat, Beat::of(16));
  EXPECT_EQ(fate.frame, (Frame{384000}));
  EXPECT_TRUE(fate.out.commands.empty()) << "beyond the horizon";
  EXPECT_EQ(s.scheduler.pending(s.world).at(0).state, PendingIntent::State::held);
  s.run({384000 - 48000 - 1000});
  EXPECT_TRUE(s.engine.empty());
  s.run({2000});
  ASSERT_EQ(s.engine.size(), 1U) << "a second ahead";
  EXPECT_EQ(s.engine[0].when.kind, When::Kind::beat);
  s.run({50000});
  ASSERT_EQ(s.executed.size(), 1U);
  EXPECT_EQ(s.last().when.value, 384000);
}

TEST(Scheduler, ABoundaryThatTheEngineHasTakenUpAlreadyIsMissed) {
  Stage s;
  s.load(0, false);
  s.world.now = {96000 - 200};  // 200 frames before beat 4; the engine may be 256 ahead
  EXPECT_EQ(s.ok("/deck/1/play @bar").beat, Beat::of(8));
  s.world.now = {96000 - 256};
  EXPECT_EQ(s.ok("/deck/1/play @bar").beat, Beat::of(4));
}

TEST(Scheduler, APendingIntentMovesWithTheTempo) {
  Stage s;
  s.load(0, false);
  s.ok("/deck/1/play @beat=64");
  s.world.map.change_tempo(48000, {180}, Beats::of(8));
  const Frame due = s.world.map.due(Beat::of(64));
  ASSERT_LT(due, (Frame{64 * 24000}));
  EXPECT_EQ(s.scheduler.pending(s.world).at(0).frame, due);
  s.run({64 * 24000});
  ASSERT_EQ(s.executed.size(), 1U);
  EXPECT_EQ(s.last().when.value, due.v);
}

TEST(Scheduler, AnIntentOfATimeLineCountsFromItsPlace) {
  Stage s;
  s.load(0, false);
  EXPECT_EQ(s.ok("/deck/1/play", test::kScript, When::at(Beat::of(8))).frame, (Frame{192000}));
  EXPECT_EQ(s.ok("/deck/1/fader 0.5 @bar", test::kScript, When::at(Beat::of(9))).beat, Beat::of(12));
  EXPECT_EQ(s.ok("/deck/1/fader 0.5 @bar", test::kScript, When::at(Beat::of(8))).beat, Beat::of(8));
  EXPECT_EQ(s.ok("/deck/1/fader 0.5", test::kScript, When::at(Frame{12345})).frame, (Frame{12345}));
  EXPECT_EQ(s.ok("/deck/1/fader 0.5 @bar", test::kScript, When::at(Frame{12345})).beat, Beat::of(4));
  EXPECT_EQ(s.ok("/deck/1/fader 0.5 @beat=3", test::kScript, When::at(Beat::of(9))).beat, Beat::of(3));
}

TEST(Scheduler, UnitsOfTheTableBecomeUnitsOfTheEngine) {
  Stage s;
  s.load(0, true);
  const auto sent = [&](const std::string& text) {
    s.tick();  // so that nothing coalesces
    const Fate f = s.ok(text);
    return f.out.commands.empty() ? msg::Command{} : f.out.commands[0];
  };
  EXPECT_EQ(sent("/deck/1/eq/low -inf").a, 0);
  EXPECT_NEAR(sent("/deck/1/eq/mid -6").a, 0.501187, 1e-6);
  EXPECT_NEAR(sent("/deck/1/tempo 2.5").a, 1.025, 1e-12);
  EXPECT_NEAR(sent("/deck/1/nudge -2").a, -0.02, 1e-12);
  EXPECT_EQ(sent("/deck/1/seek 2").a, 96000);
  EXPECT_EQ(sent("/deck/1/hotcue/3/set").a, -1);
  EXPECT_EQ(sent("/deck/1/hotcue/3/set 1").a, 48000);
  EXPECT_EQ(sent("/deck/1/hotcue/3/set").index, 2);
  EXPECT_EQ(sent("/deck/1/loop/slot/3/save").a, 3);
  EXPECT_EQ(sent("/deck/1/loop/beats 1/4").a, 0.25);
  EXPECT_EQ(sent("/deck/1/loop/double").index, static_cast<int>(msg::LoopOp::twice));
  EXPECT_EQ(sent("/deck/1/stretch r2").index, static_cast<int>(msg::StretchMode::r2));
  EXPECT_EQ(sent("/deck/1/sync phrase").index, static_cast<int>(msg::SyncMode::phrase));
  EXPECT_EQ(sent("/deck/1/stem/bass/solo 1").index, 2);
  EXPECT_EQ(sent("/deck/1/fx/2/3/wet 0.5").index, 5);
  EXPECT_EQ(sent("/mixer/crossfader/curve cut").a, 2);
  EXPECT_EQ(sent("/mixer/crossfader/assign 3 left").a, -1);
  EXPECT_EQ(sent("/mixer/crossfader/assign 3 right").deck, 2);
  EXPECT_EQ(sent("/mixer/crossfader/assign 3 thru").a, 0);
  EXPECT_EQ(sent("/deck/1/jog 10").a, 480) << "milliseconds while nobody holds the platter";
  sent("/deck/1/scratch 1");
  EXPECT_EQ(sent("/deck/1/jog -0.5").a, -0.5) << "a speed while somebody does";
  const msg::Command bars = sent("/deck/1/fader 0.5 over 2 bars s-curve");
  EXPECT_EQ(bars.ramp.micro_beats, 8'000'000);
  EXPECT_EQ(bars.ramp.curve, msg::Curve::s_curve);
  EXPECT_EQ(sent("/deck/1/fader 0.5 over 2 seconds").ramp.frames, 96000);
}

TEST(Scheduler, SweepsCoalesceToTheLatestValueOfATick) {
  Stage s;
  s.load(0, true);
  const Fate first = s.ok("/deck/1/fader 0.9");
  EXPECT_EQ(first.out.commands.size(), 1U) << "the first move sounds at once";
  for (int i = 0; i < 200; ++i) {
    const Fate f = s.ok("/deck/1/fader " + std::to_string(0.8 - i * 0.001));
    EXPECT_EQ(f.verdict, Fate::Verdict::coalesced);
    EXPECT_TRUE(f.out.commands.empty());
  }
  EXPECT_EQ(s.ok("/deck/1/eq/low -3").verdict, Fate::Verdict::accepted) << "another control";
  EXPECT_EQ(s.ok("/deck/2/fader 0.5").verdict, Fate::Verdict::accepted) << "another deck";
  s.engine.clear();
  s.tick();
  ASSERT_EQ(s.engine.size(), 1U);
  EXPECT_NEAR(s.engine[0].a, 0.8 - 199 * 0.001, 1e-9);
  EXPECT_EQ(s.ok("/deck/1/fader 0.1").verdict, Fate::Verdict::coalesced) << "one command a control and tick";
  s.tick();
  EXPECT_NEAR(s.engine[1].a, 0.1, 1e-9);
  s.tick();
  s.tick();
  EXPECT_EQ(s.ok("/deck/1/fader 0.2").verdict, Fate::Verdict::accepted);
}

TEST(Scheduler, AFadeReplacesTheMoveThatWaitsForTheTick) {
  Stage s;
  s.load(0, true);
  s.ok("/deck/1/fader 0.9");
  s.ok("/deck/1/fader 0.8");
  s.ok("/deck/1/fader 0.2 over 4 beats");
  s.engine.clear();
  s.tick();
  EXPECT_TRUE(s.engine.empty()) << "the older value must not cut the fade off";
  // A fade that comes later does not.
  s.ok("/deck/1/fader 0.9");
  s.ok("/deck/1/fader 0.8");
  s.ok("/deck/1/fader 0.2 @8bar over 4 beats");
  s.engine.clear();
  s.tick();
  ASSERT_EQ(s.engine.size(), 1U);
  EXPECT_NEAR(s.engine[0].a, 0.8, 1e-9);
}

TEST(Scheduler, MovementsOfAFreeWheelAddUp) {
  Stage s;
  s.load(0, true);
  for (int i = 0; i < 5; ++i) s.ok("/deck/1/jog 1");
  s.tick();
  double way = 0;
  for (const msg::Command& c : s.engine) way += c.a;
  EXPECT_DOUBLE_EQ(way, 5 * 48);
  s.engine.clear();
  s.tick();
  s.ok("/deck/1/scratch 1");
  for (int i = 1; i <= 5; ++i) s.ok("/deck/1/jog " + std::to_string(i));
  s.tick();
  EXPECT_DOUBLE_EQ(s.engine.back().a, 5) << "of a held one the speed counts";
}

TEST(Scheduler, PlayWaitsForTheLoadBeforeIt) {
  Stage s;
  const Fate load = s.ok("/deck/2/load \"/music/a.flac\"");
  ASSERT_EQ(load.out.actions.size(), 1U);
  EXPECT_EQ(std::get<ask::Load>(load.out.actions[0].what).path, "/music/a.flac");
  EXPECT_EQ(load.out.actions[0].id, load.id);
  s.ok("/deck/2/play");
  s.ok("/deck/2/eq/low -inf");
  EXPECT_EQ(s.engine.size(), 1U) << "the EQ needs no track";
  s.run({4800});
  EXPECT_EQ(s.engine.size(), 0U);
  s.take(s.scheduler.host_done(load.id, s.world));
  ASSERT_EQ(s.engine.size(), 1U);
  EXPECT_EQ(s.engine[0].op, Op::play);
}

TEST(Scheduler, WhatALoadMadeLateIsQuantisedAgain) {
  Stage s;
  const Fate load = s.ok("/deck/2/load \"/music/slow.flac\"");
  EXPECT_EQ(s.ok("/deck/2/play @bar").beat, Beat::of(4));
  s.run({100'000});  // beat 4.17
  s.take(s.scheduler.host_done(load.id, s.world));
  s.run({100'000});
  ASSERT_EQ(s.executed.size(), 1U);
  EXPECT_EQ(s.last().when.value, 8 * 24000);
}

TEST(Scheduler, WhatComesBeforeALoadIsForTheOldTrack) {
  Stage s;
  s.load(0, true);
  s.ok("/deck/1/load \"/music/next.flac\" force @8bar");
  EXPECT_EQ(s.ok("/deck/1/loop/beats 4").out.commands.size(), 1U);
}

TEST(Scheduler, AFailedLoadTakesWhatWaitedForItAlong) {
  Stage s;
  const Fate load = s.ok("/deck/2/load \"/music/broken.flac\"");
  s.ok("/deck/2/play");
  s.take(s.scheduler.host_failed(load.id, "not an audio file", s.world));
  ASSERT_EQ(s.notices.size(), 2U);
  EXPECT_NE(s.notices[0].text.find("not an audio file"), std::string::npos);
  EXPECT_TRUE(s.scheduler.pending(s.world).empty());
  EXPECT_NE(s.refused("/deck/2/play").find("deck 2 is empty"), std::string::npos);
}

TEST(Scheduler, EffectsAreNamedAndTheirParametersWaitForThem) {
  Stage s;
  constexpr msg::FxParamInfo kParams[] = {{"bpm", "", "", 20, 300, 120, 0, msg::FxScale::linear, msg::FxRole::bpm},
                                          {"feedback", "Feedback", "", 0, 0.9F, 0.5F, 0},
                                          {"time", "Time", "beats", 0.125F, 4, 0.5F, 0}};
  const msg::FxInfo effects[] = {{"echo", "Echo", "", msg::FxMix::linear, kParams}};
  s.world.effects = effects;
  EXPECT_NE(s.refused("/deck/1/fx/1/1/feedback 0.5").find("/deck/1/fx/1/1/type NAME"), std::string::npos);
  EXPECT_NE(s.refused("/deck/1/fx/1/1/type ehco").find("did you mean 'echo'"), std::string::npos);
  const Fate type = s.ok("/deck/1/fx/1/1/type echo");
  EXPECT_NE(s.refused("/deck/1/fx/1/1/feedbcak 0.5").find("on, wet, feedback, time"), std::string::npos);
  EXPECT_NE(s.refused("/deck/1/fx/1/1/bpm 90").find("no parameter"), std::string::npos) << "the engine's own";
  EXPECT_NE(s.refused("/deck/1/fx/1/1/time 5").find("0.125 to 4 beats"), std::string::npos);
  EXPECT_TRUE(s.ok("/deck/1/fx/1/1/time 2").out.commands.empty()) << "the plan isn't there yet";
  EXPECT_EQ(s.ok("/deck/1/fx/1/2/wet 1").out.commands.size(), 1U) << "another slot";
  s.engine.clear();
  s.take(s.scheduler.host_done(type.id, s.world));
  ASSERT_EQ(s.engine.size(), 1U);
  EXPECT_EQ(s.engine[0].sub, 2);
  EXPECT_EQ(s.ok("/deck/1/fx/1/1/feedback 0.9").out.commands[0].sub, 1) << "the limit itself is allowed";
  const Fate none = s.ok("/deck/1/fx/1/1/type none");
  EXPECT_EQ(std::get<ask::FxType>(none.out.actions[0].what).name, "");
  s.take(s.scheduler.host_failed(none.id, "out of memory", s.world));
  EXPECT_EQ(s.submit("/deck/1/fx/1/1/feedback 0.4").verdict, Fate::Verdict::coalesced) << "the echo is still there";
}

TEST(Scheduler, AQuantisedEffectIsSwappedInWhenItIsDueAndNotBefore) {
  Stage s;
  constexpr msg::FxParamInfo kParams[] = {{"time", "Time", "beats", 0.125F, 4, 0.5F, 0}};
  const msg::FxInfo effects[] = {{"echo", "Echo", "", msg::FxMix::linear, kParams}};
  s.world.effects = effects;
  s.world.now = {100};
  s.ok("/deck/1/fx/1/1/type echo @bar");
  s.ok("/deck/1/fx/1/1/time 2 @bar");
  s.ok("/deck/1/fx/1/1/on 1 @bar");
  s.run({96'000 - 1500});
  EXPECT_TRUE(s.actions.empty());
  EXPECT_TRUE(s.engine.empty()) << "they wait for the effect";
  s.run({1400});
  ASSERT_EQ(s.actions.size(), 1U);
  s.take(s.scheduler.host_done(s.actions[0].id, s.world));
  EXPECT_EQ(s.engine.size() + s.executed.size(), 2U);
}

// It doubles what is on the other deck by then, and what comes with it is in time.
TEST(Scheduler, ADoubledDeckIsAskedForWhenItIsDue) {
  Stage s;
  s.load(0, true);
  s.world.now = {100};
  s.ok("/deck/2/double 1 @bar");
  s.ok("/deck/2/play @bar");
  s.run({96'000 - 1500});
  EXPECT_TRUE(s.actions.empty());
  s.run({1400});
  ASSERT_EQ(s.actions.size(), 1U);
  EXPECT_TRUE(s.engine.empty()) << "play waits for it";
  s.take(s.scheduler.host_done(s.actions[0].id, s.world));
  ASSERT_EQ(s.engine.size(), 1U);
  EXPECT_EQ(s.world.frame_of(s.engine[0].when).v, 96'000);
}

TEST(Scheduler, WhatWaitedLongForAFileHasItsTimeToBeConfirmed) {
  Stage s;
  s.ok("/deck/1/load \"/music/slow.flac\"");
  s.ok("/deck/1/play");
  s.run({5 * 48000});
  ASSERT_EQ(s.actions.size(), 1U);
  s.load(0, false);
  s.take(s.scheduler.host_done(s.actions[0].id, s.world));
  s.tick();  // before the engine can have said anything
  EXPECT_TRUE(s.notices.empty()) << s.notices[0].text;
  s.run({4800});
  EXPECT_TRUE(s.notices.empty());
}

TEST(Scheduler, CancelStopsWhatIsHeldAndSaysWhenItIsTooLate) {
  Stage s;
  s.load(0, false);
  const Fate held = s.ok("/deck/1/play @8bar");
  EXPECT_TRUE(s.scheduler.cancel(held.id, s.world).done);
  const Fate sent = s.ok("/deck/1/play @1/2");  // at 0
  s.world.now = {1000};
  const Fate soon = s.ok("/deck/1/play @1/2");  // at beat 2: 1 s, within the horizon
  const auto late = s.scheduler.cancel(soon.id, s.world);
  EXPECT_FALSE(late.done);
  EXPECT_NE(late.why.find("0.98 s"), std::string::npos) << late.why;
  EXPECT_FALSE(s.scheduler.cancel(9999, s.world).done);
  EXPECT_NE(sent.id, soon.id);
  const Fate load = s.ok("/deck/2/load \"/music/a.flac\"");
  const auto opened = s.scheduler.cancel(load.id, s.world);
  ASSERT_TRUE(opened.done);
  ASSERT_EQ(opened.out.actions.size(), 1U);
  EXPECT_TRUE(std::holds_alternative<ask::Cancel>(opened.out.actions[0].what));
  EXPECT_EQ(opened.out.actions[0].id, load.id);
  s.run({300'000});
  EXPECT_EQ(std::count_if(s.executed.begin(), s.executed.end(), [&](const auto& c) { return c.id == held.id; }), 0);
}

TEST(Scheduler, PendingIsListedInTheOrderInWhichItHappens) {
  Stage s;
  s.load(0, false);
  s.ok("/deck/1/play @8bar", test::kScript, When::at(Beat::of(1)));
  s.ok("/deck/1/eq/low -inf @2bar", test::kScript, When::at(Beat::of(1)));
  const auto list = s.scheduler.pending(s.world);
  ASSERT_EQ(list.size(), 2U);
  EXPECT_EQ(list[0].text, "/deck/1/eq/low -inf @2bar");
  EXPECT_EQ(list[0].beat, Beat::of(8));
  EXPECT_EQ(list[1].source, "set");
}

TEST(Scheduler, AFullEngineQueueIsReported) {
  Stage s;
  s.load(0, false);
  const Fate f = s.ok("/deck/1/play");
  msg::Event e;
  e.kind = msg::Event::Kind::queue_full;
  e.id = f.id;
  s.take(s.scheduler.on_event(e, s.world));
  ASSERT_EQ(s.notices.size(), 1U);
  EXPECT_EQ(s.notices[0].id, f.id);
  EXPECT_TRUE(s.scheduler.pending(s.world).empty());
}

TEST(Scheduler, WhatTheEngineNeverConfirmsIsForgottenAloud) {
  Stage s;
  s.load(0, false);
  s.ok("/deck/1/play");
  s.engine.clear();  // lost
  s.run({3 * 48000});
  EXPECT_TRUE(s.scheduler.pending(s.world).empty());
  ASSERT_EQ(s.notices.size(), 1U);
}

TEST(Scheduler, TheEndOfATrackIsAnnouncedOnceAndCaughtByALoopIfAskedFor) {
  SchedulerOptions options;
  options.safety_loop_beats = 4;
  Stage s(options);
  s.load(0, true, 120);
  s.load(1, false, 120);
  s.world.snapshot.decks[0].position = (300 - 31) * 48000.0;
  s.run({2 * 48000});
  ASSERT_EQ(s.notices.size(), 1U);
  EXPECT_EQ(s.notices[0].text, "deck 1 ends in 30 s");
  s.run({24 * 48000});
  EXPECT_EQ(s.executed.size(), 0U);
  s.run({2 * 48000});
  ASSERT_EQ(s.executed.size(), 1U);
  EXPECT_EQ(s.last().op, Op::loop);
  EXPECT_EQ(s.last().a, 4);
  // It begins on a beat, and the whole of it lies within the track.
  EXPECT_EQ(s.last().when.value % 24000, 0);
  EXPECT_LE((300 - 31) * 48000.0 + static_cast<double>(s.last().when.value) + 4 * 24000, 300 * 48000.0);
  s.run({48000});
  EXPECT_EQ(s.executed.size(), 1U) << "once a track";
}

// A platter that spins fast for a moment brings no end near.
TEST(Scheduler, TheEndIsToldByTheTempoNotByTheHand) {
  Stage s;
  s.load(0, true, 120);
  s.world.snapshot.decks[0].position = (300 - 100) * 48000.0;
  s.world.snapshot.decks[0].speed = 9;
  s.run({480});
  EXPECT_TRUE(s.notices.empty());
  s.world.snapshot.decks[0].speed = 1;
  s.world.snapshot.decks[0].tempo = 1.5;
  s.world.snapshot.decks[0].position = (300 - 40) * 48000.0;
  s.run({480});
  ASSERT_EQ(s.notices.size(), 1U);
  EXPECT_EQ(s.notices[0].text, "deck 1 ends in 27 s");
  s.load(0, true, 120);
  s.world.snapshot.decks[0].sync = msg::SyncMode::beat;
  s.world.snapshot.decks[0].track_id = 7;
  s.world.snapshot.bpm = 90;
  s.world.snapshot.decks[0].position = (300 - 22) * 48000.0;
  s.run({480});
  ASSERT_EQ(s.notices.size(), 2U);
  EXPECT_EQ(s.notices[1].text, "deck 1 ends in 30 s");
}

// What is asked for at a beat to come is quantised by the bars that will be there.
TEST(Scheduler, BarsAndPhrasesAreThoseOfTheirPlace) {
  Stage s;
  s.load(0, true);
  const auto beat = [&](double from, const std::string& text) {
    return s.ok(text, test::kScript, When::at(Beat::of(from))).beat;
  };
  beat(66, "/clock/phrase 32");
  beat(64, "/clock/quantum 3");
  EXPECT_EQ(beat(61, "/deck/1/jump 1 @bar"), Beat::of(64));
  EXPECT_EQ(beat(64, "/deck/1/jump 1 @bar"), Beat::of(66));
  EXPECT_EQ(beat(65, "/deck/1/jump 1 @2bar"), Beat::of(66));
  EXPECT_EQ(beat(65, "/deck/1/jump 1 @phrase"), Beat::of(80));
  EXPECT_EQ(beat(67, "/deck/1/jump 1 @phrase"), Beat::of(96));
  // In the map already, where the owner writes what is near.
  s.world.map.change_metre({Beat::of(8), Beats::of(5), {}});
  EXPECT_EQ(beat(7, "/deck/1/jump 1 @bar"), Beat::of(8));
  EXPECT_EQ(beat(8.5, "/deck/1/jump 1 @bar"), Beat::of(10));
}

// The same calls give the same answers.
TEST(Scheduler, IsDeterministic) {
  const auto play = [] {
    Stage s;
    s.load(0, true);
    s.load(1, false);
    s.ok("/deck/2/play @bar");
    s.ok("/mixer/crossfader 1 @phrase over 16 beats s-curve");
    for (int i = 0; i < 50; ++i) {
      s.submit("/deck/1/fader " + std::to_string(1 - i * 0.01), i % 3 ? test::kHand : test::kAi);
      s.run({700});
    }
    s.ok("/panic");
    s.run({480'000});
    std::string log;
    for (const msg::Command& c : s.executed)
      log += std::to_string(c.id) + ":" + std::to_string(static_cast<int>(c.op)) + "@" + std::to_string(c.when.value) +
             "=" + std::to_string(c.a) + "\n";
    return log;
  };
  EXPECT_EQ(play(), play());
}

}  // namespace
}  // namespace tactus::schedule
