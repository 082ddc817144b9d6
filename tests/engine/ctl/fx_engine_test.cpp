// Effects and controls in the engine: moved or switched, they are not heard to be.
#include <gtest/gtest.h>

#include "support/engine_rig.h"
#include "support/host_rig.h"
#include "support/listen.h"
#include "support/soak.h"

using namespace tactus;
using namespace tactus::testing;
using msg::Op;
using msg::Param;
using msg::When;

namespace {

std::unique_ptr<RigTrack> sine(double hz) {
  return make_track(48000 * 20, 2, 120, 0, [hz](std::int64_t f, int) {
    return static_cast<float>(0.4 * std::sin(2 * M_PI * hz * static_cast<double>(f) / 48000));
  });
}

// A control that moves only at the control grid, in steps, puts images of the tone 1,500 Hz apart. Loudest of them in
// dB below the tone, over the frames of the ramp.
double zipper(const std::vector<float>& x, double hz, std::int64_t from, std::int64_t to) {
  const double tone = amplitude_at(x, hz, from, to);
  double image = 0;
  for (int k = 1; k <= 6; ++k) {
    for (const double f : {1500 * k - hz, 1500 * k + hz}) image = std::max(image, amplitude_at(x, f, from, to));
  }
  return 20 * std::log10(image / tone + 1e-12);
}

TEST(Ramps, NoControlOfADeckZips) {
  struct Move {
    const char* name;
    Param param;
    double from, to;
  };
  const Move moves[] = {{"trim", Param::trim, 1, 0.2},
                        {"fader", Param::fader, 1, 0.3},
                        {"eq low", Param::eq_low, 1, 0.1},
                        {"filter", Param::filter, -0.2, -0.6},
                        {"crossfader", Param::crossfader, -1, 0.6},
                        {"master", Param::master, 1, 0.3}};
  auto t = sine(220);
  for (const Move& m : moves) {
    HostRig rig;
    rig.load(0, *t);
    rig.set(Param::xf_assign, 0, -1);
    rig.set(m.param, 0, m.from);
    rig.send(Op::play, 0);
    rig.render(19200);
    const std::int64_t from = rig.host.frame() + EngineRig::latency();
    rig.set(m.param, 0, m.to, {}, 0, 0, {.frames = 9600});
    rig.render(14400);
    const double db = zipper(rig.bus(), 220, from + 200, from + 9400);
    test::record(std::string("ramp of ") + m.name + ": images at " + std::to_string(db) + " dB");
    EXPECT_LT(db, -75) << m.name;
  }
}

TEST(Ramps, NoParameterOfAnEffectZips) {
  auto t = sine(220);
  for (int e = 0; e < msg::fx_count(); ++e) {
    const msg::FxInfo& fx = msg::fx_table()[static_cast<std::size_t>(e)];
    if (fx.id == "bitcrusher") continue;  // makes steps, that's what it is for
    for (std::size_t p = 0; p < fx.params.size(); ++p) {
      if (fx.params[p].role != msg::FxRole::user) continue;
      HostRig rig(120, 1);
      rig.load(0, *t);
      ASSERT_TRUE(rig.host.set_fx(0, 0, e));
      rig.set(Param::fx_on, 0, 1);
      rig.set(Param::fx_wet, 0, 0.5);
      rig.send(Op::play, 0);
      rig.render(28800);
      const std::int64_t still = rig.host.frame() + EngineRig::latency();
      rig.render(9600);
      const double before = zipper(rig.bus(), 220, still, still + 9400);
      const auto& info = fx.params[p];
      const double goal =
          info.initial +
          0.3f * ((info.max - info.initial > info.initial - info.min ? info.max : info.min) - info.initial);
      const std::int64_t from = rig.host.frame() + EngineRig::latency();
      rig.set(Param::fx_param, 0, goal, {}, 0, static_cast<int>(p), {.frames = 9600});
      rig.render(14400);
      const double db = zipper(rig.bus(), 220, from + 200, from + 9400);
      const std::string name = std::string(fx.id) + " " + std::string(info.id);
      if (db > -60)
        std::printf("measured: ramp of %s: images at %.1f dB, %.1f dB standing still\n", name.c_str(), db, before);
      EXPECT_TRUE(db < -55 || db < before + 6) << name << ": " << db << " dB, standing still " << before << " dB";
    }
  }
}

TEST(Ramps, SwitchingAnEffectDoesNotClick) {
  auto t = sine(220);
  for (int e = 0; e < msg::fx_count(); ++e) {
    HostRig rig(120, 1);
    rig.load(0, *t);
    ASSERT_TRUE(rig.host.set_fx(0, 0, e));
    rig.set(Param::fx_wet, 0, 0.5);
    rig.send(Op::play, 0);
    rig.render(9600);
    rig.set(Param::fx_on, 0, 1);
    rig.render(19200);
    const std::int64_t off = rig.host.frame() + EngineRig::latency();
    rig.set(Param::fx_on, 0, 0);
    rig.render(9600);
    const auto high = above(rig.bus());
    const std::int64_t on = 9600 + EngineRig::latency();
    const char* id = msg::fx_table()[static_cast<std::size_t>(e)].id.data();
    const double own = std::max(-70.0, loudest_db(high, on + 2000, off - 2000));
    EXPECT_LE(loudest_db(high, on - 256, on + 1000), own + 1) << id;
    EXPECT_LE(loudest_db(high, off - 256, off + 1000), own + 1) << id;
  }
}

}  // namespace
