// Against a real PulseAudio server with a sink into nothing, started here: by its own protocol, and as an ALSA device,
// by alsa-plugins.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "device_rig.h"
#include "io/audio/devices.h"
#include "support/pulse_server.h"

namespace tactus::io {
namespace {

// The longest stretch of a recording, in frames, in which every frame is the one after the last. A machine that misses
// a period tears it, a fault of ours would be everywhere.
std::int64_t longest_whole(const std::vector<float>& stereo) {
  std::int64_t longest = 0, now = 0;
  for (std::size_t i = 2; i + 1 < stereo.size(); i += 2) {
    const auto step = [&](std::size_t at) { return std::lround(stereo[at] * FakeEngine::kRamp); };
    const long before = step(i - 2), here = step(i);
    const bool whole = before > 0 && here == before % (FakeEngine::kRamp - 1) + 1 && stereo[i + 1] == -stereo[i];
    now = whole ? now + 1 : 0;
    longest = std::max(longest, now);
  }
  return longest;
}

// The default ALSA device of this process plays on the server.
void be_alsa_too(const test::PulseServer& server) {
  const std::string path = server.folder() / "asound.conf";
  std::ofstream(path) << "pcm.!default { type pulse }\nctl.!default { type pulse }\n";
  ::setenv("ALSA_CONFIG_PATH", path.c_str(), 1);
}

bool alsa_plugin_installed() {
  return std::system("ls /usr/lib/*/alsa-lib/libasound_module_pcm_pulse.so >/dev/null 2>&1") == 0;
}

class Pulse : public DeviceRig {
 protected:
  void SetUp() override {
    if (!test::PulseServer::installed()) GTEST_SKIP() << "pulseaudio is not installed";
    ::setenv("JACK_NO_START_SERVER", "1", 1);
    ::setenv("JACK_DEFAULT_SERVER", "tactus-test-nobody", 1);
    be_alsa_too(server_);
    ASSERT_TRUE(server_.start(48000)) << server_.log();
  }
  void open(Driver driver, AudioOptions options = {}) {
    options.driver = driver;
    // Two periods are all that ALSA's plug keeps, and the server comes by every ten milliseconds.
    if (driver == Driver::alsa) options.block = 1024;
    opened_ = open_audio(options, engine_.callback());
    ASSERT_TRUE(opened_.audio) << opened_.error << "\n" << server_.log();
    ASSERT_TRUE(wait_until([&] { return on_device() && engine_.blocks > 50; })) << server_.log();
  }
  // At its start the server may hold a stream up for longer than the standby waits.
  void settle() {
    std::size_t since = engine_.blocks;
    ASSERT_TRUE(wait_until([&] {
      if (!on_device()) since = engine_.blocks;
      return engine_.blocks > since + 60;  // a third of a second and more, all of it on the device
    })) << server_.log();
  }
  // All that is played for a second comes out of the server as it is.
  void expect_sound(const std::string& what) {
    std::int64_t longest = 0;
    for (int round = 0; round < 4 && longest < 24000; ++round) {
      longest = std::max(longest, longest_whole(server_.record(48000, 1.5)));
    }
    test::record(what + ": " + std::to_string(longest) + " frames in a row heard in order");
    EXPECT_GE(longest, 24000) << server_.log();
    EXPECT_EQ(discontinuity(engine_.record()), "");
    EXPECT_FALSE(engine_.overlapped);
  }

  test::PulseServer server_;
};

TEST_F(Pulse, IsTakenWhereNoJackAnswers) {
  ASSERT_NO_FATAL_FAILURE(open(Driver::automatic));
  EXPECT_EQ(opened_.audio->status().device.driver, Driver::pulse);
  EXPECT_FALSE(opened_.audio->prelisten().possible) << "two channels have no room for a cue bus";
}

class PulseDevice : public Pulse, public ::testing::WithParamInterface<Driver> {
 protected:
  void SetUp() override {
    if (GetParam() == Driver::alsa && !alsa_plugin_installed()) GTEST_SKIP() << "libasound2-plugins is not installed";
    Pulse::SetUp();
  }
  static std::string title() { return driver_title(GetParam()); }
};

TEST_P(PulseDevice, IsListedAndPlaysEachFrameInItsOrder) {
  const DeviceList list = list_devices();
  const std::string name = GetParam() == Driver::alsa ? "default" : test::PulseServer::kSink;
  const auto ours = std::find_if(list.devices.begin(), list.devices.end(), [&](const DeviceInfo& d) {
    return d.driver == GetParam() && d.name.find(name) != std::string::npos && d.outputs > 0;
  });
  ASSERT_NE(ours, list.devices.end()) << devices_text(list);
  EXPECT_GE(ours->outputs, 2);
  ASSERT_NO_FATAL_FAILURE(open(GetParam()));
  EXPECT_EQ(opened_.audio->status().device.driver, GetParam());
  EXPECT_EQ(opened_.audio->status().device.rate, 48000);
  EXPECT_EQ(opened_.audio->status().device.outputs, 2);
  ASSERT_NO_FATAL_FAILURE(settle());
  ASSERT_NO_FATAL_FAILURE(expect_sound(title()));
}

TEST_P(PulseDevice, AKilledServerCostsNoFrameAndIsTakenBack) {
  ASSERT_NO_FATAL_FAILURE(open(GetParam()));
  ASSERT_NO_FATAL_FAILURE(settle());
  ASSERT_NO_FATAL_FAILURE(expect_standby(title() + " killed", [&] { server_.kill(); }));
  EXPECT_FALSE(on_device());
  EXPECT_NE(notices_.find("The set goes on without sound"), std::string::npos) << notices_;
  ASSERT_TRUE(server_.start(48000)) << server_.log();
  ASSERT_TRUE(wait_until([&] { return on_device(); })) << server_.log();
  ASSERT_NO_FATAL_FAILURE(settle());
  ASSERT_NO_FATAL_FAILURE(expect_sound(title() + ", taken back"));
}

TEST_P(PulseDevice, AFrozenServerCostsNoFrameAndIsTakenBackWhenItThaws) {
  ASSERT_NO_FATAL_FAILURE(open(GetParam()));
  ASSERT_NO_FATAL_FAILURE(settle());
  ASSERT_NO_FATAL_FAILURE(expect_standby(title() + " frozen", [&] { server_.freeze(); }));
  server_.thaw();
  ASSERT_TRUE(wait_until([&] { return on_device(); })) << server_.log();
  EXPECT_EQ(discontinuity(engine_.record()), "");
  EXPECT_FALSE(engine_.overlapped);
}

INSTANTIATE_TEST_SUITE_P(By, PulseDevice, ::testing::Values(Driver::pulse, Driver::alsa),
                         [](const auto& by) { return std::string(driver_name(by.param)); });

}  // namespace
}  // namespace tactus::io
