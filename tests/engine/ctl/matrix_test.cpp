// One script, with effects and key lock, at every rate and block size: the same bits whatever the block.
#include <gtest/gtest.h>

#include <random>

#include "support/host_rig.h"
#include "support/tune.h"

using namespace tactus;
using namespace tactus::testing;
using msg::LoopOp;
using msg::Op;
using msg::Param;
using msg::When;

namespace {

struct Rate {
  explicit Rate(double hz) : rate(hz), tune(124, hz, Tune::Kind::full), a(tune.track(9, 2)), b(tune.track(9, 8)) {}
  double rate;
  Tune tune;
  std::unique_ptr<RigTrack> a, b;
};

// Two decks under key lock, half the effects on each, everything stamped ahead as in an offline render.
void script(HostRig& rig, const Rate& r) {
  const auto at = [&](double seconds) { return When::at(Frame{static_cast<std::int64_t>(seconds * r.rate) + 7}); };
  rig.load(0, *r.a);
  rig.load(1, *r.b);
  for (int e = 0; e < msg::fx_count(); ++e) {
    ASSERT_TRUE(rig.host.set_fx(e % 2, e, e));
    rig.set(Param::fx_on, e % 2, 1, at(0.1 + 0.1 * e), e);
    rig.set(Param::fx_wet, e % 2, 0.4, at(0.15 + 0.1 * e), e, 0, {.micro_beats = 700'000});
    const auto& params = msg::fx_table()[static_cast<std::size_t>(e)].params;
    for (std::size_t p = 0; p < params.size(); ++p) {
      rig.set(Param::fx_param, e % 2, static_cast<double>(params[p].max), at(0.5 + 0.05 * static_cast<double>(p)), e,
              static_cast<int>(p), {.frames = 5000});
    }
  }
  rig.send(Op::sync, 0, 0, static_cast<int>(msg::SyncMode::bar));
  rig.set(Param::tempo, 1, 1.04);
  rig.send(Op::play, 0, 0, 0, When::at(Beat::of(0.25)));
  rig.send(Op::play, 1, 0, 0, at(0.05));
  rig.set(Param::filter, 0, -0.5, When::at(Beat::of(1)), 0, 0,
          {.micro_beats = 1'000'000, .curve = msg::Curve::s_curve});
  rig.set(Param::eq_low, 1, 0, at(0.7));
  rig.send(Op::jump_beats, 0, 2, 0, at(1.1));
  rig.loop(LoopOp::beats, 1, 0.75, at(0.9));
  rig.loop(LoopOp::exit, 1, 0, at(1.6));
  rig.set(Param::key, 1, 2, at(1.3));
  rig.set(Param::stem_mute, 1, 1, at(1.0), 1);
  rig.set(Param::stem_solo, 1, 1, at(1.5), 2);
  rig.set(Param::xf_assign, 0, -1, at(0.6));
  rig.set(Param::crossfader, 0, 0.5, at(0.8), 0, 0, {.micro_beats = 1'000'000});
  rig.send(Op::reverse, 0, 1, 0, at(1.7));
  msg::Command panic;  // and the effects of one deck on again, before they have forgotten
  panic.op = Op::panic;
  panic.when = at(1.8);
  panic.ramp.frames = static_cast<std::int64_t>(r.rate / 20);
  rig.send(panic);
  for (int e = 0; e < msg::fx_count(); e += 2) rig.set(Param::fx_on, 0, 1, at(1.82), e);
}

class Matrix : public ::testing::TestWithParam<double> {};

TEST_P(Matrix, BitIdenticalAtAnyBlockSize) {
  const Rate r(GetParam());
  const auto frames = static_cast<std::int64_t>(2.2 * r.rate);
  const auto run = [&](const std::function<int()>& block) {
    auto rig = std::make_unique<HostRig>(126, 2, r.rate);
    script(*rig, r);
    rig->render(frames, block);
    return rig;
  };
  const auto ref = run([] { return 32; });
  std::mt19937 rng(11);
  float peak = 0;
  for (float x : ref->bus()) peak = std::max(peak, std::fabs(x));
  EXPECT_GT(peak, 0.1f);
  EXPECT_EQ(ref->host.snapshot().bypassed_nodes, 0u);
  EXPECT_GT(ref->host.feeder_stats().packets, 2u * 2 * 1000);
  const std::pair<const char*, std::function<int()>> sizes[] = {
      {"32 again", [] { return 32; }},
      {"64", [] { return 64; }},
      {"480", [] { return 480; }},
      {"random", [&] { return 1 + static_cast<int>(rng() % 700); }}};
  for (const auto& [name, size] : sizes) {
    const auto rig = run(size);
    for (int c = 0; c < msg::kBusChannels; ++c) {
      const auto differs = std::mismatch(ref->bus(c).begin(), ref->bus(c).end(), rig->bus(c).begin()).first;
      ASSERT_EQ(differs - ref->bus(c).begin(), frames) << "blocks of " << name << ", bus " << c;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Rates, Matrix, ::testing::Values(44100.0, 48000.0, 96000.0),
                         [](const auto& p) { return std::to_string(static_cast<int>(p.param)); });

}  // namespace
