// Files that are not what they say: each gives an error that names it, and none harms what asked for it.
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <future>
#include <iterator>

#include "media/content_id.h"
#include "media/decoder.h"
#include "media/track_cache.h"
#include "media/worker_pool.h"
#include "music_files.h"

namespace tactus::media {
namespace {

using namespace test;

std::string bytes_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void expect_error(const std::string& path, const std::string& cause) {
  const auto pcm = decode_file(path, 48000);
  ASSERT_FALSE(pcm.ok()) << path;
  EXPECT_EQ(pcm.error().file, path);
  EXPECT_NE(pcm.error().cause.find(cause), std::string::npos) << pcm.error().text();
}

TEST(Hostile, WhatIsNoAudioFileIsNamedWithItsCause) {
  TempFolder folder;
  expect_error(folder / "missing.mp3", "there is no such file");
  expect_error(folder.path(), "it is a folder");
  std::ofstream(folder / "empty.flac");
  expect_error(folder / "empty.flac", "the file is empty");
  std::ofstream(folder / "letter.mp3") << "Dear reader, this is no music at all.\n";
  expect_error(folder / "letter.mp3", "");
  ::mkfifo((folder / "pipe.mp3").c_str(), 0600);
  expect_error(folder / "pipe.mp3", "it is a pipe or a device");
  ffmpeg("-f lavfi -i color=red:s=16x16:d=0.1 -c:v mpeg4 " + (folder / "film.m4a"));
  expect_error(folder / "film.m4a", "it holds no audio");
  ffmpeg("-f lavfi -i color=red:s=16x16 -frames:v 1 " + (folder / "picture.png"));
  std::filesystem::rename(folder / "picture.png", folder / "picture.mp3");
  expect_error(folder / "picture.mp3", "");
  std::mt19937 random(3);
  std::string noise(100000, '\0');
  for (char& c : noise) c = static_cast<char>(random());
  std::ofstream(folder / "noise.mp3", std::ios::binary) << noise;
  expect_error(folder / "noise.mp3", "");
}

TEST(Hostile, AMislabelledFilePlaysByWhatItHolds) {
  TempFolder folder;
  std::filesystem::copy_file(click_file("a.flac", "-c:a flac"), folder / "really-flac.mp3");
  const auto pcm = decode_file(folder / "really-flac.mp3", 0);
  ASSERT_TRUE(pcm.ok());
  EXPECT_EQ(pcm->frames, kSourceFrames);
}

TEST(Hostile, ATruncatedFileIsAnErrorInEveryFormat) {
  TempFolder folder;
  const std::map<std::string, std::string> files = {{"a.wav", "-c:a pcm_s16le"},
                                                    {"a.aiff", "-c:a pcm_s16be"},
                                                    {"a.flac", "-c:a flac"},
                                                    {"alac.m4a", "-c:a alac"},
                                                    {"a.mp3", "-c:a libmp3lame -b:a 320k"},
                                                    {"a.ogg", "-c:a libvorbis -q:a 8"},
                                                    {"a.m4a", "-c:a aac -b:a 256k"},
                                                    {"fast.m4a", "-c:a aac -b:a 256k -movflags +faststart"},
                                                    {"a.opus", "-c:a libopus -b:a 256k"}};
  for (const auto& [name, options] : files) {
    const std::string whole = bytes_of(click_file(name, options));
    std::ofstream(folder / name, std::ios::binary) << whole.substr(0, whole.size() * 6 / 10);
    expect_error(folder / name, "cut short");
  }
}

TEST(Hostile, FloatsThatAreNoSoundBecomeSilenceOrTheLoudestThereIs) {
  TempFolder folder;
  std::vector<float> stereo(2 * 48000, 0.25f);
  const float odd[] = {std::nanf(""), INFINITY, -INFINITY, 3e38f, -3e38f, 1.5f};
  for (std::size_t i = 0; i < std::size(odd); ++i) stereo[2 * (1000 + 100 * i)] = odd[i];
  std::ofstream(folder / "raw", std::ios::binary)
      .write(reinterpret_cast<const char*>(stereo.data()), static_cast<std::streamsize>(stereo.size() * 4));
  const std::string path = folder / "floats.wav";
  ffmpeg("-f f32le -ar 48000 -ac 2 -i " + (folder / "raw") + " -c:a pcm_f32le " + path);
  const auto pcm = decode_file(path, 48000);
  ASSERT_TRUE(pcm.ok());
  const float expected[] = {0, 0, 0, 64, -64, 1.5f};
  for (std::size_t i = 0; i < std::size(odd); ++i)
    EXPECT_EQ(pcm->interleaved[2 * (1000 + 100 * i)], expected[i]) << odd[i];
  EXPECT_EQ(pcm->interleaved[2 * 900], 0.25f);
  const auto resampled = decode_file(path, 44100);
  ASSERT_TRUE(resampled.ok());
  EXPECT_TRUE(std::all_of(resampled->interleaved.begin(), resampled->interleaved.end(),
                          [](float x) { return std::isfinite(x) && std::fabs(x) < 100; }));
}

TEST(Hostile, ContentIdIsOfTheBytesAndErrorsAreNamed) {
  TempFolder folder;
  std::ofstream(folder / "a") << "one";
  std::ofstream(folder / "b") << "one";
  std::ofstream(folder / "c") << "two";
  EXPECT_EQ(content_id(folder / "a").value(), content_id(folder / "b").value());
  EXPECT_NE(content_id(folder / "a").value(), content_id(folder / "c").value());
  EXPECT_EQ(content_id(folder / "a").value().size(), 32u);
  EXPECT_FALSE(content_id(folder / "none").ok());
  EXPECT_FALSE(content_id(folder.path()).ok());
}

// Damage at random places of every format, decoded where it may kill: in workers, which must answer every job.
TEST(Hostile, DamagedFilesCostAtMostTheirOwnLoad) {
  TempFolder folder;
  const std::map<std::string, std::string> files = {
      {"a.wav", "-c:a pcm_s16le"},         {"a.flac", "-c:a flac"},
      {"alac.m4a", "-c:a alac"},           {"v.mp3", "-c:a libmp3lame -q:a 2"},
      {"a.ogg", "-c:a libvorbis -q:a 8"},  {"a.m4a", "-c:a aac -b:a 256k"},
      {"a.opus", "-c:a libopus -b:a 256k"}};
  WorkerPool pool;
  TrackCache cache(pool);
  std::mt19937 random(42);
  for (const auto& [name, options] : files) {
    const std::string whole = bytes_of(click_file(name, options));
    for (int round = 0; round < 6; ++round) {
      std::string damaged = whole;
      const std::size_t reach = round % 2 == 0 ? std::min<std::size_t>(2000, whole.size()) : whole.size();
      for (int hit = 0; hit < 40; ++hit) damaged[random() % reach] = static_cast<char>(random());
      const std::string path = folder / (std::to_string(round) + name);
      std::ofstream(path, std::ios::binary) << damaged;
      auto track = cache.open(path, 48000);
      if (!track) {
        EXPECT_FALSE(track.error().cause.empty());
        continue;
      }
      static_cast<void>(cache.ensure(track.value(), 0, track.value()->info().frames).ok());
    }
  }
  auto good = cache.open(click_file("a.flac", "-c:a flac"), 48000);
  EXPECT_TRUE(good.ok());
}

}  // namespace
}  // namespace tactus::media
