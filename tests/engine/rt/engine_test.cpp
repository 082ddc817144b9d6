// The engine as a whole on the direct path: frames are the oracle. Impulses go through EQ, filter, strip and limiter.
#include <gtest/gtest.h>

#include <random>

#include "support/engine_rig.h"

using namespace tactus;
using namespace tactus::testing;
using msg::Op;
using msg::Param;
using msg::When;

namespace {

std::int64_t loudest(const std::vector<float>& x, std::int64_t from, std::int64_t to) {
  std::int64_t best = from;
  for (std::int64_t i = from; i < to; ++i) {
    if (std::fabs(x[static_cast<std::size_t>(i)]) > std::fabs(x[static_cast<std::size_t>(best)])) best = i;
  }
  return best;
}

// An impulse on every beat at 120 BPM.
std::unique_ptr<RigTrack> clicks(double bpm = 120, std::int64_t seconds = 30) {
  const double beat = 48000 * 60 / bpm;
  return make_track(48000 * seconds, 2, bpm, 0,
                    [beat](std::int64_t f, int) { return f % static_cast<std::int64_t>(beat) == 0 ? 0.5f : 0.0f; });
}

std::unique_ptr<RigTrack> noise(unsigned seed, int channels = 2, std::int64_t seconds = 20) {
  auto rng = std::make_shared<std::mt19937>(seed);
  auto level = std::make_shared<std::vector<float>>(static_cast<std::size_t>(channels));
  return make_track(48000 * seconds, channels, 125, 100, [rng, level](std::int64_t, int c) {
    float& y = (*level)[static_cast<std::size_t>(c)];
    y = 0.9f * y + 0.02f * (static_cast<float>((*rng)() % 2001) / 1000.0f - 1.0f);
    return y;
  });
}

TEST(Engine, PlayAtABeatSoundsAtThatFrame) {
  auto track = clicks();
  EngineRig rig;
  rig.load(0, *track);
  rig.send(Op::play, 0, 0, 0, When::at(Beat::of(2)));  // beat 2 at 120 BPM: frame 48,000
  rig.render(100000);
  EXPECT_EQ(loudest(rig.bus(0), 0, 60000), 48000 + EngineRig::latency());
  EXPECT_EQ(loudest(rig.bus(0), 60000, 90000), 48000 + 24000 + EngineRig::latency());
  for (std::int64_t i = 0; i < 48000 + EngineRig::latency(); ++i) ASSERT_EQ(rig.bus(0)[i], 0) << i;
}

// Auto-gain: each track at its own from its first frame to its tail's last; found out while it plays, it is slid to.
TEST(Engine, TracksSoundAtTheirAutoGain) {
  const auto dc = [](float v) { return make_track(48000 * 20, 2, 120, 0, [v](std::int64_t, int) { return v; }); };
  auto loud = dc(0.8f), soft = dc(0.1f);
  loud->ref.gain = 0.25f;
  soft->ref.gain = 2;
  EngineRig rig;
  rig.load(0, *loud);
  rig.send(Op::play, 0);
  rig.render(4800);
  const auto now = [&] { return rig.bus(0).back(); };
  EXPECT_NEAR(now(), 0.2f, 1e-6f);
  rig.load(0, *soft);  // both pass 0.2 on their way: the one fades out, the other in
  rig.render(4800);
  for (std::size_t i = 2400; i < rig.bus(0).size(); ++i) ASSERT_LE(rig.bus(0)[i], 0.2f + 1e-6f) << i;
  rig.send(Op::play, 0);
  rig.render(4800);
  EXPECT_NEAR(now(), 0.2f, 1e-6f);
  RigTrack known;  // the same load, now that its loudness is known
  known.ref = soft->ref;
  known.ref.gain = 4;
  msg::Command c;
  c.op = Op::regrid;
  c.track = &known.ref;
  rig.send(c);
  const std::size_t before = rig.bus(0).size();
  rig.render(96000);
  EXPECT_NEAR(now(), 0.4f, 1e-6f);
  for (std::size_t i = before; i < rig.bus(0).size(); ++i)
    ASSERT_LE(std::fabs(rig.bus(0)[i] - rig.bus(0)[i - 1]), 0.1f * 2 / 24000) << i;
}

TEST(Engine, UnscheduledHotcueSoundsAtTheNextBlocksFirstFrame) {
  auto track = clicks();
  track->ref.hotcues[2] = 24000 * 5;
  EngineRig rig;
  rig.load(0, *track);
  rig.send(Op::play, 0);
  rig.render(10 * 64);
  rig.send(Op::hotcue_jump, 0, 0, 2);
  rig.render(2000);
  EXPECT_EQ(loudest(rig.bus(0), 300, 2500), 640 + EngineRig::latency());
}

TEST(Engine, TempoChangeMovesPendingBeats) {
  auto track = clicks();
  EngineRig rig;
  rig.load(0, *track);
  rig.send(Op::play, 0, 0, 0, When::at(Beat::of(4)));
  rig.render(48000);  // two beats on
  music::TempoMap map = rig.map();
  map.change_tempo(48000, Bpm{60}, Beats{});
  rig.set_map(map);
  rig.render(120000);
  EXPECT_EQ(loudest(rig.bus(0), 0, 168000), 48000 + 2 * 48000 + EngineRig::latency());
  bool seen = false;
  for (const msg::Event& e : rig.events) {
    if (e.kind == msg::Event::Kind::executed && e.frame == 144000) seen = true;
  }
  EXPECT_TRUE(seen);
}

TEST(Engine, LoopedClickComesEveryLoopExactly) {
  auto track = clicks();
  EngineRig rig;
  rig.load(0, *track);
  rig.send(Op::play, 0, 0, 0, When::at(Frame{100}));
  rig.send(Op::loop, 0, 0.25, static_cast<int>(msg::LoopOp::beats), When::at(Frame{100}));  // 6,000 frames
  rig.render(48000 * 3);
  for (int k = 0; k < 20; ++k) {
    const std::int64_t at = 100 + 6000 * k + EngineRig::latency();
    EXPECT_EQ(loudest(rig.bus(0), std::max<std::int64_t>(0, at - 2000), at + 2000), at) << k;
  }
}

TEST(Engine, SyncedClicksStayOnTheSessionsBeats) {
  auto track = clicks(125);
  EngineRig rig(48000, 4, 128);
  rig.load(0, *track);
  rig.send(Op::keylock, 0, 0);
  rig.send(Op::sync, 0, 0, static_cast<int>(msg::SyncMode::beat));
  rig.send(Op::play, 0, 0, 0, When::at(Beat::of(1)));
  rig.render(48000 * 20);
  for (int b = 1; b < 40; ++b) {
    const std::int64_t due = std::llround(b * 48000 * 60 / 128.0) + EngineRig::latency();
    EXPECT_NEAR(static_cast<double>(loudest(rig.bus(0), due - 3000, due + 3000)), static_cast<double>(due), 1) << b;
  }
}

// A busy script over two decks; every stamp is known ahead, as in an offline render.
void script(EngineRig& rig, const RigTrack& a, const RigTrack& b) {
  rig.load(0, a);
  rig.load(1, b);
  rig.send(Op::keylock, 0, 0);
  rig.send(Op::keylock, 1, 0);
  rig.send(Op::sync, 1, 0, static_cast<int>(msg::SyncMode::bar));
  rig.send(Op::play, 0, 0, 0, When::at(Frame{77}));
  rig.send(Op::play, 1, 0, 0, When::at(Beat::of(1)));
  msg::RampSpec beats;
  beats.micro_beats = 3'000'000;
  beats.curve = msg::Curve::s_curve;
  rig.set(Param::eq_low, 0, 0, When::at(Beat::of(2)), beats);
  rig.set(Param::filter, 1, -0.7, When::at(Frame{50001}));
  rig.set(Param::tempo, 0, 1.037, When::at(Frame{61111}));
  rig.set(Param::xf_assign, 0, -1, When::at(Frame{70000}));
  rig.set(Param::crossfader, 0, 1, When::at(Beat::of(3)), beats);
  rig.set(Param::xf_assign, 1, 1, When::at(Frame{70003}));
  rig.send(Op::jump_beats, 0, 4, 0, When::at(Frame{83333}));
  rig.send(Op::loop, 1, 1.0 / 3, static_cast<int>(msg::LoopOp::beats), When::at(Beat::of(5)));
  rig.send(Op::loop, 1, 0, static_cast<int>(msg::LoopOp::exit), When::at(Beat::of(7)));
  rig.send(Op::reverse, 0, 1, 0, When::at(Frame{120017}));
  rig.send(Op::reverse, 0, 0, 0, When::at(Frame{140000}));
  rig.set(Param::stem_mute, 1, 1, When::at(Frame{150000}), {}, 1);
  rig.set(Param::stem_solo, 1, 1, When::at(Frame{160000}), {}, 2);
  rig.send(Op::brake, 0, 0.5, 0, When::at(Frame{180000}));
  rig.set(Param::cue_bus, 1, 1, When::at(Frame{30000}));
  rig.send(Op::panic, 0, 0, 0, When::at(Frame{220000}));
}

TEST(Engine, RendersBitIdenticallyAtAnyBlockSize) {
  auto a = noise(1), b = noise(2, 8);
  auto run = [&](const std::function<int()>& block) {
    auto rig = std::make_unique<EngineRig>(48000, 4, 126);
    script(*rig, *a, *b);
    rig->render(240000, block);
    return rig;
  };
  auto ref = run([] { return 32; });
  float peak = 0;
  for (float x : ref->bus(0)) peak = std::max(peak, std::fabs(x));
  ASSERT_GT(peak, 0.05f);
  std::mt19937 rng(5);
  const std::vector<std::function<int()>> sizes = {[] { return 32; }, [] { return 64; }, [] { return 480; },
                                                   [&] { return 1 + static_cast<int>(rng() % 1000); }};
  for (std::size_t k = 0; k < sizes.size(); ++k) {
    auto rig = run(sizes[k]);
    for (int c = 0; c < msg::kBusChannels; ++c) {
      ASSERT_EQ(rig->bus(c).size(), ref->bus(c).size());
      for (std::size_t i = 0; i < ref->bus(c).size(); ++i)
        ASSERT_EQ(rig->bus(c)[i], ref->bus(c)[i]) << k << ' ' << c << ' ' << i;
    }
  }
}

TEST(Engine, AllStemsOnEqualTheMix) {
  auto stems = noise(3, 8);
  auto mix = make_track(48000 * 20, 2, 125, 100, [&](std::int64_t f, int c) {
    constexpr auto kChunk = lockfree::ChunkTable::kChunkFrames;
    const auto& chunk = stems->chunks[static_cast<std::size_t>(f / kChunk)];
    float sum = 0;
    for (int s = 0; s < 4; ++s) sum += chunk[static_cast<std::size_t>((f % kChunk) * 8 + 2 * s + c)];
    return sum;
  });
  auto run = [](const RigTrack& t) {
    EngineRig rig;
    rig.load(0, t);
    rig.send(Op::play, 0);
    rig.render(48000 * 4);
    return rig.bus(0);
  };
  const auto x = run(*stems), y = run(*mix);
  double diff = 0, power = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    diff += (x[i] - y[i]) * (x[i] - y[i]);
    power += y[i] * y[i];
  }
  ASSERT_GT(power, 1);
  EXPECT_LT(10 * std::log10(diff / power + 1e-20), -90);
}

