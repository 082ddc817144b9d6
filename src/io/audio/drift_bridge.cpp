#include "io/audio/drift_bridge.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

namespace tactus::io {

namespace {

constexpr int kChunk = 32;          // writer frames converted at a time: the grain of the reader's position
constexpr double kMarginS = 0.005;  // callbacks come late by so much without a gap
constexpr double kStaleS = 0.2;     // a writer that has said nothing for so long has stopped
constexpr double kLostS = 0.05;     // an error that no drift explains: one side has stalled or jumped
constexpr double kMaxPull = 0.005;  // of the ratio; crystals differ by 0.0001
constexpr int kFade = 256;          // frames
// Bandwidths of the loop in Hz: wide to find the drift, narrow to leave the tone alone.
constexpr double kFindHz = 0.2, kHoldHz = 0.03, kFindS = 8;

}  // namespace

BridgeQueue::BridgeQueue(int rate) : rate_(rate), scratch_(4096) {}

void BridgeQueue::write(const float* left, const float* right, int n, std::int64_t host_ns) noexcept {
  const auto frames = static_cast<std::size_t>(n);
  if (frames > scratch_.size() || audio_.writable() < frames) return;
  if (!stamps_.push({written_, host_ns, n})) return;
  for (std::size_t i = 0; i < frames; ++i) scratch_[i] = {left[i], right[i]};
  audio_.push(std::span<const Pair>(scratch_.data(), frames));
  written_ += n;
}

BridgeReader::BridgeReader(BridgeQueue& queue, int rate, int block)
    : queue_(queue),
      nominal_(static_cast<double>(queue.rate()) / rate),
      rate_(rate),
      block_(block),
      resampler_(2, nominal_),
      ratio_(nominal_),
      pairs_(kChunk) {
  for (auto& plane : in_) plane.resize(kChunk);
  const double per_chunk = kChunk / (nominal_ * (1 - kMaxPull));
  for (auto& plane : out_) plane.resize(static_cast<std::size_t>(kMaxRead + 2 * per_chunk + 64));
}

void BridgeReader::take_stamps() noexcept {
  while (queue_.stamps_.pop(latest_)) {
    largest_block_ = std::max(largest_block_, latest_.block);
  }
}

// Where the writer's line is at that time: blocks are thought of as written evenly over their length.
double BridgeReader::write_position(std::int64_t host_ns) const noexcept {
  return static_cast<double>(latest_.frames) + static_cast<double>(host_ns - latest_.host_ns) * 1e-9 * queue_.rate();
}

void BridgeReader::drop_until(double position) noexcept {
  BridgeQueue::Pair dropped;
  while (static_cast<double>(queue_.read_) < position && queue_.audio_.pop(dropped)) ++queue_.read_;
}

// Silence until the writer's line is a whole target ahead; then drops what is too old and begins.
void BridgeReader::restart(std::int64_t host_ns) noexcept {
  const double wanted = write_position(host_ns) - target_;
  drop_until(wanted);
  if (std::abs(static_cast<double>(queue_.read_) - wanted) > 1.5) return;
  sounding_ = true;
  fade_ = 0;
  made_ = 0;
  settled_s_ = 0;
  smooth_[0] = smooth_[1] = 0;
}

// A second-order loop: proportional to the smoothed error, and its integral, which is the drift of the two clocks.
void BridgeReader::steer(double error, int n) noexcept {
  const double period = static_cast<double>(n) / rate_;
  settled_s_ += period;
  const double omega = 2 * std::numbers::pi * (settled_s_ < kFindS ? kFindHz : kHoldHz);
  // Two poles well above the loop take out what is left of the grain of a chunk.
  const double a = 1 - std::exp(-20 * omega * period);
  smooth_[0] += a * (error - smooth_[0]);
  smooth_[1] += a * (smooth_[0] - smooth_[1]);
  const double seconds = smooth_[1] / queue_.rate();
  drift_ = std::clamp(drift_ + omega * omega * period * seconds, -kMaxPull, kMaxPull);
  const double pull = std::clamp(std::numbers::sqrt2 * omega * seconds + drift_, -kMaxPull, kMaxPull);
  ratio_ = nominal_ * (1 + pull);
  resampler_.set_ratio(ratio_, n);
}

// One more chunk from the queue through the resampler; false when the queue is dry.
bool BridgeReader::convert() noexcept {
  if (queue_.audio_.readable() < kChunk) return false;
  queue_.audio_.pop(std::span<BridgeQueue::Pair>(pairs_.data(), kChunk));
  queue_.read_ += kChunk;
  for (std::size_t i = 0; i < kChunk; ++i) {
    in_[0][i] = pairs_[i].left;
    in_[1][i] = pairs_[i].right;
  }
  const float* in[2] = {in_[0].data(), in_[1].data()};
  float* out[2] = {out_[0].data() + made_, out_[1].data() + made_};
  made_ += resampler_.process(in, kChunk, out, static_cast<int>(out_[0].size()) - made_);
  return true;
}

void BridgeReader::read(float* left, float* right, int n, std::int64_t host_ns) noexcept {
  n = std::min(n, kMaxRead);
  take_stamps();
  const double stale = static_cast<double>(host_ns - latest_.host_ns) * 1e-9;
  // Everything read at once must have been written: a block of each side, a chunk, and the margin.
  target_ = largest_block_ + std::max(n, block_) * nominal_ + kChunk + kMarginS * queue_.rate();
  if (stale > kStaleS) {
    drop_until(std::numeric_limits<double>::infinity());  // a full queue would keep its writer out for ever
  } else if (!sounding_) {
    restart(host_ns);
  }
  if (sounding_) {
    delay_ = write_position(host_ns) - (static_cast<double>(queue_.read_) - made_ * ratio_);
    const double error = delay_ - target_;
    if (std::abs(error) > kLostS * queue_.rate() || stale > kStaleS) {
      sounding_ = false;
      ++resyncs_;
    } else {
      steer(error, n);
    }
  }
  int there = 0;
  if (sounding_) {
    while (made_ < n && convert()) {
    }
    there = std::min(n, made_);
    if (there < n) {
      sounding_ = false;
      ++resyncs_;
    }
  }
  for (int i = 0; i < there; ++i, fade_ = std::min(fade_ + 1, kFade)) {
    const float gain = static_cast<float>(fade_) / kFade;
    left[i] = gain * out_[0][static_cast<std::size_t>(i)];
    right[i] = gain * out_[1][static_cast<std::size_t>(i)];
  }
  std::fill(left + there, left + n, 0.0f);
  std::fill(right + there, right + n, 0.0f);
  for (auto& plane : out_) std::copy(plane.begin() + there, plane.begin() + made_, plane.begin());
  made_ -= there;
}

}  // namespace tactus::io
