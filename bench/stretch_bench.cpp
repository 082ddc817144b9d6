// What key lock costs: a StretchReader beside a bare loop over Rubber Band with the same options, chunk, ratio and
// audio, in one run. Counter `x_real_time`: seconds of audio a second of CPU. Wanted: reader / bare <= 1.10.
//
// `side_by_side` alternates the two second by second of audio, so that a busy machine hits both alike, and reports the
// ratio of their CPU times. `burst` is the longest single packet: what a feeder must be ahead by.
#include <benchmark/benchmark.h>
#include <rubberband/RubberBandStretcher.h>
#include <time.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "media/stretch_reader.h"

namespace {

using namespace tactus;
using namespace tactus::media;
using Library = RubberBand::RubberBandStretcher;

constexpr double kSpeed = 128.0 / 126;
constexpr std::int64_t kSecond = 48000;

double cpu_seconds() {
  timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

// Eight seconds of chords, kicks and hats, in a loop; interleaved.
const std::vector<float>& music(int channels) {
  static std::vector<float> made[9];
  std::vector<float>& out = made[channels];
  if (!out.empty()) return out;
  std::uint32_t seed = 1;
  for (std::int64_t i = 0; i < 8 * kSecond; ++i) {
    const double t = static_cast<double>(i) / 48000, beat = std::fmod(t, 0.5), hat = std::fmod(t, 0.25);
    seed = seed * 1664525u + 1013904223u;
    const double noise = static_cast<double>(seed >> 8) / 8388608 - 1;
    for (int c = 0; c < channels; ++c) {
      double x = 0.5 * std::exp(-beat * 18) * std::sin(320 * beat) + 0.1 * std::exp(-hat * 60) * noise;
      for (const double f : {110.0, 261.6, 329.6, 392.0}) x += 0.08 * std::sin(6.2831853 * (f + c) * t);
      out.push_back(static_cast<float>(x));
    }
  }
  return out;
}

struct Feed : StretchFeed {
  explicit Feed(int n) : channels(n), pcm(music(n)) {}
  double position(double frame) const override { return 10000 + frame * kSpeed; }
  double pitch(double) const override { return 1; }
  bool read(std::int64_t first, int n, float* out) override {
    const auto length = static_cast<std::int64_t>(pcm.size()) / channels;
    for (int i = 0; i < n; ++i) {
      const float* from = pcm.data() + (first + i) % length * channels;
      std::copy(from, from + channels, out + i * channels);
    }
    return true;
  }
  int channels;
  const std::vector<float>& pcm;
};

int options_of(StretchMode mode, bool pitched) {
  const int common = Library::OptionProcessRealTime | (pitched ? Library::OptionPitchHighConsistency : 0);
  if (mode == StretchMode::r2) return common | Library::OptionTransientsMixed;
  const int r3 = common | Library::OptionEngineFiner | Library::OptionChannelsTogether;
  return mode == StretchMode::r3 ? r3 | Library::OptionWindowShort : r3;
}

// The loop that anyone would write: read a chunk, process it, take what has come out.
class Bare {
 public:
  Bare(StretchMode mode, int channels, bool pitched)
      : feed_(channels), library_(48000, static_cast<std::size_t>(channels), options_of(mode, pitched), 1 / kSpeed) {
    library_.setMaxProcessSize(StretchVoice::kChunk);
    interleaved_.resize(static_cast<std::size_t>(StretchVoice::kChunk * channels));
    planes_.resize(interleaved_.size());
    out_.resize(static_cast<std::size_t>(16384 * channels));
  }
  void run(std::int64_t frames) {
    const int channels = feed_.channels;
    const float* in[8];
    float* out[8];
    for (int c = 0; c < channels; ++c)
      in[c] = planes_.data() + c * StretchVoice::kChunk, out[c] = out_.data() + c * 16384;
    for (; made_ < frames; fed_ += StretchVoice::kChunk) {
      feed_.read(fed_, StretchVoice::kChunk, interleaved_.data());
      for (int c = 0; c < channels; ++c) {
        for (int i = 0; i < StretchVoice::kChunk; ++i) {
          planes_[static_cast<std::size_t>(c * StretchVoice::kChunk + i)] =
              interleaved_[static_cast<std::size_t>(i * channels + c)];
        }
      }
      library_.process(in, StretchVoice::kChunk, false);
      if (const int n = library_.available(); n > 0) {
        library_.retrieve(out, static_cast<std::size_t>(n));
        made_ += n;
      }
    }
    made_ -= frames;
  }

 private:
  Feed feed_;
  Library library_;
  std::vector<float> interleaved_, planes_, out_;
  std::int64_t fed_ = 0, made_ = 0;
};

class Reader {
 public:
  Reader(StretchMode mode, int channels, bool pitched)
      : feed_(channels), reader_(mode, channels, SampleRate{48000}, pitched) {
    reader_.prime(feed_, 0);
  }
  void run(std::int64_t frames) {
    float planes[8][StretchReader::kPacket];
    float* at[8];
    for (int c = 0; c < 8; ++c) at[c] = planes[c];
    StretchReader::Tag tag;
    for (std::int64_t n = 0; n < frames; n += StretchReader::kPacket) {
      reader_.next(feed_, tag, at);
      benchmark::DoNotOptimize(planes);
    }
  }
  double longest_packet(std::int64_t frames) {
    double worst = 0;
    for (std::int64_t n = 0; n < frames; n += StretchReader::kPacket) {
      const double start = cpu_seconds();
      run(StretchReader::kPacket);
      worst = std::max(worst, cpu_seconds() - start);
    }
    return worst;
  }

 private:
  Feed feed_;
  StretchReader reader_;
};

// Arguments: mode, channels, pitched. A stems deck (8 channels, R3) stretches its mix too, two channels more than the
// bare loop.
void side_by_side(benchmark::State& state) {
  const auto mode = static_cast<StretchMode>(state.range(0));
  const int channels = static_cast<int>(state.range(1));
  Reader reader(mode, channels, state.range(2) != 0);
  Bare bare(mode, channels, state.range(2) != 0);
  bare.run(kSecond);
  double of_reader = 0, of_bare = 0, seconds = 0;
  for (auto _ : state) {
    const double start = cpu_seconds();
    reader.run(kSecond);
    const double middle = cpu_seconds();
    bare.run(kSecond);
    of_reader += middle - start;
    of_bare += cpu_seconds() - middle;
    seconds += 1;
  }
  state.counters["reader_x_real_time"] = seconds / of_reader;
  state.counters["bare_x_real_time"] = seconds / of_bare;
  state.counters["reader_to_bare"] = of_reader / of_bare;
  state.counters["cpu_percent"] = 100 * of_reader / seconds;
}
BENCHMARK(side_by_side)
    ->ArgNames({"mode", "channels", "pitched"})
    ->ArgsProduct({{0, 1, 2}, {2}, {0, 1}})
    ->ArgsProduct({{0, 2}, {8}, {0, 1}})
    ->Unit(benchmark::kMillisecond);

void burst(benchmark::State& state) {
  Reader reader(static_cast<StretchMode>(state.range(0)), static_cast<int>(state.range(1)), state.range(2) != 0);
  double worst = 0;
  for (auto _ : state) worst = std::max(worst, reader.longest_packet(kSecond));
  state.counters["longest_packet_ms"] = worst * 1000;
}
BENCHMARK(burst)
    ->ArgNames({"mode", "channels", "pitched"})
    ->ArgsProduct({{0, 1, 2}, {2}, {0, 1}})
    ->ArgsProduct({{0}, {8}, {0, 1}})
    ->Unit(benchmark::kMillisecond);

void construct(benchmark::State& state) {
  for (auto _ : state) {
    StretchReader reader(static_cast<StretchMode>(state.range(0)), static_cast<int>(state.range(1)), SampleRate{48000},
                         state.range(2) != 0);
    benchmark::DoNotOptimize(reader.channels());
  }
}
BENCHMARK(construct)
    ->ArgNames({"mode", "channels", "pitched"})
    ->ArgsProduct({{0, 1, 2}, {2}, {0, 1}})
    ->ArgsProduct({{0}, {8}, {0, 1}})
    ->Unit(benchmark::kMillisecond);

// Arguments: mode, channels, pitched, urgent. From a fresh reader to its first packet.
void prime(benchmark::State& state) {
  const int channels = static_cast<int>(state.range(1));
  Feed feed(channels);
  float planes[8][StretchReader::kPacket];
  float* at[8];
  for (int c = 0; c < 8; ++c) at[c] = planes[c];
  for (auto _ : state) {
    StretchReader reader(static_cast<StretchMode>(state.range(0)), channels, SampleRate{48000}, state.range(2) != 0);
    StretchReader::Tag tag;
    const double start = cpu_seconds();
    reader.prime(feed, 0, state.range(3) != 0);
    reader.next(feed, tag, at);
    const double elapsed = cpu_seconds() - start;
    state.SetIterationTime(elapsed);
  }
}
BENCHMARK(prime)
    ->ArgNames({"mode", "channels", "pitched", "urgent"})
    ->ArgsProduct({{0, 1, 2}, {2}, {0, 1}, {0, 1}})
    ->ArgsProduct({{0}, {8}, {0, 1}, {0, 1}})
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
