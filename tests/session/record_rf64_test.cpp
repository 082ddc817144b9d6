// Recordings beyond 4 GiB, at their true size: the files are full of holes, so that they take no room, but readers see
// all of it.
#include <gtest/gtest.h>

#include <fcntl.h>
#include <sndfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "base/unique_fd.h"
#include "media/decoder.h"
#include "session/record_kinds.h"
#include "support/temp_folder.h"

namespace tactus::session {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kFrameBytes = 8;

std::uint64_t number(const std::string& bytes, std::size_t at, int size) {
  std::uint64_t v = 0;
  for (int i = size - 1; i >= 0; --i) v = v << 8 | static_cast<unsigned char>(bytes[at + static_cast<std::size_t>(i)]);
  return v;
}

TEST(RecordRf64, TheHeadersSizesNeverOverflow) {
  const RecordFile::Options options{RecordFormat::wav, 48000};
  const auto most = static_cast<std::int64_t>(options.rf64_above / kFrameBytes);
  const std::string small = wav_header(options, most, {}), big = wav_header(options, most + 1, {});
  EXPECT_EQ(small.size(), big.size()) << "the audio begins at the same place";
  EXPECT_EQ(small.substr(0, 4), "RIFF");
  EXPECT_EQ(number(small, 4, 4), small.size() - 8 + static_cast<std::uint64_t>(most * kFrameBytes));
  EXPECT_EQ(number(small, small.size() - 4, 4), static_cast<std::uint64_t>(most * kFrameBytes));
  EXPECT_EQ(big.substr(0, 4), "RF64");
  EXPECT_EQ(number(big, 4, 4), 0xFFFFFFFF);
  EXPECT_EQ(number(big, big.size() - 4, 4), 0xFFFFFFFF);
  EXPECT_EQ(big.substr(12, 4), "ds64");
  EXPECT_EQ(number(big, 20, 8), big.size() - 8 + static_cast<std::uint64_t>((most + 1) * kFrameBytes));
  EXPECT_EQ(number(big, 28, 8), static_cast<std::uint64_t>((most + 1) * kFrameBytes));
  EXPECT_EQ(number(big, 36, 8), static_cast<std::uint64_t>(most + 1));
}

TEST(RecordRf64, FourHoursAreReadToTheirLastFrame) {
  constexpr std::int64_t kFrames = std::int64_t{4} * 3600 * 48000, kLast = 1000;  // 5.5 GB
  const test::TempFolder folder;
  const fs::path path = folder / "night.wav";
  const std::string head = wav_header({RecordFormat::wav, 48000}, kFrames, {{0, "First"}, {kFrames - kLast, "Last"}});
  std::vector<float> end(2 * kLast);
  for (std::size_t i = 0; i < end.size(); ++i) end[i] = static_cast<float>(i) / 4096;
  {
    const UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    ASSERT_TRUE(fd);
    const auto at = static_cast<off_t>(head.size()) + (kFrames - kLast) * kFrameBytes;
    ASSERT_EQ(::pwrite(fd.get(), head.data(), head.size(), 0), static_cast<ssize_t>(head.size()));
    ASSERT_EQ(::pwrite(fd.get(), end.data(), end.size() * sizeof(float), at), static_cast<ssize_t>(kLast * kFrameBytes))
        << std::strerror(errno);
    struct stat s {};
    ASSERT_EQ(::fstat(fd.get(), &s), 0);
    ASSERT_LT(s.st_blocks * 512, 1 << 20) << "this file system has no holes";
  }
  // libsndfile reads cue points of a RIFF only (record_test.cpp), and they are the same here.
  const std::size_t cue = head.find("cue ");
  ASSERT_NE(cue, std::string::npos);
  EXPECT_EQ(number(head, cue + 8, 4), 2U);
  EXPECT_EQ(number(head, cue + 12 + 24 + 20, 4), static_cast<std::uint64_t>(kFrames - kLast));
  EXPECT_NE(head.find("Last"), std::string::npos);
  SF_INFO info{};
  SNDFILE* file = sf_open(path.c_str(), SFM_READ, &info);
  ASSERT_NE(file, nullptr) << sf_strerror(nullptr);
  EXPECT_EQ(info.format & SF_FORMAT_TYPEMASK, SF_FORMAT_RF64);
  EXPECT_EQ(info.frames, kFrames);
  std::vector<float> got(end.size() + 2);
  EXPECT_EQ(sf_seek(file, kFrames - kLast, SEEK_SET), kFrames - kLast);
  EXPECT_EQ(sf_readf_float(file, got.data(), kLast + 1), kLast) << "and no more";
  EXPECT_EQ(std::memcmp(got.data(), end.data(), end.size() * sizeof(float)), 0);
  sf_close(file);

  auto ours = media::Decoder::open(path.string(), 0);
  ASSERT_TRUE(ours) << ours.error().text();
  EXPECT_EQ(ours->info().frames, kFrames);
  got.assign(got.size(), 1);
  ASSERT_TRUE(ours->read(kFrames - kLast, got));
  EXPECT_EQ(std::memcmp(got.data(), end.data(), end.size() * sizeof(float)), 0);
  EXPECT_EQ(got.back(), 0) << "silence after it";
}

}  // namespace
}  // namespace tactus::session
