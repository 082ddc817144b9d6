#include "analysis/features.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numbers>
#include <string>

// qm-dsp's headers expect this.
using namespace std;
#include <dsp/onsets/DetectionFunction.h>
#include <dsp/rateconversion/Decimator.h>
#include <dsp/transforms/FFT.h>

namespace tactus::analysis {
namespace {

constexpr double kTau = 2 * std::numbers::pi;
constexpr float kAudible = 0.001f;

// Second-order Butterworth sections (bilinear transform).
class Biquad {
 public:
  static Biquad low_pass(double hz, double rate) { return Biquad(hz, rate, false); }
  static Biquad high_pass(double hz, double rate) { return Biquad(hz, rate, true); }
  float operator()(float x) {
    const float y = b0_ * x + s1_;
    s1_ = b1_ * x - a1_ * y + s2_;
    s2_ = b0_ * x - a2_ * y;
    return y;
  }

 private:
  Biquad(double hz, double rate, bool high) {
    const double k = std::tan(std::numbers::pi * std::min(hz, 0.45 * rate) / rate);
    const double norm = 1 / (1 + std::numbers::sqrt2 * k + k * k);
    const double b = high ? norm : k * k * norm;
    b0_ = static_cast<float>(b);
    b1_ = static_cast<float>(high ? -2 * b : 2 * b);
    a1_ = static_cast<float>(2 * (k * k - 1) * norm);
    a2_ = static_cast<float>((1 - std::numbers::sqrt2 * k + k * k) * norm);
  }
  float b0_, b1_, a1_, a2_;
  float s1_ = 0, s2_ = 0;
};

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

// Overlapping windows of `size` samples, `step` apart.
class Framer {
 public:
  Framer(std::size_t size, std::size_t step) : size_(size), step_(step) {}
  template <typename Sample, typename F>
  void feed(std::span<const Sample> samples, F&& on_window) {
    held_.insert(held_.end(), samples.begin(), samples.end());
    std::size_t at = 0;
    for (; at + size_ <= held_.size(); at += step_) on_window(held_.data() + at);
    held_.erase(held_.begin(), held_.begin() + static_cast<std::ptrdiff_t>(at));
  }

 private:
  std::size_t size_, step_;
  std::vector<double> held_;
};

int detection_frame(int rate) {
  int frame = 128;
  while (frame * 1.5 < rate * 0.0232) frame *= 2;
  return frame;
}

DFConfig detection_config(int frame) {
  DFConfig c{};
  c.stepSize = static_cast<unsigned>(frame / 2);
  c.frameLength = static_cast<unsigned>(frame);
  c.DFType = DF_COMPLEXSD;
  c.dbRise = 3;
  c.adaptiveWhitening = false;
  c.whiteningRelaxCoeff = -1;
  c.whiteningFloor = -1;
  return c;
}

double bark(double hz) { return 6 * std::asinh(hz / 600); }

class OnsetSpectra {
 public:
  OnsetSpectra(int rate, Features& out)
      : out_(out),
        size_(detection_frame(rate)),
        framer_(static_cast<std::size_t>(size_), static_cast<std::size_t>(size_ / 2)),
        detector_(detection_config(size_)) {
    out_.step = size_ / 2.0 / rate;
    const double top = bark(std::min(16000.0, rate / 2.0));
    for (int i = 1; i < size_ / 2; ++i) {
      band_of_.push_back(
          std::min(kBands - 1, static_cast<int>(bark(static_cast<double>(i) * rate / size_) / top * kBands)));
    }
  }
  void feed(std::span<const float> mono) {
    framer_.feed(mono, [&](const double* window) {
      out_.detection.push_back(detector_.processTimeDomain(window));
      const double* magnitude = detector_.getSpectrumMagnitude();
      std::array<double, kBands> power{};
      for (std::size_t i = 0; i < band_of_.size(); ++i) {
        const double m = magnitude[i + 1];
        power[static_cast<std::size_t>(band_of_[i])] += m * m;
      }
      BandLevels levels;
      for (std::size_t b = 0; b < levels.size(); ++b) levels[b] = static_cast<float>(std::log10(1e-4 + power[b]));
      out_.bands.push_back(levels);
    });
  }

