#include "level_curve.h"

#include <algorithm>
#include <cmath>
#include <future>
#include <span>

#include "lockfree/chunk_table.h"
#include "media/sealed_memory.h"
#include "media/track_info_json.h"

namespace tactus::app {

void LevelCurve::add(std::int64_t frame, std::span<const float> pcm, int rate) {
  const double moments_per_frame = static_cast<double>(kPerSecond) / rate;
  for (std::size_t i = 0; i + 1 < pcm.size(); i += 2, ++frame) {
    const auto at = static_cast<std::size_t>(static_cast<double>(frame) * moments_per_frame);
    if (at >= moments_.size()) moments_.resize(at + 1);
    const float x = std::max(std::fabs(pcm[i]), std::fabs(pcm[i + 1]));
    moments_[at].peak = std::max(moments_[at].peak, x);
    moments_[at].rms += x * x * static_cast<float>(moments_per_frame);
  }
}

Level LevelCurve::between(double from, double to) const {
  Level out;
  const auto first = static_cast<std::ptrdiff_t>(std::floor(from * kPerSecond));
  const auto last = std::max(first + 1, static_cast<std::ptrdiff_t>(std::floor(to * kPerSecond)));
  for (std::ptrdiff_t i = first; i < last; ++i) {
    if (i < 0 || i >= std::ssize(moments_)) continue;
    const Level& m = moments_[static_cast<std::size_t>(i)];
    out.peak = std::max(out.peak, m.peak);
    out.rms += m.rms;
  }
  out.rms = std::sqrt(out.rms / static_cast<float>(last - first));
  return out;
}

media::Result<LevelCurve> read_level(media::WorkerPool& pool, const std::string& file) {
  constexpr std::int64_t kAll = std::int64_t{1} << 40;
  constexpr std::size_t kChunkBytes = 2 * sizeof(float) * lockfree::ChunkTable::kChunkFrames;
  LevelCurve curve;
  media::TrackInfo info;
  std::promise<media::Status> end;
  media::Job job;
  job.kind = "decode";
  job.path = file;
  job.numbers = {0, 0, kAll, 0};
  pool.submit(std::move(job), [&](media::JobEvent&& e) {
    using Kind = media::JobEvent::Kind;
    if (e.kind == Kind::info) info = media::track_info_from_json(e.text).value_or(media::TrackInfo{});
    if (e.kind == Kind::chunk && info.rate > 0) {
      const auto memory = media::SealedMapping::map(e.memory, kChunkBytes, kChunkBytes, false);
      const std::int64_t frame = e.numbers[0] * lockfree::ChunkTable::kChunkFrames;
      if (!memory || frame < 0 || frame >= info.frames) return;
      const std::int64_t frames = std::min(info.frames - frame, lockfree::ChunkTable::kChunkFrames);
      curve.add(frame, {reinterpret_cast<const float*>(memory->data()), static_cast<std::size_t>(2 * frames)},
                info.rate);
    }
    if (e.kind == Kind::done) end.set_value({});
    if (e.kind == Kind::failed) end.set_value(std::move(e.error));
  });
  const media::Status status = end.get_future().get();
  if (!status) return status.error();
  return curve;
}

}  // namespace tactus::app
