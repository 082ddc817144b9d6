// Key lock from end to end, offline: foresight, feeders, stretcher, rings, reader. Time and pitch are the oracle.
#include <gtest/gtest.h>

#include <random>

#include "support/host_rig.h"
#include "support/listen.h"

using namespace tactus;
using namespace tactus::testing;
using msg::Op;
using msg::Param;
using msg::When;

namespace {

constexpr int kLatency = EngineRig::latency();

std::unique_ptr<RigTrack> sine(double hz, double bpm = 120, double seconds = 30) {
  return make_track(static_cast<std::int64_t>(48000 * seconds), 2, bpm, 0, [hz](std::int64_t f, int) {
    return static_cast<float>(0.4 * std::sin(2 * M_PI * hz * static_cast<double>(f) / 48000));
  });
}

TEST(KeyLock, SineKeepsItsPitchWhenTheTempoMoves) {
  auto t = sine(440);
  HostRig rig;
  rig.load(0, *t);
  rig.set(Param::tempo, 0, 1.06);
  rig.render(640);
  rig.send(Op::play, 0);
  rig.render(48000 * 6);
  EXPECT_EQ(rig.host.snapshot().decks[0].source, msg::DeckSource::voice);
  const double cents = 1200 * std::log2(frequency(rig.bus(), 48000, 48000 * 5) / 440);
  EXPECT_LT(std::fabs(cents), 2);
}

TEST(KeyLock, OffFollowsTheSpeed) {
  auto t = sine(440);
  HostRig rig;
  rig.load(0, *t);
  rig.send(Op::keylock, 0, 0);
  rig.set(Param::tempo, 0, 1.06);
  rig.render(640);
  rig.send(Op::play, 0);
  rig.render(48000 * 4);
  EXPECT_NEAR(frequency(rig.bus(), 48000, 48000 * 3), 440 * 1.06, 0.05);
}

TEST(KeyLock, KeyShiftSounds) {
  auto t = sine(440);
  HostRig rig;
  rig.load(0, *t);
  rig.set(Param::key, 0, 3);
  rig.send(Op::play, 0);
  rig.render(48000 * 5);
  const double cents = 1200 * std::log2(frequency(rig.bus(), 48000 * 2, 48000 * 4) / 440) - 300;
  EXPECT_LT(std::fabs(cents), 2);
}

TEST(KeyLock, SyncedBeatsStayOnTheSessionsBeats) {
  auto t = beats(126, 45);
  HostRig rig(128);
  rig.load(0, *t);
  rig.send(Op::sync, 0, 0, static_cast<int>(msg::SyncMode::beat));
  rig.send(Op::play, 0, 0, 0, When::at(Beat::of(1)));
  rig.render(48000 * 40, 480);
  EXPECT_EQ(rig.host.snapshot().decks[0].source, msg::DeckSource::voice);
  for (int b = 2; b < 84; ++b) {
    const double error = click_error(rig.bus(), b * 48000 * 60 / 128.0 + kLatency);
    EXPECT_LT(std::fabs(error), 48) << b;  // 1 ms
  }
}

TEST(KeyLock, ScheduledJumpIsKeyLockedFromItsFirstFrame) {
  auto t = sine(440);
  t->ref.hotcues[0] = 480000;
  HostRig rig;
  rig.load(0, *t);
  rig.set(Param::tempo, 0, 0.94);
  rig.render(640);
  rig.send(Op::play, 0);
  rig.render(48000);
  rig.send(Op::hotcue_jump, 0, 0, 0, When::at(Frame{60000}));
  std::int64_t direct = 0;
  for (std::int64_t f = rig.host.frame(); f < 96000; f += 64) {
    rig.render(64);
    direct += rig.host.snapshot().decks[0].source != msg::DeckSource::voice;
  }
  EXPECT_EQ(direct, 0);
}

TEST(KeyLock, UnannouncedJumpComesBackToKeyLock) {
  auto t = sine(440);
  HostRig rig;
  rig.load(0, *t);
  rig.set(Param::tempo, 0, 0.94);
  rig.render(640);
  rig.send(Op::play, 0);
  rig.render(48000);
  rig.send(Op::seek, 0, 480000);
  int blocks = 0;
  do {
    rig.render(64);
    ++blocks;
  } while (rig.host.snapshot().decks[0].source != msg::DeckSource::voice && blocks < 1000);
  EXPECT_GT(blocks, 1);
  EXPECT_LE(blocks * 64, 960 + 64);  // 20 ms
}

TEST(KeyLock, LoopsRunThroughTheStretcher) {
  auto t = beats(120, 30);
  HostRig rig(126);
  rig.load(0, *t);
  rig.send(Op::sync, 0, 0, static_cast<int>(msg::SyncMode::beat));
  rig.send(Op::play, 0, 0, 0, When::at(Beat::of(1)));
  rig.loop(msg::LoopOp::beats, 0, 2, When::at(Beat::of(5)));
  rig.render(48000 * 3);
  std::int64_t direct = 0;
  for (int i = 0; i < 48000 * 12; i += 64) {
    rig.render(64);
    direct += rig.host.snapshot().decks[0].source != msg::DeckSource::voice;
  }
  EXPECT_EQ(direct, 0);
  for (int b = 6; b < 28; ++b) {
    EXPECT_LT(std::fabs(click_error(rig.bus(), b * 48000 * 60 / 126.0 + kLatency)), 48) << b;
  }
}

TEST(KeyLock, RendersBitIdenticallyAtAnyBlockSize) {
  auto a = beats(126, 40);
  auto b = make_track(48000 * 40, 8, 120, 3000, [](std::int64_t f, int c) {
    return 0.1f * std::sin(static_cast<float>(f % 48000) * (0.01f + 0.004f * c));
  });
  auto run = [&](const std::function<int()>& block) {
    auto rig = std::make_unique<HostRig>(124);
    rig->load(0, *a);
    rig->load(1, *b);
    rig->send(Op::sync, 0, 0, static_cast<int>(msg::SyncMode::beat));
    rig->set(Param::tempo, 1, 1.03);
    rig->send(Op::play, 0, 0, 0, When::at(Beat::of(1)));
    rig->send(Op::play, 1, 0, 0, When::at(Frame{5000}));
    rig->send(Op::jump_beats, 0, 8, 0, When::at(Frame{100001}));
    rig->loop(msg::LoopOp::beats, 1, 0.75, When::at(Frame{120000}));
    rig->loop(msg::LoopOp::exit, 1, 0, When::at(Frame{170000}));
    rig->set(Param::tempo, 1, 0.97, When::at(Frame{180000}));
    rig->set(Param::key, 0, -2, When::at(Frame{190000}));
    rig->send(Op::reverse, 1, 1, 0, When::at(Frame{200000}));
    rig->send(Op::stretch, 0, 0, static_cast<int>(msg::StretchMode::r2), When::at(Frame{210000}));
    rig->render(240000, block);
    return rig;
  };
  auto ref = run([] { return 32; });
  std::mt19937 rng(5);
  for (const auto& size : std::vector<std::function<int()>>{[] { return 64; }, [] { return 480; },
                                                            [&] { return 1 + static_cast<int>(rng() % 512); }}) {
    auto rig = run(size);
    for (std::size_t i = 0; i < ref->bus().size(); ++i) ASSERT_EQ(rig->bus()[i], ref->bus()[i]) << i;
  }
}

TEST(Effects, TailRingsOutBeforeTheEffectIsFreed) {
  auto t = make_track(48000 * 5, 2, 120, 0, [](std::int64_t f, int) { return f < 2400 ? 0.5f : 0.0f; });
  HostRig rig;
  const int echo = msg::find_fx("echo");
  ASSERT_GE(echo, 0);
  ASSERT_TRUE(rig.host.set_fx(0, 0, echo));
  rig.load(0, *t);
  rig.set(Param::fx_on, 0, 1, {}, 0);
  rig.send(Op::play, 0);
  rig.render(48000);
  ASSERT_TRUE(rig.host.set_fx(0, 0, -1));
  auto energy = [&](std::size_t from) {
    double sum = 0;
    for (std::size_t i = from; i < rig.bus().size(); ++i) sum += rig.bus()[i] * rig.bus()[i];
    return sum;
  };
  const std::size_t from = rig.bus().size();
  rig.render(48000);
  EXPECT_GT(energy(from), 1e-3);  // still ringing
  for (int i = 0; i < 60; ++i) {
    rig.render(48000, 512);
    rig.host.tick_plans();
  }
  EXPECT_LT(energy(rig.bus().size() - 48000), 1e-6);
  EXPECT_EQ(rig.host.effects_held(), 0u);
}

}  // namespace
