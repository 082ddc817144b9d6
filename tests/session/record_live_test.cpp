// Recordings of a live session: what sounded is in the files, when it was asked for.
#include <gtest/gtest.h>

#include <atomic>
#include <random>

#include "media/decoder.h"
#include "session/live.h"
#include "session/record_rig.h"
#include "support/fake_source.h"

using namespace tactus;
using namespace tactus::testing::recording;

namespace {

// The whole way: what a live engine played is in the files, the tracks are marked, decks sum to the master.
TEST_F(Record, ALiveSessionIsRecordedAsItSounded) {
  tactus::testing::FakeSource source;
  const auto tone = [](double hz) {
    return [hz](std::int64_t f, int) { return 0.1f * static_cast<float>(std::sin(2 * M_PI * hz * double(f) / kRate)); };
  };
  source.add("/music/Low.wav", tactus::testing::make_track(20 * kRate, 2, 120, 0, tone(220)));
  source.add("/music/High.wav", tactus::testing::make_track(20 * kRate, 2, 120, 0, tone(880)));
  options.streams = 0x3F;
  LiveOptions live_options;
  live_options.audio.driver = io::Driver::null;
  live_options.audio.block = 64;
  live_options.audio.routing = "master=1-2 cue=3-4";  // headphones, so that a deck may be sent there
  live_options.session.max_block = 64;
  live_options.session.feeder_threads = 1;
  live_options.session.record = true;
  live_options.session.target_lufs.reset();
  options.on = true;
  live_options.record = options;
  std::vector<float> played;
  std::atomic<std::int64_t> frame{0};
  const auto look = [&](session::Session& s) {
    rt::TapFrame f;
    while (s.host().tap()->pop(f)) played.push_back(f.left), played.push_back(f.right);
    frame.store(s.host().frame());
  };
  std::string error;
  auto live = Live::start(
      live_options, source, [](const std::string&) {}, look, &error);
  ASSERT_TRUE(live) << error;
  const auto say = [&](const std::string& text) {
    live->call([&](session::Session& s) {
      const auto fate = s.submit(text, {"test", schedule::Source::Kind::hand, 1});
      EXPECT_EQ(fate.reason, "") << text;
    });
  };
  for (const char* text : {"/deck/1/load \"/music/Low.wav\"", "/deck/2/load \"/music/High.wav\"", "/deck/1/play"})
    say(text);
  const auto pass = [&](std::int64_t frames) {
    const std::int64_t until = frame.load() + frames;
    EXPECT_TRUE(within(30, [&] { return frame.load() >= until; }));
  };
  pass(kRate / 2);
  for (const char* text : {"/deck/2/play", "/deck/2/cue_bus 1", "/deck/1/fader 0.7"}) say(text);
  pass(kRate);
  const auto before_the_fade = static_cast<std::size_t>(2 * (frame.load() - 64));
  live.reset();
  const Read master = read(file("set_master.wav")), low = read(file("set_deck1.wav")),
             high = read(file("set_deck2.wav"));
  ASSERT_GT(played.size(), 2u * kRate);
  ASSERT_GE(master.interleaved.size(), played.size());
  EXPECT_EQ(std::memcmp(master.interleaved.data(), played.data(), played.size() * sizeof(float)), 0);
  EXPECT_EQ(low.frames(), master.frames());
  double worst = 0, loudest = 0;
  for (std::size_t i = 0; i < before_the_fade; ++i) {
    worst = std::max(worst, std::fabs(double(master.interleaved[i]) - low.interleaved[i] - high.interleaved[i]));
    loudest = std::max(loudest, std::fabs(double(master.interleaved[i])));
  }
  EXPECT_GT(loudest, 0.1);
  const Read cue = read(file("set_cue.wav"));
  double apart = 0;
  for (std::size_t i = before_the_fade - kRate; i < before_the_fade; ++i) {
    apart = std::max(apart, std::fabs(double(cue.interleaved[i]) - high.interleaved[i]));
  }
  EXPECT_LT(apart, 1e-6) << "deck 2's fader is up: in the headphones it is what is heard of it";
  EXPECT_NE(bytes(file("set_master.wav")).find("Low"), std::string::npos);
  EXPECT_NE(bytes(file("set_master.wav")).find("High"), std::string::npos);
  EXPECT_NE(bytes(file("set_deck2.wav")).find("High"), std::string::npos);
  EXPECT_EQ(bytes(file("set_deck2.wav")).find("Low"), std::string::npos);
  EXPECT_LT(worst, 1e-6) << "decks sum to the master, frame by frame";
}

// Twice amid a set: each file is a piece of what was heard, all streams of it the same piece.
TEST_F(Record, ARecordingBeginsAndEndsWhenItIsAskedTo) {
  tactus::testing::FakeSource source;
  std::mt19937 random(5);
  std::vector<float> noise(20 * kRate);
  for (float& v : noise) v = static_cast<float>(random() % 2001) * 1e-4f - 0.1f;
  source.add("/music/Noise.wav", tactus::testing::make_track(20 * kRate, 2, 120, 0, [&](std::int64_t f, int) {
               return noise[static_cast<std::size_t>(f)];
             }));
  options.streams = 0x7;  // master, cue, deck 1
  LiveOptions live_options;
  live_options.audio.driver = io::Driver::null;
  live_options.audio.block = 64;
  live_options.session.max_block = 64;
  live_options.session.feeder_threads = 1;
  live_options.session.record = true;
  live_options.session.target_lufs.reset();
  live_options.record = options;
  std::vector<float> played;
  std::atomic<std::int64_t> frame{0};
  std::mutex told_mutex;
  std::vector<std::string> told;
  const auto look = [&](session::Session& s) {
    rt::TapFrame f;
    while (s.host().tap()->pop(f)) played.push_back(f.left), played.push_back(f.right);
    frame.store(s.host().frame());
  };
  const auto hear = [&](const std::string& text) {
    const std::lock_guard lock(told_mutex);
    told.push_back(text);
  };
  std::string error;
  auto live = Live::start(live_options, source, hear, look, &error);
  ASSERT_TRUE(live) << error;
  const auto say = [&](const std::string& text) {
    live->call([&](session::Session& s) {
      const auto fate = s.submit(text, {"test", schedule::Source::Kind::hand, 1});
      EXPECT_EQ(fate.reason, "") << text;
    });
  };
  const auto pass = [&](std::int64_t frames) {
    const std::int64_t until = frame.load() + frames;
    EXPECT_TRUE(within(30, [&] { return frame.load() >= until; }));
  };
  const auto is_told = [&](const std::string& what, long times) {
    return within(10, [&] {
      const std::lock_guard lock(told_mutex);
      return std::count_if(told.begin(), told.end(), [&](auto& t) { return t.find(what) != std::string::npos; }) ==
             times;
    });
  };
  for (const char* text : {"/deck/1/load \"/music/Noise.wav\"", "/deck/1/play"}) say(text);
  pass(5 * kRate);  // longer than the rings hold: what is in them is old by now
  EXPECT_TRUE(!fs::exists(folder) || fs::is_empty(folder)) << "nothing was asked for";
  for (int take = 1; take <= 2; ++take) {
    say("/mixer/record 1");
    EXPECT_TRUE(is_told("Recording into", take));
    pass(kRate);
    say("/mixer/record 0");
    EXPECT_TRUE(is_told("has ended", take));
    pass(kRate / 4);
  }
  live.reset();
  std::vector<fs::path> masters;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().filename().string().find("master") != std::string::npos) masters.push_back(entry.path());
  }
  ASSERT_EQ(masters.size(), 2U);
  for (const fs::path& path : masters) {
    const Read master = read(path);
    ASSERT_GT(master.frames(), kRate * 3 / 4);
    const auto found =
        std::search(played.begin(), played.end(), master.interleaved.begin(), master.interleaved.begin() + kRate);
    ASSERT_NE(found, played.end()) << path << " is not what was heard";
    EXPECT_TRUE(std::equal(master.interleaved.begin(), master.interleaved.end(), found)) << path;
    std::string deck = path.string();
    deck.replace(deck.find("master"), 6, "deck1");
    EXPECT_EQ(read(deck).frames(), master.frames());
  }
}

}  // namespace
