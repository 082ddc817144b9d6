// The effects themselves: each through its declared parameters, as the engine runs it.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <memory>
#include <numbers>
#include <utility>

#include "dsp/signals.h"
#include "engine/rt/fx/fx_instance.h"

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

// What is left of a signal about `hz`, by a resonator of a quality of 4 (R. Bristow-Johnson's band-pass).
std::vector<float> about(const std::vector<float>& x, double hz, double rate) {
  const double w = 2 * std::numbers::pi * hz / rate, alpha = std::sin(w) / 8, scale = 1 / (1 + alpha);
  std::vector<float> y(x.size());
  double x1 = 0, x2 = 0, y1 = 0, y2 = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double out = scale * (alpha * (x[i] - x2) + 2 * std::cos(w) * y1 - (1 - alpha) * y2);
    x2 = std::exchange(x1, x[i]);
    y2 = std::exchange(y1, out);
    y[i] = static_cast<float>(out);
  }
  return y;
}

TEST(Fx, ReverbDecaysInItsTimeAndSoonerAbove) {
  for (const double rate : {44100.0, 48000.0, 96000.0, 192000.0}) {
    for (const float decay : {1.0f, 3.0f}) {
      Effect e("reverb", rate);
      e.set("decay", decay);
      e.set("damping", 6000);
      e->settle();
      const auto frames = [rate](double seconds) { return static_cast<std::size_t>(seconds * rate); };
      Stereo s(frames(3));
      const auto burst = test::noise(frames(0.2), 0.5);
      std::copy(burst.left.begin(), burst.left.end(), s.left.begin());
      std::copy(burst.right.begin(), burst.right.end(), s.right.begin());
      e.run(s);
      const auto t60 = [&](double hz) {
        std::vector<float> band = s.left;
        for (int k = 0; k < 6; ++k) band = about(band, hz, rate);  // below the damping's frequency sound lives longer
        const double span = 0.4 * decay, early = test::db(test::rms(band, frames(0.3), frames(0.6)));
        return 60 * span / (early - test::db(test::rms(band, frames(0.3 + span), frames(0.6 + span))));
      };
      EXPECT_NEAR(t60(300) / decay, 1, 0.25) << rate << ' ' << decay;
      EXPECT_NEAR(t60(1000) / decay, 1, 0.25) << rate << ' ' << decay;
      // A half but for what sits in the all-passes for longer than on the average.
      EXPECT_NEAR(t60(6000) / decay, 0.55, 0.2) << rate << ' ' << decay;
    }
  }
}

TEST(Fx, ReverbIsDenseSoonAndWide) {
  Effect e("reverb", 48000);
  Stereo click(48000);
  click.left[0] = click.right[0] = 1;
  e.run(click);
  // The share of samples beyond one standard deviation, of what noise has: 1 when single echoes can't be told any more
  // (J. S. Abel and P. Huang, "A simple, robust measure of reverberation echo density", AES 121, 2006).
  const auto density = [&](std::size_t from, std::size_t to) {
    const double rms = test::rms(click.left, from, to);
    const auto beyond = std::count_if(click.left.begin() + static_cast<std::ptrdiff_t>(from),
                                      click.left.begin() + static_cast<std::ptrdiff_t>(to),
                                      [&](float x) { return std::fabs(x) > rms; });
    return static_cast<double>(beyond) / static_cast<double>(to - from) / 0.3173;
  };
  EXPECT_GT(density(9120, 10080), 0.5) << "at 200 ms";
  EXPECT_GT(density(19200, 28800), 0.8) << "at half a second";

  Effect one("reverb", 48000);
  Stereo s = test::noise(96000, 0.5);
  const double in = test::rms(s.left, 0, s.left.size());
  std::fill(s.right.begin(), s.right.end(), 0.0f);
  one.run(s);
  double product = 0;
  for (std::size_t i = 48000; i < 96000; ++i) product += double{s.left[i]} * s.right[i];
  const double left = test::rms(s.left, 48000, 96000), right = test::rms(s.right, 48000, 96000);
  EXPECT_NEAR(test::db(left / right), 0, 1) << "one side's sound is on both";
  EXPECT_LT(std::fabs(product / 48000 / left / right), 0.1) << "and unlike there";
  EXPECT_NEAR(test::db(std::hypot(left, right) / in), 0, 1) << "as loud as it went in";
}

TEST(Fx, ReverbNeverGrows) {
  Effect e("reverb", 48000);
  e.set("decay", 20);
  e.set("damping", 16000);
  e.set("lowcut", 20);
  Stereo s = test::noise(48000 * 20, 0.5);
  std::fill(s.left.begin() + 480000, s.left.end(), 0.0f);
  std::fill(s.right.begin() + 480000, s.right.end(), 0.0f);
  e.run(s, 120, 0, [&](std::size_t at) {
    if (at % 9600 == 0) e.set("decay", at % 19200 == 0 ? 20.0f : 2.0f);  // moved all the time
  });
  EXPECT_LT(*std::max_element(s.left.begin(), s.left.end()), 8);
  EXPECT_LT(test::rms(s.left, 48000 * 19, 48000 * 20), 0.1 * test::rms(s.left, 430000, 480000));
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
