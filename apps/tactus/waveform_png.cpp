#include "waveform_png.h"

#include <algorithm>
#include <cmath>

#include "canvas.h"
#include "media/decoder.h"

namespace tactus::app {

namespace {

constexpr int kWaveWidth = 1600, kWaveHeight = 320;
constexpr Rgb kBehind{18, 20, 26}, kTop{66, 110, 180}, kLoud{120, 190, 255}, kMark{255, 150, 60}, kAxis{50, 54, 64};

struct Column {
  float peak = 0, rms = 0;
};

}  // namespace

std::string draw_waveform(const std::string& audio, const std::string& png, const std::vector<double>& marks) {
  auto decoder = media::Decoder::open(audio, 0, media::Stems::ignore);
  if (!decoder) return decoder.error().text();
  const auto frames = decoder->info().frames;
  const int rate = decoder->info().rate;
  std::vector<Column> columns(kWaveWidth);
  std::vector<float> pcm(65536 * 2);
  for (std::int64_t at = 0; at < frames; at += 65536) {
    if (const auto read = decoder->read(at, pcm); !read) return read.error().text();
    for (std::int64_t i = 0; i < 65536 && at + i < frames; ++i) {
      Column& c = columns[static_cast<std::size_t>((at + i) * kWaveWidth / frames)];
      const float x = std::max(std::fabs(pcm[static_cast<std::size_t>(2 * i)]),
                               std::fabs(pcm[static_cast<std::size_t>(2 * i + 1)]));
      c.peak = std::max(c.peak, x);
      c.rms += x * x * static_cast<float>(kWaveWidth) / static_cast<float>(frames);
    }
  }
  Canvas canvas(kWaveWidth, kWaveHeight, kBehind);
  const auto bar = [&](int x, int half, Rgb color) { canvas.line(x, kWaveHeight / 2 - half, 2 * half + 1, color); };
  for (int x = 0; x < kWaveWidth; ++x) {
    bar(x, 0, kAxis);
    const Column& c = columns[static_cast<std::size_t>(x)];
    bar(x, static_cast<int>(c.peak * (kWaveHeight / 2 - 8)), kTop);
    bar(x, static_cast<int>(std::sqrt(c.rms) * (kWaveHeight / 2 - 8)), kLoud);
  }
  for (double seconds : marks) {
    const auto x =
        static_cast<int>(seconds * rate / static_cast<double>(std::max<std::int64_t>(frames, 1)) * kWaveWidth);
    if (x >= 0 && x < kWaveWidth) bar(x, kWaveHeight / 2, kMark);
  }
  return canvas.save(png);
}

}  // namespace tactus::app
