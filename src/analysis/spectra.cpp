#include "analysis/spectra.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "analysis/fft.h"

namespace tactus::analysis {
namespace {

constexpr double kLowest = 20, kHighest = 16000;  // Hz
// Below this, bands are of equal width, above of equal ratio: 250 Hz makes the lowest of 64 about a bin wide.
constexpr double kBend = 250;

// 10 log10 by the exponent and a quadratic through the mantissa: within 0.03 dB, where a step is half a decibel.
float decibels(float power) {
  const auto bits = std::bit_cast<std::uint32_t>(power);
  const float m = std::bit_cast<float>((bits & 0x7fffffu) | 0x3f800000u);
  const float log2 =
      static_cast<float>(static_cast<int>(bits >> 23) - 128) + (-0.33582878f * m + 2.0f) * m - 0.65871759f;
  return 3.01029996f * log2;
}

std::uint8_t level(float power) {
  return static_cast<std::uint8_t>(std::clamp(std::lround(2 * (decibels(power + 1e-12f) + 100)), 0l, 255l));
}

// Overlapping triangles over the bins of a spectrum; each bin is shared by two neighbours, so a sine's power is
// counted once wherever it lies.
class FilterBank {
 public:
  FilterBank(int bands, std::size_t size, int rate) : power_(static_cast<std::size_t>(bands) + 2) {
    const auto scale = [](double hz) { return std::asinh(hz / kBend); };
    const double low = scale(kLowest), high = scale(kHighest);
    for (std::size_t i = 0; i <= size / 2; ++i) {
      const double hz = static_cast<double>(i) * rate / static_cast<double>(size);
      const double x = (scale(hz) - low) / (high - low) * bands + 0.5;
      if (x < 0 || x >= bands + 1) continue;
      if (share_.empty()) first_ = i;
      lower_.push_back(static_cast<std::uint16_t>(x));
      share_.push_back(static_cast<float>(1 - (x - std::floor(x))));
    }
  }
  template <std::size_t N>
  void apply(std::span<const float> spectrum, std::array<std::uint8_t, N>& out) {
    std::fill(power_.begin(), power_.end(), 0.0f);
    for (std::size_t i = 0; i < share_.size(); ++i) {
      const float p = spectrum[first_ + i];
      power_[lower_[i]] += share_[i] * p;
      power_[lower_[i] + 1u] += (1 - share_[i]) * p;
    }
    for (std::size_t b = 0; b < N; ++b) out[b] = level(power_[b + 1]);
  }

 private:
  std::size_t first_ = 0;
  std::vector<std::uint16_t> lower_;
  std::vector<float> share_;
  std::vector<float> power_;
};

std::size_t window_size(double seconds, int rate) {
  return std::max<std::size_t>(64, std::bit_floor(static_cast<std::size_t>(seconds * 1.4 * rate)));
}

}  // namespace

struct SpectraExtractor::Impl {
  explicit Impl(int rate_)
      : rate(rate_),
        wide(hann(window_size(0.046, rate))),
        fast(hann(window_size(0.023, rate))),
        wide_bank(kWideBands, wide.size(), rate),
        fast_bank(kFastBands, fast.size(), rate),
        held(wide.size() / 2, 0.0f) {}

  // The frame whose time is at `centre` of what is held.
  SpectrumFrame frame_at(std::size_t centre, std::size_t later) {
    SpectrumFrame f;
    wide_bank.apply(wide.of(held.data() + centre - wide.size() / 2), f.wide);
    fast_bank.apply(fast.of(held.data() + centre - fast.size() / 2), f.fast[0]);
    fast_bank.apply(fast.of(held.data() + later - fast.size() / 2), f.fast[1]);
    return f;
  }
  void work() {
    for (;;) {
      const double n = static_cast<double>(out.size());
      const auto centre = static_cast<std::int64_t>(std::llround(n * kFrameSeconds * rate)) - begins;
      const auto later = static_cast<std::int64_t>(std::llround((n + 0.5) * kFrameSeconds * rate)) - begins;
      const auto need = std::max(centre + static_cast<std::int64_t>(wide.size() / 2),
                                 later + static_cast<std::int64_t>(fast.size() / 2));
      if (need > std::ssize(held)) break;
      out.push_back(frame_at(static_cast<std::size_t>(centre), static_cast<std::size_t>(later)));
    }
    // What no further frame needs.
    const auto next = static_cast<std::int64_t>(std::llround(static_cast<double>(out.size()) * kFrameSeconds * rate));
    const std::int64_t spent = next - static_cast<std::int64_t>(wide.size() / 2) - begins;
    if (spent > 65536) {
      held.erase(held.begin(), held.begin() + spent);
      begins += spent;
    }
  }

  int rate;
  PowerSpectrum wide, fast;
  FilterBank wide_bank, fast_bank;
  std::vector<float> held;
  std::int64_t begins = -static_cast<std::int64_t>(wide.size() / 2);  // sample of the first one held
  std::int64_t fed = 0;
  std::vector<SpectrumFrame> out;
};

SpectraExtractor::SpectraExtractor(int rate) : impl_(std::make_unique<Impl>(rate)) {}
SpectraExtractor::~SpectraExtractor() = default;

void SpectraExtractor::feed(std::span<const float> mono) {
  impl_->held.insert(impl_->held.end(), mono.begin(), mono.end());
  impl_->fed += std::ssize(mono);
  impl_->work();
}

std::vector<SpectrumFrame> SpectraExtractor::so_far() const { return impl_->out; }

std::vector<SpectrumFrame> SpectraExtractor::finish() {
  Impl& m = *impl_;
  const auto frames = static_cast<std::size_t>(static_cast<double>(m.fed) / (kFrameSeconds * m.rate));
  m.held.insert(m.held.end(), m.wide.size() + static_cast<std::size_t>(m.rate), 0.0f);
  m.work();
  m.out.resize(std::min(m.out.size(), frames));
  return std::move(m.out);
}

}  // namespace tactus::analysis
