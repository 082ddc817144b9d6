// Notes and controllers as intents, and a MIDI clock that leads.
#include <gtest/gtest.h>

#include <cmath>

#include "schedule/clock_owner.h"
#include "schedule/stage.h"

namespace tactus::schedule {
namespace {

using test::Stage;

Stage with_midi() {
  Stage stage;
  stage.world.no_midi.clear();
  return stage;
}

TEST(MidiIntents, WithoutMidiTheyAreRefusedAndSayWhy) {
  Stage stage;
  EXPECT_NE(stage.refused("/midi/note 1 36 100 1/4").find("--midi"), std::string::npos);
}

TEST(MidiIntents, ANoteIsAskedForOnItsBeat) {
  Stage stage = with_midi();
  stage.run({1000});
  stage.ok("/midi/note 10 36 100 1/4 @bar");
  EXPECT_TRUE(stage.actions.empty());  // it may still be taken back
  stage.run({60000});
  ASSERT_EQ(stage.actions.size(), 1U);
  const auto* note = std::get_if<ask::MidiNote>(&stage.actions[0].what);
  ASSERT_TRUE(note);
  EXPECT_EQ(note->channel, 9);
  EXPECT_EQ(note->note, 36);
  EXPECT_EQ(note->velocity, 100);
  EXPECT_EQ(note->length, Beats::of(0.25));
  EXPECT_EQ(stage.actions[0].when.kind, msg::When::Kind::beat);
  EXPECT_EQ(stage.actions[0].when.value, Beat::of(4).micro);
}

TEST(MidiIntents, AControllersRampCarriesItsLengthAndCurve) {
  Stage stage = with_midi();
  stage.ok("/midi/cc 1 74 127 @beat=4 over 16 beats s-curve");
  stage.run({60000});
  const auto* cc = std::get_if<ask::MidiCc>(&stage.actions.at(0).what);
  ASSERT_TRUE(cc);
  EXPECT_EQ(cc->value, 127);
  EXPECT_EQ(cc->ramp.micro_beats, Beats::of(16).micro);
  EXPECT_EQ(cc->ramp.curve, msg::Curve::s_curve);
  stage.ok("/midi/cc 1 74 0");
  const auto* now = std::get_if<ask::MidiCc>(&stage.actions.at(1).what);
  EXPECT_EQ(now->ramp.micro_beats, 0);
  EXPECT_EQ(now->ramp.frames, 0);
}

TEST(MidiIntents, WhatIsOutOfRangeIsRefused) {
  Stage stage = with_midi();
  for (const char* text : {"/midi/note 0 36 100 1", "/midi/note 17 36 100 1", "/midi/note 1 128 100 1",
                           "/midi/note 1 36 0 1", "/midi/cc 1 74 128", "/midi/cc 1 128 0"}) {
    const Parsed p = parse(text);
    if (p) stage.refused(text);
    EXPECT_TRUE(stage.actions.empty()) << text;
  }
}

TEST(MidiIntents, TheClockStartsOnTheBar) {
  Stage stage = with_midi();
  stage.run({1000});
  stage.ok("/midi/clock start");
  stage.run({60000});
  const auto* clock = std::get_if<ask::MidiClock>(&stage.actions.at(0).what);
  ASSERT_TRUE(clock);
  EXPECT_EQ(clock->kind, ask::MidiClock::Kind::start);
  EXPECT_EQ(stage.actions[0].when.value, Beat::of(4).micro);
}

// --- A clock that comes in -------------------------------------------------------------------------------------------

// A drum machine whose song began at `begin`, seen by a clock owner every 3 ms.
struct Machine {
  static constexpr double kRate = 48000;
  ClockOwner clock{{kRate}, {120}};
  World world;
  double bpm = 131, beat = 0.3;

  Machine() {
    world.lead = {1152};
    world.map = clock.map();
  }
  void lead() { clock.apply({1, msg::When{}, ask::ClockSource{ask::ClockSource::Kind::midi, 0}}, earliest()); }
  Frame earliest() const { return world.now + world.lead; }
  void run(double seconds, bool locked = true) {
    for (const Frame end = world.now + Frames{std::llround(seconds * kRate)}; world.now < end;) {
      world.snapshot.frame = world.now.v;
      world.midi = {locked ? world.now.v : -1, beat, bpm, locked ? std::size_t{1} : 0, true};
      clock.tick(world, earliest());
      world.map = clock.map();
      world.now = world.now + Frames{144};
      beat += 144 * bpm / (60 * kRate);
    }
  }
  double our_bpm() const { return clock.map().bpm_at_frame(static_cast<double>(earliest().v)); }
  double error() const { return std::remainder(clock.map().beat_of(static_cast<double>(world.now.v)) - beat, 4); }
};

TEST(MidiClockLeads, OnlyOnceItIsAskedFor) {
  Machine m;
  m.run(5);
  EXPECT_DOUBLE_EQ(m.our_bpm(), 120);
  m.lead();
  m.run(20);
  EXPECT_NEAR(m.our_bpm(), 131, 0.02);
  EXPECT_NEAR(m.error(), 0, 0.002);
}

TEST(MidiClockLeads, ItsTempoIsFollowed) {
  Machine m;
  m.lead();
  m.run(20);
  m.bpm = 126;
  m.run(20);
  EXPECT_NEAR(m.our_bpm(), 126, 0.02);
  EXPECT_NEAR(m.error(), 0, 0.002);
}

TEST(MidiClockLeads, WhenItFallsSilentTheTempoStays) {
  Machine m;
  m.lead();
  m.run(20);
  m.run(10, false);
  EXPECT_NEAR(m.our_bpm(), 131, 0.02);
  // And it is taken up again where it is by then.
  m.run(30);
  EXPECT_NEAR(m.error(), 0, 0.002);
}

}  // namespace
}  // namespace tactus::schedule
