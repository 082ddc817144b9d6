// How much memory decoded audio takes at its most: four decks of ten minutes at 96 kHz with four stems each, 7 GiB if
// all of it were kept, are played from end to end with a jump now and then, eight cues on each. Peaks of what the cache
// counts and of what the system says is resident; fails (status 1) when either is above 1 GiB.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "media/audio_writer.h"
#include "media/track_cache.h"
#include "media/worker_pool.h"

namespace {

using namespace tactus;
using Clock = std::chrono::steady_clock;

constexpr int kRate = 96000, kDecks = 4, kMinutes = 10, kCues = 8;
constexpr std::int64_t kFrames = std::int64_t{kRate} * 60 * kMinutes;
constexpr std::int64_t kStep = std::int64_t{kRate} * 5;  // played between two looks
constexpr double kMiB = 1 << 20, kGoalMiB = 1024;

bool write_stem(const std::string& path) {
  auto writer = media::AudioWriter::create(path, {.rate = kRate, .sample = media::SampleFormat::s16});
  if (!writer) return false;
  std::vector<float> second(2 * kRate);
  std::uint32_t random = 1;
  for (int s = 0; s < 60 * kMinutes; ++s) {
    for (float& x : second) {
      random = random * 1664525u + 1013904223u;
      x = 0.1f * (static_cast<float>(random >> 8) / (1 << 23) - 1);
    }
    if (!writer->write(second).ok()) return false;
  }
  return writer->finish().ok();
}

// Bytes of this process that are in memory, shared ones included.
double resident() {
  std::ifstream in("/proc/self/smaps_rollup");
  for (std::string word; in >> word;) {
    double kib = 0;
    if (word == "Rss:" && in >> kib) return kib * 1024;
  }
  return 0;
}

struct Peak {
  double counted = 0, resident = 0;
  void look(const media::TrackCache& cache, double before) {
    counted = std::max(counted, static_cast<double>(cache.stats().bytes));
    resident = std::max(resident, ::resident() - before);
  }
};

}  // namespace

int main() {
  std::string folder = (std::filesystem::temp_directory_path() / "tactus-memory-XXXXXX").string();
  if (::mkdtemp(folder.data()) == nullptr || !write_stem(folder + "/track.wav")) return 2;
  // Stems must add up to their mix; one that is missing is silence, which takes as much room.
  std::filesystem::create_directory(folder + "/track.stems");
  std::filesystem::create_symlink(folder + "/track.wav", folder + "/track.stems/other.wav");

  Peak peak;
  double slowest = 0;
  media::TrackCache::Stats stats;
  {
    media::WorkerPool pool;
    media::TrackCache::Config config;
    std::atomic<std::uint64_t> blocks{0};
    config.grace = [&blocks] { return blocks.load(); };
    media::TrackCache cache(pool, config);
    const double before = resident();
    std::vector<media::TrackPtr> decks;
    for (int d = 0; d < kDecks; ++d) {
      auto track = cache.open(folder + "/track.wav", kRate);
      if (!track || track.value()->info().channels != 8) {
        std::fprintf(stderr, "%s\n", track ? "the stems were not found" : track.error().text().c_str());
        return 2;
      }
      decks.push_back(track.value());
    }
    for (std::int64_t played = 0; played < kFrames; played += kStep) {
      for (int d = 0; d < kDecks; ++d) {
        // Each deck somewhere else, and every tenth look in the half of the track that it is not in.
        std::int64_t at = played + kFrames / kDecks * d;
        if (played / kStep % 10 == 9) at += kFrames / 2;
        std::vector<std::int64_t> pins{at % kFrames};
        for (int c = 0; c < kCues; ++c) pins.push_back(kFrames / kCues * c);
        cache.set_pins(decks[static_cast<std::size_t>(d)], pins);
        cache.want(decks[static_cast<std::size_t>(d)], pins[0]);
        const auto start = Clock::now();
        const auto& table = decks[static_cast<std::size_t>(d)]->table();
        while (table.load(pins[0] / lockfree::ChunkTable::kChunkFrames) == nullptr) {
          blocks += 3;
          peak.look(cache, before);
          cache.collect();
          std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
        slowest = std::max(slowest, std::chrono::duration<double>(Clock::now() - start).count());
      }
      // As long as there is something to decode around the playheads.
      for (int i = 0; i < 20; ++i) {
        blocks += 3;
        cache.collect();
        peak.look(cache, before);
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
      }
    }
    stats = cache.stats();
    decks.clear();
  }
  std::filesystem::remove_all(folder);
  std::printf("4 decks of %d minutes, 4 stems, %d kHz: %.0f MiB if all were kept\n", kMinutes, kRate / 1000,
              static_cast<double>(kFrames) * kDecks * 8 * sizeof(float) / kMiB);
  std::printf("counted by the cache, at most %.0f MiB; resident, at most %.0f MiB more than before\n",
              peak.counted / kMiB, peak.resident / kMiB);
  std::printf("%llu chunks decoded, %llu dropped for others; a playhead's chunk waited for at most %.2f s\n",
              static_cast<unsigned long long>(stats.decoded), static_cast<unsigned long long>(stats.evicted), slowest);
  const bool good = peak.counted <= kGoalMiB * kMiB && peak.resident <= kGoalMiB * kMiB;
  std::printf("goal: at most %.0f MiB: %s\n", kGoalMiB, good ? "met" : "MISSED");
  return good ? 0 : 1;
}