TEST(Engine, MissingChunkFadesToSilenceAndIsCounted) {
  auto t = make_track(48000 * 4, 2, 120, 0, [](std::int64_t f, int) { return 0.4f * std::sin(f * 0.02f); });
  t->table->store(2, nullptr);  // frames 32,768 to 49,151
  EngineRig rig;
  rig.load(0, *t);
  rig.send(Op::play, 0);
  rig.render(100000);
  const auto& x = rig.bus(0);
  EXPECT_GT(rig.snapshot().decks[0].late_chunks, 400u);
  for (int i = 34000; i < 48000; ++i) ASSERT_EQ(x[static_cast<std::size_t>(i)], 0) << i;
  float step = 0;
  for (std::size_t i = 1; i < x.size(); ++i) step = std::max(step, std::fabs(x[i] - x[i - 1]));
  EXPECT_LT(step, 0.4f * 0.02f * 1.7f);  // a sine's own slope, and a little for the cross-fades
  EXPECT_GT(std::fabs(x[70000]) + std::fabs(x[70040]), 0.1f);
}

TEST(Engine, NanInATrackIsCaughtAndCounted) {
  auto t = make_track(48000 * 4, 2, 120, 0,
                      [](std::int64_t f, int) { return f == 9000 ? std::nanf("") : 0.4f * std::sin(f * 0.02f); });
  EngineRig rig;
  rig.load(0, *t);
  rig.send(Op::play, 0);
  rig.render(48000);
  for (float x : rig.bus(0)) ASSERT_TRUE(std::isfinite(x));
  EXPECT_GE(rig.snapshot().bypassed_nodes, 1u);
  EXPECT_GT(std::fabs(rig.bus(0)[20000]) + std::fabs(rig.bus(0)[20040]), 0.1f);
}

