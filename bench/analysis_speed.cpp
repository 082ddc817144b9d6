// What knowing a track costs, stage by stage: CPU seconds for four minutes of a band, and as `x_real_time` how many
// seconds of audio a second of CPU deals with. `whole` is what a media worker does for one FLAC file, decoding and
// waveform included; `whole_mp3` the same for an MP3 made by ffmpeg, where that is installed. Wanted: 60 and more.
#include <benchmark/benchmark.h>
#include <ebur128.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "analysis/analysis.h"
#include "analysis/band.h"
#include "analysis/bar_tracker.h"
#include "analysis/embedding.h"
#include "analysis/features.h"
#include "analysis/grid.h"
#include "analysis/listen.h"
#include "analysis/loudness.h"
#include "analysis/network.h"
#include "analysis/network_input.h"
#include "analysis/onsets.h"
#include "analysis/phrases.h"
#include "analysis/spectra.h"
#include "analysis/tonality.h"
#include "analysis/true_peak.h"
#include "analysis/waveform.h"
#include "media/audio_writer.h"
#include "media/decoder.h"

namespace {

using namespace tactus;
using namespace tactus::analysis;
namespace fs = std::filesystem;

const testing::Sound& music() {
  static const testing::Sound sound = [] {
    testing::Score score;
    score.bars = 126;
    return testing::play(score);
  }();
  return sound;
}

// Files of it, gone when the program ends.
class Files {
 public:
  Files() {
    std::string name = (fs::temp_directory_path() / "tactus-bench-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
    media::WriterFormat format;
    format.rate = music().rate;
    format.container = media::Container::flac;
    format.sample = media::SampleFormat::s16;
    if (!media::write_file(flac(), format, music().pcm)) std::abort();
    const std::string command = "ffmpeg -v error -i " + flac() + " -b:a 256k " + mp3() + " </dev/null >/dev/null 2>&1";
    has_mp3_ = std::system(command.c_str()) == 0;
  }
  ~Files() {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }
  std::string flac() const { return folder_ / "a.flac"; }
  std::string mp3() const { return folder_ / "a.mp3"; }
  std::string wave() const { return folder_ / "a.wave"; }
  bool has_mp3() const { return has_mp3_; }

 private:
  fs::path folder_;
  bool has_mp3_ = false;
};
const Files& files() {
  static const Files only;
  return only;
}

template <typename Work>
void stage(benchmark::State& state, const Work& work) {
  work();  // once for what it goes by, which is made when it is first asked for
  for (auto _ : state) work();
  state.counters["x_real_time"] =
      benchmark::Counter(music().seconds() * static_cast<double>(state.iterations()), benchmark::Counter::kIsRate);
}

// In pieces as a worker reads them.
template <typename Take>
void in_pieces(const Take& take) {
  constexpr std::size_t kSamples = 131072;
  const std::span<const float> pcm = music().pcm;
  for (std::size_t at = 0; at < pcm.size(); at += kSamples) take(pcm.subspan(at, std::min(kSamples, pcm.size() - at)));
}

const Features& features() {
  static const Features heard = [] {
    FeatureExtractor extractor(music().rate);
    in_pieces([&](std::span<const float> piece) { extractor.feed(piece); });
    return extractor.finish();
  }();
  return heard;
}
const Activations& activations() {
  static const Activations heard = run_network(network_input(features()));
  return heard;
}

void decode_file(const std::string& path) {
  auto decoder = media::Decoder::open(path, 0, media::Stems::ignore);
  std::vector<float> pcm(131072);
  if (!decoder) std::abort();
  for (std::int64_t at = 0; at < decoder->info().frames; at += 65536) {
    pcm.resize(2 * static_cast<std::size_t>(std::min<std::int64_t>(65536, decoder->info().frames - at)));
    if (!decoder->read(at, pcm)) std::abort();
  }
}

void decode_flac(benchmark::State& state) {
  (void)files();  // made before the clock runs
  stage(state, [] { decode_file(files().flac()); });
}
BENCHMARK(decode_flac)->Unit(benchmark::kMillisecond);

void decode_mp3(benchmark::State& state) {
  if (!files().has_mp3()) return state.SkipWithError("ffmpeg is not there to make one");
  stage(state, [] { decode_file(files().mp3()); });
}
BENCHMARK(decode_mp3)->Unit(benchmark::kMillisecond);

void features_all(benchmark::State& state) {
  stage(state, [] {
    FeatureExtractor extractor(music().rate);
    in_pieces([&](std::span<const float> piece) { extractor.feed(piece); });
    benchmark::DoNotOptimize(extractor.finish().frames);
  });
}
BENCHMARK(features_all)->Unit(benchmark::kMillisecond);

void features_spectra(benchmark::State& state) {
  stage(state, [] {
    SpectraExtractor extractor(music().rate);
    std::vector<float> mono;
    in_pieces([&](std::span<const float> piece) {
      mono.resize(piece.size() / 2);
      for (std::size_t i = 0; i < mono.size(); ++i) mono[i] = 0.5f * (piece[2 * i] + piece[2 * i + 1]);
      extractor.feed(mono);
    });
    benchmark::DoNotOptimize(extractor.finish().size());
  });
}
BENCHMARK(features_spectra)->Unit(benchmark::kMillisecond);

void loudness_and_true_peak(benchmark::State& state) {
  stage(state, [] {
    LoudnessMeter meter(music().rate);
    in_pieces([&](std::span<const float> piece) { meter.feed(piece); });
    benchmark::DoNotOptimize(meter.lufs() + meter.lra() + meter.true_peak_db());
  });
}
BENCHMARK(loudness_and_true_peak)->Unit(benchmark::kMillisecond);

void true_peak(benchmark::State& state) {
  stage(state, [] {
    TruePeak peak;
    in_pieces([&](std::span<const float> piece) { peak.feed(piece); });
    benchmark::DoNotOptimize(peak.highest());
  });
}
BENCHMARK(true_peak)->Unit(benchmark::kMillisecond);

// What it is beside: libebur128's, its loudness taken off by the benchmark above.
void libebur128_with_true_peak(benchmark::State& state) {
  stage(state, [] {
    ebur128_state* meter = ebur128_init(2, static_cast<unsigned long>(music().rate),
                                        EBUR128_MODE_I | EBUR128_MODE_LRA | EBUR128_MODE_TRUE_PEAK);
    in_pieces([&](std::span<const float> piece) { ebur128_add_frames_float(meter, piece.data(), piece.size() / 2); });
    double peak = 0;
    ebur128_true_peak(meter, 0, &peak);
    benchmark::DoNotOptimize(peak);
    ebur128_destroy(&meter);
  });
}
BENCHMARK(libebur128_with_true_peak)->Unit(benchmark::kMillisecond);

void waveform(benchmark::State& state) {
  stage(state, [] {
    auto writer = WaveformWriter::create(files().wave(), music().rate, std::ssize(music().pcm) / 2);
    if (!writer) std::abort();
    in_pieces([&](std::span<const float> piece) { writer.value().feed(piece); });
    writer.value().finish();
  });
}
BENCHMARK(waveform)->Unit(benchmark::kMillisecond);

void network(benchmark::State& state) {
  stage(state, [] { benchmark::DoNotOptimize(run_network(network_input(features())).beat.size()); });
}
BENCHMARK(network)->Unit(benchmark::kMillisecond);

void bars_and_grid(benchmark::State& state) {
  stage(state, [] {
    const OnsetCurve curve = onset_curve(features());
    benchmark::DoNotOptimize(find_grid(curve, track_bars(activations()), music().seconds()).error_ms);
  });
}
BENCHMARK(bars_and_grid)->Unit(benchmark::kMillisecond);

void key(benchmark::State& state) {
  stage(state, [] { benchmark::DoNotOptimize(find_key(features(), music().beats).confidence); });
}
BENCHMARK(key)->Unit(benchmark::kMillisecond);

void embeddings(benchmark::State& state) {
  static const TrackAnalysis found = [] {
    TrackAnalysis out;
    out.duration = out.last_sound = music().seconds();
    listen(features(), out);
    return out;
  }();
  stage(state, [] { benchmark::DoNotOptimize(embed(built_in_embedder(), features(), found).phrases.size()); });
}
BENCHMARK(embeddings)->Unit(benchmark::kMillisecond);

void all_but_the_file(benchmark::State& state) {
  stage(state, [] { benchmark::DoNotOptimize(analyze(music().pcm, music().rate).bpm); });
}
BENCHMARK(all_but_the_file)->Unit(benchmark::kMillisecond);

void whole_file(benchmark::State& state, const std::string& path) {
  stage(state, [&] {
    const auto found = analyze_file(path, {}, {files().wave(), {}});
    if (!found || !found->has_grid()) std::abort();
  });
}
void whole(benchmark::State& state) { whole_file(state, files().flac()); }
BENCHMARK(whole)->Unit(benchmark::kMillisecond);

void whole_mp3(benchmark::State& state) {
  if (!files().has_mp3()) return state.SkipWithError("ffmpeg is not there to make one");
  whole_file(state, files().mp3());
}
BENCHMARK(whole_mp3)->Unit(benchmark::kMillisecond);

}  // namespace
