// Against a real JACK server with its dummy driver, started here: sound without gaps of our own, and a server that is
// killed, frozen, and comes back at another rate.
#include <gtest/gtest.h>

#include "device_rig.h"
#include "io/audio/devices.h"
#include "io/audio/quiet_cerr.h"
#include "support/jack_capture.h"
#include "support/jack_server.h"
#include "tone.h"

namespace tactus::io {
namespace {

class Jack : public DeviceRig {
 protected:
  void SetUp() override {
    if (!test::JackServer::installed()) GTEST_SKIP() << "jackd is not installed";
#ifdef __SANITIZE_THREAD__
    GTEST_SKIP() << "libjack shares memory with its server, which ThreadSanitizer can't see";
#endif
  }
  // Opens a session on the server with the engine's rate of 48 kHz.
  void open(AudioOptions options = {}) {
    options.driver = Driver::jack;
    opened_ = open_audio(options, engine_.callback());
    ASSERT_TRUE(opened_.audio) << opened_.error << "\n" << server_.log();
  }
  // Connects the master's first two ports to channels 0 and 1 of a capture.
  bool connect_master(test::JackCapture& capture) {
    return wait_until([&] {
      const auto ports = capture.playing_ports("tactus");
      return ports.size() >= 2 && capture.connect(ports[0], 0) && capture.connect(ports[1], 1);
    });
  }