TEST(Engine, UnloadedTrackIsReleasedOnlyAfterItsTail) {
  auto t = noise(4);
  EngineRig rig;
  rig.load(0, *t);
  rig.send(Op::play, 0);
  rig.render(4800);
  rig.events.clear();
  rig.send(Op::unload, 0);
  rig.render(64);
  for (const auto& e : rig.events) EXPECT_NE(e.kind, msg::Event::Kind::track_released);
  rig.render(640);
  int released = 0;
  for (const auto& e : rig.events) released += e.kind == msg::Event::Kind::track_released && e.track == &t->ref;
  EXPECT_EQ(released, 1);
}

TEST(Engine, AtMost64CommandsABlockAndNoneIsLost) {
  EngineRig rig;
  for (int i = 0; i < 500; ++i) rig.set(Param::fader, 0, (i % 100) / 100.0);
  rig.render(64);
  EXPECT_EQ(rig.events.size(), 64u);
  rig.render(64 * 9);
  EXPECT_EQ(rig.events.size(), 500u);
}

TEST(Engine, SwappingPlansAThousandTimesChangesNoBit) {
  auto t = noise(6);
  auto run = [&](bool swap) {
    EngineRig rig;
    msg::Plan plans[2] = {plain_plan(4), plain_plan(4)};
    rig.load(0, *t);
    rig.send(Op::play, 0);
    for (int i = 0; i < 1000; ++i) {
      if (swap) {
        msg::Command c;
        c.op = Op::swap_plan;
        c.plan = &plans[i % 2];
        rig.send(c);
      }
      rig.render(64);
    }
    return rig.bus(0);
  };
  EXPECT_EQ(run(true), run(false));
}

