#include "media/track_cache.h"

#include <algorithm>
#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

#include "media/chunk_rank.h"
#include "music_files.h"
#include "support/eventually.h"

namespace tactus::media {
namespace {

using namespace test;
using namespace std::chrono_literals;

constexpr std::int64_t kChunkFrames = lockfree::ChunkTable::kChunkFrames;
constexpr std::size_t kStereoChunk = kChunkFrames * 2 * sizeof(float);

const std::string& music() { return click_file("a.m4a", "-c:a aac -b:a 256k"); }

// A long file, quickly made: `seconds` of a sine that says where it is by its level.
std::string long_file(const TempFolder& folder, int rate, int seconds) {
  std::vector<float> pcm(static_cast<std::size_t>(2 * rate * seconds));
  for (std::size_t i = 0; i < pcm.size(); ++i) pcm[i] = static_cast<float>(i) / static_cast<float>(pcm.size());
  WriterFormat format;
  format.rate = rate;
  format.sample = SampleFormat::f32;
  const std::string path = folder / ("long" + std::to_string(rate) + ".wav");
  EXPECT_TRUE(write_file(path, format, pcm).ok());
  return path;
}

using tactus::test::eventually;

bool all_there(const TrackPtr& t) {
  for (std::int64_t i = 0; i < t->table().count(); ++i) {
    if (t->table().load(i) == nullptr) return false;
  }
  return true;
}

std::vector<float> copy_of(const TrackPtr& t) {
  const int channels = t->info().channels;
  std::vector<float> out;
  for (std::int64_t i = 0; i < t->table().count(); ++i) {
    const float* pcm = t->table().load(i);
    out.insert(out.end(), pcm, pcm + kChunkFrames * channels);
  }
  out.resize(static_cast<std::size_t>(t->info().frames * channels));
  return out;
}

TEST(TrackCache, FillsTheWholeTrackWithExactlyWhatTheDecoderGives) {
  WorkerPool pool;
  TrackCache cache(pool);
  const std::vector<float> whole = decode_file(music(), 48000).value().interleaved;
  for (const std::int64_t first : {0, 5 * 48000}) {
    auto track = cache.open(music(), 48000, first);
    ASSERT_TRUE(track.ok()) << track.error().text();
    EXPECT_NE(track.value()->table().load(first / kChunkFrames), nullptr) << "open means playable";
    EXPECT_EQ(track.value()->info().artist, "Tock");
    ASSERT_TRUE(eventually([&] { return all_there(track.value()); }));
    EXPECT_EQ(copy_of(track.value()), whole);
    EXPECT_EQ(track.value()->error(), "");
  }
}

// The budget holds a tenth of the file, around where it was opened, so what is jumped to is certainly not there yet.
TEST(TrackCache, OpensAtACueAndJumpsBeforeItFillsTheRest) {
  WorkerPool::Config one;
  one.normal_workers = 1;
  WorkerPool pool(one);
  TrackCache::Config config;
  config.budget_bytes = 176 * kStereoChunk;
  TrackCache cache(pool, config);
  auto track = cache.open(long_mp3(), 48000, 300 * 48000);
  ASSERT_TRUE(track.ok()) << track.error().text();
  const lockfree::ChunkTable& table = track.value()->table();
  ASSERT_GT(table.count(), 1700) << "ten minutes";
  EXPECT_NE(table.load(300 * 48000 / kChunkFrames), nullptr) << "open means playable at the cue";
  const std::int64_t target = 540 * 48000 / kChunkFrames;
  ASSERT_EQ(table.load(target), nullptr);
  const std::uint64_t before = cache.stats().decoded;
  cache.want(track.value(), 540 * 48000);
  ASSERT_TRUE(eventually([&] { return table.load(target) != nullptr; }));
  // One job that was under way may still bring what it had, and this one's own; more until this thread looks again.
  EXPECT_LE(cache.stats().decoded - before, 60u) << "the jump came after the filling, of more than 160";
  EXPECT_EQ(table.load(0), nullptr);
  EXPECT_EQ(table.load(530 * 48000 / kChunkFrames), nullptr) << "it was sought, not read up to";
}

TEST(TrackCache, AFileThatCannotBeOpenedSaysWhy) {
  WorkerPool pool;
  TrackCache cache(pool);
  const auto missing = cache.open("/nowhere/at/all.flac", 48000);
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().text(), "/nowhere/at/all.flac: there is no such file");
  EXPECT_EQ(cache.stats().bytes, 0u);
}

TEST(TrackCache, WorkersKilledMidLoadAreNotNoticed) {
  WorkerPool pool;
  TrackCache cache(pool);
  auto track = cache.open(music(), 48000);
  ASSERT_TRUE(track.ok());
  std::uint64_t kills = 0;
  while (!all_there(track.value()) && kills < 3) {
    for (const pid_t pid : pool.pids(Lane::normal)) ::kill(pid, SIGKILL);
    ++kills;
    const std::uint64_t decoded = cache.stats().decoded;
    const bool went_on = eventually([&] {
      cache.collect();
      return cache.stats().decoded > decoded || all_there(track.value());
    });
    ASSERT_TRUE(went_on);
  }
  ASSERT_TRUE(eventually([&] { return all_there(track.value()); }));
  EXPECT_EQ(copy_of(track.value()), decode_file(music(), 48000).value().interleaved);
}

TEST(TrackCache, AVanishedFileLeavesWhatIsDecodedAndAnotherLoadUntouched) {
  TempFolder folder;
  std::filesystem::copy_file(music(), folder / "gone.m4a");
  WorkerPool pool;
  TrackCache cache(pool);
  auto playing = cache.open(music(), 48000);
  ASSERT_TRUE(playing.ok());
  std::filesystem::remove(folder / "gone.m4a");
  EXPECT_FALSE(cache.open(folder / "gone.m4a", 48000).ok());
  EXPECT_TRUE(eventually([&] { return all_there(playing.value()); }));
}

// Cut short while it is open, as when its disk goes: what is decoded stays, the cause is told, and it is read on once
// it is whole again, by the same worker.
TEST(TrackCache, AFileThatFailsWhileItPlaysSaysWhyAndIsReadOnWhenItIsBack) {
  TempFolder folder;
  const std::string path = long_file(folder, 44100, 120);
  const auto bytes = std::filesystem::file_size(path);
  const std::vector<float> whole = decode_file(path, 48000).value().interleaved;
  WorkerPool::Config one;
  one.normal_workers = 1;
  WorkerPool pool(one);
  TrackCache cache(pool);
  auto track = cache.open(path, 48000);
  ASSERT_TRUE(track.ok());
  std::filesystem::resize_file(path, bytes / 4);
  ASSERT_TRUE(eventually([&] { return !track.value()->error().empty(); }));
  EXPECT_TRUE(track.value()->error().starts_with(path + ": the file is cut short")) << track.value()->error();
  EXPECT_NE(track.value()->table().load(0), nullptr);
  EXPECT_EQ(track.value()->table().load(track.value()->table().count() - 1), nullptr);
  std::filesystem::remove(path);
  ASSERT_EQ(long_file(folder, 44100, 120), path);
  ASSERT_TRUE(eventually([&] {
    cache.collect();
    return all_there(track.value());
  }));
  EXPECT_EQ(track.value()->error(), "");
  EXPECT_EQ(copy_of(track.value()), whole);
}

// Four decks of four stems at 96 kHz want 92 MB each for their pins alone; here with a sixteenth of the budget.
TEST(TrackCache, StaysInItsBudgetAndKeepsWhatIsNearestToThePlayheads) {
  TempFolder folder;
  const std::string path = long_file(folder, 96000, 40);
  std::filesystem::create_directory(folder / "long96000.stems");
  std::filesystem::create_symlink(path, folder / "long96000.stems/other.wav");
  WorkerPool pool;
  TrackCache::Config config;
  config.budget_bytes = std::size_t{64} << 20;
  TrackCache cache(pool, config);
  std::vector<TrackPtr> decks;
  for (int d = 0; d < 4; ++d) {
    auto track = cache.open(path, 96000);
    ASSERT_TRUE(track.ok()) << track.error().text();
    ASSERT_EQ(track.value()->info().channels, 8);
    decks.push_back(track.value());
    EXPECT_LE(cache.stats().bytes, config.budget_bytes);
  }
  for (int second = 0; second <= 36; second += 4) {
    const std::int64_t playhead = second * 96000;
    for (const TrackPtr& t : decks) cache.set_pins(t, std::span(&playhead, 1));
    for (const TrackPtr& t : decks) {
      const std::int64_t chunk = playhead / kChunkFrames;
      ASSERT_TRUE(eventually([&] {
        EXPECT_LE(cache.stats().bytes, config.budget_bytes);
        return t->table().load(chunk) != nullptr && t->table().load(std::min(chunk + 4, t->table().count() - 1));
      })) << second;
    }
  }
  EXPECT_GT(cache.stats().evicted, 0u);
  decks.clear();
  EXPECT_TRUE(eventually([&] { return cache.stats().bytes == 0 && cache.stats().chunks == 0; }));
}

TEST(TrackCache, FreesNothingThatAReaderMayStillHold) {
  TempFolder folder;
  const std::string path = long_file(folder, 48000, 30);
  std::atomic<std::uint64_t> blocks{0};
  WorkerPool pool;
  TrackCache::Config config;
  config.budget_bytes = 40 * kStereoChunk;
  config.grace = [&blocks] { return blocks.load(); };
  TrackCache cache(pool, config);
  auto opened = cache.open(path, 48000);
  ASSERT_TRUE(opened.ok());
  TrackPtr track = opened.value();
  const float* held = track->table().load(0);
  const float value = held[100];
  // A pin at the end displaces the start, whose memory is still mapped while the reader's block isn't over.
  const std::int64_t end = track->info().frames - 1;
  ASSERT_TRUE(eventually([&] { return cache.stats().chunks >= 30; }));
  cache.set_pins(track, std::span(&end, 1));
  const std::size_t before = cache.stats().bytes;
  ASSERT_TRUE(eventually([&] {
    cache.collect();
    return track->table().load(0) == nullptr;
  }));
  EXPECT_EQ(held[100], value);
  EXPECT_GE(cache.stats().bytes, before) << "memory in its grace period counts";
  EXPECT_LE(cache.stats().bytes, config.budget_bytes);
  blocks = 2;
  EXPECT_TRUE(eventually([&] {
    cache.collect();
    return track->table().load(track->table().count() - 1) != nullptr;
  })) << "room came free with the grace";
  track.reset();
  opened = Error{};
  cache.collect();
  EXPECT_GT(cache.stats().bytes, 0u);
  blocks = 10;
  cache.collect();
  EXPECT_TRUE(eventually([&] {
    cache.collect();
    return cache.stats().bytes == 0;
  }));
}

TEST(TrackCache, EnsureGivesARendererEveryFrameInOrderFromALittleMemory) {
  TempFolder folder;
  const std::string path = click_file("a.ogg", "-c:a libvorbis -q:a 8");
  WorkerPool pool;
  TrackCache::Config config;
  config.budget_bytes = 8 * kStereoChunk;
  TrackCache cache(pool, config);
  auto track = cache.open(path, 48000);
  ASSERT_TRUE(track.ok());
  const std::vector<float> expected = decode_file(path, 48000).value().interleaved;
  const std::int64_t frames = track.value()->info().frames;
  std::vector<float> got;
  for (std::int64_t at = 0; at < frames; at += 5000) {
    const std::int64_t to = std::min(at + 5000, frames);
    ASSERT_TRUE(cache.ensure(track.value(), at, to).ok());
    for (std::int64_t f = at; f < to; ++f) {
      const float* pcm = track.value()->table().load(f / kChunkFrames);
      ASSERT_NE(pcm, nullptr);
      got.insert(got.end(), pcm + 2 * (f % kChunkFrames), pcm + 2 * (f % kChunkFrames) + 2);
    }
  }
  EXPECT_EQ(got, expected);
  EXPECT_LE(cache.stats().bytes, config.budget_bytes);
}

TEST(ChunkRank, NearIsNeededMoreThanFarAndAheadMoreThanBehind) {
  Interests in;
  in.pins = {100 * 48000, 10 * 48000};
  const auto r = rank_chunks(in, 600, 16384, 48000);
  const auto at = [&r](double seconds) { return r[static_cast<std::size_t>(seconds * 48000 / 16384)]; };
  EXPECT_LT(at(100.1), at(105));
  EXPECT_LT(at(105), at(129));
  EXPECT_LT(at(10.1), at(105)) << "the start of a cue before the playhead's far future";
  EXPECT_LT(at(100.1), at(10.1));
  EXPECT_LT(at(129), kUnpinnedRank);
  EXPECT_LT(at(71), kUnpinnedRank);
  EXPECT_GE(at(60), kUnpinnedRank);
  EXPECT_LT(at(150), at(60)) << "what is to come before what was";
  in.want = 180 * 48000;
  EXPECT_LT(rank_chunks(in, 600, 16384, 48000)[static_cast<std::size_t>(180.4 * 48000 / 16384)], at(100.1));
  in.hold_from = 50 * 48000;
  in.hold_to = 51 * 48000;
  EXPECT_LT(rank_chunks(in, 600, 16384, 48000)[static_cast<std::size_t>(50.5 * 48000 / 16384)], -1000);
}

TEST(ChunkRank, TwoChunksNeverDisplaceEachOther) {
  for (float a = -100; a < 3000; a += 7) {
    for (float b = -100; b < 3000; b += 11) EXPECT_FALSE(may_displace(a, b) && may_displace(b, a)) << a << " " << b;
  }
  EXPECT_TRUE(may_displace(5, 1200));
  EXPECT_FALSE(may_displace(1200, 5));
}

}  // namespace
}  // namespace tactus::media
