#include "media/decoder.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <optional>

#include "media/stems.h"
#include "media/stereo_stream.h"

namespace tactus::media {
namespace {

constexpr double kExact = 1e-3;    // -60 dB
constexpr double kSimilar = 1e-1;  // -20 dB

std::string decibels(double ratio) {
  std::array<char, 32> text;
  std::snprintf(text.data(), text.size(), "%.0f dB", 20.0 * std::log10(ratio));
  return text.data();
}

}  // namespace

struct Decoder::Impl {
  std::string path;
  TrackInfo info;
  std::optional<StereoStream> mix;
  std::array<std::optional<StereoStream>, kStemCount> stems;
  bool fill_other = false;  // `other` = mix - vocals - drums - bass
  std::vector<float> scratch;
  std::vector<float> sum;

  Error named(Error e) const {
    if (e.file.empty()) e.file = path;
    return e;
  }

  // Opens what `set` names; the cause of the first failure, or nothing.
  std::string open_stems(const StemSet& set) {
    for (std::size_t i = 0; i < stems.size(); ++i) {
      if (set.sources[i].path.empty()) continue;
      Result<StereoStream> stem = StereoStream::open(set.sources[i].path, info.rate, set.sources[i].audio_stream);
      if (!stem) return std::string("the stem ") + kStemNames[i] + " can't be used: " + stem.error().text();
      stems[i] = std::move(stem).value();
    }
    return {};
  }

  // rms(mix - sum of stems) / rms(mix), over a second each at a quarter, the half and three quarters of the track.
  Result<double> difference() {
    const std::int64_t window = std::min<std::int64_t>(info.rate, info.frames);
    std::vector<float> whole(static_cast<std::size_t>(2 * window)), part(whole.size());
    double error = 1e-12, level = 1e-12;  // silence equals silence
    for (int quarter = 1; quarter <= 3; ++quarter) {
      const std::int64_t from = (info.frames - window) * quarter / 4;
      if (Status s = mix->read(from, whole); !s.ok()) return s.error();
      for (const float x : whole) level += static_cast<double>(x) * x;
      for (auto& stem : stems) {
        if (!stem) continue;
        if (Status s = stem->read(from, part); !s.ok()) return s.error();
        for (std::size_t i = 0; i < whole.size(); ++i) whole[i] -= part[i];
      }
      for (const float x : whole) error += static_cast<double>(x) * x;
    }
    return std::sqrt(error / level);
  }

  // Decides whether and how the stems are used; leaves a notice where the performer may wonder.
  void judge_stems(const StemSet& set) {
    info.notice = open_stems(set);
    if (info.notice.empty()) {
      const Result<double> d = difference();
      if (!d) {
        info.notice = "its stems can't be used: " + d.error().text();
      } else if (d.value() > kSimilar && !set.in_file) {
        info.notice = "the stems in the folder beside it differ from the track by " + decibels(d.value()) +
                      ": playing without stems";
      } else {
        info.channels = 2 * kStemCount;
        fill_other = d.value() > kExact && d.value() <= kSimilar;
        if (d.value() > kSimilar)
          info.notice = "its stems together differ from its mix by " + decibels(d.value()) + ": the stems are played";
      }
    }
    if (info.channels == 2) stems = {};
    if (info.channels != 2 && !fill_other) mix.reset();
  }

  Status read_stems(std::int64_t from, std::span<float> to) {
    const std::size_t count = to.size() / (2 * kStemCount);
    scratch.resize(2 * count);
    sum.assign(2 * count, 0.0f);
    for (std::size_t k = 0; k < stems.size(); ++k) {
      const bool rest = fill_other && k + 1 == stems.size();
      std::optional<StereoStream>& stream = rest ? mix : stems[k];
      if (!stream) {
        std::fill(scratch.begin(), scratch.end(), 0.0f);
      } else if (Status s = stream->read(from, scratch); !s.ok()) {
        return s;
      }
      for (std::size_t i = 0; i < count; ++i) {
        for (std::size_t side = 0; side < 2; ++side) {
          const float x = scratch[2 * i + side];
          to[2 * kStemCount * i + 2 * k + side] = rest ? x - sum[2 * i + side] : x;
          sum[2 * i + side] += x;
        }
      }
    }
    return {};
  }
};

Decoder::Decoder(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Decoder::Decoder(Decoder&&) noexcept = default;
Decoder& Decoder::operator=(Decoder&&) noexcept = default;
Decoder::~Decoder() = default;

Result<Decoder> Decoder::open(const std::string& path, int rate, Stems stems) {
  auto impl = std::make_unique<Impl>();
  impl->path = path;
  // The mix of an NI stem file is its first stream, whatever is marked as default; other files have one stream.
  Result<StereoStream> mix = StereoStream::open(path, rate == 0 ? 48000 : rate, -1);
  if (mix.ok() && rate == 0 && mix->source().rate != 48000) mix = StereoStream::open(path, mix->source().rate, -1);
  if (!mix) return impl->named(mix.error());
  const SourceInfo source = mix->source();
  impl->info = {.rate = rate == 0 ? source.rate : rate,
                .frames = mix->frames(),
                .channels = 2,
                .source_rate = source.rate,
                .codec = source.codec,
                .title = source.title,
                .artist = source.artist,
                .notice = {}};
  impl->mix = std::move(mix).value();
  if (stems == Stems::use) {
    if (const std::optional<StemSet> set = find_stems(path, source.audio_streams)) impl->judge_stems(*set);
  }
  return Decoder(std::move(impl));
}

const TrackInfo& Decoder::info() const noexcept { return impl_->info; }

Status Decoder::read(std::int64_t from, std::span<float> interleaved) {
  Status s = impl_->info.channels == 2 ? impl_->mix->read(from, interleaved) : impl_->read_stems(from, interleaved);
  return s.ok() ? s : Status(impl_->named(s.error()));
}

Result<Pcm> decode_file(const std::string& path, int rate) {
  Result<Decoder> decoder = Decoder::open(path, rate, Stems::ignore);
  if (!decoder) return decoder.error();
  const TrackInfo& info = decoder->info();
  Pcm pcm{.interleaved = {},
          .channels = info.channels,
          .rate = info.rate,
          .frames = info.frames,
          .title = info.title,
          .artist = info.artist};
  // Grown as it is read: a header that lies about the length must not claim its memory in advance.
  constexpr std::int64_t kStep = 1 << 16;
  for (std::int64_t at = 0; at < info.frames; at += kStep) {
    const std::int64_t n = std::min(kStep, info.frames - at);
    pcm.interleaved.resize(static_cast<std::size_t>(2 * (at + n)));
    if (Status s = decoder->read(at, std::span(pcm.interleaved).subspan(static_cast<std::size_t>(2 * at))); !s.ok())
      return s.error();
  }
  return pcm;
}

}  // namespace tactus::media
