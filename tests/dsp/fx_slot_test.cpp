#include "dsp/fx_slot.h"

#include "dsp/signals.h"

namespace tactus::dsp {
namespace {

// A slot around an effect of one repeat after `delay` frames.
class Echoing {
 public:
  explicit Echoing(MixLaw law, std::size_t delay = 4800) : line_(delay) { slot.prepare({48000}, law); }
  void process(float* l, float* r, int n) {
    if (!slot.running()) return;
    float in[2][32], wet[2][32];
    slot.send(l, r, in[0], in[1], n);
    for (int i = 0; i < n; ++i) {
      wet[0][i] = wet[1][i] = line_[at_];
      line_[at_] = in[0][i];
      at_ = (at_ + 1) % line_.size();
    }
    slot.mix(l, r, wet[0], wet[1], n);
  }
  void clear() { std::fill(line_.begin(), line_.end(), 0.0f); }
  FxSlot slot;

 private:
  std::vector<float> line_;
  std::size_t at_ = 0;
};

TEST(FxSlot, OffAndFullyDryPassBitForBit) {
  for (bool on : {false, true}) {
    Echoing e(MixLaw::equal_power);
    if (on) e.slot.wet().jump(0);
    const auto in = test::noise(9600, 1);
    auto out = in;
    test::run(
        out, [&](float* l, float* r, int n) { e.process(l, r, n); },
        [&](std::size_t at) {
          if (at == 960) e.slot.set_on(on);
          e.slot.at_grid();
        });
    EXPECT_TRUE(test::same_bits(in, out)) << on;
  }
}

TEST(FxSlot, SwitchedOffItsTailRingsOutAndTheDrySignalIsWhole) {
  Echoing e(MixLaw::linear);
  e.slot.wet().jump(0.5f);
  test::Stereo s(400000);
  for (std::size_t i : {6000u, 9500u, 12000u}) s.left[i] = 1;
  bool ran_to_the_end = true;
  std::size_t stopped = 0;
  test::run(
      s, [&](float* l, float* r, int n) { e.process(l, r, n); },
      [&](std::size_t at) {
        if (at == 960) e.slot.set_on(true);
        if (at == 9600) e.slot.set_on(false);
        e.slot.at_grid();
        if (at > 960 && !e.slot.running() && stopped == 0) stopped = at;
        ran_to_the_end = e.slot.running();
      });
  EXPECT_EQ(s.left[6000], 0.5f);   // on: half dry
  EXPECT_EQ(s.left[10800], 0.5f);  // its repeat, after the switch-off
  EXPECT_EQ(s.left[14300], 0.5f);  // of the last frame that went in
  EXPECT_EQ(s.left[12000], 1.0f);  // off: all dry
  EXPECT_EQ(s.left[16800], 0.0f);  // and not repeated
  EXPECT_FALSE(ran_to_the_end);
  EXPECT_NEAR(static_cast<double>(stopped), 14300 + 6 * 48000, 64);
}

// On, or off and ringing: after the fade the dry signal passes bit for bit and nothing runs, until it is switched on.
TEST(FxSlot, FadesOutTailAndAll) {
  for (const bool on : {false, true}) {
    Echoing e(MixLaw::linear);
    const auto in = test::noise(24000, 1);
    auto out = in;
    std::size_t stopped = 0;
    test::run(
        out, [&](float* l, float* r, int n) { e.process(l, r, n); },
        [&](std::size_t at) {
          if (at == 960) e.slot.set_on(true);
          if (at == 9120 && !on) e.slot.set_on(false);
          if (at == 9600) e.slot.fade_out(2400);
          e.slot.at_grid();
          if (at >= 9600 && !e.slot.running() && stopped == 0) stopped = at;
        });
    EXPECT_EQ(stopped, 12000U);
    for (std::size_t i = 12000; i < in.size(); ++i) ASSERT_EQ(out.left[i], in.left[i]) << i;
    // What is heard beside the dry signal gets less in proportion.
    const auto beside = [&](std::size_t from) {
      double sum = 0;
      for (std::size_t i = from; i < from + 240; ++i) sum += std::pow(double{out.left[i]} - double{in.left[i]}, 2);
      return std::sqrt(sum / 240);
    };
    EXPECT_NEAR(test::db(beside(9600 + 1080) / beside(9600 - 240)), -6, 1.5) << on;
    EXPECT_LT(test::db(beside(9600 + 2160) / beside(9600 - 240)), -20) << on;
    // As if nothing had been.
    e.clear();
    e.slot.set_on(true);
    EXPECT_TRUE(e.slot.running());
    test::Stereo again(4800);
    again.left[1000] = again.right[1000] = 1;
    test::run(
        again, [&](float* l, float* r, int n) { e.process(l, r, n); }, [&](std::size_t) { e.slot.at_grid(); });
    EXPECT_EQ(again.left[1000], 0.5f);
  }
}

TEST(FxSlot, EachLawKeepsItsPromise) {
  for (float share = 0; share <= 1; share += 0.05f) {
    for (MixLaw law : {MixLaw::linear, MixLaw::equal_power}) {
      FxSlot slot;
      slot.prepare({48000}, law);
      slot.set_on(true);
      slot.wet().jump(share);
      float zero[32] = {}, one[32], in[32], dry[32], wet[32];
      for (float& x : one) x = 1;
      for (int k = 0; k < 20; ++k) {
        for (int i = 0; i < 32; ++i) dry[i] = 1, wet[i] = 0;
        slot.send(dry, wet, in, in, 32);
        slot.mix(dry, wet, zero, one, 32);  // left carries the dry gain, right the wet one
      }
      const double d = double{dry[31]}, w = double{wet[31]};
      EXPECT_NEAR(law == MixLaw::linear ? d + w : d * d + w * w, 1, 1e-6);
    }
  }
}

TEST(FxSlot, IsIdenticalHoweverCut) {
  EXPECT_TRUE(test::cutting_does_not_matter(test::noise(20000, 1), [] {
    return [e = Echoing(MixLaw::equal_power, 777)](test::Stereo& s, unsigned seed) mutable {
      test::run(
          s, [&](float* l, float* r, int n) { e.process(l, r, n); },
          [&](std::size_t at) {
            if (at == 320) e.slot.set_on(true);
            if (at == 640) e.slot.wet().to(1, 3000, Curve::s_curve);
            if (at == 9600) e.slot.set_on(false);
            e.slot.at_grid();
          },
          seed);
    };
  }));
}

}  // namespace
}  // namespace tactus::dsp