 private:
  Features& out_;
  int size_;
  Framer framer_;
  DetectionFunction detector_;
  std::vector<int> band_of_;
};

class PitchMeter {
 public:
  PitchMeter(int rate, Features& out)
      : out_(out),
        factor_(factor_of(rate)),
        rate_(static_cast<double>(rate) / factor_),
        framer_(kSize, kStep),
        fft_(kSize) {
    if (factor_ > 1) decimator_ = std::make_unique<Decimator>(kBlock, static_cast<unsigned>(factor_));
    for (std::size_t i = 0; i < kSize; ++i) window_[i] = 0.5 - 0.5 * std::cos(kTau * static_cast<double>(i) / kSize);
    out_.pitch_step = kStep / rate_;
    out_.pitch_first = kSize / 2 / rate_;
  }
  void feed(std::span<const float> mono) {
    block_.insert(block_.end(), mono.begin(), mono.end());
    std::size_t at = 0;
    for (; at + kBlock <= block_.size(); at += kBlock) {
      std::array<double, kBlock> low;
      std::copy_n(block_.begin() + static_cast<std::ptrdiff_t>(at), kBlock, low.begin());
      if (decimator_) decimator_->process(low.data(), low.data());
      framer_.feed(std::span<const double>(low.data(), kBlock / static_cast<std::size_t>(factor_)),
                   [&](const double* window) { frame(window); });
    }
    block_.erase(block_.begin(), block_.begin() + static_cast<std::ptrdiff_t>(at));
  }
  double tuning() const { return std::atan2(tuning_sin_, tuning_cos_) / kTau; }

 private:
  static constexpr std::size_t kSize = 8192, kStep = 2048, kBlock = 1024;
  static constexpr double kLowest = 30, kHighest = 2000;  // Hz
  static constexpr double kProminence = 3;                // times what is around: a tone, not noise and no glide
  static constexpr double kAudibleBin = 0.05;             // a sine of -92 dBFS

  static int factor_of(int rate) {
    int factor = 1;
    while (rate / factor > 12500 && factor < 8) factor *= 2;
    return factor;
  }

  void frame(const double* samples) {
    for (std::size_t i = 0; i < kSize; ++i) windowed_[i] = samples[i] * window_[i];
    fft_.forwardMagnitude(windowed_.data(), magnitude_.data());
    for (std::size_t i = 0; i < kSize / 2; ++i) sum_to_[i + 1] = sum_to_[i] + magnitude_[i];
    PitchClasses notes{}, bass{};
    const auto bin = [&](double hz) { return static_cast<std::size_t>(hz * kSize / rate_); };
    for (std::size_t i = bin(kLowest); i < std::min(bin(kHighest), kSize / 2 - 1); ++i) {
      const double a = magnitude_[i - 1], b = magnitude_[i], c = magnitude_[i + 1];
      if (b <= a || b < c || b < kProminence * around(i) || b < kAudibleBin) continue;
      // The peak of a parabola through the log magnitudes (good to about a hundredth of a bin for a Hann window).
      const double la = std::log(a + 1e-9), lb = std::log(b + 1e-9), lc = std::log(c + 1e-9);
      const double curve = la - 2 * lb + lc;
      const double offset = curve < 0 ? 0.5 * (la - lc) / curve : 0;
      const double hz = (static_cast<double>(i) + offset) * rate_ / kSize;
      const double pitch = 12 * std::log2(hz / 440) + 69;
      if (hz < 260) add(bass, pitch, b);
      if (hz >= 60) add(notes, pitch, std::sqrt(b));
      // Further down a bin is a good part of a semitone.
      if (hz < 220) continue;
      tuning_cos_ += b * std::cos(kTau * pitch);
      tuning_sin_ += b * std::sin(kTau * pitch);
    }
    out_.notes.push_back(notes);
    out_.bass.push_back(bass);
  }
  // The mean magnitude about a bin, three semitones and at least twelve bins each way.
  double around(std::size_t i) const {
    const std::size_t reach = std::max<std::size_t>(12, i * 19 / 100);
    const std::size_t from = i > reach ? i - reach : 0, to = std::min(kSize / 2, i + reach + 1);
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

  Features& out_;
  int factor_;
  double rate_;
  Framer framer_;
  FFTReal fft_;
  std::unique_ptr<Decimator> decimator_;
  std::vector<float> block_;
  std::array<double, kSize> window_, windowed_, magnitude_;
  std::array<double, kSize / 2 + 1> sum_to_{};  // of magnitudes below each bin
  double tuning_cos_ = 0, tuning_sin_ = 0;
};

}  // namespace

struct FeatureExtractor::Impl {
  explicit Impl(int rate) : energy(rate, out), spectra(rate, out), pitch(rate, out) { out.rate = rate; }
  Features out;
  EnergyMeter energy;
  OnsetSpectra spectra;
  PitchMeter pitch;
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
  impl_->spectra.feed(mono);
  impl_->pitch.feed(mono);
}

Features FeatureExtractor::finish() {
  impl_->out.tuning = impl_->pitch.tuning();
  return std::move(impl_->out);
}

}  // namespace tactus::analysis
