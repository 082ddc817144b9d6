#include "media/stems.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "media/decoder.h"
#include "music_files.h"

namespace tactus::media {
namespace {

using namespace test;

constexpr std::int64_t kFrames = 2 * 44100 + 55;

// Four unlike signals, and silence on the other side of each at times.
std::vector<float> stem_signal(int which) {
  std::vector<float> out(static_cast<std::size_t>(2 * kFrames));
  std::mt19937 random(static_cast<unsigned>(which));
  std::uniform_real_distribution<float> noise(-0.01f, 0.01f);
  for (std::int64_t i = 0; i < kFrames; ++i) {
    const double t = static_cast<double>(i) / 44100;
    const float x = static_cast<float>(0.15 * std::sin(2 * M_PI * (110 << which) * t)) + noise(random);
    out[static_cast<std::size_t>(2 * i)] = x;
    out[static_cast<std::size_t>(2 * i + 1)] = 0.5f * x;
  }
  return out;
}

std::vector<float> sum_of_stems() {
  std::vector<float> sum(static_cast<std::size_t>(2 * kFrames));
  for (int k = 0; k < kStemCount; ++k) {
    const std::vector<float> stem = stem_signal(k);
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += stem[i];
  }
  return sum;
}

void write_flac(const std::string& path, const std::vector<float>& pcm) {
  WriterFormat format;
  format.rate = 44100;
  format.container = Container::flac;
  ASSERT_TRUE(write_file(path, format, pcm).ok());
}

// A track with its stems in the folder beside it.
void write_track(const TempFolder& folder) {
  write_flac(folder / "t.flac", sum_of_stems());
  std::filesystem::create_directory(folder / "t.stems");
  for (int k = 0; k < kStemCount; ++k)
    write_flac(folder / (std::string("t.stems/") + kStemNames[static_cast<std::size_t>(k)] + ".flac"), stem_signal(k));
}

struct Read {
  TrackInfo info;
  std::vector<float> pcm;
};

Read read_all(const std::string& path, int rate) {
  auto decoder = Decoder::open(path, rate);
  EXPECT_TRUE(decoder.ok()) << (decoder.ok() ? "" : decoder.error().text());
  if (!decoder) return {};
  Read out{decoder->info(), {}};
  out.pcm.resize(static_cast<std::size_t>(out.info.frames * out.info.channels));
  EXPECT_TRUE(decoder->read(0, out.pcm).ok());
  return out;
}

// rms of (sum of the four stems - mix) relative to the mix, in dB.
double sum_error_db(const Read& stems, const std::vector<float>& mix) {
  double error = 0, level = 0;
  for (std::size_t i = 0; i < mix.size() / 2; ++i) {
    for (std::size_t side = 0; side < 2; ++side) {
      double sum = 0;
      for (std::size_t k = 0; k < 4; ++k) sum += stems.pcm[8 * i + 2 * k + side];
      error += (sum - mix[2 * i + side]) * (sum - mix[2 * i + side]);
      level += mix[2 * i + side] * mix[2 * i + side];
    }
  }
  return 10 * std::log10(error / level + 1e-30);
}

double level_db(const Read& stems, std::size_t k, const std::vector<float>& expected) {
  double error = 0, level = 0;
  for (std::size_t i = 0; i < expected.size() / 2; ++i) {
    const double d = stems.pcm[8 * i + 2 * k] - expected[2 * i];
    error += d * d;
    level += expected[2 * i] * expected[2 * i];
  }
  return 10 * std::log10(error / level + 1e-30);
}

TEST(Stems, AFolderBesideTheTrackGivesEightChannelsThatSumToIt) {
  TempFolder folder;
  write_track(folder);
  for (const int rate : {0, 48000}) {
    const Read stems = read_all(folder / "t.flac", rate);
    ASSERT_EQ(stems.info.channels, 8);
    EXPECT_EQ(stems.info.notice, "");
    const auto mix = decode_file(folder / "t.flac", rate);
    ASSERT_TRUE(mix.ok());
    EXPECT_EQ(mix->channels, 2);
    EXPECT_LT(sum_error_db(stems, mix->interleaved), -90);
    if (rate != 0) continue;
    for (std::size_t k = 0; k < 4; ++k) EXPECT_LT(level_db(stems, k, stem_signal(static_cast<int>(k))), -90) << k;
  }
}

TEST(Stems, ALossyMixIsStillTheSumOfAllFour) {
  TempFolder folder;
  write_track(folder);
  ffmpeg("-i " + (folder / "t.flac") + " -c:a libmp3lame -b:a 128k " + (folder / "t.mp3"));
  const Read stems = read_all(folder / "t.mp3", 48000);
  ASSERT_EQ(stems.info.channels, 8);
  const auto mix = decode_file(folder / "t.mp3", 48000);
  ASSERT_TRUE(mix.ok());
  EXPECT_LT(sum_error_db(stems, mix->interleaved), -120);
}

TEST(Stems, OfAnotherVersionAreNotUsedAndItIsSaid) {
  TempFolder folder;
  write_track(folder);
  std::vector<float> shifted = sum_of_stems();
  std::rotate(shifted.begin(), shifted.begin() + 2 * 3000, shifted.end());
  write_flac(folder / "t.flac", shifted);
  const Read stems = read_all(folder / "t.flac", 48000);
  EXPECT_EQ(stems.info.channels, 2);
  EXPECT_NE(stems.info.notice.find("differ from the track by"), std::string::npos) << stems.info.notice;
}

TEST(Stems, AMissingOneIsSilenceAndABrokenOneMeansStereo) {
  TempFolder folder;
  write_track(folder);
  std::filesystem::remove(folder / "t.stems/vocals.flac");
  std::vector<float> rest = sum_of_stems();
  const std::vector<float> vocals = stem_signal(0);
  for (std::size_t i = 0; i < rest.size(); ++i) rest[i] -= vocals[i];
  write_flac(folder / "t.flac", rest);
  const Read without = read_all(folder / "t.flac", 0);
  ASSERT_EQ(without.info.channels, 8);
  EXPECT_EQ(without.pcm[8 * 1000], 0.0f);
  std::ofstream(folder / "t.stems/drums.flac") << "no music";
  const Read broken = read_all(folder / "t.flac", 0);
  EXPECT_EQ(broken.info.channels, 2);
  EXPECT_NE(broken.info.notice.find("the stem drums can't be used"), std::string::npos) << broken.info.notice;
}

TEST(Stems, NamesInTheManifestTellTheStemsApart) {
  using Roles = std::array<int, 4>;
  const Roles native = {1, 2, 3, 0};
  EXPECT_EQ(stem_roles(""), native);
  EXPECT_EQ(stem_roles(R"({"stems":[{"name":"Drums"},{"name":"Bass"},{"name":"Synths"},{"name":"Vox"}]})"), native);
  EXPECT_EQ(stem_roles(R"({"stems":[{"name":"Vocal"},{"name":"Perc"},{"name":"Melody"},{"name":"Bassline"}]})"),
            (Roles{0, 1, 3, 2}));
  EXPECT_EQ(stem_roles(R"({"stems":[{"name":"A"},{"name":"B"},{"name":"C"},{"name":"D"}]})"), native);
  EXPECT_EQ(stem_roles(R"({"stems":[1,2,3,4]})"), native);
  EXPECT_EQ(stem_roles(R"({"stems":{"name":4}})"), native);
}

void put_box(std::string& out, const std::string& type, const std::string& content) {
  const std::size_t size = 8 + content.size();
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<char>(size >> shift));
  out += type + content;
}

void grow_box(std::string& bytes, std::size_t type_at, std::size_t by) {
  std::size_t size = 0;
  for (std::size_t i = 4; i > 0; --i) size = size << 8 | static_cast<unsigned char>(bytes[type_at - i]);
  for (std::size_t i = 1; i <= 4; ++i) bytes[type_at - i] = static_cast<char>((size + by) >> (8 * (i - 1)));
}

// Puts a 'stem' box into the udta that ends an MP4 as ffmpeg writes it (moov last, udta last in it).
void add_manifest(const std::string& path, const std::string& json) {
  std::ifstream in(path, std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(in), {}};
  std::string stem;
  put_box(stem, "stem", json);
  const std::size_t moov = bytes.rfind("moov"), udta = bytes.rfind("udta");
  ASSERT_NE(moov, std::string::npos);
  ASSERT_GT(udta, moov);
  grow_box(bytes, moov, stem.size());
  grow_box(bytes, udta, stem.size());
  std::ofstream(path, std::ios::binary) << bytes + stem;
}

TEST(Stems, AnNiStemFileGivesItsStemsByName) {
  TempFolder folder;
  write_track(folder);
  // Streams: the mix, then vocals, other, bass, drums, which is not NI's usual order.
  const std::string from = folder / "t.stems/";
  ffmpeg("-i " + (folder / "t.flac") + " -i " + from + "vocals.flac -i " + from + "other.flac -i " + from +
         "bass.flac -i " + from + "drums.flac -map 0 -map 1 -map 2 -map 3 -map 4 -c:a alac " + (folder / "x.m4a"));
  add_manifest(folder / "x.m4a", R"({"version":1,"stems":[{"name":"Vocals","color":"#F00"},{"name":"Synth"},)"
                                 R"({"name":"Bass"},{"name":"Drums"}]})");
  const Read stems = read_all(folder / "x.m4a", 0);
  ASSERT_EQ(stems.info.channels, 8);
  EXPECT_EQ(stems.info.notice, "");
  EXPECT_EQ(stems.info.frames, kFrames);
  for (std::size_t k = 0; k < 4; ++k) EXPECT_LT(level_db(stems, k, stem_signal(static_cast<int>(k))), -90) << k;
  EXPECT_LT(sum_error_db(stems, sum_of_stems()), -90);
}

TEST(Stems, ARealStemFileOfLossyStreamsSumsToItsMix) {
  TempFolder folder;
  write_track(folder);
  const std::string from = folder / "t.stems/";
  ffmpeg("-i " + (folder / "t.flac") + " -i " + from + "drums.flac -i " + from + "bass.flac -i " + from +
         "other.flac -i " + from + "vocals.flac -map 0 -map 1 -map 2 -map 3 -map 4 -c:a aac -b:a 128k " +
         (folder / "x.stem.mp4"));
  const Read stems = read_all(folder / "x.stem.mp4", 48000);
  ASSERT_EQ(stems.info.channels, 8);
  const auto mix = decode_file(folder / "x.stem.mp4", 48000);
  ASSERT_TRUE(mix.ok());
  EXPECT_LT(sum_error_db(stems, mix->interleaved), -120);
}

}  // namespace
}  // namespace tactus::media
