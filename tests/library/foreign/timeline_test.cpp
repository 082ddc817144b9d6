// Where other programs begin to count, held against what our decoder gives of files made from known clicks.
#include "library/foreign/timeline.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <numbers>

#include "library/foreign/binary.h"
#include "media/source_decoder.h"
#include "support/temp_folder.h"

namespace tactus::library {
namespace {

using namespace test_binary;
using Tag = AudioHeader::Tag;

constexpr int kRate = 44100;
constexpr double kStep = 0.5;  // 120 bpm, from half a second on

void shell(const test::TempFolder& folder, const std::string& command) {
  ASSERT_EQ(std::system(("cd '" + folder.path().string() + "' && " + command).c_str()), 0) << command;
}

// Eight seconds of ticks of 2 ms.
std::string clicks_pcm() {
  std::string out;
  for (int i = 0; i < 8 * kRate; ++i) {
    const double in_beat = std::fmod(i / static_cast<double>(kRate), kStep);
    const double x = i >= kRate / 2 && in_beat < 0.002 ? 0.8 * std::sin(2 * std::numbers::pi * 3000 * in_beat) : 0;
    little(out, static_cast<std::uint16_t>(static_cast<std::int16_t>(32767 * x)), 2);
  }
  return out;
}

// LAME's name in place of libavformat's, with a checksum that is right, or that isn't.
std::string as_lame(std::string mp3, bool right) {
  const std::size_t at = mp3.find("Lavc") == std::string::npos ? mp3.find("Lavf") : mp3.find("Lavc");
  const std::size_t frame = mp3.find(std::string("\xFF\xFB"));
  EXPECT_LT(frame, at);
  mp3.replace(at, 9, "LAME3.100");
  unsigned crc = 0;
  for (std::size_t i = frame; i < at + 34; ++i) {
    crc ^= static_cast<unsigned char>(mp3[i]);
    for (int k = 0; k < 8; ++k) crc = (crc & 1) != 0 ? crc >> 1 ^ 0xA001 : crc >> 1;
  }
  if (!right) crc ^= 0x5555;
  mp3[at + 34] = static_cast<char>(crc >> 8);
  mp3[at + 35] = static_cast<char>(crc);
  return mp3;
}

// Xing alone, as encoders before LAME wrote it.
std::string as_xing(std::string mp3) {
  const std::size_t at = mp3.find("Lavc") == std::string::npos ? mp3.find("Lavf") : mp3.find("Lavc");
  std::fill_n(mp3.begin() + static_cast<std::ptrdiff_t>(at), 36, '\0');
  return mp3;
}

// Where the ticks begin, by half of the loudest sample around.
std::vector<double> ticks(const std::vector<float>& mono, int rate) {
  std::vector<double> out;
  const auto step = static_cast<std::size_t>(kStep * rate), half = step / 2;
  for (std::size_t from = half; from + step <= mono.size(); from += step) {
    const auto begin = mono.begin() + static_cast<std::ptrdiff_t>(from),
               end = begin + static_cast<std::ptrdiff_t>(step);
    const float most =
        std::abs(*std::max_element(begin, end, [](float a, float b) { return std::abs(a) < std::abs(b); }));
    if (most < 0.05f) continue;
    const auto first = std::find_if(begin, end, [&](float x) { return std::abs(x) > most / 2; });
    out.push_back(static_cast<double>(first - mono.begin()) / rate);
  }
  return out;
}

std::vector<double> our_ticks(const std::string& path) {
  auto decoder = media::SourceDecoder::open(path);
  EXPECT_TRUE(decoder) << path;
  const int rate = decoder->info().rate;
  std::vector<float> stereo(static_cast<std::size_t>(8 * rate) * 2), mono(stereo.size() / 2);
  EXPECT_TRUE(decoder->read(0, stereo).ok());
  for (std::size_t i = 0; i < mono.size(); ++i) mono[i] = stereo[2 * i];
  return ticks(mono, rate);
}

// All that a decoder gives of the frames that have sound, nothing taken away: of all files by one program.
std::map<std::string, std::vector<double>> raw_ticks(const test::TempFolder& folder,
                                                     const std::vector<std::string>& names) {
  std::string command = "ffmpeg -v error -y", outputs;
  for (std::size_t i = 0; i < names.size(); ++i) {
    command += " -flags2 +skip_manual -i " + names[i];
    outputs += " -map " + std::to_string(i) + ":a -ac 1 -f f32le " + names[i] + ".raw";
  }
  shell(folder, command + outputs);
  std::map<std::string, std::vector<double>> out;
  for (const std::string& name : names) {
    const std::string bytes = slurp(folder.path() / (name + ".raw"));
    std::vector<float> mono(bytes.size() / 4);
    std::memcpy(mono.data(), bytes.data(), mono.size() * 4);
    out[name] = ticks(mono, kRate);
  }
  return out;
}

double median_distance(const std::vector<double>& grid, const std::vector<double>& onsets) {
  std::vector<double> d;
  for (const double at : grid) {
    double best = 1e9;
    for (const double o : onsets) best = std::min(best, std::abs(o - at));
    d.push_back(best);
  }
  std::sort(d.begin(), d.end());
  return d.empty() ? 1e9 : d[d.size() / 2];
}

void make_files(const test::TempFolder& folder) {
  write(folder.path() / "clicks.pcm", clicks_pcm());
  shell(folder,
        "ffmpeg -v error -y -f s16le -ar 44100 -ac 1 -i clicks.pcm a.wav a.aiff a.flac -c:a libmp3lame -b:a 192k "
        "short.mp3 "
        "-c:a libmp3lame -b:a 192k -write_xing 0 none.mp3 -c:a aac -b:a 192k edits.m4a -c:a aac -b:a 192k "
        "-use_editlist 0 "
        "plain.m4a -c:a aac -b:a 192k -f adts stream.aac -c:a alac alac.m4a -c:a libvorbis a.ogg");
  const std::string mp3 = slurp(folder.path() / "short.mp3");
  write(folder.path() / "lame.mp3", as_lame(mp3, true));
  write(folder.path() / "unproved.mp3", as_lame(mp3, false));
  write(folder.path() / "xing.mp3", as_xing(mp3));
}

void check_headers(const test::TempFolder& folder) {
  using Codec = AudioHeader::Codec;
  const auto header = [&](const char* name) { return read_audio_header(folder / name).value_or(AudioHeader{}); };
  EXPECT_EQ(header("a.wav").codec, Codec::pcm);
  EXPECT_EQ(header("a.aiff").codec, Codec::pcm);
  EXPECT_EQ(header("a.flac").codec, Codec::flac);
  EXPECT_EQ(header("a.ogg").codec, Codec::vorbis);
  EXPECT_EQ(header("alac.m4a").codec, Codec::alac);
  EXPECT_EQ(header("none.mp3").tag, Tag::none);
  EXPECT_EQ(header("none.mp3").delay, 0);
  EXPECT_EQ(header("xing.mp3").tag, Tag::xing);
  EXPECT_EQ(header("xing.mp3").delay, 0);
  EXPECT_EQ(header("short.mp3").tag, Tag::xing);
  EXPECT_EQ(header("short.mp3").delay, 576 + 529);
  EXPECT_EQ(header("unproved.mp3").tag, Tag::unproved);
  EXPECT_EQ(header("lame.mp3").tag, Tag::lame);
  EXPECT_EQ(header("lame.mp3").rate, kRate);
  EXPECT_TRUE(header("edits.m4a").edit_list);
  EXPECT_EQ(header("edits.m4a").delay, 1024);
  EXPECT_FALSE(header("plain.m4a").edit_list);
  EXPECT_EQ(header("stream.aac").codec, Codec::aac);
  write(folder.path() / "x.mp3", "no music at all");
  EXPECT_FALSE(read_audio_header(folder / "x.mp3"));
}

TEST(Timeline, GridsOfOtherProgramsLieOnOurOnsets) {
  const test::TempFolder folder;
  make_files(folder);
  check_headers(folder);
  // How many samples before the first sound each program counts, as published: see timeline.cpp. -1: it isn't known.
  struct Case {
    const char* file;
    int rekordbox, traktor, serato, virtualdj;
  };
  constexpr Case kCases[] = {{"none.mp3", 0, 0, 0, -1},
                             {"xing.mp3", 0, 1152, 1152, -1},
                             {"short.mp3", 0, 1152, 1152, -1},
                             {"unproved.mp3", 0, 1152, -1, -1},
                             {"lame.mp3", 1152, 1152, -1, -1},
                             {"edits.m4a", 0, -1, -1, -1},
                             {"plain.m4a", 0, 0, 0, 0},
                             {"stream.aac", 0, 0, 0, 0},
                             {"a.flac", 0, 0, 0, 0},
                             {"a.wav", 0, 0, 0, 0},
                             {"a.aiff", 0, 0, 0, 0},
                             {"alac.m4a", 0, 0, 0, 0},
                             {"a.ogg", 0, 0, 0, 0}};
  std::vector<std::string> names;
  for (const Case& c : kCases) names.emplace_back(c.file);
  const auto all_raw = raw_ticks(folder, names);
  for (const Case& c : kCases) {
    const std::vector<double> ours = our_ticks(folder / c.file), &raw = all_raw.at(c.file);
    ASSERT_GE(ours.size(), 12u) << c.file;
    const std::pair<const char*, int> programs[] = {{"rekordbox XML", c.rekordbox},
                                                    {"Traktor NML", c.traktor},
                                                    {"Serato", c.serato},
                                                    {"VirtualDJ database", c.virtualdj}};
    for (const auto& [program, frames] : programs) {
      SCOPED_TRACE(std::string(c.file) + " of " + program);
      const Timeline t = timeline_of(program, folder / c.file);
      EXPECT_FALSE(t.why.empty());
      EXPECT_EQ(t.offset.has_value(), frames >= 0);
      if (!t.offset) continue;
      std::vector<double> grid = raw;
      for (double& at : grid) at += static_cast<double>(frames) / kRate + *t.offset;
      EXPECT_LE(median_distance(grid, ours), 0.003);
    }
    // Files that say how long their delay is sound on our timeline where they did before they were encoded.
    const bool stated = std::string_view(c.file) != "none.mp3" && std::string_view(c.file) != "xing.mp3" &&
                        std::string_view(c.file) != "plain.m4a" && std::string_view(c.file) != "stream.aac";
    if (stated) {
      std::vector<double> truth;
      for (int i = 1; i < 15; ++i) truth.push_back(kStep * i);
      EXPECT_LE(median_distance(truth, ours), 0.003) << c.file;
    }
  }
}

TEST(Timeline, WhatIsNotKnownIsProposedByTheBeatsThatWeHear) {
  AudioHeader h;
  h.codec = AudioHeader::Codec::mp3;
  h.tag = Tag::lame;
  h.rate = kRate;
  h.delay = 1105;
  const Timeline t = timeline_of("VirtualDJ database", h);
  EXPECT_FALSE(t.offset);
  EXPECT_NE(t.why.find("isn't known"), std::string::npos);
  std::vector<double> beats;
  for (int i = 0; i < 100; ++i) beats.push_back(0.3 + 0.5 * i);
  for (const double true_offset : {-1105.0 / kRate, -(1105.0 + 1152) / kRate, 0.0}) {
    const auto found = offset_by_beats(t, {{0.3 - true_offset, 120, 1, 4}}, beats);
    ASSERT_TRUE(found);
    EXPECT_NEAR(*found, true_offset, 1e-9);
  }
  EXPECT_FALSE(offset_by_beats(t, {{0.42, 120, 1, 4}}, beats)) << "no beat is near";
  EXPECT_FALSE(offset_by_beats(t, {}, beats));
  EXPECT_EQ(timeline_of("Serato", "/nowhere.mp3").why, "the file isn't there");
}

}  // namespace
}  // namespace tactus::library
