#include "eval/rivals.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "eval/rival_runs.h"
#include "media/decoder.h"

namespace tactus::eval {
namespace {

constexpr double kOff = 0.025;

// Whether all beats between the first and the last lie near the line through those two.
bool on_a_line(std::span<const double> beats) {
  const double step = (beats.back() - beats.front()) / static_cast<double>(beats.size() - 1);
  for (std::size_t i = 1; i + 1 < beats.size(); ++i) {
    if (std::fabs(beats[i] - beats.front() - static_cast<double>(i) * step) > kOff) return false;
  }
  return true;
}

std::span<const double> longest_line(std::span<const double> beats) {
  std::span<const double> best;
  std::size_t from = 0;
  while (from + 1 < beats.size()) {
    std::size_t count = 2;
    while (from + count < beats.size() && on_a_line(beats.subspan(from, count + 1))) ++count;
    if (count > best.size()) best = beats.subspan(from, count);
    from += count - 1;
  }
  return best;
}

}  // namespace

media::Result<Mono> read_mono(const std::string& path) {
  auto opened = media::Decoder::open(path, 0, media::Stems::ignore);
  if (!opened) return opened.error();
  if (const int rate = opened->info().rate; rate != 44100 && rate != 48000) {
    opened = media::Decoder::open(path, 48000, media::Stems::ignore);
    if (!opened) return opened.error();
  }
  media::Decoder decoder = std::move(opened).value();
  const std::int64_t frames = decoder.info().frames;
  Mono out{decoder.info().rate, {}};
  out.samples.reserve(static_cast<std::size_t>(frames));
  constexpr std::int64_t kPiece = 65536;
  std::vector<float> pcm;
  for (std::int64_t at = 0; at < frames; at += kPiece) {
    pcm.resize(2 * static_cast<std::size_t>(std::min(kPiece, frames - at)));
    if (const media::Status read = decoder.read(at, pcm); !read) return read.error();
    for (std::size_t i = 0; i < pcm.size(); i += 2) out.samples.push_back(0.5f * (pcm[i] + pcm[i + 1]));
  }
  return out;
}

const std::vector<Rival>& rivals() {
  static const std::vector<Rival> all = {
      {"qm", "Queen Mary's qm-dsp, as Mixxx drives it", "libqm-dsp-dev",
#ifdef TACTUS_HAS_QM_DSP
       run_qm
#else
       {}
#endif
      },
      {"aubio", "aubio's tempo tracker, as its own program drives it", "libaubio-dev",
#ifdef TACTUS_HAS_AUBIO
       run_aubio
#else
       {}
#endif
      },
  };
  return all;
}

double steady_tempo(std::span<const double> beats) {
  const std::span<const double> line = longest_line(beats);
  if (line.size() < 2) return 0;
  const auto steps = static_cast<double>(line.size() - 1);
  const double length = line.back() - line.front();
  const double bpm = 60 * steps / length, least = 60 * steps / (length + kOff), most = 60 * steps / (length - kOff);
  for (const double grain : {1.0, 0.5}) {
    const double rounded = std::round(bpm / grain) * grain;
    if (rounded >= least && (length <= kOff || rounded <= most)) return rounded;
  }
  return bpm;
}

}  // namespace tactus::eval
