// The effects themselves: each through its declared parameters, as the engine runs it.
#include <math.h>

#include <cstdlib>
#include <memory>

#include "dsp/signals.h"
#include "engine/rt/fx/faust_unit.h"
#include "engine/rt/fx/fx_instance.h"

namespace tactus::rt::fx::by_faust {
// What Faust makes of reverb.dsp.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter"
#pragma GCC diagnostic ignored "-Wshadow"
#include "engine/rt/fx/reverb.faust.h"
#pragma GCC diagnostic pop
}  // namespace tactus::rt::fx::by_faust

namespace tactus::rt {
namespace {

using test::Stereo;

struct FreeMemory {
  void operator()(std::byte* p) const { std::free(p); }
};

class Effect {
 public:
  Effect(std::string_view id, double rate) : rate_(rate) {
    const int index = msg::find_fx(id);
    const std::size_t bytes = FxInstance::bytes(index);
    memory_.reset(static_cast<std::byte*>(std::aligned_alloc(FxInstance::kAlign, bytes)));
    std::memset(memory_.get(), 0xab, bytes);  // an effect must not count on zeros
    fx_ = FxInstance::make(index, {memory_.get(), bytes}, {rate});
  }
  FxInstance* operator->() { return fx_; }
  explicit operator bool() const { return fx_ != nullptr; }
  void set(std::string_view param, float value) { fx_->set(msg::find_fx_param(fx_->info(), param), value); }

  // Replaces the signal by the effect's wet one, at a tempo and from beat 0 on.
  void run(Stereo& s, double bpm = 120, unsigned seed = 0, const test::AtGrid& also = {}) {
    test::run(
        s,
        [&](float* l, float* r, int n) {
          float in[2][32];
          std::copy_n(l, n, in[0]);
          std::copy_n(r, n, in[1]);
          fx_->compute(in[0], in[1], l, r, n);
        },
        [&](std::size_t at) {
          fx_->set_clock({bpm}, static_cast<double>(at) * bpm / 60 / rate_);
          if (also) also(at);
        },
        seed);
  }

