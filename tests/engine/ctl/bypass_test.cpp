// A node that gives what is no number: it is bypassed and counted, and nothing after it hears of it.
//
// Infinities are planted by arithmetic: samples or gains so large that the node's own sum is beyond a float. Nothing of
// that comes in by files or intents; it stands for whatever may go wrong in there.
#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>

#include "support/engine_rig.h"
#include "support/host_rig.h"
#include "support/listen.h"

using namespace tactus;
using namespace tactus::testing;
using msg::NodeKind;
using msg::Op;
using msg::Param;

namespace {

constexpr float kHuge = 3e38f;
constexpr std::int64_t kFrom = 9600, kTo = 9664;  // where the track is broken

float sine_at(double hz, std::int64_t f) {
  return static_cast<float>(0.4 * std::sin(2 * M_PI * hz * static_cast<double>(f) / 48000));
}

std::unique_ptr<RigTrack> sine(double hz) {
  return make_track(48000 * 20, 2, 120, 0, [hz](std::int64_t f, int) { return sine_at(hz, f); });
}

// A sine with a place in it; `channel`: the only one that has it, or -1.
std::unique_ptr<RigTrack> with(float broken, int channels = 2, int channel = -1) {
  return make_track(48000 * 20, channels, 120, 0, [=](std::int64_t f, int c) {
    const bool here = f >= kFrom && f < kTo && (channel < 0 || c == channel);
    return here ? (f % 2 ? broken : -broken) : sine_at(220, f);
  });
}

std::vector<msg::Event> bypassed_by(const EngineRig& rig) {
  std::vector<msg::Event> list;
  std::copy_if(rig.events.begin(), rig.events.end(), std::back_inserter(list),
               [](const msg::Event& e) { return e.kind == msg::Event::Kind::node_bypassed; });
  return list;
}

void expect_finite(const EngineRig& rig) {
  for (int c = 0; c < msg::kBusChannels; ++c) {
    for (std::size_t i = 0; i < rig.bus(c).size(); ++i) ASSERT_TRUE(std::isfinite(rig.bus(c)[i])) << c << ' ' << i;
  }
}

// Plays half a second of a deck that breaks, and half a second in which it is well again: then it must sound as the
// same deck with a track that was never broken.
class BrokenNode : public ::testing::Test {
 protected:
  void play(const RigTrack& track, const std::function<void(EngineRig&)>& set_up = {}) {
    for (EngineRig* rig : {&rig_, &well_}) {
      rig->load(0, rig == &rig_ ? track : *sound_);
      if (set_up) set_up(*rig);
      rig->send(Op::play, 0);
      rig->render(48000);
    }
    expect_finite(rig_);
    EXPECT_EQ(well_.snapshot().bypassed_nodes, 0u);
  }
  void expect_only(NodeKind kind) {
    const auto events = bypassed_by(rig_);
    ASSERT_FALSE(events.empty());
    for (const msg::Event& e : events) {
      EXPECT_EQ(e.node, static_cast<std::uint8_t>(kind));
      EXPECT_EQ(e.deck, 0);
      EXPECT_GE(e.frame, kFrom - 64);
      EXPECT_LT(e.frame, kTo + 64);
    }
    EXPECT_EQ(rig_.snapshot().bypassed_nodes, events.size());
  }
  // From `frame` on, to -80 dB.
  void expect_well(std::size_t frame = 24000) {
    for (std::size_t i = frame; i < rig_.bus(0).size(); ++i) ASSERT_NEAR(rig_.bus(0)[i], well_.bus(0)[i], 1e-4) << i;
    EXPECT_GT(level_db(rig_.bus(0), 40000, 48000), -24);
  }

