// Recordings, read back by libsndfile or FFmpeg: what was made is there, on time, also when the program was killed or
// the disk was full.
#include <gtest/gtest.h>
#include <signal.h>
#include <sndfile.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <mutex>
#include <random>
#include <sstream>
#include <thread>

#include "media/decoder.h"
#include "session/live.h"
#include "session/recorder.h"
#include "support/fake_source.h"
#include "support/temp_folder.h"

using namespace tactus;
using namespace tactus::session;
namespace fs = std::filesystem;

namespace {

constexpr int kRate = 48000;

// What stream `which` plays: no two frames are alike, and all bits of a float are used.
float sample(int which, std::int64_t frame, int side) {
  const double t = static_cast<double>(frame) / kRate;
  return static_cast<float>(0.4 * std::sin(2 * M_PI * (200 + 50 * which + side) * t) +
                            0.05 * std::sin(1e4 * t * t + side));
}

struct Read {
  std::vector<float> interleaved;
  std::int64_t frames() const { return static_cast<std::int64_t>(interleaved.size()) / 2; }
  int format = 0;
};

Read read(const fs::path& path) {
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

std::string bytes(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream all;
  all << in.rdbuf();
  return all.str();
}

// Frames of a file that are what `which` played from frame `first`; -1: some are not.
std::int64_t true_frames(const Read& r, int which, std::int64_t first, double tolerance) {
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

constexpr double kRounding = 0.5 / 8388608 + 1e-9;

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

bool within(double seconds, const std::function<bool()>& done) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  while (!done()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

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

// The whole way: what a live engine played is in the files, the tracks are marked, decks sum to the master.
TEST_F(Record, ALiveSessionIsRecordedAsItSounded) {
  tactus::testing::FakeSource source;
  const auto tone = [](double hz) {
    return [hz](std::int64_t f, int) { return 0.1f * static_cast<float>(std::sin(2 * M_PI * hz * double(f) / kRate)); };
  };
  source.add("/music/Low.wav", tactus::testing::make_track(20 * kRate, 2, 120, 0, tone(220)));
  source.add("/music/High.wav", tactus::testing::make_track(20 * kRate, 2, 120, 0, tone(880)));
  options.streams = 0x3F;
  LiveOptions live_options;
  live_options.audio.driver = io::Driver::null;
  live_options.audio.block = 64;
  live_options.audio.routing = "master=1-2 cue=3-4";  // headphones, so that a deck may be sent there
  live_options.session.max_block = 64;
  live_options.session.feeder_threads = 1;
  live_options.session.record = true;
  live_options.session.target_lufs.reset();
  options.on = true;
  live_options.record = options;
  std::vector<float> played;
  std::atomic<std::int64_t> frame{0};
  const auto look = [&](session::Session& s) {
    rt::TapFrame f;
    while (s.host().tap()->pop(f)) played.push_back(f.left), played.push_back(f.right);
    frame.store(s.host().frame());
  };
  std::string error;
  auto live = Live::start(
      live_options, source, [](const std::string&) {}, look, &error);
  ASSERT_TRUE(live) << error;
  const auto say = [&](const std::string& text) {
    live->call([&](session::Session& s) {
      const auto fate = s.submit(text, {"test", schedule::Source::Kind::hand, 1});
      EXPECT_EQ(fate.reason, "") << text;
    });
  };
  for (const char* text : {"/deck/1/load \"/music/Low.wav\"", "/deck/2/load \"/music/High.wav\"", "/deck/1/play"})
    say(text);
  const auto pass = [&](std::int64_t frames) {
    const std::int64_t until = frame.load() + frames;
    EXPECT_TRUE(within(30, [&] { return frame.load() >= until; }));
  };
  pass(kRate / 2);
  for (const char* text : {"/deck/2/play", "/deck/2/cue_bus 1", "/deck/1/fader 0.7"}) say(text);
  pass(kRate);
  const auto before_the_fade = static_cast<std::size_t>(2 * (frame.load() - 64));
  live.reset();
  const Read master = read(file("set_master.wav")), low = read(file("set_deck1.wav")),
             high = read(file("set_deck2.wav"));
  ASSERT_GT(played.size(), 2u * kRate);
  ASSERT_GE(master.interleaved.size(), played.size());
  EXPECT_EQ(std::memcmp(master.interleaved.data(), played.data(), played.size() * sizeof(float)), 0);
  EXPECT_EQ(low.frames(), master.frames());
  double worst = 0, loudest = 0;
  for (std::size_t i = 0; i < before_the_fade; ++i) {
    worst = std::max(worst, std::fabs(double(master.interleaved[i]) - low.interleaved[i] - high.interleaved[i]));
    loudest = std::max(loudest, std::fabs(double(master.interleaved[i])));
  }
  EXPECT_GT(loudest, 0.1);
  const Read cue = read(file("set_cue.wav"));
  double apart = 0;
  for (std::size_t i = before_the_fade - kRate; i < before_the_fade; ++i) {
    apart = std::max(apart, std::fabs(double(cue.interleaved[i]) - high.interleaved[i]));
  }
  EXPECT_LT(apart, 1e-6) << "deck 2's fader is up: in the headphones it is what is heard of it";
  EXPECT_NE(bytes(file("set_master.wav")).find("Low"), std::string::npos);
  EXPECT_NE(bytes(file("set_master.wav")).find("High"), std::string::npos);
  EXPECT_NE(bytes(file("set_deck2.wav")).find("High"), std::string::npos);
  EXPECT_EQ(bytes(file("set_deck2.wav")).find("Low"), std::string::npos);
  EXPECT_LT(worst, 1e-6) << "decks sum to the master, frame by frame";
}

// Twice amid a set: each file is a piece of what was heard, all streams of it the same piece.
TEST_F(Record, ARecordingBeginsAndEndsWhenItIsAskedTo) {
  tactus::testing::FakeSource source;
  std::mt19937 random(5);
  std::vector<float> noise(20 * kRate);
  for (float& v : noise) v = static_cast<float>(random() % 2001) * 1e-4f - 0.1f;
  source.add("/music/Noise.wav", tactus::testing::make_track(20 * kRate, 2, 120, 0, [&](std::int64_t f, int) {
               return noise[static_cast<std::size_t>(f)];
             }));
  options.streams = 0x7;  // master, cue, deck 1
  LiveOptions live_options;
  live_options.audio.driver = io::Driver::null;
  live_options.audio.block = 64;
  live_options.session.max_block = 64;
  live_options.session.feeder_threads = 1;
  live_options.session.record = true;
  live_options.session.target_lufs.reset();
  live_options.record = options;
  std::vector<float> played;
  std::atomic<std::int64_t> frame{0};
  std::mutex told_mutex;
  std::vector<std::string> told;
  const auto look = [&](session::Session& s) {
    rt::TapFrame f;
    while (s.host().tap()->pop(f)) played.push_back(f.left), played.push_back(f.right);
    frame.store(s.host().frame());
  };
  const auto hear = [&](const std::string& text) {
    const std::lock_guard lock(told_mutex);
    told.push_back(text);
  };
  std::string error;
  auto live = Live::start(live_options, source, hear, look, &error);
  ASSERT_TRUE(live) << error;
  const auto say = [&](const std::string& text) {
    live->call([&](session::Session& s) {
      const auto fate = s.submit(text, {"test", schedule::Source::Kind::hand, 1});
      EXPECT_EQ(fate.reason, "") << text;
    });
  };
  const auto pass = [&](std::int64_t frames) {
    const std::int64_t until = frame.load() + frames;
    EXPECT_TRUE(within(30, [&] { return frame.load() >= until; }));
  };
  const auto is_told = [&](const std::string& what, long times) {
    return within(10, [&] {
      const std::lock_guard lock(told_mutex);
      return std::count_if(told.begin(), told.end(), [&](auto& t) { return t.find(what) != std::string::npos; }) ==
             times;
    });
  };
  for (const char* text : {"/deck/1/load \"/music/Noise.wav\"", "/deck/1/play"}) say(text);
  pass(5 * kRate);  // longer than the rings hold: what is in them is old by now
  EXPECT_TRUE(!fs::exists(folder) || fs::is_empty(folder)) << "nothing was asked for";
  for (int take = 1; take <= 2; ++take) {
    say("/mixer/record 1");
    EXPECT_TRUE(is_told("Recording into", take));
    pass(kRate);
    say("/mixer/record 0");
    EXPECT_TRUE(is_told("has ended", take));
    pass(kRate / 4);
  }
  live.reset();
  std::vector<fs::path> masters;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().filename().string().find("master") != std::string::npos) masters.push_back(entry.path());
  }
  ASSERT_EQ(masters.size(), 2U);
  for (const fs::path& path : masters) {
    const Read master = read(path);
    ASSERT_GT(master.frames(), kRate * 3 / 4);
    const auto found =
        std::search(played.begin(), played.end(), master.interleaved.begin(), master.interleaved.begin() + kRate);
    ASSERT_NE(found, played.end()) << path << " is not what was heard";
    EXPECT_TRUE(std::equal(master.interleaved.begin(), master.interleaved.end(), found)) << path;
    std::string deck = path.string();
    deck.replace(deck.find("master"), 6, "deck1");
    EXPECT_EQ(read(deck).frames(), master.frames());
  }
}

}  // namespace
