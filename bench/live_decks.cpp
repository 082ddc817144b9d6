// How much of the machine key-locked decks take while they play in real time, and when quality begins to give way: the
// null device at 64 frames, one feeder thread for each core but one, 1 to 4 decks of a kind. One line for each:
//
//   decks      and whether they have stems, and a key shift (which doubles a stretcher's work)
//   feeders    CPU seconds a second of audio, of all feeder threads
//   audio      of the callback: mean share of its deadline
//   key lock   share of the time that the decks sounded from their stretchers
//   fallbacks  times that the direct path took over; steps: times that quality was lowered (R3 -> R2 -> direct)
//
//   live_decks [seconds, default 6]
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <thread>
#include <vector>

#include "engine/ctl/engine_host.h"
#include "io/audio/backend.h"
#include "lockfree/chunk_table.h"

namespace {

using namespace tactus;

constexpr int kRate = 48000, kBlock = 64;

// Half a minute of drums, bass and chords, each in its stem, or all in two channels.
class Music {
 public:
  explicit Music(int channels) : table_(kRate * 32, channels) {
    constexpr std::int64_t kChunk = lockfree::ChunkTable::kChunkFrames;
    std::uint32_t seed = 1;
    for (std::int64_t c = 0; c < table_.count(); ++c) {
      std::vector<float> chunk;
      for (std::int64_t i = 0; i < kChunk; ++i) {
        const double t = static_cast<double>(c * kChunk + i) / kRate, beat = std::fmod(t, 0.5);
        seed = seed * 1664525u + 1013904223u;
        const double noise = static_cast<double>(seed >> 8) / 8388608 - 1;
        const double stems[4] = {
            0.1 * std::sin(2 * M_PI * 660 * t) * std::sin(2 * M_PI * 0.5 * t),
            0.4 * std::exp(-beat * 12) * std::sin(300 * (1 - std::exp(-beat * 30))) +
                0.1 * std::exp(-beat * 50) * noise,
            0.15 * std::sin(2 * M_PI * 55 * t),
            0.05 * (std::sin(2 * M_PI * 261.6 * t) + std::sin(2 * M_PI * 329.6 * t) + std::sin(2 * M_PI * 392 * t))};
        for (int ch = 0; ch < channels; ++ch) {
          chunk.push_back(
              static_cast<float>(channels == 8 ? stems[ch / 2] : stems[0] + stems[1] + stems[2] + stems[3]));
        }
      }
      chunks_.push_back(std::move(chunk));
      table_.store(c, chunks_.back().data());
    }
    for (int d = 0; d < 4; ++d) {
      refs_[d].id = static_cast<std::uint64_t>(d) + 1;
      refs_[d].pcm = &table_;
      refs_[d].grid = {&anchor_, 1, kRate};
      for (double& cue : refs_[d].hotcues) cue = -1;
    }
  }
  const msg::TrackRef& ref(int deck) const { return refs_[deck]; }

 private:
  static constexpr music::GridAnchor anchor_{0, 0, 120};
  lockfree::ChunkTable table_;
  std::vector<std::vector<float>> chunks_;
  msg::TrackRef refs_[4];
};

void measure(const Music& music, const char* kind, int decks, bool pitched, double seconds) {
  ctl::EngineHost::Options options;
  options.decks = decks;
  options.feeder_threads = std::max(1, static_cast<int>(std::thread::hardware_concurrency()) - 1);
  options.max_block = kBlock;
  ctl::EngineHost host(options);
  const auto send = [&](msg::Op op, int deck, msg::Param param, double a, int index) {
    msg::Command c;
    c.op = op, c.param = param, c.deck = static_cast<std::uint8_t>(deck), c.a = a;
    c.index = static_cast<std::uint8_t>(index);
    if (op == msg::Op::load) c.track = &music.ref(deck);
    host.send(c);
  };
  for (int d = 0; d < decks; ++d) {
    send(msg::Op::load, d, {}, 0, 0);
    send(msg::Op::set_param, d, msg::Param::tempo, 1.02 + 0.01 * d, 0);
    if (pitched) send(msg::Op::set_param, d, msg::Param::key, 1, 0);
    send(msg::Op::play, d, {}, 0, 0);
    send(msg::Op::loop, d, {}, 32, static_cast<int>(msg::LoopOp::beats));
  }
  const io::OpenedAudio opened = io::open_audio({.driver = io::Driver::null, .block = kBlock}, host.callback());
  if (!opened.audio) std::exit(2);
  const auto play = [&](double for_seconds, auto each) {
    const std::int64_t end = host.frame() + static_cast<std::int64_t>(for_seconds * kRate);
    while (host.frame() < end) {
      msg::Event e;
      while (host.poll(e)) continue;
      each(host.snapshot());
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
  };
  const auto fallbacks = [&] {
    std::uint32_t sum = 0;
    for (int d = 0; d < decks; ++d) sum += host.snapshot().decks[d].fallbacks;
    return sum;
  };
  play(1, [](const msg::Snapshot&) {});
  const ctl::FeederStats before = host.feeder_stats();
  const std::uint32_t fell = fallbacks();
  std::int64_t looks = 0, locked = 0;
  play(seconds, [&](const msg::Snapshot& s) {
    for (int d = 0; d < decks; ++d) ++looks, locked += s.decks[d].source == msg::DeckSource::voice;
  });
  const ctl::FeederStats after = host.feeder_stats();
  std::printf("%d %-24s %8.3f %8.2f %% %8.1f %% %10u %6llu\n", decks, kind,
              static_cast<double>(after.cpu_ns - before.cpu_ns) * 1e-9 / seconds,
              100 * opened.audio->status().cpu_mean_us / (1e6 * kBlock / kRate),
              100.0 * static_cast<double>(locked) / static_cast<double>(looks), fallbacks() - fell,
              static_cast<unsigned long long>(after.degraded - before.degraded));
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  const double seconds = argc > 1 ? std::atof(argv[1]) : 6;
  std::printf("%-26s %8s %10s %10s %10s %6s\n", "decks", "feeders", "audio", "key lock", "fallbacks", "steps");
  for (const int channels : {2, 8}) {
    const Music music(channels);
    for (const bool pitched : {false, true}) {
      const char* kinds[] = {"stereo", "stereo, key shifted", "stems", "stems, key shifted"};
      for (int decks = 1; decks <= 4; ++decks)
        measure(music, kinds[(channels == 8) * 2 + pitched], decks, pitched, seconds);
    }
  }
  return 0;
}
