#include "media/chunk_rank.h"

#include <algorithm>

namespace tactus::media {
namespace {

constexpr double kHoldRank = -2000;
constexpr double kWantRank = -1000;
constexpr double kLaterPin = 1;  // the start of a cue matters before the playhead's distant future
constexpr double kBehind = 600;  // of the rest, what was played comes after what is to come
constexpr double kMarginPinned = 2;
constexpr double kMarginUnpinned = 30;

// Seconds from `frame` on to the chunk [from, to); negative when the chunk lies behind.
double ahead(std::int64_t frame, std::int64_t from, std::int64_t to, int rate) {
  if (from > frame) return static_cast<double>(from - frame) / rate;
  if (to <= frame) return static_cast<double>(to - 1 - frame) / rate;
  return 0;
}

double rank_of(const Interests& in, std::int64_t from, std::int64_t to, int rate) {
  if (in.hold_from < in.hold_to && from < in.hold_to && to > in.hold_from)
    return kHoldRank + std::max(0.0, ahead(in.hold_from, from, to, rate)) / 1000;
  if (in.want) {
    const double d = ahead(*in.want, from, to, rate);
    if (d >= 0 && d <= kWantedSeconds) return kWantRank + d;
  }
  double best = 2 * kUnpinnedRank * 1000;
  for (std::size_t k = 0; k < in.pins.size(); ++k) {
    const double d = ahead(in.pins[k], from, to, rate);
    const double distance = d < 0 ? -d : d;
    if (distance <= kPinnedSeconds) {
      best = std::min(best, distance + (k == 0 ? 0 : kLaterPin));
    } else if (k == 0) {
      best = std::min(best, kUnpinnedRank + distance + (d < 0 ? kBehind : 0));
    }
  }
  return best;
}

}  // namespace

std::vector<float> rank_chunks(const Interests& interests, std::int64_t count, std::int64_t chunk_frames, int rate) {
  std::vector<float> ranks(static_cast<std::size_t>(count));
  for (std::int64_t i = 0; i < count; ++i)
    ranks[static_cast<std::size_t>(i)] =
        static_cast<float>(rank_of(interests, i * chunk_frames, (i + 1) * chunk_frames, rate));
  return ranks;
}

bool may_displace(float candidate, float victim) {
  if (candidate < kUnpinnedRank && victim >= kUnpinnedRank) return true;
  return victim > candidate + (candidate < kUnpinnedRank ? kMarginPinned : kMarginUnpinned);
}

}  // namespace tactus::media
