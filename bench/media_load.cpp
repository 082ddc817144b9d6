// From "load this file" to its first audible chunk, with a warm worker, and how fast each format decodes. The files are
// ten minutes long and made by the ffmpeg program in a temporary folder. Prints one line a format, and fails (status 1)
// when a load of MP3, FLAC or M4A takes more than 60 ms in the median.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <future>
#include <string>
#include <vector>

#include "media/audio_writer.h"
#include "media/decoder.h"
#include "media/track_cache.h"
#include "media/worker_pool.h"

namespace {

using namespace tactus;
using Clock = std::chrono::steady_clock;

constexpr int kRate = 44100;
constexpr int kLoads = 21;
constexpr double kGoalMs = 60;

double ms_since(Clock::time_point t) { return std::chrono::duration<double, std::milli>(Clock::now() - t).count(); }

// Ten minutes of something that no codec finds easy: detuned saws and noise bursts.
bool write_source(const std::string& path) {
  auto writer = media::AudioWriter::create(path, {.rate = kRate, .sample = media::SampleFormat::s16});
  if (!writer) return false;
  std::vector<float> second(2 * kRate);
  std::uint32_t random = 1;
  double phase = 0;
  for (int s = 0; s < 600; ++s) {
    for (int i = 0; i < kRate; ++i) {
      phase += (110.0 + 10 * (s % 12)) / kRate;
      random = random * 1664525u + 1013904223u;
      const double burst = std::max(0.0, 1.0 - (i % (kRate / 2)) / 4000.0);
      const double x = 0.3 * (2 * (phase - static_cast<double>(static_cast<long>(phase))) - 1) +
                       0.3 * burst * (static_cast<double>(random >> 8) / (1 << 23) - 1);
      second[static_cast<std::size_t>(2 * i)] = static_cast<float>(x);
      second[static_cast<std::size_t>(2 * i + 1)] = static_cast<float>(0.8 * x);
    }
    if (!writer->write(second).ok()) return false;
  }
  return writer->finish().ok();
}

struct Format {
  const char* file;
  const char* options;
  bool has_goal;
};

double median(std::vector<double> v) {
  std::sort(v.begin(), v.end());
  return v[v.size() / 2];
}

}  // namespace

int main() {
  std::string folder = (std::filesystem::temp_directory_path() / "tactus-load-XXXXXX").string();
  if (::mkdtemp(folder.data()) == nullptr || !write_source(folder + "/source.wav")) return 2;
  const std::vector<Format> formats = {{"a.mp3", "-c:a libmp3lame -b:a 320k", true},
                                       {"a.flac", "-c:a flac", true},
                                       {"a.m4a", "-c:a aac -b:a 256k", true},
                                       {"alac.m4a", "-c:a alac", false},
                                       {"a.ogg", "-c:a libvorbis -q:a 6", false},
                                       {"a.opus", "-c:a libopus -b:a 160k", false},
                                       {"a.aiff", "", false}};
  bool good = true;
  std::printf("%-9s %9s %9s %9s %11s %13s\n", "format", "load ms", "p95 ms", "jump ms", "decode x", "+ 48 kHz x");
  for (const Format& f : formats) {
    const std::string path = folder + "/" + f.file;
    const std::string make = "ffmpeg -v error -y -i " + folder + "/source.wav " + f.options + " " + path;
    if (std::system(make.c_str()) != 0) return 2;

    std::vector<double> loads, jumps;
    for (int i = 0; i < kLoads; ++i) {
      // A copy each time: the worker is warm, but has not seen the file.
      const std::string copy = folder + "/" + std::to_string(i) + f.file;
      std::filesystem::copy_file(path, copy);
      static media::WorkerPool pool;
      media::TrackCache cache(pool);
      const auto start = Clock::now();
      auto track = cache.open(copy, 48000);
      loads.push_back(ms_since(start));
      if (!track) {
        std::fprintf(stderr, "%s\n", track.error().text().c_str());
        return 2;
      }
      const std::int64_t there = 48000LL * 500;
      const auto jump = Clock::now();
      cache.want(track.value(), there);
      while (track.value()->table().load(there / lockfree::ChunkTable::kChunkFrames) == nullptr) {
      }
      jumps.push_back(ms_since(jump));
      std::filesystem::remove(copy);
    }
    std::vector<double> sorted = loads;
    std::sort(sorted.begin(), sorted.end());

    auto start = Clock::now();
    if (!media::decode_file(path, 0).ok()) return 2;
    const double plain = 600e3 / ms_since(start);
    start = Clock::now();
    if (!media::decode_file(path, 48000).ok()) return 2;
    const double resampled = 600e3 / ms_since(start);
    std::printf("%-9s %9.1f %9.1f %9.1f %11.0f %13.0f\n", f.file, median(loads), sorted[sorted.size() * 95 / 100],
                median(jumps), plain, resampled);
    if (f.has_goal && median(loads) > kGoalMs) good = false;
  }
  std::filesystem::remove_all(folder);
  std::printf("goal: load <= %.0f ms for mp3, flac and m4a: %s\n", kGoalMs, good ? "met" : "MISSED");
  return good ? 0 : 1;
}