TEST(Engine, ClipLaunchedAtTheBarLoopsOnTheBeat) {
  auto clip = clicks();
  msg::Plan plan = plain_plan(4);
  plan.add({msg::NodeKind::clip_player, 4, 0, nullptr});
  plan.add({msg::NodeKind::strip, 4, 0, nullptr});
  EngineRig rig(48000, 5);
  msg::Command swap;
  swap.op = Op::swap_plan;
  swap.plan = &plan;
  rig.send(swap);
  rig.load(4, *clip);
  rig.send(Op::play, 4, 0, 0, When::at(Beat::of(4)));
  rig.send(Op::loop, 4, 4, static_cast<int>(msg::LoopOp::beats), When::at(Beat::of(4)));
  rig.render(48000 * 12);
  int sounding = 0;
  for (int beat = 4; beat < 22; ++beat) {
    const std::int64_t at = beat * 24000 + EngineRig::latency();
    sounding += loudest(rig.bus(0), at - 5000, at + 5000) == at;
  }
  EXPECT_EQ(sounding, 18);
}

TEST(Engine, CueBusIsPreFaderAndAlignedWithTheMaster) {
  auto t = clicks();
  EngineRig rig;
  rig.load(0, *t);
  rig.set(Param::cue_bus, 0, 1);
  rig.set(Param::fader, 0, 0);
  rig.render(4800);
  rig.send(Op::play, 0, 0, 0, When::at(Frame{9600}));
  rig.render(20000);
  EXPECT_EQ(loudest(rig.bus(msg::kCue), 0, 24000), 9600 + EngineRig::latency());
  for (float x : rig.bus(msg::kMaster)) ASSERT_LT(std::fabs(x), 1e-4f);
}

}  // namespace
