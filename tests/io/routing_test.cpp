#include "io/audio/routing.h"

#include <gtest/gtest.h>

namespace tactus::io {
namespace {

Routing parsed(std::string_view text) {
  Routing routing;
  RoutingError error;
  EXPECT_TRUE(Routing::parse(text, &routing, &error)) << error.text;
  return routing;
}

RoutingError refused(std::string_view text) {
  Routing routing = Routing::standard(8);
  RoutingError error;
  EXPECT_FALSE(Routing::parse(text, &routing, &error)) << text;
  EXPECT_EQ(routing.text(), Routing::standard(8).text()) << "a refused text must change nothing";
  return error;
}

TEST(Routing, ReadsBackWhatItWrites) {
  for (const char* text : {"master=1-2", "master=3-4 cue=1-2 booth=5-6 rec=7-8", "split=1-2", "master=1 cue=2",
                           "master=1-2 mic1=1 mic2=2-3"}) {
    EXPECT_EQ(parsed(text).text(), text);
  }
  EXPECT_EQ(parsed("  master=1-2,cue=3-4 ").text(), "master=1-2 cue=3-4");
}

TEST(Routing, PointsAtTheWordThatIsWrong) {
  const struct {
    const char* text;
    const char* word;
    const char* says;
  } cases[] = {
      {"master=1-2 phones=3-4", "phones=3-4", "no bus 'phones'"},
      {"master=1-2 cue", "cue", "bus=channels"},
      {"master=1-9", "master=1-9", "from 1 to 8"},
      {"master=0-1", "master=0-1", "from 1 to 8"},
      {"master=2-1", "master=2-1", "neighbours"},
      {"master=1-2 cue=4-7", "cue=4-7", "neighbours"},
      {"master=1-2x", "master=1-2x", "neighbours"},
      {"master=1-2 booth=2-3", "booth=2-3", "already used by master"},
      {"split=1", "split=1", "two channels"},
  };
  for (const auto& c : cases) {
    const RoutingError e = refused(c.text);
    EXPECT_EQ(std::string(c.text).substr(e.at, e.length), c.word);
    EXPECT_NE(e.text.find(c.says), std::string::npos) << e.text;
  }
  EXPECT_NE(refused("cue=1-2").text.find("master nowhere"), std::string::npos);
  EXPECT_NE(refused("").text.find("master nowhere"), std::string::npos);
  const RoutingError e = refused("master=1-2 phones=3-4");
  EXPECT_EQ(e.pointed("master=1-2 phones=3-4").substr(e.text.size()),
            "\n  master=1-2 phones=3-4\n             ^^^^^^^^^^");
}

TEST(Routing, RefusesToLetPrelistenIntoTheMaster) {
  for (const char* text : {"master=1-2 cue=1-2", "master=1-2 cue=2", "cue=1 master=1-2", "master=1-2 cue=2-3"}) {
    EXPECT_NE(refused(text).text.find("pre-listening"), std::string::npos) << text;
  }
}

TEST(Routing, TwoChannelsAllowNoPrelistenButSplitDoes) {
  const Prelisten two = Routing::standard(2).prelisten();
  EXPECT_FALSE(two.possible);
  EXPECT_NE(two.reason.find("split=1-2"), std::string::npos);
  EXPECT_TRUE(Routing::standard(4).prelisten().possible);
  EXPECT_TRUE(parsed("split=1-2").prelisten().possible);
}

TEST(Routing, DropsWhatTheDeviceLacksAndSaysSo) {
  std::vector<std::string> notices;
  const Routing fitted = parsed("master=1-2 cue=3-4 booth=5-6 mic1=2").fitted(4, 1, &notices);
  EXPECT_EQ(fitted.text(), "master=1-2 cue=3-4");
  ASSERT_EQ(notices.size(), 2u);
  EXPECT_EQ(notices[0], "booth on output 5-6 is left out; the device has 4");
  EXPECT_EQ(notices[1], "mic1 on input 2 is left out; the device has 1");

  notices.clear();
  EXPECT_EQ(parsed("master=1-2").fitted(1, 0, &notices).text(), "master=1");
  EXPECT_EQ(notices.size(), 1u);
  notices.clear();
  EXPECT_EQ(parsed("master=3-4 split=1-2").fitted(1, 0, &notices).text(), "");
  EXPECT_EQ(notices.size(), 2u);
}

class RouterTest : public ::testing::Test {
 protected:
  static constexpr int kFrames = 4;
  // Plane c of the engine holds 2^c: any sum tells its terms.
  void SetUp() override {
    for (int c = 0; c < 8; ++c) {
      buses_[c].assign(kFrames, static_cast<float>(1 << c));
      device_[c].assign(kFrames, 99.0f);
      from_[c] = buses_[c].data();
      to_[c] = device_[c].data();
    }
  }
  std::vector<float> played(std::string_view text, int outputs) {
    Router(parsed(text)).to_device(from_, to_, outputs, kFrames);
    std::vector<float> result;
    for (int c = 0; c < outputs; ++c) {
      EXPECT_EQ(device_[c][0], device_[c][kFrames - 1]);
      result.push_back(device_[c][0]);
    }
    return result;
  }
  std::vector<float> buses_[8], device_[8];
  const float* from_[8];
  float* to_[8];
};

TEST_F(RouterTest, CopiesEachBusToItsSockets) {
  EXPECT_EQ(played("master=1-2 cue=3-4 booth=5-6 rec=7-8", 8), (std::vector<float>{1, 2, 4, 8, 16, 32, 64, 128}));
  EXPECT_EQ(played("master=3-4 cue=1-2", 6), (std::vector<float>{4, 8, 1, 2, 0, 0}));
}

TEST_F(RouterTest, MixesToMonoAndSplits) {
  EXPECT_EQ(played("master=2", 2), (std::vector<float>{0, 1.5f}));
  EXPECT_EQ(played("split=1-2", 2), (std::vector<float>{1.5f, 6}));  // (1+2)/2 and (4+8)/2
}

TEST_F(RouterTest, CueIsNeverHeardOnAChannelOfTheMaster) {
  for (const char* text : {"master=1-2", "master=1-2 cue=3-4", "master=3-4 cue=1-2", "master=1 cue=2"}) {
    const Routing routing = parsed(text);
    const std::vector<float> out = played(text, 8);
    for (const Route& r : routing.routes()) {
      if (r.bus != BusName::master) continue;
      for (int c = r.first; c < r.first + r.channels; ++c) EXPECT_LE(out[static_cast<std::size_t>(c)], 2.0f) << text;
    }
  }
}

TEST_F(RouterTest, BringsMicrophonesToTheirBuses) {
  const float* in[2] = {buses_[4].data(), buses_[5].data()};  // 16 and 32
  std::vector<float> engine[kInputChannels];
  float* to[kInputChannels];
  for (int c = 0; c < kInputChannels; ++c) {
    engine[c].assign(kFrames, 99.0f);
    to[c] = engine[c].data();
  }
  Router(parsed("master=1-2 mic1=2 mic2=1-2")).to_engine(in, 2, to, kFrames);
  EXPECT_EQ(engine[kMic1][0], 32);
  EXPECT_EQ(engine[kMic1 + 1][3], 32);
  EXPECT_EQ(engine[kMic2][0], 16);
  EXPECT_EQ(engine[kMic2 + 1][0], 32);
  Router(parsed("master=1-2")).to_engine(nullptr, 0, to, kFrames);
  for (const auto& plane : engine) EXPECT_EQ(plane[2], 0);
}

}  // namespace
}  // namespace tactus::io
