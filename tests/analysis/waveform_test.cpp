// Waveform files: what is drawn of tones of known level and place, that they fill in, and that nothing broken is
// mapped.
#include "analysis/waveform.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <numbers>

#include "support/temp_folder.h"

namespace tactus::analysis {
namespace {

constexpr int kRate = 48000, kHop = 70;

// A second each of 60 Hz, 600 Hz and 6 kHz at -6, -12 and -18 dBFS, and one of silence.
std::vector<float> tones() {
  std::vector<float> pcm;
  for (int second = 0; second < 4; ++second) {
    const double gain = second == 3 ? 0 : std::pow(0.5, second + 1);
    for (int i = 0; i < kRate; ++i) {
      const auto v = static_cast<float>(gain * std::sin(2 * std::numbers::pi * 60 * std::pow(10, second) * i / kRate));
      pcm.insert(pcm.end(), {v, v});
    }
  }
  return pcm;
}

// Feeds [from, to) frames of it.
struct Drawing {
  explicit Drawing(const std::string& path, std::int64_t frames)
      : writer(WaveformWriter::create(path, kRate, frames)) {}
  void feed(const std::vector<float>& pcm, std::size_t from, std::size_t to) {
    writer.value().feed({pcm.data() + 2 * from, 2 * (to - from)});
  }
  media::Result<WaveformWriter> writer;
};

TEST(Waveform, ShowsBandsAndPeaksWhereTheyAre) {
  const test::TempFolder folder;
  const std::string path = folder / "a/b.wave";
  const std::vector<float> pcm = tones();
  Drawing drawing(path, 4 * kRate);
  ASSERT_TRUE(drawing.writer) << drawing.writer.error().text();
  for (std::size_t at = 0; at < 4 * kRate; at += 1000) drawing.feed(pcm, at, at + 1000);
  drawing.writer.value().finish();

  const auto opened = Waveform::open(path);
  ASSERT_TRUE(opened) << opened.error().text();
  const Waveform& wave = opened.value();
  EXPECT_TRUE(wave.complete());
  EXPECT_EQ(wave.rate(), kRate);
  ASSERT_EQ(wave.level(0).size(), 2743u);  // 192,000 / 70, and one that isn't whole
  EXPECT_EQ(wave.filled(), 2743u);
  // Half a second into each tone: the loudest of a period's columns.
  for (int second = 0; second < 3; ++second) {
    WaveformColumn top;
    for (std::size_t i = 0; i < 24; ++i) {
      const WaveformColumn c = wave.level(0)[static_cast<std::size_t>(second * kRate + kRate / 2) / kHop + i];
      top = {std::max(top.peak, c.peak), std::max(top.low, c.low), std::max(top.mid, c.mid),
             std::max(top.high, c.high)};
    }
    EXPECT_NEAR(top.peak, 255 * std::pow(0.5, second + 1), 2) << second;
    const std::array<int, 3> bands = {top.low, top.mid, top.high};
    for (int band = 0; band < 3; ++band) {
      if (band == second) continue;
      EXPECT_LT(bands[static_cast<std::size_t>(band)], bands[static_cast<std::size_t>(second)] - 30);
    }
    // A sine's mean square is 3 dB below its top's square; at 60 Hz a hop of 1.5 ms sees little but the top.
    const double db = -6.02 * (second + 1) - (second == 0 ? 0.2 : 3.01);
    EXPECT_NEAR(bands[static_cast<std::size_t>(second)], 255 * (1 + db / 60), 8) << second;
  }
  const WaveformColumn end = wave.level(0).back();
  EXPECT_EQ(end.peak, 0);
  // Each level holds the maxima of the one before.
  for (std::size_t k = 1; k < wave.levels(); ++k) {
    ASSERT_EQ(wave.level(k).size(), (wave.level(k - 1).size() + 1) / 2);
    for (std::size_t i = 0; i < wave.level(k).size(); ++i) {
      const WaveformColumn a = wave.level(k - 1)[2 * i];
      const WaveformColumn b = 2 * i + 1 < wave.level(k - 1).size() ? wave.level(k - 1)[2 * i + 1] : a;
      ASSERT_EQ(wave.level(k)[i].peak, std::max(a.peak, b.peak)) << k << " " << i;
      ASSERT_EQ(wave.level(k)[i].mid, std::max(a.mid, b.mid)) << k << " " << i;
    }
  }
  EXPECT_LE(wave.level(wave.levels() - 1).size(), WaveformWriter::kOverview);
  EXPECT_EQ(wave.hop(1), 2 * kHop);
}

TEST(Waveform, FillsInBeforeAReadersEyes) {
  const test::TempFolder folder;
  const std::string path = folder / "a.wave";
  const std::vector<float> pcm = tones();
  Drawing drawing(path, 4 * kRate);
  ASSERT_TRUE(drawing.writer);
  const auto opened = Waveform::open(path);
  ASSERT_TRUE(opened) << opened.error().text();
  EXPECT_EQ(opened->filled(), 0u);
  drawing.feed(pcm, 0, kRate);
  EXPECT_EQ(opened->filled(), static_cast<std::size_t>(kRate / kHop));
  EXPECT_GT(opened->level(0)[300].peak, 0);
  EXPECT_EQ(opened->level(0)[800].peak, 0);
  EXPECT_GT(opened->level(opened->levels() - 1)[0].peak, 0) << "the overview fills in, too";
  EXPECT_FALSE(opened->complete());
  drawing.writer.value().finish();  // fewer frames than announced
  EXPECT_TRUE(opened->complete());
}

TEST(Waveform, MoreThanAnnouncedAndBrokenSamplesDoNoHarm) {
  const test::TempFolder folder;
  const std::string path = folder / "a.wave";
  std::vector<float> pcm = tones();
  pcm[10] = pcm[11] = std::numeric_limits<float>::quiet_NaN();
  pcm[12] = std::numeric_limits<float>::infinity();
  Drawing drawing(path, kRate);
  ASSERT_TRUE(drawing.writer);
  drawing.feed(pcm, 0, 3 * kRate);
  drawing.writer.value().finish();
  const auto opened = Waveform::open(path);
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->filled(), opened->level(0).size());
}

TEST(Waveform, WhatIsBrokenIsNotMapped) {
  const test::TempFolder folder;
  const std::string path = folder / "a.wave";
  {
    Drawing drawing(path, 4 * kRate);
    ASSERT_TRUE(drawing.writer);
  }
  ASSERT_TRUE(Waveform::open(path)) << "not complete, but whole";
  const auto size = std::filesystem::file_size(path);
  EXPECT_FALSE(Waveform::open(folder / "none.wave"));
  EXPECT_FALSE(Waveform::open(folder.path()));
  // Each byte of the header changed, each length: an error or a waveform that can be read to its end.
  std::ifstream file(path, std::ios::binary);
  const std::string good((std::istreambuf_iterator<char>(file)), {});
  const auto written = [&](const std::string& bytes) {
    std::ofstream(folder / "b.wave", std::ios::binary | std::ios::trunc) << bytes;
    return Waveform::open(folder / "b.wave");
  };
  for (std::size_t i = 0; i < sizeof(WaveformHeader); ++i) {
    for (const char c : {'\x01', '\x7f', '\xff'}) {
      std::string bad = good;
      bad[i] = static_cast<char>(bad[i] ^ c);
      const auto opened = written(bad);
      if (!opened) continue;
      int sum = 0;
      for (std::size_t k = 0; k < opened->levels(); ++k) {
        for (const WaveformColumn column : opened->level(k)) sum += column.peak;
      }
      EXPECT_EQ(sum, 0);
    }
  }
  for (const std::size_t length : {std::size_t{0}, std::size_t{8}, sizeof(WaveformHeader), size - 1}) {
    EXPECT_FALSE(written(good.substr(0, length))) << length;
  }
  EXPECT_FALSE(written(good + "x"));
}

TEST(Waveform, ADiskWithoutRoomIsAnErrorAndLeavesNothing) {
  // A file can't be longer than this.
  const test::TempFolder folder;
  const auto made = WaveformWriter::create(folder / "a.wave", kRate, std::int64_t{1} << 60);
  ASSERT_FALSE(made);
  EXPECT_NE(made.error().cause.find("can't be written"), std::string::npos) << made.error().cause;
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

}  // namespace
}  // namespace tactus::analysis