  std::unique_ptr<RigTrack> sound_ = sine(220);
  EngineRig rig_, well_;
};

TEST_F(BrokenNode, ANanInTheTrackIsTheReaders) {
  play(*with(std::nanf("")));
  expect_only(NodeKind::deck_reader);
  expect_well(kTo + 1000);
}

TEST_F(BrokenNode, AStemThatBreaksLeavesTheOthers) {
  sound_ = make_track(48000 * 20, 8, 120, 0, [](std::int64_t f, int) { return sine_at(220, f); });
  play(*with(std::nanf(""), 8, 4), [](EngineRig& r) { r.set(Param::trim, 0, 0.25); });
  expect_only(NodeKind::deck_reader);
  const auto there = static_cast<std::size_t>(kFrom + EngineRig::latency());
  for (std::size_t i = there; i < there + 64; ++i)  // the bass is on the left alone, and its right is gone with it
    ASSERT_NEAR(rig_.bus(0)[i], 0.75f * well_.bus(0)[i], 1e-4) << i;
}

TEST_F(BrokenNode, StemGate) {
  sound_ = make_track(48000 * 20, 8, 120, 0, [](std::int64_t f, int) { return sine_at(220, f); });
  play(*with(kHuge, 8));
  expect_only(NodeKind::stem_gate);
  expect_well(kTo + 4800);
}

TEST_F(BrokenNode, Trim) {
  play(*with(kHuge), [](EngineRig& r) { r.set(Param::trim, 0, 2); });
  EXPECT_EQ(bypassed_by(rig_).front().node, static_cast<std::uint8_t>(NodeKind::trim));
  EXPECT_GT(rig_.snapshot().bypassed_nodes, bypassed_by(rig_).size()) << "and the bus, for what is left of it";
  expect_well();
}

TEST_F(BrokenNode, Eq) {
  play(*with(kHuge), [](EngineRig& r) {
    for (const Param p : {Param::eq_low, Param::eq_mid, Param::eq_high}) r.set(p, 0, 2);
  });
  EXPECT_EQ(bypassed_by(rig_).front().node, static_cast<std::uint8_t>(NodeKind::eq));
  expect_well();
}

TEST_F(BrokenNode, Filter) {
  play(*with(kHuge), [](EngineRig& r) { r.set(Param::filter, 0, 0.5); });
  EXPECT_EQ(bypassed_by(rig_).front().node, static_cast<std::uint8_t>(NodeKind::filter));
  expect_well();
}

TEST_F(BrokenNode, ClipPlayer) {
  sound_ = make_track(48000 * 20, 8, 120, 0, [](std::int64_t f, int) { return sine_at(220, f); });
  msg::Plan plan;
  plan.add({NodeKind::clip_player, 0, 0, nullptr});
  plan.add({NodeKind::strip, 0, 0, nullptr});
  play(*with(kHuge, 8), [&](EngineRig& r) {
    msg::Command swap;
    swap.op = Op::swap_plan;
    swap.plan = &plan;
    r.send(swap);
  });
  expect_only(NodeKind::clip_player);
  expect_well(kTo + 4800);
}

TEST_F(BrokenNode, TheBusesToo) {
  play(*with(2e4f), [](EngineRig& r) {
    r.set(Param::cue_bus, 0, 1);
    r.set(Param::headphones, 0, 2);
  });
  EXPECT_TRUE(bypassed_by(rig_).empty()) << "every node's arithmetic was in order";
  EXPECT_GE(rig_.snapshot().bypassed_nodes, 2u * 64 / 32) << "master and cue";
  expect_well();
  for (int c = 0; c < msg::kBusChannels; ++c) {
    for (float x : rig_.bus(c)) ASSERT_LT(std::fabs(x), 2) << c;
  }
}

// It gives way before it is heard: its ring plays out, and the direct path takes over.
TEST(BrokenStretcher, IsGivenUpAndReplaced) {
  auto broken = with(std::nanf("")), whole = sine(220);
  const auto play = [](HostRig& rig, const RigTrack& track) {
    rig.load(0, track);
    rig.set(Param::tempo, 0, 1.04);
    rig.send(Op::play, 0);
    rig.render(48000 * 2);
  };
  HostRig rig, well;
  ::testing::internal::CaptureStderr();  // the library says what it thinks of it
  play(rig, *broken);
  ::testing::internal::GetCapturedStderr();
  play(well, *whole);
  EXPECT_EQ(well.host.feeder_stats().broken, 0u);
  EXPECT_GE(rig.host.feeder_stats().broken, 1u);
  EXPECT_LE(rig.host.feeder_stats().broken, 2u);
  const msg::DeckSnapshot deck = rig.host.snapshot().decks[0];
  EXPECT_EQ(deck.source, msg::DeckSource::voice) << "key-locked again";
  EXPECT_GE(deck.fallbacks, 1u);
  EXPECT_EQ(deck.position, well.host.snapshot().decks[0].position) << "quality gives way, never time";
  for (int c = 0; c < msg::kBusChannels; ++c) {
    for (float x : rig.bus(c)) ASSERT_TRUE(std::isfinite(x));
  }
  // Nothing is missing but the 64 frames of the track that are no numbers.
  const auto hole = static_cast<std::int64_t>(kFrom / 1.04) + EngineRig::latency();
  for (std::int64_t at = 4800; at < 48000 * 2 - 480; at += 96) {
    if (at + 480 > hole - 64 && at < hole + 192) continue;
    ASSERT_GT(level_db(rig.bus(), at, at + 480), -16) << at;
  }
}

// --- Effects ---------------------------------------------------------------------------------------------------------

class BrokenEffect : public ::testing::Test {
 protected:
  struct FreeMemory {
    void operator()(std::byte* p) const { std::free(p); }
  };
  struct Fx {
    Fx(std::string_view id, std::uint8_t place) : slot(place) {
      const int effect = msg::find_fx(id);
      bytes = rt::FxInstance::bytes(effect);
      memory.reset(static_cast<std::byte*>(std::aligned_alloc(rt::FxInstance::kAlign, bytes)));
      instance = rt::FxInstance::make(effect, {memory.get(), bytes}, SampleRate{48000});
      instance->settle();
      node = std::make_unique<rt::FxNode>(*instance, SampleRate{48000});
    }
    // As a fault in it would: all that it remembers is no number any more.
    void fill_with_nan() {
      const float nan = std::nanf("");
      // An effect with delay lines begins with its parameters and what it counts with.
      constexpr std::size_t kAlign = rt::FxInstance::kAlign;
      const std::size_t state = (sizeof(rt::FxInstance) + kAlign - 1) / kAlign * kAlign;
      const std::size_t from = bytes - state < 8000 ? state : state + 4096;
      for (std::size_t at = from; at + 4 <= bytes; at += 4) {
        std::memcpy(memory.get() + at, &nan, 4);
      }
    }
    std::uint8_t slot;
    std::size_t bytes;
    std::unique_ptr<std::byte, FreeMemory> memory;
    rt::FxInstance* instance;
    std::unique_ptr<rt::FxNode> node;
  };

