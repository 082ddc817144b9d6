// Plans come and go under a mix that nobody should hear change.
#include <gtest/gtest.h>

#include "support/host_rig.h"
#include "support/listen.h"
#include "support/tune.h"

using namespace tactus;
using namespace tactus::testing;
using msg::Op;
using msg::Param;
using msg::When;

namespace {

// Two key-locked decks, one going over into the other: EQ, filter, a sounding echo, crossfader, loop and jump.
void mix(HostRig& rig, const RigTrack& a, const RigTrack& b) {
  rig.load(0, a);
  rig.load(1, b);
  rig.set(Param::tempo, 0, 1.03);
  rig.set(Param::tempo, 1, 0.97);
  rig.set(Param::xf_assign, 0, -1);
  rig.set(Param::xf_assign, 1, 1);
  rig.set(Param::crossfader, 0, -1);
  ASSERT_TRUE(rig.host.set_fx(0, 0, msg::find_fx("echo")));
  rig.set(Param::fx_wet, 0, 0.4);
  rig.set(Param::fx_on, 0, 1);
  rig.render(640);
  rig.send(Op::play, 0);
  rig.send(Op::play, 1, 0, 0, When::at(Frame{24000}));
  rig.set(Param::eq_low, 0, 0, When::at(Frame{30000}), 0, 0, {.frames = 9600});
  rig.set(Param::filter, 1, -0.5, When::at(Frame{26000}), 0, 0, {.frames = 48000});
  rig.set(Param::crossfader, 0, 1, When::at(Frame{32000}), 0, 0, {.frames = 64000});
  rig.loop(msg::LoopOp::beats, 0, 0.5, When::at(Frame{40000}));
  rig.send(Op::jump_beats, 1, 4, 0, When::at(Frame{70000}));
  rig.set(Param::fx_on, 0, 0, When::at(Frame{80000}));
}

TEST(PlanSwaps, AThousandInAKeyLockedMixChangeNoBit) {
  const Tune tune(120, 48000, Tune::Kind::full);
  const auto a = tune.track(20, 2), b = tune.track(20, 8);
  // Twenty kinds of plan, one after the other: effects that are off, put in and taken out at every place of all decks.
  const int effects[] = {msg::find_fx("bitcrusher"), msg::find_fx("gate")};
  const auto run = [&](bool swap) {
    auto rig = std::make_unique<HostRig>(120);
    mix(*rig, *a, *b);
    for (int i = 0; i < 2000; ++i) {
      if (swap && i % 2 == 0) {
        const int place = i / 4 % 20;
        const int deck = place % 4, slot = 1 + place / 4;  // slot 0 of deck 1 has the echo
        EXPECT_TRUE(rig->host.set_fx(deck, slot, i / 2 % 2 ? -1 : effects[place % 2]));
      }
      rig->render(64);
      EXPECT_TRUE(rig->host.tick_plans());
    }
    return rig;
  };
  const auto still = run(false), swapped = run(true);
  const msg::Snapshot s = swapped->host.snapshot();
  for (int d = 0; d < 2; ++d) {
    EXPECT_EQ(s.decks[d].source, msg::DeckSource::voice);
    EXPECT_EQ(s.decks[d].fallbacks, 0u);
  }
  for (std::int64_t at = 4800; at < 120000; at += 4800) ASSERT_GT(level_db(still->bus(), at, at + 4800), -40) << at;
  ASSERT_EQ(still->bus().size(), swapped->bus().size());
  for (int c = 0; c < msg::kBusChannels; ++c) {
    for (std::size_t i = 0; i < still->bus(c).size(); ++i) ASSERT_EQ(still->bus(c)[i], swapped->bus(c)[i]) << c << i;
  }
}

}  // namespace
