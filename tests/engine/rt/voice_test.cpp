// How the reader deals with stretched packets: it takes what its own transport asks for, and nothing else.
#include <gtest/gtest.h>

#include "support/engine_rig.h"

using namespace tactus;
using namespace tactus::testing;
using msg::Op;
using msg::Param;
using msg::When;

namespace {

// Voices play +0.25, the track itself -0.5: the sign tells which path sounds.
struct Voices : ::testing::Test {
  std::unique_ptr<RigTrack> track = make_track(48000 * 30, 2, 120, 0, [](std::int64_t, int) { return -0.5f; });
  EngineRig rig;
  std::int64_t pushed = 0;

  void SetUp() override {
    rig.load(0, *track);
    rig.set(Param::tempo, 0, 1.05, {}, {.frames = 1});
    rig.render(640);
    rig.send(Op::play, 0);
    rig.render(64);  // plays from frame 640, track frame 0 (its start isn't silent: it fades in)
    pushed = 704;
  }
  double source(std::int64_t frame) const { return 1.05 * static_cast<double>(frame - 640); }
  void push(int ring, std::int64_t frame, double at, std::uint32_t generation = 1, float value = 0.25f) {
    rt::VoicePacket p;
    p.frame = frame;
    p.source = at;
    p.speed = 1.05;
    p.track_id = track->ref.id;
    p.generation = generation;
    for (auto& row : p.audio) std::fill(std::begin(row), std::end(row), value);
    ASSERT_TRUE(rig.links().decks[0].voices[ring]->push(p));
  }
  // Keeps 32 packets ahead in the ring and renders.
  void run(std::int64_t frames, int ring = 0, double off = 0, std::uint32_t generation = 1, float value = 0.25f) {
    for (std::int64_t done = 0; done < frames; done += 64) {
      while (pushed < rig.engine().frame() + 1024)
        push(ring, pushed, source(pushed) + off, generation, value), pushed += 32;
      rig.render(64);
    }
  }
  float last() const { return rig.bus(0).back(); }
  float steepest(std::size_t from) const {
    float step = 0;
    for (std::size_t i = from + 1; i < rig.bus(0).size(); ++i) {
      step = std::max(step, std::fabs(rig.bus(0)[i] - rig.bus(0)[i - 1]));
    }
    return step;
  }
};

TEST_F(Voices, TakenWhenInPlaceByACrossFade) {
  rig.render(1024 - 64);
  EXPECT_NEAR(last(), -0.5f, 1e-3f);
  pushed = rig.engine().frame();
  const std::size_t from = rig.bus(0).size();
  run(2048);
  EXPECT_NEAR(last(), 0.25f, 1e-3f);
  EXPECT_LT(steepest(from), 0.75f / 200);
  EXPECT_EQ(rig.snapshot().decks[0].source, msg::DeckSource::voice);
}

TEST_F(Voices, RefusedWhenTheyBelongElsewhere) {
  run(2048, 0, 500);
  EXPECT_NEAR(last(), -0.5f, 1e-3f);
  EXPECT_EQ(rig.snapshot().decks[0].source, msg::DeckSource::direct);
}

TEST_F(Voices, StarvedVoiceFallsBackWithoutAClickAndIsCounted) {
  run(2048);
  const std::size_t from = rig.bus(0).size();
  rig.render(4800);  // nobody feeds
  EXPECT_NEAR(last(), -0.5f, 1e-3f);
  EXPECT_LT(steepest(from), 0.75f / 200);
  EXPECT_EQ(rig.snapshot().decks[0].fallbacks, 1u);
}

TEST_F(Voices, YoungerGenerationWins) {
  run(2048);
  const std::int64_t from = rig.engine().frame() + 512;
  for (std::int64_t f = from; f < from + 1536; f += 32) push(1, f, source(f), 2, 0.4f);
  run(1024);
  EXPECT_NEAR(last(), 0.4f, 1e-3f);
}

TEST_F(Voices, AnUnannouncedJumpLeavesThemAtOnce) {
  run(2048);
  rig.send(Op::seek, 0, 480000);
  rig.render(64);
  rig.render(448);
  EXPECT_NEAR(last(), -0.5f, 1e-3f);
}

TEST_F(Voices, DirectAtOriginalSpeedEvenUnderKeyLock) {
  run(2048);
  rig.set(Param::tempo, 0, 1.0);
  run(2048);
  EXPECT_NEAR(last(), -0.5f, 1e-3f);
  EXPECT_EQ(rig.snapshot().decks[0].fallbacks, 0u);
}

}  // namespace
