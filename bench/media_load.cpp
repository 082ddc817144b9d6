// From "load this file and play it" to its first audible frame out of the engine, with warm workers, and how fast each
// format decodes. The files are ten minutes long and made by the ffmpeg program in a temporary folder. One line a
// format:
//
//   heard     from the two intents to the end of the first block that sounds: a live session (control thread, workers,
//             feeders, the null device at 64 frames), and a file that nothing is known of
//   chunk     the media layer's share: until the first chunk is decoded
//   jump      from there to the chunk at 8:20
//   decode    times real time; + 48 kHz: and resampled
//
// Fails (status 1) when MP3, FLAC or M4A is heard later than 60 ms in the median.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include "io/audio/backend.h"
#include "media/audio_writer.h"
#include "media/decoder.h"
#include "media/track_cache.h"
#include "media/worker_pool.h"
#include "session/live.h"
#include "session/media_stack.h"
#include "session/track_sources.h"

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

// No analyses, which would take the processor from the loads that come after.
class Unanalysed : public session::LiveSource {
 public:
  using LiveSource::LiveSource;
  void analyse(const std::string&, Analysed) override {}
};

// A session as `tactus engine` runs it; this thread is its control thread.
class Booth {
 public:
  Booth() : session_(options(), source_) {
    media_.set_grace([this] { return session_.host().grace(); });
    engine_ = session_.host().callback();
    opened_ = io::open_audio({.driver = io::Driver::null, .block = kBlock}, {&Booth::process, &Booth::wake, this});
  }
  ~Booth() {
    opened_.audio.reset();
    media_.set_grace({});  // the engine goes now
  }
  bool good() const { return opened_.audio != nullptr; }

  // Milliseconds until the file is heard; less than 0 when it isn't within a second.
  double heard_after(const std::string& path) {
    say("/deck/1/pause");
    run(0.15);
    heard_.store(0);
    const auto start = Clock::now();
    say("/deck/1/load \"" + path + "\"");
    say("/deck/1/play");
    while (heard_.load() == 0 && ms_since(start) < 1000) tick();
    const auto at = Clock::time_point(Clock::duration(heard_.load()));
    return heard_.load() == 0 ? -1 : std::chrono::duration<double, std::milli>(at - start).count();
  }

 private:
  static constexpr int kBlock = 64;
  static session::Session::Options options() {
    session::Session::Options o;
    o.max_block = kBlock;
    o.feeder_threads = session::default_feeder_threads();
    return o;
  }
  // The engine's callback, and whether it sounds for the first time.
  static void process(void* self, const msg::AudioBlock& block, const msg::BlockClock& clock) TACTUS_RT;
  static void wake(void* self) noexcept {
    auto* booth = static_cast<Booth*>(self);
    booth->engine_.wake(booth->engine_.context);
  }
  void say(const std::string& text) { session_.submit(text, {"bench", schedule::Source::Kind::hand, 1}); }
  void tick() {
    session_.tick();
    std::this_thread::sleep_for(std::chrono::milliseconds(3));
  }
  void run(double seconds) {
    for (const auto start = Clock::now(); ms_since(start) < 1e3 * seconds;) tick();
  }

  session::MediaStack media_{true};
  Unanalysed source_{media_.cache(), media_.analyses()};
  session::Session session_;
  msg::Callback engine_;
  std::atomic<Clock::rep> heard_{1};  // 0: listening
  io::OpenedAudio opened_;
};

void Booth::process(void* self, const msg::AudioBlock& block, const msg::BlockClock& clock) TACTUS_RT {
  auto* booth = static_cast<Booth*>(self);
  booth->engine_.process(booth->engine_.context, block, clock);
  if (booth->heard_.load(std::memory_order_relaxed) != 0) return;
  for (int i = 0; i < block.frames; ++i) {
    if (std::fabs(block.out[msg::kMaster][i]) < 1e-4f) continue;
    booth->heard_.store(Clock::now().time_since_epoch().count());
    return;
  }
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
  Booth booth;
  if (!booth.good()) return 2;
  bool good = true;
  std::printf("%-9s %9s %7s %7s %9s %9s %11s %13s\n", "format", "heard ms", "p95", "worst", "chunk ms", "jump ms",
              "decode x", "+ 48 kHz x");
  for (const Format& f : formats) {
    const std::string path = folder + "/" + f.file;
    const std::string make = "ffmpeg -v error -y -i " + folder + "/source.wav " + f.options + " " + path;
    if (std::system(make.c_str()) != 0) return 2;

    std::vector<double> heard, loads, jumps;
    for (int i = 0; i < kLoads; ++i) {
      // A copy each time: the workers are warm, but have not seen the file.
      const std::string copy = folder + "/" + std::to_string(i) + f.file;
      std::filesystem::copy_file(path, copy);
      heard.push_back(booth.heard_after(copy));
      if (heard.back() < 0) {
        std::fprintf(stderr, "%s was not heard\n", copy.c_str());
        return 2;
      }
      std::filesystem::remove(copy);
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
    std::sort(heard.begin(), heard.end());

    auto start = Clock::now();
    if (!media::decode_file(path, 0).ok()) return 2;
    const double plain = 600e3 / ms_since(start);
    start = Clock::now();
    if (!media::decode_file(path, 48000).ok()) return 2;
    const double resampled = 600e3 / ms_since(start);
    std::printf("%-9s %9.1f %7.1f %7.1f %9.1f %9.1f %11.0f %13.0f\n", f.file, median(heard),
                heard[heard.size() * 95 / 100], heard.back(), median(loads), median(jumps), plain, resampled);
    std::fflush(stdout);
    if (f.has_goal && median(heard) > kGoalMs) good = false;
  }
  std::filesystem::remove_all(folder);
  std::printf("goal: heard within %.0f ms, mp3, flac and m4a: %s\n", kGoalMs, good ? "met" : "MISSED");
  return good ? 0 : 1;
}
