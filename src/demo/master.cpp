#include "demo/master.h"

#include <ebur128.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>

namespace tactus::demo {
namespace {

// The least of the last `window` values (Lemire's monotone queue), as a ring of indices.
class SlidingMinimum {
 public:
  explicit SlidingMinimum(std::size_t window) : window_(window), queue_(window + 1) {}
  float step(float v) {
    while (count_ > 0 && back().value >= v) --count_;
    queue_[(head_ + count_++) % queue_.size()] = {at_, v};
    if (queue_[head_].at + window_ <= at_) {
      head_ = (head_ + 1) % queue_.size();
      --count_;
    }
    ++at_;
    return queue_[head_].value;
  }

 private:
  struct Entry {
    std::size_t at = 0;
    float value = 1;
  };
  Entry& back() { return queue_[(head_ + count_ - 1) % queue_.size()]; }
  std::size_t window_;
  std::vector<Entry> queue_;
  std::size_t head_ = 0, count_ = 0, at_ = 0;
};

}  // namespace

void limit(std::span<std::vector<float>> stems, int rate, float limit) {
  const std::size_t frames = stems[0].size() / 2;
  const auto reach = static_cast<std::size_t>(0.003 * rate), window = 2 * reach + 1;
  const float release = 1.0f - std::exp(-1.0f / (0.09f * static_cast<float>(rate)));
  SlidingMinimum minimum(window);
  // Whole numbers in the average's sum: no rounding gathers over millions of frames.
  constexpr float kUnit = 1 << 24;
  std::vector<std::int32_t> ring(window, 1 << 24);
  std::int64_t sum = static_cast<std::int64_t>(window) << 24;
  float held = 1;
  for (std::size_t i = 0; i < frames + 2 * reach; ++i) {
    float left = 0, right = 0;
    if (i < frames)
      for (const auto& s : stems) left += s[2 * i], right += s[2 * i + 1];
    const float peak = std::max(std::fabs(left), std::fabs(right));
    const float least = minimum.step(peak > limit ? limit / peak : 1.0f);
    held = std::min(least, held + release * (1.0f - held));
    const auto next = static_cast<std::int32_t>(held * kUnit);  // rounds towards the safe side
    std::int32_t& oldest = ring[i % window];
    sum += next - oldest;
    oldest = next;
    if (i < 2 * reach) continue;
    const std::size_t at = i - 2 * reach;
    const auto gain = static_cast<float>(static_cast<double>(sum) / static_cast<double>(window) / kUnit);
    if (gain < 1.0f)
      for (auto& s : stems) s[2 * at] *= gain, s[2 * at + 1] *= gain;
  }
}

namespace {

// Peaks between samples cost as much as all the rest, so they are looked for only where they count.
Loudness measure(std::span<const std::vector<float>> parts, int rate, bool between_samples) {
  struct Free {
    void operator()(ebur128_state* s) const { ebur128_destroy(&s); }
  };
  const std::unique_ptr<ebur128_state, Free> state(
      ebur128_init(2, static_cast<unsigned long>(rate),
                   EBUR128_MODE_I | (between_samples ? EBUR128_MODE_TRUE_PEAK : EBUR128_MODE_SAMPLE_PEAK)));
  Loudness out;
  if (!state) return out;
  constexpr std::size_t kChunk = 8192;
  std::array<float, kChunk> sum;
  for (std::size_t at = 0; at < parts[0].size(); at += kChunk) {
    const std::size_t n = std::min(kChunk, parts[0].size() - at);
    sum.fill(0);
    for (const auto& p : parts)
      for (std::size_t i = 0; i < n; ++i) sum[i] += p[at + i];
    ebur128_add_frames_float(state.get(), sum.data(), n / 2);
  }
  double left = 0, right = 0;
  ebur128_loudness_global(state.get(), &out.lufs);
  const auto peak = between_samples ? ebur128_true_peak : ebur128_sample_peak;
  peak(state.get(), 0, &left);
  peak(state.get(), 1, &right);
  out.true_peak_db = 20.0 * std::log10(std::max({left, right, 1e-10}));
  return out;
}

}  // namespace

Loudness measure(std::span<const std::vector<float>> parts, int rate) { return measure(parts, rate, true); }

Loudness master(std::span<std::vector<float>> stems, int rate, double lufs, double bend_db) {
  // 0.15 dB off the limit of -1: what rounding to 16 bits may add. The limiter sees samples, so it gets 0.4 dB more.
  constexpr double kPeak = -1.15, kBetweenSamples = 0.4;
  const Loudness before = measure(stems, rate, false);
  const double wanted = std::max(kPeak - kBetweenSamples - (lufs - before.lufs), before.true_peak_db - bend_db);
  if (wanted < before.true_peak_db) limit(stems, rate, static_cast<float>(std::pow(10.0, wanted / 20.0)));
  Loudness after = measure(stems, rate);
  const double gain_db = std::min(lufs - after.lufs, kPeak - after.true_peak_db);
  const auto gain = static_cast<float>(std::pow(10.0, gain_db / 20.0));
  for (auto& s : stems)
    for (float& v : s) v *= gain;
  after.lufs += gain_db;
  after.true_peak_db += gain_db;
  return after;
}

}  // namespace tactus::demo
