#include "media/stereo_stream.h"

#include <soxr.h>

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

namespace tactus::media {
namespace {

constexpr std::int64_t kRun = 131072;    // output frames, rounded up to a common phase
constexpr std::int64_t kPreroll = 2048;  // frames of the lower rate; VHQ's filter is shorter
constexpr std::int64_t kFeed = 1024;     // source frames a step

struct SoxrFree {
  void operator()(soxr* s) const { soxr_delete(s); }
};

}  // namespace

struct StereoStream::Impl {
  SourceDecoder source;
  std::int64_t in;       // source rate / gcd
  std::int64_t out;      // output rate / gcd
  std::int64_t run;      // output frames of a run, a multiple of `out`
  std::int64_t periods;  // of pre-roll: one is `in` source and `out` output frames
  std::int64_t frames;
  std::unique_ptr<soxr, SoxrFree> resampler;
  std::int64_t fed = 0;      // next source frame
  std::int64_t made = 0;     // next output frame
  std::int64_t run_end = 0;  // output frame; made <= run_end
  std::vector<float> input = std::vector<float>(2 * kFeed);
  std::vector<float> dump = std::vector<float>(2 * 8192);

  Impl(SourceDecoder s, int rate) : source(std::move(s)) {
    const std::int64_t from = source.info().rate;
    const std::int64_t common = std::gcd(from, static_cast<std::int64_t>(rate));
    in = from / common;
    out = rate / common;
    run = (kRun + out - 1) / out * out;
    const std::int64_t preroll = kPreroll * std::max<std::int64_t>(1, (from + rate - 1) / rate);
    periods = (preroll + in - 1) / in;
    frames = (source.info().frames * out + in - 1) / in;
  }

  Status begin_run(std::int64_t index) {
    const std::int64_t first = index * run;
    soxr_error_t error = nullptr;
    const soxr_io_spec_t io = soxr_io_spec(SOXR_FLOAT32_I, SOXR_FLOAT32_I);
    const soxr_quality_spec_t quality = soxr_quality_spec(SOXR_VHQ, 0);
    const soxr_runtime_spec_t runtime = soxr_runtime_spec(1);
    resampler.reset(soxr_create(static_cast<double>(in), static_cast<double>(out), 2, &error, &io, &quality, &runtime));
    if (resampler == nullptr) return Error{"", std::string("the resampler failed: ") + error};
    fed = first / out * in - periods * in;
    made = first - periods * out;
    run_end = first + run;
    return {};
  }

  // The next `count` frames of this run into `to`, or nowhere.
  Status make(float* to, std::int64_t count) {
    while (count > 0) {
      const auto room = static_cast<std::size_t>(to != nullptr ? count : std::min<std::int64_t>(count, 8192));
      float* target = to != nullptr ? to : dump.data();
      std::size_t used = 0, got = 0;
      if (Status s = source.read(fed, input); !s.ok()) return s;
      if (soxr_process(resampler.get(), input.data(), kFeed, &used, target, room, &got) != nullptr)
        return Error{"", "the resampler failed"};
      fed += static_cast<std::int64_t>(used);
      made += static_cast<std::int64_t>(got);
      count -= static_cast<std::int64_t>(got);
      if (to != nullptr) to += 2 * got;
    }
    return {};
  }

  Status read(std::int64_t from, float* to, std::int64_t count) {
    while (count > 0) {
      const std::int64_t index = from / run;
      if (resampler == nullptr || from < made || index != run_end / run - 1 || made >= run_end) {
        if (Status s = begin_run(index); !s.ok()) return s;
      }
      if (Status s = make(nullptr, from - made); !s.ok()) return s;
      const std::int64_t n = std::min(count, run_end - from);
      if (Status s = make(to, n); !s.ok()) return s;
      from += n;
      to += 2 * n;
      count -= n;
    }
    return {};
  }
};

StereoStream::StereoStream(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
StereoStream::StereoStream(StereoStream&&) noexcept = default;
StereoStream& StereoStream::operator=(StereoStream&&) noexcept = default;
StereoStream::~StereoStream() = default;

Result<StereoStream> StereoStream::open(const std::string& path, int rate, int audio_stream) {
  if (rate < 8000 || rate > 192000) return Error{path, "a rate of 8000 to 192000 Hz is needed"};
  Result<SourceDecoder> source = SourceDecoder::open(path, audio_stream);
  if (!source) return source.error();
  return StereoStream(std::make_unique<Impl>(std::move(source).value(), rate));
}

const SourceInfo& StereoStream::source() const noexcept { return impl_->source.info(); }
std::int64_t StereoStream::frames() const noexcept { return impl_->frames; }

Status StereoStream::read(std::int64_t from, std::span<float> stereo) {
  Impl& s = *impl_;
  if (s.in == s.out) return s.source.read(from, stereo);
  const auto count = static_cast<std::int64_t>(stereo.size() / 2);
  float* to = stereo.data();
  const std::int64_t before = std::clamp<std::int64_t>(-from, 0, count);
  std::fill_n(to, 2 * before, 0.0f);
  const std::int64_t inside = std::clamp<std::int64_t>(s.frames - (from + before), 0, count - before);
  std::fill_n(to + 2 * (before + inside), 2 * (count - before - inside), 0.0f);
  return inside > 0 ? s.read(from + before, to + 2 * before, inside) : Status{};
}

}  // namespace tactus::media
