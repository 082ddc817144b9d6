#include "media/stretch_reader.h"

#include <algorithm>
#include <cmath>

namespace tactus::media {

namespace {

constexpr double kCorrectionSeconds = 0.1;
constexpr double kRatioSteps = 1 << 24;
constexpr double kMinSpeed = 1 / StretchVoice::kMaxRatio;

}  // namespace

StretchReader::StretchReader(StretchMode mode, int channels, SampleRate rate, bool pitched)
    : voice_(mode, channels, rate, pitched),
      rate_(rate.hz),
      interleaved_(static_cast<std::size_t>(StretchVoice::kChunk * channels)),
      planes_(static_cast<std::size_t>(StretchVoice::kChunk * channels)) {}

bool StretchReader::prime(StretchFeed& feed, std::int64_t first, bool urgent) {
  if (!begin(feed, first, urgent)) return false;
  while (!warm(feed, 64)) continue;
  return true;
}

bool StretchReader::warm(StretchFeed& feed, int chunks) {
  for (; !primed_; --chunks) {
    // Until a tie has passed `first`, the straight line before it is all there is to follow.
    if (skip_ < 0 && voice_.next_tie().in >= wanted_) skip_ = std::llround(voice_.output_at(wanted_));
    if (skip_ >= 0) {
      const std::int64_t left = skip_ - voice_.retrieved();
      voice_.retrieve(nullptr, static_cast<int>(std::min<std::int64_t>(voice_.available(), left)));
      primed_ = voice_.retrieved() == skip_;
    }
    if (primed_) break;
    if (chunks == 0) return false;
    feed_preroll(feed);
  }
  return true;
}

void StretchReader::feed_preroll(StretchFeed& feed) {
  // begin() has seen it all; what the cache drops in this moment is silence.
  const bool there = read_chunk(feed, voice_.fed());
  if (!there) std::fill(planes_.begin(), planes_.end(), 0.0f);
  feed.fed(!there);
  feed_voice(feed);
}

// Chooses where to start feeding, and makes sure that all that prime() will feed is there.
bool StretchReader::begin(StretchFeed& feed, std::int64_t first, bool urgent) {
  if (primed_ || voice_.fed() > 0) return false;
  const double at = static_cast<double>(first);
  const double slope = feed.position(at + kPacket) - feed.position(at);
  const double speed = std::fabs(slope) / kPacket;
  if (speed < kMinSpeed || speed > 1 / voice_.least_ratio(feed.pitch(at))) return false;
  first_ = first;
  direction_ = slope < 0 ? -1 : 1;
  voice_.set_pitch(feed.pitch(at));
  voice_.set_ratio(1 / speed);

  // Output is whole once a window's length lies behind it; onsets are told from tones by a few hops of history.
  const double before = voice_.latency() * (urgent ? 1.0 : 1.75);
  origin_ = static_cast<std::int64_t>(std::floor(forward(feed, at) - before));
  const double last = before + 2.0 * voice_.latency() * std::max(1.0, speed);
  for (std::int64_t fed = 0; static_cast<double>(fed) < last; fed += StretchVoice::kChunk) {
    if (!read_chunk(feed, fed)) return false;
  }
  wanted_ = forward(feed, at) - static_cast<double>(origin_);
  return true;
}

bool StretchReader::next(StretchFeed& feed, Tag& tag, float* const* planes) {
  while (voice_.available() < kPacket) {
    if (!feed_chunk(feed)) return false;
  }
  const double out = static_cast<double>(voice_.retrieved());
  const double source = voice_.source_at(out);
  tag.frame = next_frame();
  tag.source = direction_ * (static_cast<double>(origin_) + source);
  tag.speed = direction_ * (voice_.source_at(out + kPacket) - source) / kPacket;
  tag.error = tag.source - feed.position(static_cast<double>(tag.frame));
  voice_.retrieve(planes, kPacket);
  return true;
}

bool StretchReader::feed_chunk(StretchFeed& feed) {
  if (!read_chunk(feed, voice_.fed())) return false;
  feed.fed(false);
  feed_voice(feed);
  return true;
}

void StretchReader::feed_voice(StretchFeed& feed) {
  if (primed_ && voice_.hop_due()) steer(feed);
  const float* planes[StretchVoice::kMaxChannels];
  for (int c = 0; c < voice_.channels(); ++c) planes[c] = planes_.data() + c * StretchVoice::kChunk;
  voice_.feed(planes);
}

double StretchReader::behind(const StretchFeed& feed) const {
  const StretchVoice::Tie tie = voice_.next_tie();
  return forward(feed, session_frame(tie.out)) - static_cast<double>(origin_) - tie.in;
}

// Sets the ratio for the way from the tie that the coming hop makes to the one after it, and the pitch of what comes
// out.
void StretchReader::steer(StretchFeed& feed) {
  const double frame = session_frame(voice_.next_tie().out);
  const double hop = std::max(voice_.last_hop(), StretchVoice::kChunk);
  const double advance =
      forward(feed, frame + hop) - forward(feed, frame) + behind(feed) * hop / (kCorrectionSeconds * rate_);
  StretchFeed::Hop set;
  set.pitch = feed.pitch(session_frame(static_cast<double>(voice_.retrieved() + voice_.available())));
  const double fastest = 1 / voice_.least_ratio(set.pitch);
  set.ratio = std::round(kRatioSteps / std::clamp(advance / hop, kMinSpeed, fastest)) / kRatioSteps;
  feed.setting(set);
  voice_.set_pitch(set.pitch);
  voice_.set_ratio(set.ratio);
}

// The chunk that starts at fed frame `fed`, in the order of play, to planes_.
bool StretchReader::read_chunk(StretchFeed& feed, std::int64_t fed) {
  constexpr int n = StretchVoice::kChunk;
  const std::int64_t start = origin_ + fed;
  const std::int64_t first = direction_ > 0 ? start : -(start + n - 1);
  if (!feed.read(first, n, interleaved_.data())) return false;
  const int channels = voice_.channels();
  for (int c = 0; c < channels; ++c) {
    float* plane = planes_.data() + c * n;
    for (int i = 0; i < n; ++i)
      plane[i] = interleaved_[static_cast<std::size_t>((direction_ > 0 ? i : n - 1 - i) * channels + c)];
  }
  return true;
}

}  // namespace tactus::media
