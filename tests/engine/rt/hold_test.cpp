// A set that stands still and goes on.
#include "engine/rt/hold.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace tactus::rt {
namespace {

constexpr int kBlock = 480;
constexpr int kFade = 4800;  // 100 ms

// What comes out of an engine that plays a constant, and how often it was asked.
class Line {
 public:
  Line() { hold.prepare(SampleRate{48000}); }
  void blocks(int n) {
    for (; n > 0; --n) {
      std::vector<float> left(kBlock, 0), right(kBlock, 0);
      float* out[] = {left.data(), right.data()};
      const msg::AudioBlock block{nullptr, out, 0, 2, kBlock};
      if (hold.runs()) {
        ++rendered;
        std::fill(left.begin(), left.end(), 0.7f);
        std::fill(right.begin(), right.end(), -0.7f);
        hold.apply(block);
      }
      for (int i = 0; i < kBlock; ++i)
        EXPECT_EQ(left[static_cast<std::size_t>(i)], -right[static_cast<std::size_t>(i)]);
      heard.insert(heard.end(), left.begin(), left.end());
    }
  }
  float largest_step() const {
    float most = 0;
    for (std::size_t i = 1; i < heard.size(); ++i) most = std::max(most, std::fabs(heard[i] - heard[i - 1]));
    return most;
  }
  Hold hold;
  int rendered = 0;
  std::vector<float> heard;
};

TEST(Hold, LeavesTheSoundAloneWhileNothingIsHeld) {
  Line line;
  line.blocks(20);
  for (const float v : line.heard) ASSERT_EQ(v, 0.7f);
}

TEST(Hold, FadesThenStandsStillThenFadesIn) {
  Line line;
  line.blocks(2);
  line.hold.set(true);
  line.blocks(30);
  EXPECT_EQ(line.rendered, 2 + kFade / kBlock);  // the fade, and then not a block more
  EXPECT_EQ(line.heard.back(), 0);
  line.hold.set(false);
  line.blocks(20);
  EXPECT_EQ(line.rendered, 2 + kFade / kBlock + 20);
  EXPECT_EQ(line.heard.back(), 0.7f);
  EXPECT_LE(line.largest_step(), 0.7f / kFade * 1.01f);
}

TEST(Hold, LetGoAmidItsFadeItTurnsBackWithoutAStep) {
  Line line;
  line.hold.set(true);
  line.blocks(4);
  line.hold.set(false);
  line.blocks(2);
  line.hold.set(true);
  line.blocks(20);
  EXPECT_LE(line.largest_step(), 0.7f / kFade * 1.01f);
  EXPECT_EQ(line.heard.back(), 0);
  EXPECT_EQ(line.rendered, 4 + 2 + 8);
}

}  // namespace
}  // namespace tactus::rt
