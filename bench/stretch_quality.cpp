// How far key lock is from the best that the library can do: the log-spectral distance (dB) of a realtime render to an
// offline render with R3, for the bare library in realtime and for our reader, same options, over the files of a folder
// (the demo crate: `tactus demo DIR`) at 0.94 and 1.06 of their tempo. Half a minute of each, from its middle.
//
//   stretch_quality FILE...
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "media/decoder.h"
#include "media/stretch_library.h"
#include "media/stretch_music.h"
#include "media/stretch_signals.h"

namespace {

using namespace tactus;
using namespace tactus::media;

constexpr std::size_t kSeconds = 30, kRate = 48000;

std::vector<float> ours(const std::vector<float>& source, double ratio) {
  test::Feed feed;
  feed.timeline = test::line(0, 1 / ratio);
  feed.source = [&](std::int64_t i, int) {
    return i >= 0 && i < static_cast<std::int64_t>(source.size()) ? source[static_cast<std::size_t>(i)] : 0.0f;
  };
  StretchReader reader(StretchMode::r3, 1, SampleRate{kRate}, false);
  test::Audio out;
  if (!reader.prime(feed, 0)) return {};
  test::pull(reader, feed, static_cast<std::int64_t>(static_cast<double>(source.size()) * ratio) / 32 * 32 - 9600, out);
  return out[0];
}

}  // namespace

int main(int argc, char** argv) {
  std::printf("%-36s %6s %8s %8s\n", "track", "tempo", "bare", "reader");
  double sum_bare = 0, sum_ours = 0;
  int n = 0;
  for (int i = 1; i < argc; ++i) {
    const auto pcm = decode_file(argv[i], kRate);
    if (!pcm) {
      std::fprintf(stderr, "%s\n", pcm.error().text().c_str());
      return 1;
    }
    const auto frames = static_cast<std::size_t>(pcm.value().frames);
    const std::size_t length = std::min(frames, kSeconds * kRate), from = (frames - length) / 2;
    std::vector<float> mono(length);
    for (std::size_t k = 0; k < length; ++k) {
      mono[k] = 0.5f * (pcm.value().interleaved[2 * (from + k)] + pcm.value().interleaved[2 * (from + k) + 1]);
    }
    for (const double tempo : {0.94, 1.06}) {
      const auto best = test::offline_render(mono, 1 / tempo);
      const double of_bare = test::log_spectral_distance(best, test::bare_render(mono, 1 / tempo, false), 9600);
      const double of_ours = test::log_spectral_distance(best, ours(mono, 1 / tempo), 9600);
      std::printf("%-36s %6.2f %8.3f %8.3f\n", std::filesystem::path(argv[i]).filename().c_str(), tempo, of_bare,
                  of_ours);
      std::fflush(stdout);
      sum_bare += of_bare;
      sum_ours += of_ours;
      ++n;
    }
  }
  if (n > 0) std::printf("%-36s %6s %8.3f %8.3f\n", "mean", "", sum_bare / n, sum_ours / n);
  return 0;
}
