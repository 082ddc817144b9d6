#include "analysis/features.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <numbers>

#include "analysis/biquad.h"
#include "analysis/fft.h"

namespace tactus::analysis {
namespace {

constexpr double kTau = 2 * std::numbers::pi;
constexpr float kAudible = 0.001f;

// Mean squares of three bands, hop by hop.
class EnergyMeter {
 public:
  EnergyMeter(int rate, Features& out)
      : out_(out),
        hop_(std::max(1, static_cast<int>(std::lround(rate * 0.0014512)))),
        low_(Biquad::low_pass(150, rate)),
        high_(Biquad::high_pass(2000, rate)) {
    out_.hop = static_cast<double>(hop_) / rate;
  }
  void feed(std::span<const float> mono) {
    for (const float x : mono) {
      const float low = low_(x);
      const float high = high_(x);
      const float mid = x - low - high;
      sums_[0] += low * low;
      sums_[1] += mid * mid;
      sums_[2] += high * high;
      if (++filled_ == hop_) flush();
    }
  }

 private:
  void flush() {
    for (std::size_t b = 0; b < 3; ++b) {
      // The floor keeps filters' decaying tails from becoming denormal, which would slow everything down.
      out_.energy[b].push_back(sums_[b] / static_cast<float>(hop_) + 1e-12f);
      sums_[b] = 0;
    }
    filled_ = 0;
  }
  Features& out_;
  int hop_;
  Biquad low_, high_;
  std::array<float, 3> sums_{};
  int filled_ = 0;
};

class PitchMeter {
 public:
  PitchMeter(int rate, Features& out)
      : out_(out), rate_(rate), spectrum_(hann(size_of(rate))), sum_to_(size() / 2 + 1) {
    out_.pitch_step = static_cast<double>(size() / 4) / rate_;
    out_.pitch_first = static_cast<double>(size() / 2) / rate_;
  }
  void feed(std::span<const float> mono) {
    held_.insert(held_.end(), mono.begin(), mono.end());
    std::size_t at = 0;
    for (; at + size() <= held_.size(); at += size() / 4) frame(held_.data() + at);
    held_.erase(held_.begin(), held_.begin() + static_cast<std::ptrdiff_t>(at));
  }
  double tuning() const { return std::atan2(tuning_sin_, tuning_cos_) / kTau; }

 private:
  static constexpr double kLowest = 30, kHighest = 2000;  // Hz
  static constexpr double kProminence = 9;                // times the power around: a tone, not noise and no glide
  static constexpr float kAudiblePower = 6e-10f;          // -92 dBFS

  // About 0.7 s: semitones are apart from 30 Hz on.
  static std::size_t size_of(int rate) { return std::bit_floor(static_cast<std::size_t>(rate * 0.75)); }
  std::size_t size() const { return spectrum_.size(); }

  void frame(const float* samples) {
    const std::span<const float> power = spectrum_.of(samples);
    for (std::size_t i = 0; i + 1 < power.size(); ++i) sum_to_[i + 1] = sum_to_[i] + std::sqrt(power[i]);
    PitchClasses notes{}, bass{};
    std::array<float, static_cast<std::size_t>(kTones * kBinsPerTone)> tones{};
    const auto bin = [&](double hz) { return static_cast<std::size_t>(hz * static_cast<double>(size()) / rate_); };
    for (std::size_t i = bin(kLowest); i < std::min(bin(kHighest), size() / 2 - 1); ++i) {
      const float a = power[i - 1], b = power[i], c = power[i + 1];
      if (b <= a || b < c || b < kAudiblePower) continue;
      const double around = mean_around(i);
      if (b < kProminence * around * around) continue;
      // The peak of a parabola through the log magnitudes (good to about a hundredth of a bin for a Hann window).
      const double la = std::log(a + 1e-18), lb = std::log(b + 1e-18), lc = std::log(c + 1e-18);
      const double curve = la - 2 * lb + lc;
      const double offset = curve < 0 ? 0.5 * (la - lc) / curve : 0;
      const double hz = (static_cast<double>(i) + offset) * rate_ / static_cast<double>(size());
      const double pitch = 12 * std::log2(hz / 440) + 69, magnitude = std::sqrt(b);
      if (hz < 260) add(bass, pitch, magnitude);
      if (hz >= 60) add(notes, pitch, std::sqrt(magnitude));
      add_tone(tones, pitch, magnitude);
      // Further down a bin is a good part of a semitone.
      if (hz < 220) continue;
      tuning_cos_ += magnitude * std::cos(kTau * pitch);
      tuning_sin_ += magnitude * std::sin(kTau * pitch);
    }
    out_.notes.push_back(notes);
    out_.bass.push_back(bass);
    Tones& levels = out_.tones.emplace_back();
    std::transform(tones.begin(), tones.end(), levels.begin(), level_of);
  }
  // The mean magnitude about a bin, three semitones and at least twelve bins each way.
  double mean_around(std::size_t i) const {
    const std::size_t reach = std::max<std::size_t>(12, i * 19 / 100);
    const std::size_t from = i > reach ? i - reach : 0, to = std::min(size() / 2, i + reach + 1);
    return (sum_to_[to] - sum_to_[from]) / static_cast<double>(to - from);
  }
  // Spread over the two nearest bins.
  static void add(PitchClasses& classes, double pitch, double weight) {
    const double x = pitch * (kPitchBins / 12);
    const double below = std::floor(x);
    const int bin = static_cast<int>(below);
    classes[static_cast<std::size_t>(bin % kPitchBins)] += static_cast<float>(weight * (below + 1 - x));
    classes[static_cast<std::size_t>((bin + 1) % kPitchBins)] += static_cast<float>(weight * (x - below));
  }

