#include "waveform_png.h"

#include <png.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <memory>

#include "media/decoder.h"

namespace tactus::app {

namespace {

constexpr int kWidth = 1600, kHeight = 320;
struct Rgb {
  unsigned char r, g, b;
};
constexpr Rgb kGround{18, 20, 26}, kPeak{66, 110, 180}, kBody{120, 190, 255}, kMark{255, 150, 60}, kAxis{50, 54, 64};

struct Column {
  float peak = 0, rms = 0;
};

std::string write_png(const std::string& path, const std::vector<Rgb>& pixels) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "wb"), &std::fclose);
  if (!file) return path + ": the picture can't be written";
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.width = kWidth;
  image.height = kHeight;
  image.format = PNG_FORMAT_RGB;
  if (!png_image_write_to_stdio(&image, file.get(), 0, pixels.data(), kWidth * 3, nullptr)) {
    return path + ": " + image.message;
  }
  return {};
}

}  // namespace

std::string draw_waveform(const std::string& audio, const std::string& png, const std::vector<double>& marks) {
  auto decoder = media::Decoder::open(audio, 0, media::Stems::ignore);
  if (!decoder) return decoder.error().text();
  const auto frames = decoder->info().frames;
  const int rate = decoder->info().rate;
  std::vector<Column> columns(kWidth);
  std::vector<float> pcm(65536 * 2);
  for (std::int64_t at = 0; at < frames; at += 65536) {
    if (const auto read = decoder->read(at, pcm); !read) return read.error().text();
    for (std::int64_t i = 0; i < 65536 && at + i < frames; ++i) {
      Column& c = columns[static_cast<std::size_t>((at + i) * kWidth / frames)];
      const float x = std::max(std::fabs(pcm[static_cast<std::size_t>(2 * i)]),
                               std::fabs(pcm[static_cast<std::size_t>(2 * i + 1)]));
      c.peak = std::max(c.peak, x);
      c.rms += x * x * static_cast<float>(kWidth) / static_cast<float>(frames);
    }
  }
  std::vector<Rgb> pixels(static_cast<std::size_t>(kWidth) * kHeight, kGround);
  const auto bar = [&](int x, int half, Rgb color) {
    for (int y = kHeight / 2 - half; y <= kHeight / 2 + half; ++y) {
      if (y >= 0 && y < kHeight) pixels[static_cast<std::size_t>(y) * kWidth + static_cast<std::size_t>(x)] = color;
    }
  };
  for (int x = 0; x < kWidth; ++x) {
    bar(x, 0, kAxis);
    const Column& c = columns[static_cast<std::size_t>(x)];
    bar(x, static_cast<int>(c.peak * (kHeight / 2 - 8)), kPeak);
    bar(x, static_cast<int>(std::sqrt(c.rms) * (kHeight / 2 - 8)), kBody);
  }
  for (double seconds : marks) {
    const auto x = static_cast<int>(seconds * rate / static_cast<double>(std::max<std::int64_t>(frames, 1)) * kWidth);
    if (x >= 0 && x < kWidth) bar(x, kHeight / 2, kMark);
  }
  return write_png(png, pixels);
}

}  // namespace tactus::app