 private:
  double rate_;
  std::unique_ptr<std::byte, FreeMemory> memory_;
  FxInstance* fx_ = nullptr;
};

TEST(Fx, TheTableNamesTheSevenWithTheirParametersInRange) {
  for (const char* id : {"bitcrusher", "echo", "flanger", "gate", "phaser", "pingpong", "reverb"})
    EXPECT_GE(msg::find_fx(id), 0) << id;
  for (const msg::FxInfo& fx : msg::fx_table()) {
    EXPECT_FALSE(fx.label.empty()) << fx.id;
    EXPECT_FALSE(fx.help.empty()) << fx.id;
    for (const auto& p : fx.params) {
      EXPECT_LT(p.min, p.max) << fx.id << ' ' << p.id;
      EXPECT_TRUE(p.initial >= p.min && p.initial <= p.max) << fx.id << ' ' << p.id;
      EXPECT_TRUE(p.scale == msg::FxScale::linear || p.min > 0) << fx.id << ' ' << p.id;
    }
  }
  const msg::FxInfo& echo = msg::fx_table()[static_cast<std::size_t>(msg::find_fx("echo"))];
  EXPECT_EQ(echo.params[0].id, "time");
  EXPECT_EQ(echo.params[0].unit, "beats");
  EXPECT_EQ(echo.mix, msg::FxMix::equal_power);
}

TEST(Fx, AnInstanceStartsAtItsDefaultsAndKeepsParametersInRange) {
  for (const msg::FxInfo& info : msg::fx_table()) {
    Effect e(info.id, 48000);
    ASSERT_TRUE(e);
    for (std::size_t i = 0; i < info.params.size(); ++i) {
      const auto& p = info.params[i];
      const int k = static_cast<int>(i);
      EXPECT_EQ(e->value(k), p.initial) << info.id << ' ' << p.id;
      e->set(k, p.max + 1);
      EXPECT_EQ(e->value(k), p.max);
      e->set(k, std::nanf(""));
      EXPECT_EQ(e->value(k), p.max);
      e->set(k, p.min - 1);
      EXPECT_EQ(e->value(k), p.min);
    }
    e->set(99, 1);
    e->set(-1, 1);
  }
  std::byte little[64];
  EXPECT_EQ(FxInstance::make(0, little, {48000}), nullptr);
  EXPECT_EQ(FxInstance::bytes(-1), 0u);
  EXPECT_EQ(FxInstance::bytes(msg::fx_count()), 0u);
}

TEST(Fx, EveryEffectIsIdenticalHoweverCutAtEveryRate) {
  for (const msg::FxInfo& info : msg::fx_table()) {
    for (double rate : test::kRates) {
      EXPECT_TRUE(test::cutting_does_not_matter(
          test::noise(9000, 0.5),
          [&] {
            return [&](Stereo& s, unsigned seed) {
              Effect e(info.id, rate);
              // Every parameter is moved, one after another.
              e.run(s, 126, seed, [&](std::size_t at) {
                const std::size_t k = at / 32 % 64 / 4;
                if (k < info.params.size() && info.params[k].role == msg::FxRole::user) {
                  const auto& p = info.params[k];
                  e->set(static_cast<int>(k), p.min + (p.max - p.min) * static_cast<float>(at % 640) / 640);
                }
              });
            };
          }))
          << info.id << " at " << rate;
    }
  }
}

TEST(Fx, EveryEffectStaysFiniteAndBoundedAtItsExtremes) {
  for (const msg::FxInfo& info : msg::fx_table()) {
    for (int corner = 0; corner < 8; ++corner) {
      Effect e(info.id, 44100);
      for (std::size_t i = 0; i < info.params.size(); ++i) {
        if (info.params[i].role != msg::FxRole::user) continue;
        e->set(static_cast<int>(i), (corner >> (i % 3)) & 1 ? info.params[i].max : info.params[i].min);
      }
      Stereo s = test::noise(44100, 1);
      e.run(s, corner & 1 ? 40 : 250);
      for (std::size_t i = 0; i < s.size(); ++i)
        ASSERT_LT(std::abs(s.left[i]) + std::abs(s.right[i]), 100) << info.id << corner;
    }
  }
}

TEST(Fx, EveryEffectIsAboutAsLoudAsItsInput) {
  for (const msg::FxInfo& info : msg::fx_table()) {
    Effect e(info.id, 48000);
    Stereo s = test::noise(240000, 0.3);
    e.run(s);
    const double level = test::db(test::rms(s.left, 96000, 240000) / (0.3 / std::sqrt(3)));
    EXPECT_GT(level, -9) << info.id;
    EXPECT_LT(level, 6) << info.id;
  }
}

TEST(Fx, SilenceInGivesSilenceOutInTheEnd) {
  for (const msg::FxInfo& info : msg::fx_table()) {
    Effect e(info.id, 48000);
    Stereo s(48000 * 14);
    for (std::size_t i = 0; i < 4800; ++i) s.left[i] = s.right[i] = i % 2 ? 0.5f : -0.5f;
    e.run(s);
    EXPECT_LT(test::db(test::rms(s.left, s.size() - 48000, s.size())), -100) << info.id;
  }
}

TEST(Fx, ClearEmptiesIt) {
  for (const msg::FxInfo& info : msg::fx_table()) {
    Effect used(info.id, 48000), fresh(info.id, 48000);
    Stereo before = test::noise(4800, 1);
    used.run(before);
    for (Effect* e : {&used, &fresh}) {
      (*e)->set_clock({120}, 0);
      (*e)->clear();
    }
    Stereo a = test::noise(4800, 0.5, 2), b = a;
    used.run(a);
    fresh.run(b);
    EXPECT_TRUE(test::same_bits(a, b)) << info.id;
  }
}

std::vector<std::size_t> onsets(const std::vector<float>& x, float level) {
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < x.size(); ++i)
    if (std::abs(x[i]) > level && (found.empty() || i - found.back() > 500)) found.push_back(i);
  return found;
}

TEST(Fx, EchoRepeatsOnTheBeat) {
  for (double rate : test::kRates) {
    for (double bpm : {120.0, 125.0, 174.0}) {
      Effect e("echo", rate);
      e.set("time", 0.5f);
      e.set("feedback", 0.8f);
      e.set("tone", 18000);
      const double spacing = 0.5 * 60 / bpm * rate;
      // The tempo is given when the sound is; the echo follows within the 20 ms of a cross-fade.
      Stereo s(static_cast<std::size_t>(rate * 1.5));
      s.left[9600] = s.right[9600] = 1;
      e.run(s, bpm);
      const auto at = onsets(s.left, 0.1f);
      ASSERT_GE(at.size(), 3u);
      for (std::size_t k = 0; k < 3; ++k) {
        EXPECT_NEAR(static_cast<double>(at[k]), 9600 + spacing * static_cast<double>(k + 1),
                    1.0 + static_cast<double>(k))
            << rate << ' ' << bpm;
      }
      EXPECT_NEAR(s.left[at[0]], 1, 1e-3) << "the first repeat is the sound itself";
    }
  }
}

TEST(Fx, PingPongAlternatesBetweenTheSides) {
  Effect e("pingpong", 48000);
  e.set("time", 0.5f);
  e.set("tone", 18000);
  Stereo s(60000);
  s.left[9600] = s.right[9600] = 1;
  e.run(s, 120);
  const auto left = onsets(s.left, 0.1f), right = onsets(s.right, 0.1f);
  ASSERT_GE(left.size(), 2u);
  ASSERT_GE(right.size(), 1u);
  EXPECT_NEAR(static_cast<double>(left[0]), 9600 + 12000, 1);
  EXPECT_NEAR(static_cast<double>(right[0]), 9600 + 24000, 2);
  EXPECT_NEAR(static_cast<double>(left[1]), 9600 + 36000, 3);
}

// The unit that was written by hand is what its .dsp says: moved in all its parameters, at every rate and however cut.
TEST(Fx, TheReverbByHandIsTheOneOfItsFile) {
  for (const double rate : {44100.0, 48000.0, 96000.0, 192000.0}) {
    Effect hand("reverb", rate);
    auto faust = std::make_unique<fx::by_faust::Effect>();
    faust->instanceInit(static_cast<int>(rate));
    float* zones[msg::kMaxFxParams];
    fx::UI ui{zones};
    faust->buildUserInterface(&ui);
    float silence[2][32] = {}, wet[2][32];
    float *zero[2] = {silence[0], silence[1]}, *out[2] = {wet[0], wet[1]};
    for (int done = 0; done < static_cast<int>(rate) / 10; done += 32) faust->compute(32, zero, out);  // as make() does
    Stereo in(static_cast<std::size_t>(rate * 2.5)), by_hand = in, by_faust = in;
    const auto burst = test::noise(static_cast<std::size_t>(rate / 2), 0.5);
    for (std::size_t i = 0; i < burst.size(); ++i) {
      by_hand.left[i] = by_faust.left[i] = burst.left[i];
      by_hand.right[i] = by_faust.right[i] = burst.right[i];
    }
    const auto parameters = [rate](std::size_t at, const auto& set) {
      const double t = static_cast<double>(at) / rate;
      if (t < 0.2) return;
      set("decay", t < 0.6 ? 2.5f + 4 * static_cast<float>(t) : 1.2f);
      set("damping", t < 0.9 ? 3000.0f : 12000.0f);
      set("predelay", t < 0.3 ? 10.0f : t < 0.31 ? 40.0f : 100.0f);
      set("lowcut", t < 0.4 ? 120.0f : 500.0f);
    };
    hand.run(by_hand, 120, 5,
             [&](std::size_t at) { parameters(at, [&](const char* name, float value) { hand.set(name, value); }); });
    test::run(
        by_faust,
        [&](float* l, float* r, int n) {
          float in_left[32], in_right[32];
          std::copy_n(l, n, in_left);
          std::copy_n(r, n, in_right);
          float *from[2] = {in_left, in_right}, *to[2] = {l, r};
          faust->compute(n, from, to);
        },
        [&](std::size_t at) {
          parameters(at,
                     [&](const char* name, float value) { *zones[msg::find_fx_param(hand->info(), name)] = value; });
        });
    double loudest = 0, off = 0;
    for (std::size_t i = 0; i < in.size(); ++i) {
      loudest = std::max({loudest, std::fabs(double{by_faust.left[i]}), std::fabs(double{by_faust.right[i]})});
      off = std::max({off, std::fabs(double{by_faust.left[i]} - double{by_hand.left[i]}),
                      std::fabs(double{by_faust.right[i]} - double{by_hand.right[i]})});
    }
    EXPECT_GT(loudest, 0.1) << rate;
    EXPECT_LT(test::db(off / loudest), -110) << rate;
  }
}

TEST(Fx, ReverbDecaysInItsTime) {
  for (float decay : {1.0f, 3.0f}) {
    Effect e("reverb", 48000);
    e.set("decay", decay);
    e->settle();
    Stereo s(48000 * 4);
    const auto burst = test::noise(4800, 0.5);
    std::copy(burst.left.begin(), burst.left.end(), s.left.begin());
    std::copy(burst.right.begin(), burst.right.end(), s.right.begin());
    e.run(s);
    // Slope between 0.3 s and 0.9 s; the treble decays faster than the stated time, so it is an upper bound.
    const double early = test::db(test::rms(s.left, 14400, 19200)), late = test::db(test::rms(s.left, 38400, 43200));
    const double t60 = 60 * 0.5 / (early - late);
    EXPECT_LT(t60, double{decay} * 1.1);
    EXPECT_GT(t60, double{decay} * 0.4);
  }
}

TEST(Fx, GateOpensOnTheBeatAndShutsBetween) {
  Effect e("gate", 48000);
  e.set("rate", 0.5f);
  e.set("edge", 1);
  Stereo s(96000);
  std::fill(s.left.begin(), s.left.end(), 1.0f);
  e.run(s, 120);  // a period is 12000 frames, open for the first half
  for (std::size_t k = 1; k < 8; ++k) {
    EXPECT_LT(s.left[k * 12000 - 5], 0.01f);
    EXPECT_GT(s.left[k * 12000 + 200], 0.95f);
    EXPECT_GT(s.left[k * 12000 + 5990], 0.99f);
    EXPECT_LT(s.left[k * 12000 + 6300], 0.05f);
  }
}

TEST(Fx, GateFollowsAJumpOfTheBeat) {
  Effect e("gate", 48000);
  e.set("rate", 1);
  e.set("edge", 1);
  Stereo s(48000);
  std::fill(s.left.begin(), s.left.end(), 1.0f);
  e.run(s, 120, 0,
        [&](std::size_t at) { e->set_clock({120}, static_cast<double>(at) / 24000 + (at >= 9600 ? 0.5 : 0)); });
  EXPECT_GT(s.left[9500], 0.95f);
  EXPECT_LT(s.left[10200], 0.05f) << "the jump by half a beat shuts it";
}

TEST(Fx, FlangerCombsAndMovesWithTheBeat) {
  Effect e("flanger", 48000);
  e.set("depth", 0);
  e.set("feedback", 0);
  e.set("delay", 1);
  e->settle();
  // Without depth: delay + 0 ms of sweep. Notches at odd multiples of 500 Hz.
  Stereo notch = test::stereo_sine(500, 48000, 9600), peak = test::stereo_sine(1000, 48000, 9600);
  e.run(notch);
  e.run(peak);
  EXPECT_LT(test::db(test::fit_tone(notch.left, 500, 48000, 4800, 9600).amplitude), -30);
  EXPECT_NEAR(test::db(test::fit_tone(peak.left, 1000, 48000, 4800, 9600).amplitude), 0, 0.5);
}

TEST(Fx, PhaserMovesItsNotchesOncePerPeriod) {
  Effect e("phaser", 48000);
  e.set("period", 1);
  e->settle();
  Stereo s = test::stereo_sine(900, 48000, 96000);
  e.run(s, 120);
  std::vector<double> level;
  for (std::size_t at = 24000; at < 96000; at += 480) level.push_back(test::rms(s.left, at, at + 480));
  double same = 0, other = 0;  // the level repeats after a beat (50 steps), and not after half of one
  for (std::size_t i = 0; i + 50 < level.size(); ++i) {
    same += std::abs(level[i] - level[i + 50]);
    other += std::abs(level[i] - level[i + 25]);
  }
  EXPECT_LT(same * 10, other);
}

TEST(Fx, BitcrusherLeavesSoManyStepsAndHoldsSoLong) {
  Effect e("bitcrusher", 48000);
  e.set("bits", 3);
  e.set("rate", 6000);
  Stereo s = test::stereo_sine(97, 48000, 48000, 0.99);
  e.run(s);
  std::vector<float> levels(s.left);
  std::sort(levels.begin(), levels.end());
  levels.erase(std::unique(levels.begin(), levels.end()), levels.end());
  EXPECT_EQ(levels.size(), 9u);  // -1, -0.75 ... 1
  std::size_t last = 0;
  for (std::size_t i = 1; i < s.size(); ++i) {
    if (s.left[i] == s.left[i - 1]) continue;
    ASSERT_TRUE(last == 0 || (i - last) % 8 == 0) << i;
    last = i;
  }
}

}  // namespace
}  // namespace tactus::rt
