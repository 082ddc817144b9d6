// The null device, the file device, and what lists devices.
#include <gtest/gtest.h>
#include <sndfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

#include "fake_engine.h"
#include "io/audio/backend.h"
#include "io/audio/clock_stream.h"
#include "io/audio/devices.h"
#include "io/audio/quiet_cerr.h"
#include "support/temp_folder.h"

namespace tactus::io {
namespace {

TEST(Pacer, NeverDriftsFromTheClock) {
  Pacer pacer(44100, 64, 1000);
  for (int k = 0; k < 44100; ++k) pacer.passed(pacer.due_ns());
  EXPECT_EQ(pacer.due_ns(), 1000 + 64'000'000'000);  // 44100 periods of 64 frames are 64 s exactly
  EXPECT_EQ(pacer.restarts(), 0);
}

TEST(Pacer, SaysOnceWhenAPeriodBeginsMoreThanABlockLate) {
  constexpr std::int64_t kBlockNs = 10'000'000;
  Pacer pacer(48000, 480, 0);
  const auto period = [&](std::int64_t late_ns) {
    const bool missed = pacer.missed(pacer.due_ns() + late_ns);
    pacer.passed(pacer.due_ns() + late_ns);
    return missed;
  };
  EXPECT_FALSE(period(0));
  EXPECT_FALSE(period(kBlockNs)) << "the device still had a block to play";
  EXPECT_TRUE(period(kBlockNs + 1));
  EXPECT_FALSE(period(3 * kBlockNs)) << "still the same hole";
  EXPECT_FALSE(period(0));
  EXPECT_TRUE(period(50 * kBlockNs));
  EXPECT_FALSE(period(0)) << "forgotten, and on time from here";
}

TEST(Pacer, CatchesUpWhatIsShortAndForgetsWhatIsLong) {
  constexpr std::int64_t kPeriod = 10'000'000;
  Pacer pacer(48000, 480, 0);
  pacer.passed(0);
  std::int64_t now = pacer.due_ns() + 80'000'000;  // eight periods late
  for (int k = 0; k < 8; ++k) {
    EXPECT_LT(pacer.due_ns(), now);
    pacer.passed(now);
  }
  EXPECT_EQ(pacer.due_ns() % kPeriod, 0) << "still the old raster";
  now += 3'600'000'000'000;
  pacer.passed(now);
  EXPECT_EQ(pacer.restarts(), 1);
  EXPECT_EQ(pacer.due_ns(), now);
}

TEST(NullDevice, KeepsRealTimeByTheEnginesOwnRecord) {
  FakeEngine engine;
  const OpenedAudio opened = open_audio({.driver = Driver::null, .block = 128}, engine.callback());
  ASSERT_TRUE(opened.audio) << opened.error;
  while (engine.blocks < 80) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  const std::vector<BlockRecord> record = engine.record();
  EXPECT_EQ(discontinuity(record), "");
  EXPECT_EQ(record[0].frames, 128);
  // Never early: block k is not rendered before its time, however late the machine makes it.
  for (std::size_t k = 1; k < 80; ++k) {
    EXPECT_GE(record[k].at_ns - record[0].at_ns,
              static_cast<std::int64_t>(k) * 128'000'000'000 / 48000 - Pacer::kCatchUpNs);
  }
  EXPECT_TRUE(opened.audio->status().on_device);
  EXPECT_FALSE(opened.audio->prelisten().possible);
}

class FileDevice : public ::testing::Test {
 protected:
  const tactus::test::TempFolder folder_;
};

TEST_F(FileDevice, WritesEveryFrameOfTheSetAndNothingElse) {
  const std::string path = folder_ / "set.wav";
  FakeEngine engine;
  {
    AudioOptions options;
    std::string error;
    ASSERT_TRUE(parse_audio("file:" + path, &options, &error)) << error;
    options.routing = "master=1-2 cue=3-4";
    const OpenedAudio opened = open_audio(options, engine.callback());
    ASSERT_TRUE(opened.audio) << opened.error;
    while (engine.blocks < 60) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  const BlockRecord last = engine.record().back();
  SF_INFO info{};
  SNDFILE* file = sf_open(path.c_str(), SFM_READ, &info);
  ASSERT_TRUE(file) << sf_strerror(nullptr);
  EXPECT_EQ(info.samplerate, 48000);
  EXPECT_EQ(info.channels, 4);
  const int type = info.format & SF_FORMAT_TYPEMASK;
  EXPECT_TRUE(type == SF_FORMAT_WAV || type == SF_FORMAT_WAVEX) << "not RF64 while it fits in a plain WAV";
  ASSERT_EQ(info.frames, last.frame + last.frames);
  std::vector<float> all(static_cast<std::size_t>(info.frames) * 4);
  sf_readf_float(file, all.data(), info.frames);
  sf_close(file);
  for (std::int64_t f = 0; f < info.frames; ++f) {
    ASSERT_NEAR(all[static_cast<std::size_t>(f) * 4], FakeEngine::ramp(f), 2e-7) << f;
    ASSERT_NEAR(all[static_cast<std::size_t>(f) * 4 + 2], 0.25f, 2e-7) << f;
  }
}

TEST_F(FileDevice, AFolderThatIsNotThereIsAnErrorThatNamesIt) {
  FakeEngine engine;
  const OpenedAudio opened = open_audio({.driver = Driver::file, .device = folder_ / "no/set.wav"}, engine.callback());
  EXPECT_FALSE(opened.audio);
  EXPECT_NE(opened.error.find("no/set.wav can't be written"), std::string::npos) << opened.error;
}

TEST_F(FileDevice, AFullDiskIsToldOnceAndTheSetGoesOn) {
  if (access("/dev/full", W_OK) != 0) GTEST_SKIP() << "no /dev/full here";
  // libsndfile writes its header first, so this may fail at once or later; either way with words.
  FakeEngine engine;
  const OpenedAudio opened = open_audio({.driver = Driver::file, .device = "/dev/full"}, engine.callback());
  if (!opened.audio) {
    EXPECT_NE(opened.error.find("/dev/full can't be written"), std::string::npos);
    return;
  }
  std::string told;
  for (int i = 0; i < 5000 && told.empty(); ++i) {
    for (const Notice& n : opened.audio->take_notices()) told += n.text;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  EXPECT_NE(told.find("/dev/full can't be written"), std::string::npos);
  const std::size_t blocks = engine.blocks;
  while (engine.blocks < blocks + 5) std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

TEST(ParseAudio, NamesDriversDevicesAndFiles) {
  AudioOptions options;
  std::string error;
  ASSERT_TRUE(parse_audio("jack", &options, &error));
  EXPECT_EQ(options.driver, Driver::jack);
  EXPECT_EQ(options.device, "");
  ASSERT_TRUE(parse_audio("alsa:hw:1,0", &options, &error));
  EXPECT_EQ(options.driver, Driver::alsa);
  EXPECT_EQ(options.device, "hw:1,0");
  ASSERT_TRUE(parse_audio("auto", &options, &error));
  EXPECT_EQ(options.driver, Driver::automatic);
  EXPECT_FALSE(parse_audio("file", &options, &error));
  EXPECT_NE(error.find("file:set.wav"), std::string::npos);
  EXPECT_FALSE(parse_audio("oss", &options, &error));
  EXPECT_NE(error.find("no audio driver 'oss'"), std::string::npos);
}

TEST(Devices, AreWrittenForPeopleAndPrograms) {
  DeviceInfo device;
  device.driver = Driver::jack;
  device.name = "sys\xfftem";  // not UTF-8: drivers do that
  device.outputs = 8;
  device.inputs = 2;
  device.rates = {44100, 48000};
  device.preferred_rate = 48000;
  device.is_default = true;
  const auto json = nlohmann::json::parse(devices_json({{device}, {}}));
  ASSERT_EQ(json["devices"].size(), 1u);
  EXPECT_EQ(json["devices"][0]["driver"], "jack");
  EXPECT_EQ(json["devices"][0]["outputs"], 8);
  EXPECT_EQ(json["devices"][0]["rates"], (std::vector<int>{44100, 48000}));
  EXPECT_EQ(json["devices"][0]["default"], true);
  device.name = "system";
  EXPECT_EQ(devices_text({{device}, {}}), "jack    system: 8 out, 2 in, 44100 48000 Hz, default\n");
  EXPECT_EQ(devices_text({{device}, {Driver::pulse}}),
            "jack    system: 8 out, 2 in, 44100 48000 Hz, default\n"
            "PulseAudio does not answer: its server is frozen, or far too busy.\n");
  EXPECT_EQ(nlohmann::json::parse(devices_json({{}, {Driver::jack}}))["silent"], nlohmann::json::array({"jack"}));
  EXPECT_NE(devices_text({}).find("No audio device"), std::string::npos);
  EXPECT_EQ(nlohmann::json::parse(devices_json({}))["devices"].size(), 0u);
}

TEST(QuietCerr, HoldsBackRtAudiosLinesOnly) {
  quiet_cerr();
  take_quieted();
  ::testing::internal::CaptureStderr();
  std::cerr << "before ";
  std::cerr << "and after\n";
  std::cerr << "\nRtApiJack: the Jack server is shutting down this client ... stream stopped and closed!!\n"
            << std::endl;
  std::cerr << "Rt"
            << "A prompt> ";
  std::cerr << "RtApi inside a line\n";
  std::cerr << "Really\n";
  const std::string shown = ::testing::internal::GetCapturedStderr();
  EXPECT_EQ(shown, "before and after\nRtA prompt> RtApi inside a line\nReally\n");
  EXPECT_EQ(take_quieted(),
            "RtApiJack: the Jack server is shutting down this client ... stream stopped and closed!!\n");
}

}  // namespace
}  // namespace tactus::io
