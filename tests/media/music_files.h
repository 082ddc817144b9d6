// Test signals, and files of them in every format, made once a test program by the ffmpeg command line.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "media/audio_writer.h"
#include "support/temp_folder.h"

namespace tactus::media::test {

using tactus::test::TempFolder;

constexpr int kSourceRate = 44100;
constexpr std::int64_t kSourceFrames = 8 * 44100 + 123;  // beyond two restarts of a decoder; no codec's packet size

inline std::vector<std::int64_t> click_frames() {
  std::vector<std::int64_t> out;
  for (std::int64_t f = 0; f < kSourceFrames; f += 22050 + 37) out.push_back(f + 1000);
  return out;
}

// A click that codecs keep: a Gaussian's second derivative, which neither level nor slope of the music shifts.
constexpr double kClickWidth = 12;

inline double click_shape(double frames_off) {
  const double x2 = frames_off * frames_off / (kClickWidth * kClickWidth);
  return (1 - x2) * std::exp(-0.5 * x2);
}

// A quiet chord with noise, different on both sides, and clicks centred on click_frames().
inline std::vector<float> click_track() {
  std::vector<float> out(static_cast<std::size_t>(2 * kSourceFrames));
  std::mt19937 random(11);
  std::uniform_real_distribution<float> noise(-0.004f, 0.004f);
  for (std::int64_t i = 0; i < kSourceFrames; ++i) {
    const double t = static_cast<double>(i) / kSourceRate;
    out[static_cast<std::size_t>(2 * i)] = static_cast<float>(0.05 * std::sin(2 * M_PI * 220 * t)) + noise(random);
    out[static_cast<std::size_t>(2 * i + 1)] = static_cast<float>(0.04 * std::sin(2 * M_PI * 331 * t)) + noise(random);
  }
  for (const std::int64_t click : click_frames()) {
    for (std::int64_t i = std::max<std::int64_t>(0, click - 80); i < std::min(kSourceFrames, click + 80); ++i) {
      for (std::int64_t side = 0; side < 2; ++side)
        out[static_cast<std::size_t>(2 * i + side)] +=
            static_cast<float>(0.8 * click_shape(static_cast<double>(i - click)));
    }
  }
  return out;
}

inline void ffmpeg(const std::string& arguments) {
  ASSERT_EQ(std::system(("ffmpeg -v error -y " + arguments).c_str()), 0) << arguments;
}

// The click track as a file that `options` of ffmpeg make; made on first use.
inline const std::string& click_file(const std::string& name, const std::string& options) {
  static TempFolder folder;
  static std::map<std::string, std::string> files;
  if (files.empty()) {
    files["source.wav"] = folder / "source.wav";
    WriterFormat format;
    format.rate = kSourceRate;
    format.sample = SampleFormat::s16;
    EXPECT_TRUE(write_file(files["source.wav"], format, click_track()).ok());
  }
  std::string& path = files[name];
  if (path.empty()) {
    path = folder / name;
    ffmpeg("-i " + files["source.wav"] + " " + options + " -metadata title=Click -metadata artist=Tock " + path);
  }
  return path;
}

// Ten minutes of it as an MP3 of 192 kbit/s, encoded in no time: the first packets over and over.
inline const std::string& long_mp3() {
  static TempFolder folder;
  static const std::string path = [] {
    const std::string once = click_file("once.mp3", "-c:a libmp3lame -b:a 192k -write_xing 0 -id3v2_version 0");
    std::ifstream in(once, std::ios::binary);
    const std::string bytes(std::istreambuf_iterator<char>(in), {});
    std::ofstream out(folder / "long.mp3", std::ios::binary);
    for (int i = 0; i < 75; ++i) out << bytes;
    return folder / "long.mp3";
  }();
  return path;
}

}  // namespace tactus::media::test
