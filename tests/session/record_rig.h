// A recorder fed by hand with known signals, and what it wrote, read back by libsndfile.
#pragma once

#include <gtest/gtest.h>
#include <sndfile.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <functional>
#include <mutex>
#include <sstream>
#include <thread>

#include "session/recorder.h"
#include "support/temp_folder.h"

namespace tactus::testing::recording {

namespace fs = std::filesystem;
using namespace tactus::session;

inline constexpr int kRate = 48000;

// What stream `which` plays: no two frames are alike, and all bits of a float are used.
inline float sample(int which, std::int64_t frame, int side) {
  const double t = static_cast<double>(frame) / kRate;
  return static_cast<float>(0.4 * std::sin(2 * M_PI * (200 + 50 * which + side) * t) +
                            0.05 * std::sin(1e4 * t * t + side));
}

struct Read {
  std::vector<float> interleaved;
  std::int64_t frames() const { return static_cast<std::int64_t>(interleaved.size()) / 2; }
  int format = 0;
};

inline Read read(const fs::path& path) {
  SF_INFO info{};
  SNDFILE* file = sf_open(path.c_str(), SFM_READ, &info);
  EXPECT_NE(file, nullptr) << path << ": " << sf_strerror(nullptr);
  if (!file) return {};
  EXPECT_EQ(info.channels, 2);
  EXPECT_EQ(info.samplerate, kRate);
  Read r;
  r.format = info.format & SF_FORMAT_TYPEMASK;
  std::vector<float> part(2 * 4096);
  for (sf_count_t n; (n = sf_readf_float(file, part.data(), 4096)) > 0;) {
    r.interleaved.insert(r.interleaved.end(), part.begin(), part.begin() + 2 * n);
  }
  sf_close(file);
  return r;
}

inline std::string bytes(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream all;
  all << in.rdbuf();
  return all.str();
}

// Frames of a file that are what `which` played from frame `first`; -1: some are not.
inline std::int64_t true_frames(const Read& r, int which, std::int64_t first, double tolerance) {
  for (std::int64_t i = 0; i < r.frames(); ++i) {
    for (int side = 0; side < 2; ++side) {
      const float want = sample(which, first + i, side), got = r.interleaved[static_cast<std::size_t>(2 * i + side)];
      if (std::fabs(got - want) > tolerance) {
        ADD_FAILURE() << "frame " << first + i << ": " << got << " for " << want;
        return -1;
      }
    }
  }
  return r.frames();
}

inline constexpr double kRounding = 0.5 / 8388608 + 1e-9;

class Record : public ::testing::Test {
 protected:
  void SetUp() override {
    options.folder = folder;
    options.name = "set";
    options.file.format = RecordFormat::wav;
    for (int s = 0; s < rt::kStreams; ++s) {
      rings.push_back(std::make_unique<rt::StreamRing>(8192));
      raw[s] = rings.back().get();
    }
  }
  void start() {
    std::string error;
    recorder = Recorder::start(
        options, raw, SampleRate{kRate}, [] { return INT64_MIN; },
        [this](const std::string& text) {
          const std::lock_guard lock(mutex);
          notices.push_back(text);
        },
        &error);
    ASSERT_TRUE(recorder) << error;
  }
  // As the audio thread would, but it waits for room.
  void feed(std::int64_t frames, int step = 32) {
    for (const std::int64_t end = now + frames; now < end;) {
      const int n = static_cast<int>(std::min<std::int64_t>(step, end - now));
      for (int s = 0; s < rt::kStreams; ++s) {
        if (!(options.streams >> s & 1)) continue;
        while (raw[s]->writable() == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
        float left[32], right[32];
        for (int i = 0; i < n; ++i) left[i] = sample(s, now + i, 0), right[i] = sample(s, now + i, 1);
        rt::put_block(raw[s], now, left, right, n);
      }
      now += n;
      if (recorder) recorder->told_until(now);
    }
  }
  bool noticed(const std::string& part) {
    const std::lock_guard lock(mutex);
    return std::any_of(notices.begin(), notices.end(),
                       [&](const std::string& n) { return n.find(part) != std::string::npos; });
  }
  fs::path file(const std::string& name) const { return options.folder / name; }
  std::vector<std::string> names() const {
    std::vector<std::string> all;
    for (const auto& entry : fs::directory_iterator(options.folder)) all.push_back(entry.path().filename());
    std::sort(all.begin(), all.end());
    return all;
  }

  RecordOptions options;
  const tactus::test::TempFolder temp;
  const fs::path folder = temp.path();
  std::vector<std::unique_ptr<rt::StreamRing>> rings;
  rt::StreamRing* raw[rt::kStreams];
  std::unique_ptr<Recorder> recorder;
  std::int64_t now = 0;
  std::mutex mutex;
  std::vector<std::string> notices;
};

inline bool within(double seconds, const std::function<bool()>& done) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  while (!done()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

}  // namespace tactus::testing::recording
