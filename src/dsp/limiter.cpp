#include "dsp/limiter.h"

#include <algorithm>
#include <cmath>

namespace tactus::dsp {
namespace {

// -0.12 dB: what is left between the two stages' arithmetic and the promise of -0.1.
constexpr float kCeiling = 0.98628f;
constexpr double kRelease = 0.080, kFinishRelease = 0.010;  // seconds to recover to 1/e
constexpr double kSlowestRecovery = 2.0;  // seconds in which even the last bit of an exponential has recovered

}  // namespace

template <int BoxA, int BoxB>
void LimiterStage<BoxA, BoxB>::prepare(SampleRate rate, double release_seconds) noexcept {
  const auto one = static_cast<double>(kOne);
  release_share_ = static_cast<std::int64_t>(one * (1 - std::exp(-1 / (release_seconds * rate.hz))));
  release_step_ = static_cast<std::int64_t>(one / (kSlowestRecovery * rate.hz)) + 1;
  clear();
}

template <int BoxA, int BoxB>
void LimiterStage<BoxA, BoxB>::clear() TACTUS_RT {
  detector_.clear();
  left_.fill(0);
  right_.fill(0);
  lowest_begin_ = lowest_end_ = 0;
  box_a_.fill(kOne);
  box_b_.fill(kOne * BoxA);
  sum_a_ = kOne * BoxA;
  sum_b_ = kOne * BoxA * BoxB;
  gain_ = kOne;
  now_ = 0;
  quiet_ = kHold + kSmoothing;
}

template <int BoxA, int BoxB>
std::int64_t LimiterStage<BoxA, BoxB>::hold_lowest(std::int64_t needed) TACTUS_RT {
  constexpr std::uint32_t kMask = kRing - 1;
  while (lowest_end_ != lowest_begin_ && lowest_[(lowest_end_ - 1) & kMask] >= needed) --lowest_end_;
  lowest_[lowest_end_ & kMask] = static_cast<std::int32_t>(needed);
  lowest_at_[lowest_end_++ & kMask] = now_;
  if (now_ - lowest_at_[lowest_begin_ & kMask] >= kHold) ++lowest_begin_;
  return lowest_[lowest_begin_ & kMask];
}

template <int BoxA, int BoxB>
float LimiterStage<BoxA, BoxB>::smooth(std::int64_t gain) TACTUS_RT {
  std::int64_t& oldest_a = box_a_[now_ % BoxA];
  sum_a_ += gain - oldest_a;
  oldest_a = gain;
  std::int64_t& oldest_b = box_b_[now_ % BoxB];
  sum_b_ += sum_a_ - oldest_b;
  oldest_b = sum_a_;
  constexpr double kScale = 1.0 / (static_cast<double>(kOne) * BoxA * BoxB);
  return static_cast<float>(static_cast<double>(sum_b_) * kScale);
}

template <int BoxA, int BoxB>
float LimiterStage<BoxA, BoxB>::push(float& left, float& right, float ceiling, bool trusted) TACTUS_RT {
  constexpr std::uint32_t kMask = kRing - 1;
  left_[now_ & kMask] = left;
  right_[now_ & kMask] = right;
  const float peak = detector_.push(left, right, ceiling, trusted);
  std::int64_t needed = kOne;
  if (peak > ceiling) needed = static_cast<std::int64_t>(ceiling / peak * static_cast<float>(kOne));

  float gain = 1;
  if (needed < kOne || quiet_ < kHold + kSmoothing) {
    const std::int64_t lowest = hold_lowest(needed);
    const std::int64_t recovered = gain_ + (((kOne - gain_) * release_share_) >> 30) + release_step_;
    gain_ = std::min(lowest, recovered);
    gain = smooth(gain_);
    quiet_ = gain_ < kOne ? 0 : quiet_ + 1;
  } else {
    lowest_begin_ = lowest_end_ = 0;  // everything remembered is 1
  }
  left = left_[(now_ - kLatency) & kMask] * gain;
  right = right_[(now_ - kLatency) & kMask] * gain;
  ++now_;
  return gain;
}

template class LimiterStage<32, 16>;
template class LimiterStage<16, 16>;

void Limiter::prepare(SampleRate rate) noexcept {
  main_.prepare(rate, kRelease);
  finish_.prepare(rate, kFinishRelease);
  clear();
}

void Limiter::clear() TACTUS_RT {
  main_.clear();
  finish_.clear();
  untouched_ = TruePeakDetector::kTaps;
  lowest_gain_ = 1;
}

void Limiter::process(float* left, float* right, int n) TACTUS_RT {
  for (int i = 0; i < n; ++i) {
    const float gain = main_.push(left[i], right[i], kCeiling, false);
    // What the main stage has checked and left alone needs no second look.
    untouched_ = gain == 1.0f ? std::min(untouched_ + 1, TruePeakDetector::kTaps) : 0;
    const float last = finish_.push(left[i], right[i], kCeiling, untouched_ == TruePeakDetector::kTaps);
    lowest_gain_ = std::min(lowest_gain_, gain * last);
  }
}

}  // namespace tactus::dsp