  test::JackServer server_;
};

TEST_F(Jack, WithoutAServerThereIsAPlainError) {
  engine_.blocks = 0;
  const OpenedAudio none = open_audio({.driver = Driver::jack}, engine_.callback());
  EXPECT_FALSE(none.audio);
  EXPECT_EQ(none.error, "JACK offers no audio device");
}

TEST_F(Jack, ListsTheServersDeviceAndReadsBackItsRealBlock) {
  ASSERT_TRUE(server_.start(48000, 64, 8, 2)) << server_.log();
  const std::vector<DeviceInfo> devices = list_devices().devices;
  ASSERT_FALSE(devices.empty());
  EXPECT_EQ(devices[0].driver, Driver::jack) << "JACK comes first";
  EXPECT_EQ(devices[0].name, "system");
  EXPECT_EQ(devices[0].outputs, 8);
  EXPECT_EQ(devices[0].inputs, 2);
  EXPECT_EQ(devices[0].preferred_rate, 48000);
  EXPECT_TRUE(devices[0].is_default);
  open({.block = 256, .routing = "master=1-2 cue=3-4 mic1=1"});
  const AudioStatus status = opened_.audio->status();
  EXPECT_EQ(status.device.block, 64) << "the server's, not what was asked for";
  EXPECT_EQ(status.device.rate, 48000);
  EXPECT_EQ(status.device.outputs, 4);
  EXPECT_EQ(status.device.inputs, 1);
  EXPECT_TRUE(opened_.audio->prelisten().possible);
  EXPECT_TRUE(wait_until([&] { return engine_.blocks > 3; }));
  for (const BlockRecord& b : engine_.record()) EXPECT_EQ(b.frames, 64);
}

TEST_F(Jack, AutoTakesJackWhenAServerAnswers) {
  ASSERT_TRUE(server_.start(48000, 256)) << server_.log();
  opened_ = open_audio({}, engine_.callback());
  ASSERT_TRUE(opened_.audio) << opened_.error;
  EXPECT_EQ(opened_.audio->status().device.driver, Driver::jack);
}

// At 64 frames, captured by a second client and judged beside a control client. A client that is late by one period is
// heard as a gap, or as a torn block when it writes while it is read; so is the control, which does next to nothing.
// The engine's own record may have no gap at all, and what is heard about as few as the control's: on an idle machine a
// handful in 2,250 periods each, on a busy one without realtime rights hundreds.
TEST_F(Jack, PlaysWithoutGapsOfItsOwn) {
  ASSERT_TRUE(server_.start(48000, 64)) << server_.log();
  open();
  test::JackCapture capture(server_, 3, 70);
  test::JackControl control(server_);
  ASSERT_TRUE(capture.ok() && control.ok());
  ASSERT_TRUE(connect_master(capture));
  ASSERT_TRUE(capture.connect(control.port(), 2));
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  const std::uint64_t late_before = opened_.audio->status().late_periods;  // the first ones, before it had the engine
  capture.record();
  const int seconds = test::soak_length(3, 60);
  ASSERT_TRUE(capture.wait(std::int64_t{48000} * seconds, seconds * 3 + 10)) << server_.log();
  capture.stop();
  const test::RampReport ours = test::examine_ramp(capture.channel(0), 64);
  const test::RampReport theirs = test::examine_ramp(capture.channel(2), 64);
  const std::int64_t periods = ours.frames / 64;
  test::record("JACK dummy, 64 frames, " + std::to_string(seconds) + " s: gaps " + std::to_string(ours.gaps) +
               ", of a control client " + std::to_string(theirs.gaps) + ", of " + std::to_string(periods) + " periods");
  EXPECT_GT(ours.frames, 48000 * (seconds - 1));
  EXPECT_LE(ours.gaps, 4 * theirs.gaps + periods / 100);
  EXPECT_LE(ours.off_period, ours.gaps / 4 + 2);
  gather();
  if (handovers_.empty()) {
    EXPECT_EQ(opened_.audio->status().late_periods, late_before);
  }
  EXPECT_EQ(discontinuity(engine_.record()), "");
  const std::vector<float> left = capture.channel(0), right = capture.channel(1);
  std::int64_t apart = 0;
  for (std::size_t i = 0; i < left.size(); ++i) apart += left[i] != -right[i];
  EXPECT_LE(apart, 64 * ours.gaps) << "both sides come from the same block";
}

TEST_F(Jack, AKilledServerCostsNoFrameAndIsTakenBackAtAnotherRate) {
  ASSERT_TRUE(server_.start(48000, 64)) << server_.log();
  take_quieted();
  open();
  ASSERT_TRUE(wait_until([&] { return engine_.blocks > 200; }));
  expect_standby("JACK killed", [&] { server_.kill(); });
  EXPECT_FALSE(on_device());
  EXPECT_NE(notices_.find("JACK (system) has stopped. The set goes on without sound"), std::string::npos) << notices_;
  EXPECT_EQ(take_quieted(), "") << "RtAudio would cry and close the stream by itself, beside whoever opened it";

  ASSERT_TRUE(server_.start(44100, 128)) << server_.log();
  ASSERT_TRUE(wait_until([&] { return on_device(); })) << server_.log();
  ASSERT_TRUE(handed_over(2));
  gather();
  EXPECT_NE(notices_.find("is back, at 44100 Hz, resampled from the session's 48000 Hz"), std::string::npos)
      << notices_;
  EXPECT_EQ(opened_.audio->status().device.block, 128);
  EXPECT_EQ(discontinuity(engine_.record()), "");
  EXPECT_FALSE(engine_.overlapped);
}

TEST_F(Jack, ATonesPitchAndPuritySurviveADeviceAtAnotherRate) {
  ASSERT_TRUE(server_.start(44100, 256)) << server_.log();
  FakeEngine sine(FakeEngine::Sound::sine);
  const OpenedAudio opened = open_audio({.driver = Driver::jack}, sine.callback());
  ASSERT_TRUE(opened.audio) << opened.error;
  test::JackCapture capture(server_, 2, 3);
  ASSERT_TRUE(capture.ok() && connect_master(capture));
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  capture.record();
  ASSERT_TRUE(capture.wait(44100 * 2, 20));
  capture.stop();
  // The machine may miss periods: the best of many stretches is what we make, a fault of ours would be in all of them.
  const std::vector<float> heard = capture.channel(0);
  Tone best;
  for (std::size_t at = 0; at + 8192 <= heard.size(); at += 4096) {
    const Tone tone = measure_tone(std::span(heard).subspan(at, 8192), 997, 44100);
    if (tone.snr_db > best.snr_db) best = tone;
  }
  EXPECT_NEAR(best.hz, 997, 0.01);
  EXPECT_NEAR(best.amplitude, 0.5, 0.001);
  EXPECT_GT(best.snr_db, 95);
  EXPECT_EQ(discontinuity(sine.record()), "");
}

TEST_F(Jack, AFrozenServerCostsNoFrameAndIsTakenBackWhenItThaws) {
  ASSERT_TRUE(server_.start(48000, 64)) << server_.log();
  open();
  ASSERT_TRUE(wait_until([&] { return engine_.blocks > 200; }));
  expect_standby("JACK frozen", [&] { server_.freeze(); });
  const std::int64_t frames = opened_.audio->status().frames;
  EXPECT_TRUE(wait_until([&] { return opened_.audio->status().frames > frames + 9600; }));
  server_.thaw();
  EXPECT_TRUE(wait_until([&] { return on_device(); })) << server_.log();
  EXPECT_EQ(discontinuity(engine_.record()), "");
  EXPECT_FALSE(engine_.overlapped);
}

TEST_F(Jack, AServerThatDiesFrozenIsTakenBackToo) {
  ASSERT_TRUE(server_.start(48000, 256)) << server_.log();
  open();
  ASSERT_TRUE(wait_until([&] { return engine_.blocks > 50; }));
  server_.freeze();
  ASSERT_TRUE(wait_until([&] { return !on_device(); }));
  server_.kill();
  ASSERT_TRUE(server_.start(48000, 256)) << server_.log();
  EXPECT_TRUE(wait_until([&] { return on_device(); })) << server_.log();
  EXPECT_EQ(discontinuity(engine_.record()), "");
}

TEST_F(Jack, AFrozenServerHangsNeitherOpeningNorClosing) {
  ASSERT_TRUE(server_.start(48000, 256)) << server_.log();
  open();
  ASSERT_TRUE(wait_until([&] { return engine_.blocks > 10; }));
  server_.freeze();
  opened_.audio.reset();  // returns although the server doesn't answer
  const std::size_t blocks = engine_.blocks;
  const OpenedAudio second =
      open_audio({.driver = Driver::jack, .client_name = "second"}, engine_.callback(), open_stream, 100 * kMs);
  EXPECT_FALSE(second.audio);
  EXPECT_EQ(second.error, "JACK does not answer");
  const DeviceList list = list_devices(100 * kMs);
  EXPECT_EQ(std::count(list.silent.begin(), list.silent.end(), Driver::jack), 1) << "and no list takes it for absent";
  EXPECT_EQ(engine_.blocks, blocks);
  // What hangs may end either way.
  server_.kill();
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
}

TEST_F(Jack, APeriodLengthThatChangesWhilePlayingIsFollowed) {
  ASSERT_TRUE(server_.start(48000, 64)) << server_.log();
  open();
  ASSERT_TRUE(wait_until([&] { return engine_.blocks > 50; }));
  test::JackCapture other(server_, 1, 1);
  ASSERT_TRUE(other.ok() && other.set_block(256));
  ASSERT_TRUE(wait_until([&] { return opened_.audio->status().device.block == 256 && on_device(); }));
  EXPECT_EQ(discontinuity(engine_.record()), "");
}

}  // namespace
}  // namespace tactus::io