  // Two decks; the first with an effect and a phaser after it.
  std::unique_ptr<EngineRig> play(std::string_view id, bool breaks) {
    auto rig = std::make_unique<EngineRig>(48000, 2);
    first = std::make_unique<Fx>(id, 0);
    phaser = std::make_unique<Fx>("phaser", 1);
    plan = plain_plan(2);
    // Before the strip of deck 0.
    msg::Plan with;
    for (std::uint32_t i = 0; i < plan.count; ++i) {
      if (plan.steps[i].kind == msg::NodeKind::strip && plan.steps[i].deck == 0) {
        for (const Fx* fx : {first.get(), phaser.get()}) with.add({msg::NodeKind::fx, 0, fx->slot, fx->node.get()});
      }
      with.add(plan.steps[i]);
    }
    plan = with;
    msg::Command swap;
    swap.op = Op::swap_plan;
    swap.plan = &plan;
    rig->send(swap);
    rig->load(0, *a);
    rig->load(1, *b);
    rig->set(Param::cue_bus, 1, 1);  // the second deck by itself, on the cue bus
    for (int slot = 0; slot < 2; ++slot) {
      rig->set(Param::fx_on, 0, 1, {}, {}, slot);
      rig->set(Param::fx_wet, 0, 0.5, {}, {}, slot);
    }
    rig->send(Op::play, 0);
    rig->send(Op::play, 1);
    rig->render(48000);
    if (breaks) first->fill_with_nan();
    rig->render(48000);
    return rig;
  }

  std::unique_ptr<RigTrack> a = sine(220), b = sine(330);
  std::unique_ptr<Fx> first, phaser;
  msg::Plan plan;
};

TEST_F(BrokenEffect, IsBypassedAloneWhicheverItIs) {
  for (const msg::FxInfo& info : msg::fx_table()) {
    SCOPED_TRACE(info.id);
    const auto sound = play(info.id, false);
    EXPECT_EQ(sound->snapshot().bypassed_nodes, 0u);
    const auto rig = play(info.id, true);
    for (float x : rig->bus(0)) ASSERT_TRUE(std::isfinite(x));
    const auto bypassed = bypassed_by(*rig);
    ASSERT_EQ(bypassed.size(), 1u);
    EXPECT_EQ(bypassed[0].deck, 0);
    EXPECT_EQ(bypassed[0].node, static_cast<std::uint8_t>(msg::NodeKind::fx));
    EXPECT_GE(bypassed[0].frame, 48000);
    EXPECT_LT(bypassed[0].frame, 48000 + 32);
    EXPECT_EQ(rig->snapshot().bypassed_nodes, 1u);
    EXPECT_FALSE(first->node->running());
    EXPECT_TRUE(phaser->node->running()) << "the effect after it goes on";
    // The other deck has lost nothing, not a bit; and this one plays on, without a gap.
    EXPECT_EQ(rig->bus(msg::kCue), sound->bus(msg::kCue));
    for (std::int64_t at = 47000; at < 90000; at += 96) ASSERT_GT(level_db(rig->bus(0), at, at + 480), -20) << at;
    // It stays off, whatever is asked of it.
    rig->set(Param::fx_on, 0, 1);
    rig->render(4800);
    EXPECT_FALSE(first->node->running());
    EXPECT_EQ(rig->snapshot().bypassed_nodes, 1u);
  }
}

}  // namespace
