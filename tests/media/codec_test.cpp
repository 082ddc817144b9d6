// Every format: length, place of each click, and that a jump gives what linear reading gives.
#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <fstream>

#include "media/decoder.h"
#include "media/source_decoder.h"
#include "music_files.h"

namespace tactus::media {
namespace {

using namespace test;

struct Codec {
  const char* name;
  const char* file;
  const char* options;
  int rate;  // of what the decoder gives
  bool lossless;
  bool continuous;  // equals a decode in one go, bit for bit
};

void PrintTo(const Codec& c, std::ostream* out) { *out << c.name; }

class EveryCodec : public testing::TestWithParam<Codec> {
 protected:
  const std::string& file() { return click_file(GetParam().file, GetParam().options); }
};

std::vector<float> linear(const std::string& path, int rate, std::int64_t step) {
  auto decoder = Decoder::open(path, rate);
  EXPECT_TRUE(decoder.ok()) << (decoder.ok() ? "" : decoder.error().text());
  if (!decoder) return {};
  std::vector<float> out(static_cast<std::size_t>(2 * decoder->info().frames));
  const std::int64_t frames = decoder->info().frames;
  for (std::int64_t at = 0; at < frames; at += step) {
    const auto n = static_cast<std::size_t>(2 * std::min(step, frames - at));
    const Status s = decoder->read(at, std::span(out).subspan(static_cast<std::size_t>(2 * at), n));
    EXPECT_TRUE(s.ok()) << s.error().text();
  }
  return out;
}

// The frame within 2000 of `around` on which the left side looks most like a click, `ratio` times stretched.
std::int64_t click_near(const std::vector<float>& pcm, std::int64_t around, double ratio) {
  constexpr std::int64_t kReach = 2000, kHalf = 60;
  const auto frames = static_cast<std::int64_t>(pcm.size() / 2);
  double best = -1e9;
  std::int64_t where = -1;
  for (std::int64_t at = std::max(kHalf, around - kReach); at < std::min(frames - kHalf, around + kReach); ++at) {
    double likeness = 0;
    for (std::int64_t k = -kHalf; k <= kHalf; ++k)
      likeness += pcm[static_cast<std::size_t>(2 * (at + k))] * click_shape(static_cast<double>(k) / ratio);
    if (likeness > best) {
      best = likeness;
      where = at;
    }
  }
  return where;
}

TEST_P(EveryCodec, KeepsItsLengthTagsAndTheFrameOfEachClick) {
  const auto pcm = decode_file(file(), 0);
  ASSERT_TRUE(pcm.ok()) << pcm.error().text();
  EXPECT_EQ(pcm->rate, GetParam().rate);
  const double ratio = static_cast<double>(pcm->rate) / kSourceRate;
  EXPECT_EQ(pcm->frames, static_cast<std::int64_t>(std::ceil(kSourceFrames * ratio)));
  EXPECT_EQ(pcm->title, "Click");
  for (const std::int64_t click : click_frames()) {
    if (click >= kSourceFrames - 100) continue;
    const double expected = static_cast<double>(click) * ratio;
    const std::int64_t found = click_near(pcm->interleaved, std::llround(expected), ratio);
    EXPECT_LE(std::fabs(static_cast<double>(found) - expected), 0.55) << "click at " << click << " found at " << found;
  }
}

TEST_P(EveryCodec, LosslessOnesKeepEveryBit) {
  if (!GetParam().lossless) return;
  const auto pcm = decode_file(file(), 0);
  const auto source = decode_file(click_file("source.wav", ""), 0);
  ASSERT_TRUE(pcm.ok() && source.ok());
  EXPECT_EQ(pcm->interleaved, source->interleaved);
}

TEST_P(EveryCodec, AJumpGivesWhatLinearReadingGives) {
  for (const int rate : {0, 48000, 96000}) {
    const std::vector<float> whole = linear(file(), rate, 4096);
    const auto frames = static_cast<std::int64_t>(whole.size() / 2);
    auto roaming = Decoder::open(file(), rate);
    ASSERT_TRUE(roaming.ok());
    std::vector<float> part(2 * 1500);
    std::mt19937 random(5);
    for (int jump = 0; jump < 24; ++jump) {
      // Some next to the frames where decoders and resamplers start anew, some anywhere.
      const std::int64_t at = jump < 6 ? 131072 * (1 + jump / 3) + (jump % 3 - 1) * 700
                                       : static_cast<std::int64_t>(random() % static_cast<unsigned>(frames - 1500));
      ASSERT_TRUE(roaming->read(at, part).ok());
      ASSERT_TRUE(std::equal(part.begin(), part.end(), whole.begin() + 2 * at)) << "rate " << rate << " at " << at;
      if (jump % 6 != 0) continue;
      auto fresh = Decoder::open(file(), rate);
      ASSERT_TRUE(fresh.ok() && fresh->read(at, part).ok());
      ASSERT_TRUE(std::equal(part.begin(), part.end(), whole.begin() + 2 * at)) << "fresh, " << rate << " at " << at;
    }
  }
}

TEST_P(EveryCodec, TheSizeOfReadsChangesNothing) {
  EXPECT_EQ(linear(file(), 48000, 16384), linear(file(), 48000, 997));
}

// Where a decoder is restarted, nothing may be heard or seen of it: compared with ffmpeg's own decode in one go.
TEST_P(EveryCodec, EqualsADecodeInOneGo) {
  const auto pcm = decode_file(file(), 0);
  ASSERT_TRUE(pcm.ok());
  const std::string command = "ffmpeg -v error -i " + file() + " -f f32le -";
  FILE* pipe = ::popen(command.c_str(), "r");
  ASSERT_NE(pipe, nullptr);
  std::vector<float> reference(pcm->interleaved.size());
  const std::size_t got = std::fread(reference.data(), sizeof(float), reference.size(), pipe);
  ::pclose(pipe);
  ASSERT_EQ(got, reference.size());
  double error = 0;
  for (std::size_t i = 0; i < got; ++i)
    error = std::max(error, static_cast<double>(std::fabs(reference[i] - pcm->interleaved[i])));
  EXPECT_LE(error, GetParam().continuous ? 0.0 : 0.01);
}

INSTANTIATE_TEST_SUITE_P(Codecs, EveryCodec,
                         testing::Values(Codec{"wav", "a.wav", "-c:a pcm_s16le", 44100, true, true},
                                         Codec{"aiff", "a.aiff", "-c:a pcm_s16be", 44100, true, true},
                                         Codec{"flac", "a.flac", "-c:a flac", 44100, true, true},
                                         Codec{"alac", "alac.m4a", "-c:a alac", 44100, true, true},
                                         Codec{"mp3_cbr", "a.mp3", "-c:a libmp3lame -b:a 320k", 44100, false, true},
                                         Codec{"mp3_vbr", "v.mp3", "-c:a libmp3lame -q:a 2", 44100, false, true},
                                         Codec{"vorbis", "a.ogg", "-c:a libvorbis -q:a 8", 44100, false, true},
                                         Codec{"aac", "a.m4a", "-c:a aac -b:a 256k", 44100, false, false},
                                         Codec{"aac_without_noise", "n.m4a", "-c:a aac -aac_pns 0 -b:a 256k", 44100,
                                               false, true},
                                         Codec{"opus", "a.opus", "-c:a libopus -b:a 256k", 48000, false, false}),
                         [](const auto& one) { return one.param.name; });

// A file without an encoder's delay tag keeps its delay; a jump is exact all the same.
TEST(Codec, HeaderlessMp3AndAdtsAacAreCountedAndJumpExactly) {
  for (const auto& [name, options] :
       {std::pair{"bare.mp3", "-c:a libmp3lame -b:a 128k -write_xing 0 -id3v2_version 0"}, {"a.aac", "-c:a aac"}}) {
    const std::string& file = click_file(name, options);
    const std::vector<float> whole = linear(file, 0, 8192);
    const auto frames = static_cast<std::int64_t>(whole.size() / 2);
    EXPECT_GE(frames, kSourceFrames) << name;
    EXPECT_LE(frames, kSourceFrames + 4096) << name;
    auto decoder = Decoder::open(file, 0);
    ASSERT_TRUE(decoder.ok());
    std::vector<float> part(2 * 3000);
    for (const std::int64_t at : {300000LL, 5000LL, 140000LL, 262144LL}) {
      ASSERT_TRUE(decoder->read(at, part).ok());
      EXPECT_TRUE(std::equal(part.begin(), part.end(), whole.begin() + 2 * at)) << name << " at " << at;
    }
  }
}

std::string sine_file(const TempFolder& folder, int rate, int channels, double hz) {
  std::vector<float> pcm(static_cast<std::size_t>(4 * rate * channels));
  for (int i = 0; i < 4 * rate; ++i) {
    for (int c = 0; c < channels; ++c)
      pcm[static_cast<std::size_t>(i * channels + c)] = static_cast<float>(0.5 * std::sin(2 * M_PI * hz * i / rate));
  }
  const std::string path = folder / (std::to_string(rate) + "-" + std::to_string(channels) + ".wav");
  WriterFormat format;
  format.rate = rate;
  format.channels = channels;
  format.sample = SampleFormat::f32;
  EXPECT_TRUE(write_file(path, format, pcm).ok());
  return path;
}

// Frame n is the instant n / rate: the phase of a sine tells any delay, its error any seam between resampled runs.
TEST(Resampling, FrameNIsTheInstantNOverRate) {
  TempFolder folder;
  struct Case {
    int in, out;
    double floor_db;
  };
  for (const Case& c :
       {Case{8000, 48000, -120}, Case{22050, 44100, -120}, Case{44100, 48000, -120}, Case{48000, 44100, -120},
        Case{88200, 48000, -120}, Case{192000, 48000, -120}, Case{48000, 192000, -120}, Case{44099, 48000, -90}}) {
    const double hz = 997;
    auto decoder = Decoder::open(sine_file(folder, c.in, 1, hz), c.out);
    ASSERT_TRUE(decoder.ok());
    EXPECT_EQ(decoder->info().frames, (4LL * c.in * c.out + c.in - 1) / c.in);
    std::vector<float> pcm(static_cast<std::size_t>(2 * decoder->info().frames));
    ASSERT_TRUE(decoder->read(0, pcm).ok());
    double worst = 0;
    for (int n = c.out / 4; n < 4 * c.out - c.out / 4; ++n) {  // away from where the sine starts and stops
      const double expected = 0.5 * std::sin(2 * M_PI * hz * n / c.out);
      worst = std::max(worst, std::fabs(pcm[static_cast<std::size_t>(2 * n)] - expected));
    }
    EXPECT_LT(20 * std::log10(worst), c.floor_db) << c.in << " to " << c.out;
  }
}

// 16 bits at 48 kHz. `mask` says which channels they are (WAVE_FORMAT_EXTENSIBLE); 0: the file doesn't say.
void write_plain_wav(const std::string& path, std::uint32_t mask, std::size_t channels,
                     const std::vector<std::int16_t>& pcm) {
  const auto n = static_cast<std::uint32_t>(channels), bytes = static_cast<std::uint32_t>(2 * pcm.size());
  std::vector<std::uint32_t> format = {(mask == 0 ? 1u : 0xFFFEu) | n << 16, 48000, 48000 * 2 * n, 2 * n | 16u << 16};
  if (mask != 0) {  // 22 bytes more: the bits that count, the mask, and PCM's GUID
    const std::uint16_t rest[] = {22,
                                  16,
                                  static_cast<std::uint16_t>(mask & 0xFFFF),
                                  static_cast<std::uint16_t>(mask >> 16),
                                  1,
                                  0,
                                  0,
                                  0x10,
                                  0x80,
                                  0xAA00,
                                  0x3800,
                                  0x719B};
    static_assert(sizeof rest == 24);
    format.resize(4 + 6);
    std::memcpy(format.data() + 4, rest, sizeof rest);
  }
  const std::uint32_t format_bytes = mask == 0 ? 16 : 40, rest = 4 + 8 + format_bytes + 8 + bytes;
  std::ofstream out(path, std::ios::binary);
  const auto put = [&out](const void* data, std::size_t size) {
    out.write(static_cast<const char*>(data), static_cast<std::streamsize>(size));
  };
  put("RIFF", 4), put(&rest, 4), put("WAVEfmt ", 8), put(&format_bytes, 4), put(format.data(), format_bytes);
  put("data", 4), put(&bytes, 4), put(pcm.data(), bytes);
}

// ITU-R BS.775: each channel alone, one after the other, at a constant level.
TEST(Folding, EachChannelGoesWhereTheMatrixSays) {
  TempFolder folder;
  constexpr std::array<float, 2> left{1, 0}, right{0, 1}, none{0, 0}, back{0.5f, 0.5f};
  const float h = 0.70710678f;
  const std::array<float, 2> centre{h, h}, ls{h, 0}, rs{0, h};
  struct Case {
    std::uint32_t mask;  // 0: taken for what files of so many channels mostly are
    std::vector<std::array<float, 2>> gains;
  };
  const Case cases[] = {
      {0, {{1, 1}}},
      {0, {left, right}},
      {0, {left, right, none}},  // 2.1
      {0, {left, right, centre, back}},
      {0, {left, right, centre, ls, rs}},
      {0, {left, right, centre, none, ls, rs}},
      {0, {left, right, centre, none, back, ls, rs}},
      {0, {left, right, centre, none, ls, rs, ls, rs}},
      {0x7, {left, right, centre}},
      {0x33, {left, right, ls, rs}},  // quad
      {0x107, {left, right, centre, back}},
      {0x37, {left, right, centre, ls, rs}},
      {0x3F, {left, right, centre, none, ls, rs}},
      {0x70F, {left, right, centre, none, back, ls, rs}},
      {0x63F, {left, right, centre, none, ls, rs, ls, rs}},
  };
  constexpr std::size_t kEach = 4800;
  const std::string path = folder / "fold.wav";
  for (const auto& [mask, gains] : cases) {
    const std::size_t channels = gains.size();
    std::vector<std::int16_t> pcm(kEach * channels * channels);
    for (std::size_t i = 0; i < kEach * channels; ++i) pcm[i * channels + i / kEach] = 16384;
    write_plain_wav(path, mask, channels, pcm);
    const auto folded = decode_file(path, 0);
    ASSERT_TRUE(folded.ok()) << folded.error().text();
    ASSERT_EQ(folded->interleaved.size(), 2 * kEach * channels);
    for (std::size_t on = 0; on < channels; ++on) {
      const std::size_t at = 2 * (on * kEach + kEach / 2);
      EXPECT_FLOAT_EQ(folded->interleaved[at], 0.5f * gains[on][0]) << channels << ", mask " << mask << ", " << on;
      EXPECT_FLOAT_EQ(folded->interleaved[at + 1], 0.5f * gains[on][1]) << channels << ", mask " << mask << ", " << on;
    }
  }
}

TEST(Decoder, IsSilentOutsideTheTrack) {
  auto decoder = Decoder::open(click_file("a.mp3", "-c:a libmp3lame -b:a 320k"), 48000);
  ASSERT_TRUE(decoder.ok());
  std::vector<float> pcm(2 * 100, 1.0f);
  ASSERT_TRUE(decoder->read(-100, pcm).ok());
  EXPECT_EQ(pcm, std::vector<float>(200));
  pcm.assign(200, 1.0f);
  ASSERT_TRUE(decoder->read(decoder->info().frames, pcm).ok());
  EXPECT_EQ(pcm, std::vector<float>(200));
}

}  // namespace
}  // namespace tactus::media
