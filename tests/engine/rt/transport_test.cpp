// The deck's transport as equations: where is the playhead, after which command, at which frame.
#include "engine/rt/transport.h"

#include <gtest/gtest.h>

#include <random>

#include "lockfree/chunk_table.h"

using namespace tactus;
using msg::Command;
using msg::Op;
using rt::Transport;

namespace {

constexpr double kRate = 48000;

// A 10-minute track at 120 BPM (24,000 frames a beat), first downbeat at frame 6,000.
struct Fixture : ::testing::Test {
  lockfree::ChunkTable pcm{48000 * 600, 2};
  music::GridAnchor anchor{6000, 0, 120};
  msg::TrackRef track;
  music::TempoMap map{SampleRate{kRate}, Bpm{120}};
  Transport t;
  std::int64_t now = 0;

  void SetUp() override {
    track.id = 1;
    track.pcm = &pcm;
    track.grid = {&anchor, 1, kRate};
    track.first_sound = 1000;
    for (double& c : track.hotcues) c = -1;
    Command c;
    c.op = Op::load;
    c.track = &track;
    t.apply(c, 0, map);
  }
  // Runs to `frame` on the control grid, as the engine does.
  void run_to(std::int64_t frame) {
    while (now < frame) {
      std::int64_t limit = std::min(frame, (now / rt::kGrid + 1) * rt::kGrid);
      now = t.next_break(now, limit, map);
      t.advance(now, map);
    }
  }
  void send(Op op, double a = 0, int index = 0) {
    Command c;
    c.op = op;
    c.a = a;
    c.index = static_cast<std::uint8_t>(index);
    t.apply(c, now, map);
  }
  void loop(msg::LoopOp op, double a = 0) { send(Op::loop, a, static_cast<int>(op)); }
  double pos() { return t.position(static_cast<double>(now), map); }
};

TEST_F(Fixture, StandsAtFirstSoundAndPlaysFromThere) {
  EXPECT_EQ(pos(), 1000);
  run_to(777);
  send(Op::play);
  run_to(10777);
  EXPECT_EQ(pos(), 11000);
}

TEST_F(Fixture, WhatIsLearntLaterOfALoadMovesWhatNobodyTouched) {
  msg::TrackRef known = track;
  known.first_sound = 2000;
  const auto learn = [&] {
    Command c;
    c.op = Op::regrid;
    c.track = &known;
    t.apply(c, now, map);
  };
  learn();
  EXPECT_EQ(pos(), 2000);
  known.cue = 5000;  // a stored cue comes before the first sound
  learn();
  EXPECT_EQ(pos(), 5000);
  send(Op::cue_button, 1);
  send(Op::cue_button, 0);
  known.cue = 7000;
  learn();
  EXPECT_EQ(pos(), 5000) << "somebody has listened to it";
  send(Op::seek, 9000);
  send(Op::cue_button, 1);  // not at the cue: sets it
  known.cue = 8000;
  learn();
  EXPECT_EQ(pos(), 9000);
  send(Op::cue_button, 1);
  EXPECT_TRUE(t.previewing()) << "on its cue";
}

TEST_F(Fixture, LoopWrapsExactlyAndNeverDrifts) {
  send(Op::seek, 6000);
  send(Op::play);
  run_to(100);
  send(Op::seek, 6000);
  loop(msg::LoopOp::beats, 1.0 / 3);  // a triplet: 8,000 frames
  const std::int64_t start = now;
  run_to(start + 8000 * 1000 + 17);
  EXPECT_NEAR(pos(), 6000 + 17, 1e-6);
  EXPECT_NEAR(t.unrolled(), 8000.0 * 1000, 1e-6);
}

TEST_F(Fixture, LoopWrapBreaksAtTheFirstFrameAtOrPastTheEnd) {
  send(Op::seek, 6000);
  send(Op::play);
  Command c;
  c.op = Op::set_param;
  c.param = msg::Param::tempo;
  c.a = 1.25;
  t.apply(c, now, map);
  run_to(4800);
  send(Op::seek, 6000);
  loop(msg::LoopOp::beats, 1);  // 24,000 frames at speed 1.25: 19,200 session frames
  const auto epoch = t.epoch();
  const std::int64_t start = now;
  run_to(start + 19199);
  EXPECT_EQ(t.epoch(), epoch);
  run_to(start + 19200);
  EXPECT_EQ(t.epoch(), epoch + 1);
  EXPECT_EQ(t.last_break(), Transport::Break::wrap);
  EXPECT_NEAR(pos(), 6000, 1e-6);
}

TEST_F(Fixture, BeatSyncHoldsPhaseForThirtyMinutesOverTempoChanges) {
  map = music::TempoMap{SampleRate{kRate}, Bpm{128}};
  map.change_tempo(1e6, Bpm{140}, Beats::of(32));
  map.change_tempo(3e6, Bpm{121.37}, Beats::of(7));
  send(Op::seek, 6000);
  send(Op::sync, 0, static_cast<int>(msg::SyncMode::beat));
  run_to(12345);
  send(Op::play);
  loop(msg::LoopOp::in);
  std::mt19937 rng(7);
  for (int i = 0; i < 200; ++i) {
    run_to(now + static_cast<std::int64_t>(rng() % 100000));
    if (i % 20 == 10) send(Op::jump_beats, i % 40 == 10 ? -8 : 4);
    if (pos() > 48000.0 * 500) send(Op::jump_beats, -512);
    const double off = track.grid.beat_of(pos()) - map.beat_of(static_cast<double>(now));
    EXPECT_NEAR(off, std::round(off), 1e-6) << i;
  }
}

TEST_F(Fixture, NudgeStaysAsAnOffsetUntilResync) {
  send(Op::seek, 6000);
  send(Op::sync, 0, static_cast<int>(msg::SyncMode::beat));
  send(Op::play);
  run_to(48000);
  send(Op::nudge, 0.02);
  run_to(96000);
  send(Op::nudge, 0);
  run_to(480000);
  auto off = [&] {
    const double d = track.grid.beat_of(pos()) - map.beat_of(static_cast<double>(now));
    return d - std::round(d);
  };
  EXPECT_NEAR(off(), 0.02 * 48000 / 24000, 2e-4);
  send(Op::sync, 0, static_cast<int>(msg::SyncMode::beat));
  EXPECT_NEAR(off(), 0, 1e-9);
}

TEST_F(Fixture, UnsureBarsAreHeldByBeat) {
  for (const msg::SyncMode asked : {msg::SyncMode::bar, msg::SyncMode::phrase}) {
    for (const bool sure : {true, false}) {
      track.bars_sure = sure;
      send(Op::pause);
      send(Op::seek, 6000);
      send(Op::sync, 0, static_cast<int>(asked));
      run_to(now + 96000 * 4 + 72000);  // on no bar of the session
      send(Op::play);
      const double unit = asked == msg::SyncMode::bar ? 4 : 16;
      const double off = track.grid.beat_of(pos()) - map.beat_of(static_cast<double>(now));
      EXPECT_NEAR(off, std::round(off), 1e-6);
      EXPECT_EQ(std::fabs(off / unit - std::round(off / unit)) < 1e-6, sure) << off;
      msg::DeckSnapshot s;
      t.fill(s, now, map);
      EXPECT_EQ(s.sync, asked);
      EXPECT_EQ(s.sync_held, sure ? asked : msg::SyncMode::beat);
    }
  }
}

TEST_F(Fixture, HalfTempoTrackSyncsAtPowerOfTwo) {
  map = music::TempoMap{SampleRate{kRate}, Bpm{62}};
  send(Op::seek, 6000);
  send(Op::sync, 0, static_cast<int>(msg::SyncMode::beat));
  send(Op::play);
  run_to(48000);
  EXPECT_NEAR(t.speed(48000, map), 124.0 / 120, 1e-9);
}

TEST_F(Fixture, SlipReturnsWhereItWouldBe) {
  send(Op::play);
  run_to(50000);
  const double start = pos();
  send(Op::slip, 1);
  loop(msg::LoopOp::beats, 1);
  run_to(150000);
  EXPECT_LT(pos(), start + 24001);
  loop(msg::LoopOp::exit);
  EXPECT_EQ(pos(), start + 100000);
}

TEST_F(Fixture, RollReturnsWithoutSlip) {
  send(Op::play);
  run_to(50000);
  const double start = pos();
  loop(msg::LoopOp::roll, 0.25);
  run_to(70000);
  EXPECT_LT(pos(), start + 6001);
  loop(msg::LoopOp::exit);
  EXPECT_EQ(pos(), start + 20000);
}

TEST_F(Fixture, CensorPlaysBackwardsAndComesBack) {
  send(Op::play);
  run_to(96000);
  const double p = pos();
  send(Op::censor, 1);
  run_to(106000);
  EXPECT_NEAR(pos(), p - 10000, 40);  // it turns at the next control step
  send(Op::censor, 0);
  EXPECT_EQ(pos(), p + 10000);
}

TEST_F(Fixture, CueIsCdjStyle) {
  send(Op::cue_button, 1);  // at the cue, paused: preview while held
  run_to(4800);
  EXPECT_EQ(pos(), 1000 + 4800);
  send(Op::cue_button, 0);
  EXPECT_EQ(pos(), 1000);
  EXPECT_FALSE(t.moving());
  send(Op::cue_button, 1);
  run_to(9600);
  send(Op::play);  // latches
  send(Op::cue_button, 0);
  run_to(14400);
  EXPECT_EQ(pos(), 1000 + 9600);
  EXPECT_TRUE(t.playing());
  send(Op::cue_button, 1);  // playing: back to the cue, stopped
  EXPECT_EQ(pos(), 1000);
  EXPECT_FALSE(t.playing());
}

TEST_F(Fixture, HotcueSetsJumpsAndPreviews) {
  send(Op::seek, 5000);
  send(Op::hotcue_button, 1, 3);  // empty: set here
  send(Op::play);
  run_to(9600);
  send(Op::hotcue_button, 1, 3);
  EXPECT_EQ(pos(), 5000);
  EXPECT_TRUE(t.playing());
  send(Op::hotcue_button, 0, 3);
  EXPECT_TRUE(t.playing());
  send(Op::pause);
  send(Op::hotcue_button, 1, 3);
  EXPECT_TRUE(t.previewing());
  run_to(19200);
  send(Op::hotcue_button, 0, 3);
  EXPECT_FALSE(t.moving());
  EXPECT_EQ(pos(), 5000);
}

TEST_F(Fixture, BrakeStandsStillAfterItsTime) {
  send(Op::play);
  run_to(48000);
  const double p = pos();
  send(Op::brake, 1.0);
  run_to(48000 + 48000 + 64);
  EXPECT_FALSE(t.moving());
  EXPECT_NEAR(pos(), p + 24000, 40);  // mean speed one half
}

TEST_F(Fixture, ScratchFollowsTheHandAndGoesOnAfter) {
  send(Op::play);
  run_to(48000);
  send(Op::scratch, 1);
  send(Op::jog, -2);
  run_to(52800);
  EXPECT_NEAR(t.speed(52800, map), -2, 1e-3);
  send(Op::scratch, 0);
  EXPECT_NEAR(t.speed(52800, map), 1, 1e-9);
}

TEST_F(Fixture, StopsAtTheEnd) {
  send(Op::seek, 48000.0 * 600 - 1000);
  send(Op::play);
  run_to(2000);
  EXPECT_FALSE(t.moving());
  EXPECT_TRUE(t.take_ended());
  EXPECT_FALSE(t.take_ended());
}

// The feeder's mirror runs the same transport at the same grid, whatever the blocks are: same bits.
TEST_F(Fixture, SameBitsHoweverOftenItIsAsked) {
  Transport copy = t;
  music::TempoMap m = map;
  m.change_tempo(20000, Bpm{131}, Beats::of(16));
  map = m;
  auto script = [&](Transport& x, int extra) {
    std::int64_t f = 0;
    std::mt19937 rng(static_cast<unsigned>(extra));
    Command c;
    c.op = Op::sync;
    c.index = static_cast<std::uint8_t>(msg::SyncMode::bar);
    x.apply(c, 0, m);
    c.op = Op::play;
    x.apply(c, 0, m);
    c.op = Op::loop;
    c.index = static_cast<std::uint8_t>(msg::LoopOp::beats);
    c.a = 1.5;
    x.apply(c, 0, m);
    while (f < 500000) {
      std::int64_t limit = (f / rt::kGrid + 1) * rt::kGrid;
      if (extra && rng() % 3 == 0) limit = std::min<std::int64_t>(limit, f + 1 + static_cast<int>(rng() % 31));
      f = x.next_break(f, limit, m);
      x.advance(f, m);
    }
    return x.position(500000, m);
  };
  EXPECT_EQ(script(t, 0), script(copy, 99));
}

}  // namespace
