#include "dsp/limiter.h"

#include <algorithm>
#include <cmath>

namespace tactus::dsp {
namespace {

constexpr float kThreshold = 0.977237f;   // Limiter::kThresholdDb
constexpr double kRelease = 0.080;        // seconds to recover to 1/e
constexpr double kSlowestRecovery = 2.0;  // seconds in which even the last bit of an exponential has recovered

}  // namespace

void Limiter::prepare(SampleRate rate) noexcept {
  const auto one = static_cast<double>(kOne);
  release_share_ = static_cast<std::int64_t>(one * (1 - std::exp(-1 / (kRelease * rate.hz))));
  release_step_ = static_cast<std::int64_t>(one / (kSlowestRecovery * rate.hz)) + 1;
  clear();
}

void Limiter::clear() TACTUS_RT {
  detector_.clear();
  left_.fill(0);
  right_.fill(0);
  lowest_begin_ = lowest_end_ = 0;
  box_a_.fill(kOne);
  box_b_.fill(kOne * kBoxA);
  sum_a_ = kOne * kBoxA;
  sum_b_ = kOne * kBoxA * kBoxB;
  gain_ = kOne;
  now_ = 0;
  quiet_ = kHold + kSmoothing;
  lowest_gain_ = 1;
}

std::int64_t Limiter::hold_lowest(std::int64_t needed) TACTUS_RT {
  constexpr std::uint32_t kMask = kRing - 1;
  while (lowest_end_ != lowest_begin_ && lowest_[(lowest_end_ - 1) & kMask] >= needed) --lowest_end_;
  lowest_[lowest_end_ & kMask] = static_cast<std::int32_t>(needed);
  lowest_at_[lowest_end_++ & kMask] = now_;
  if (now_ - lowest_at_[lowest_begin_ & kMask] >= kHold) ++lowest_begin_;
  return lowest_[lowest_begin_ & kMask];
}

float Limiter::smooth(std::int64_t gain) TACTUS_RT {
  std::int64_t& oldest_a = box_a_[now_ % kBoxA];
  sum_a_ += gain - oldest_a;
  oldest_a = gain;
  std::int64_t& oldest_b = box_b_[now_ % kBoxB];
  sum_b_ += sum_a_ - oldest_b;
  oldest_b = sum_a_;
  constexpr double kScale = 1.0 / (static_cast<double>(kOne) * kBoxA * kBoxB);
  return static_cast<float>(static_cast<double>(sum_b_) * kScale);
}

// The gain of the frame that leaves now, given the peak that the frame which enters now completes.
float Limiter::gain_for(float peak) TACTUS_RT {
  std::int64_t needed = kOne;
  if (peak > kThreshold) needed = static_cast<std::int64_t>(kThreshold / peak * static_cast<float>(kOne));
  if (needed == kOne && quiet_ >= kHold + kSmoothing) {
    lowest_begin_ = lowest_end_ = 0;  // everything remembered is 1
    return 1;
  }
  const std::int64_t lowest = hold_lowest(needed);
  const std::int64_t recovered = gain_ + (((kOne - gain_) * release_share_) >> 30) + release_step_;
  gain_ = std::min(lowest, recovered);
  quiet_ = gain_ < kOne ? 0 : quiet_ + 1;
  return smooth(gain_);
}

void Limiter::process(float* left, float* right, int n) TACTUS_RT {
  constexpr std::uint32_t kMask = kRing - 1;
  for (int i = 0; i < n; ++i) {
    left_[now_ & kMask] = left[i];
    right_[now_ & kMask] = right[i];
    const float gain = gain_for(detector_.push(left[i], right[i], kThreshold));
    left[i] = left_[(now_ - kLatency) & kMask] * gain;
    right[i] = right_[(now_ - kLatency) & kMask] * gain;
    lowest_gain_ = std::min(lowest_gain_, gain);
    ++now_;
  }
}

}  // namespace tactus::dsp
