// Recordings, read back by libsndfile or FFmpeg: what was made is there, on time, also when the program was killed or
// the disk was full.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>

#include "media/decoder.h"
#include "session/record_rig.h"

using namespace tactus;
using namespace tactus::testing::recording;

namespace {

TEST_F(Record, WavHoldsWhatTheEngineMadeBitForBit) {
  options.streams = 0xFF & ((1u << rt::kStreams) - 1);
  start();
  feed(100'003, 29);
  recorder.reset();
  for (const auto& [name, which] : {std::pair{"set_master.wav", 0}, {"set_cue.wav", 1}, {"set_deck1.wav", 2}}) {
    const Read r = read(file(name));
    EXPECT_EQ(true_frames(r, which, 0, 0), 100'003) << name;
    EXPECT_EQ(r.format, SF_FORMAT_WAV) << name;
  }
  EXPECT_TRUE(notices.empty());
}

TEST_F(Record, FlacHoldsTwentyFourBitsOfIt) {
  options.file.format = RecordFormat::flac;
  start();
  feed(100'003);
  recorder.reset();
  EXPECT_EQ(true_frames(read(file("set_master.flac")), 0, 0, kRounding), 100'003);
}

TEST_F(Record, BeyondItsLimitAWavIsAnRf64) {
  options.file.rf64_above = 400'000;
  start();
  feed(40'000);
  recorder.reset();
  EXPECT_EQ(bytes(file("set_master.wav")).substr(0, 4), "RIFF");
  start();
  now = 0;
  feed(150'000);
  recorder.reset();
  const fs::path big = file("set_master_002.wav");
  const std::string head = bytes(big).substr(0, 16);
  EXPECT_EQ(head.substr(0, 4), "RF64");
  EXPECT_EQ(head.substr(12, 4), "ds64");
  const Read r = read(big);
  EXPECT_EQ(r.format, SF_FORMAT_RF64);
  EXPECT_EQ(true_frames(r, 0, 0, 0), 150'000);
  const auto ours = media::Decoder::open(big.string(), 0);
  ASSERT_TRUE(ours);
  EXPECT_EQ(ours->info().frames, 150'000);
}

TEST_F(Record, TracksAreMarkedInTheMasterAndTheirOwnDeck) {
  options.streams = 1u << rt::kStreamMaster | 3u << rt::kStreamDeck;
  start();
  feed(60'000);
  recorder->mark(24'000, 0, "First, \"the\" song");
  recorder->mark(48'000, 1, "Zweites Stück");
  feed(60'000);
  recorder.reset();
  const auto cues = [&](const char* name) {
    SF_INFO info{};
    SNDFILE* f = sf_open(file(name).c_str(), SFM_READ, &info);
    SF_CUES c{};
    sf_command(f, SFC_GET_CUE, &c, sizeof c);
    std::vector<std::pair<std::int64_t, std::string>> found;
    for (std::uint32_t i = 0; i < c.cue_count; ++i)
      found.emplace_back(c.cue_points[i].sample_offset, c.cue_points[i].name);
    sf_close(f);
    return found;
  };
  using Found = std::vector<std::pair<std::int64_t, std::string>>;
  EXPECT_EQ(cues("set_master.wav"), (Found{{24'000, "First, \"the\" song"}, {48'000, "Zweites Stück"}}));
  EXPECT_EQ(cues("set_deck1.wav"), (Found{{24'000, "First, \"the\" song"}}));
  EXPECT_EQ(cues("set_deck2.wav"), (Found{{48'000, "Zweites Stück"}}));
  EXPECT_EQ(true_frames(read(file("set_master.wav")), 0, 0, 0), 120'000);
}

TEST_F(Record, FlacHasChaptersAndACueSheet) {
  options.file.format = RecordFormat::flac;
  start();
  feed(60'000);
  recorder->mark(24'000, 0, "First \"song\"");
  recorder->mark(54'321, 1, "Second");
  feed(60'000);
  recorder.reset();
  const std::string all = bytes(file("set_master.flac"));
  for (const char* text : {"CHAPTER001=00:00:00.500", "CHAPTER001NAME=First \"song\"", "CHAPTER002=00:00:01.131",
                           "CHAPTER002NAME=Second"}) {
    EXPECT_NE(all.find(text), std::string::npos) << text;
  }
  EXPECT_EQ(true_frames(read(file("set_master.flac")), 0, 0, kRounding), 120'000);
  EXPECT_EQ(bytes(file("set_master.cue")),
            "FILE \"set_master.flac\" WAVE\n"
            "  TRACK 01 AUDIO\n    TITLE \"First 'song'\"\n    INDEX 01 00:00:37\n"
            "  TRACK 02 AUDIO\n    TITLE \"Second\"\n    INDEX 01 00:01:09\n");
}

TEST_F(Record, ManyMarksLeaveTheAudioAlone) {
  for (const RecordFormat format : {RecordFormat::wav, RecordFormat::flac}) {
    options.file.format = format;
    now = 0;
    start();
    feed(50'000);
    for (int i = 0; i < 3000; ++i) recorder->mark(10 * i, i % 4, "Track number " + std::to_string(i));
    feed(50'000);
    recorder.reset();
    const bool wav = format == RecordFormat::wav;
    EXPECT_EQ(true_frames(read(file(wav ? "set_master.wav" : "set_master.flac")), 0, 0, wav ? 0 : kRounding), 100'000);
  }
}

TEST_F(Record, SplitByTimeIsContinuousToTheFrame) {
  options.split_minutes = 0.01;  // 28,800 frames
  options.streams = 1u << rt::kStreamMaster | 1u << rt::kStreamDeck;
  start();
  feed(100'000, 31);
  recorder.reset();
  for (const auto& [stream, which] : {std::pair{"master", 0}, {"deck1", 2}}) {
    std::int64_t at = 0;
    for (int part = 1; part <= 4; ++part) {
      const Read r = read(file("set_" + std::string(stream) + "_00" + std::to_string(part) + ".wav"));
      EXPECT_EQ(r.frames(), part < 4 ? 28'800 : 100'000 - 3 * 28'800);
      EXPECT_GE(true_frames(r, which, at, 0), 0);
      at += r.frames();
    }
  }
  EXPECT_EQ(names().size(), 8U);
}

TEST_F(Record, ARecorderThatComesLateSplitsWhereItShould) {
  options.split_minutes = 0.01;
  feed(4 * kRate);
  start();
  feed(kRate);
  recorder.reset();
  EXPECT_EQ(true_frames(read(file("set_master_001.wav")), 0, 0, 0), 28'800);
  EXPECT_EQ(true_frames(read(file("set_master_002.wav")), 0, 28'800, 0), 28'800);
}

TEST_F(Record, SplitAtTracksBeginsAFileWhereATrackIsHeard) {
  options.split_at_tracks = true;
  options.streams = 3u;
  start();
  feed(11 * kRate);
  const std::int64_t first = now + 777;  // told before the audio, as the control thread does
  recorder->mark(first, 0, "One");
  recorder->mark(first + 4800, 1, "With it");
  feed(11 * kRate);
  const std::int64_t second = now + 10;
  recorder->mark(second, 1, "Two");
  feed(kRate);
  recorder.reset();
  for (const auto& [stream, which] : {std::pair{"master", 0}, {"cue", 1}}) {
    const std::string name = "set_" + std::string(stream) + "_00";
    EXPECT_EQ(true_frames(read(file(name + "1.wav")), which, 0, 0), first);
    EXPECT_EQ(true_frames(read(file(name + "2.wav")), which, first, 0), second - first);
    EXPECT_EQ(true_frames(read(file(name + "3.wav")), which, second, 0), now - second);
  }
  EXPECT_NE(bytes(file("set_master_002.wav")).find("With it"), std::string::npos);
  EXPECT_EQ(bytes(file("set_master_001.wav")).find("One"), std::string::npos);
}

TEST_F(Record, WhatTheDiskWasTooSlowForIsSilenceOfTheSameLength) {
  start();
  feed(48'000);
  now += 12'345;  // the ring was full
  feed(48'000);
  ASSERT_TRUE(within(10, [&] { return recorder->missed() > 0; }));
  recorder.reset();
  const Read r = read(file("set_master.wav"));
  ASSERT_EQ(r.frames(), 96'000 + 12'345);
  for (std::int64_t i = 0; i < r.frames(); ++i) {
    const bool gap = i >= 48'000 && i < 48'000 + 12'345;
    ASSERT_EQ(r.interleaved[static_cast<std::size_t>(2 * i)], gap ? 0 : sample(0, i, 0)) << i;
  }
  EXPECT_TRUE(noticed("too slow"));
}

// Audio at four times its speed, until the program is killed: all but the last moments is there.
TEST_F(Record, AKilledProgramLeavesPlayableFiles) {
  auto* fed = static_cast<std::atomic<std::int64_t>*>(
      ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  for (const RecordFormat format : {RecordFormat::wav, RecordFormat::flac}) {
    options.file.format = format;
    fed->store(0);
    const pid_t child = ::fork();
    if (child == 0) {
      now = 0;
      start();
      feed(24'000);
      recorder->mark(12'000, 0, "Marked");
      for (;;) {
        feed(1920);
        fed->store(now);
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
      }
    }
    EXPECT_TRUE(within(20, [&] { return fed->load() > 6 * kRate; }));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    const bool wav = format == RecordFormat::wav;
    const fs::path path = file(wav ? "set_master.wav" : "set_master.flac");
    const Read r = read(path);
    EXPECT_GE(true_frames(r, 0, 0, wav ? 0 : kRounding), fed->load() - 2 * kRate) << "a second, and rounds at 4 x";
    EXPECT_NE(bytes(path).find("Marked"), std::string::npos);
  }
  ::munmap(fed, 4096);
}

TEST_F(Record, AFullDiskLosesNothingWrittenAndIsSaid) {
  ::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  for (const RecordFormat format : {RecordFormat::wav, RecordFormat::flac}) {
    options.file.format = format;
    notices.clear();
    now = 0;
    start();
    rlimit small = before;
    small.rlim_cur = 300'001;
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
    feed(3 * kRate);
    EXPECT_TRUE(within(10, [&] { return noticed("The recording stopped"); }));
    feed(kRate);  // the music goes on: the ring is emptied all the same
    EXPECT_TRUE(within(10, [&] { return raw[0]->readable() == 0; }));
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
    const std::int64_t again = now;
    for (int i = 0; i < 20; ++i) {  // no faster than it is taken in: it looks for room once a second
      feed(kRate / 4);
      EXPECT_TRUE(within(10, [&] { return raw[0]->readable() == 0; }));
    }
    EXPECT_TRUE(noticed("Recording goes on"));
    recorder.reset();
    const bool wav = format == RecordFormat::wav;
    const std::string ending = wav ? ".wav" : ".flac";
    const Read first = read(file("set_master" + ending));
    EXPECT_GT(true_frames(first, 0, 0, wav ? 0 : kRounding), 24'000);
    // A file of its own, on the same time line, to the end.
    std::vector<std::string> all = names();
    std::erase_if(all, [&](const std::string& n) { return !n.ends_with(ending); });
    ASSERT_GE(all.size(), 2U);
    const Read last = read(file(all.back()));
    EXPECT_GT(last.frames(), kRate);
    EXPECT_GT(now - last.frames(), again - 2 * kRate);
    EXPECT_GT(true_frames(last, 0, now - last.frames(), wav ? 0 : kRounding), 0);
  }
}

TEST_F(Record, AFolderThatCannotBeWrittenIsSaidAtOnce) {
  options.folder = "/dev/null/sets";
  std::string error;
  EXPECT_EQ(Recorder::start(
                options, raw, SampleRate{kRate}, [] { return INT64_MIN; }, [](const std::string&) {}, &error),
            nullptr);
  EXPECT_NE(error.find("/dev/null/sets"), std::string::npos) << error;
}

TEST(RecordWords, AreUnderstoodOrRefusedByName) {
  RecordOptions o;
  std::string error;
  EXPECT_TRUE(parse_record_what("master,cue,decks", 4, &o, &error));
  EXPECT_EQ(o.streams, 0x3Fu);
  EXPECT_TRUE(parse_record_what("deck2", 4, &o, &error));
  EXPECT_EQ(o.streams, 1u << (rt::kStreamDeck + 1));
  EXPECT_FALSE(parse_record_what("master,deck9", 4, &o, &error));
  EXPECT_NE(error.find("deck9"), std::string::npos);
  EXPECT_FALSE(parse_record_what("", 4, &o, &error));
  EXPECT_TRUE(parse_record_split("minutes:60", &o, &error));
  EXPECT_EQ(o.split_minutes, 60);
  EXPECT_TRUE(parse_record_split("tracks", &o, &error));
  EXPECT_TRUE(o.split_at_tracks && o.split_minutes == 0);
  for (const char* bad : {"minutes:", "minutes:0", "minutes:x", "minutes:5m", "hourly"}) {
    EXPECT_FALSE(parse_record_split(bad, &o, &error)) << bad;
  }
  EXPECT_FALSE(parse_record_format("mp3", &o, &error));
}

}  // namespace