  // As `add`, but octave by octave.
  static void add_tone(std::span<float> tones, double pitch, double magnitude) {
    const double x = (pitch - kLowestTone) * kBinsPerTone + 1;
    const auto bin = static_cast<std::ptrdiff_t>(std::floor(x));
    if (bin < 0 || bin + 1 >= std::ssize(tones)) return;
    const double share = x - static_cast<double>(bin);
    tones[static_cast<std::size_t>(bin)] += static_cast<float>(magnitude * (1 - share));
    tones[static_cast<std::size_t>(bin) + 1] += static_cast<float>(magnitude * share);
  }
  static std::uint8_t level_of(float magnitude) {
    if (magnitude <= 1e-5f) return 0;
    return static_cast<std::uint8_t>(std::clamp(std::lround(40 * std::log10(magnitude) + 200), 0l, 255l));
  }

  Features& out_;
  double rate_;
  PowerSpectrum spectrum_;
  std::vector<float> held_;
  std::vector<double> sum_to_;  // of magnitudes below each bin
  double tuning_cos_ = 0, tuning_sin_ = 0;
};

}  // namespace

struct FeatureExtractor::Impl {
  explicit Impl(int rate) : energy(rate, out), pitch(rate, out), spectra(rate) { out.rate = rate; }
  Features out;
  EnergyMeter energy;
  PitchMeter pitch;
  SpectraExtractor spectra;
  std::vector<float> mono;
};

FeatureExtractor::FeatureExtractor(int rate) : impl_(std::make_unique<Impl>(rate)) {}
FeatureExtractor::~FeatureExtractor() = default;

void FeatureExtractor::feed(std::span<const float> interleaved) {
  Features& out = impl_->out;
  std::vector<float>& mono = impl_->mono;
  mono.resize(interleaved.size() / 2);
  for (std::size_t i = 0; i < mono.size(); ++i) {
    float l = interleaved[2 * i], r = interleaved[2 * i + 1];
    if (!std::isfinite(l)) l = 0;
    if (!std::isfinite(r)) r = 0;
    if (std::max(std::fabs(l), std::fabs(r)) > kAudible) {
      const std::int64_t at = out.frames + static_cast<std::int64_t>(i);
      if (out.last_sound == 0) out.first_sound = at;
      out.last_sound = at + 1;
    }
    mono[i] = 0.5f * (l + r);
  }
  out.frames += static_cast<std::int64_t>(mono.size());
  impl_->energy.feed(mono);
  impl_->pitch.feed(mono);
  impl_->spectra.feed(mono);
}

Features FeatureExtractor::so_far() const {
  Features out = impl_->out;
  out.tuning = impl_->pitch.tuning();
  out.spectra = impl_->spectra.so_far();
  return out;
}

Features FeatureExtractor::finish() {
  impl_->out.tuning = impl_->pitch.tuning();
  impl_->out.spectra = impl_->spectra.finish();
  return std::move(impl_->out);
}

}  // namespace tactus::analysis
