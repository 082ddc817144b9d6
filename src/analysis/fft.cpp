#include "analysis/fft.h"

#include <fftw3.h>

#include <cmath>
#include <mutex>
#include <numbers>
#include <utility>

namespace tactus::analysis {
namespace {

// Making and unmaking plans is the one part of FFTW that isn't thread-safe.
std::mutex& planner() {
  static std::mutex m;
  return m;
}

}  // namespace

struct PowerSpectrum::Impl {
  explicit Impl(std::vector<float> w)
      : window(std::move(w)),
        in(fftwf_alloc_real(window.size())),
        out(fftwf_alloc_complex(window.size() / 2 + 1)),
        power(window.size() / 2 + 1) {
    const std::lock_guard lock(planner());
    // Estimated plans are the same in every run: measured ones would change the last bits of results.
    plan = fftwf_plan_dft_r2c_1d(static_cast<int>(window.size()), in, out, FFTW_ESTIMATE);
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() {
    const std::lock_guard lock(planner());
    fftwf_destroy_plan(plan);
    fftwf_free(in);
    fftwf_free(out);
  }

  std::vector<float> window;
  float* in;
  fftwf_complex* out;
  std::vector<float> power;
  fftwf_plan plan;
};

PowerSpectrum::PowerSpectrum(std::vector<float> window) : impl_(std::make_unique<Impl>(std::move(window))) {}
PowerSpectrum::PowerSpectrum(PowerSpectrum&&) noexcept = default;
PowerSpectrum::~PowerSpectrum() = default;

std::size_t PowerSpectrum::size() const { return impl_->window.size(); }

std::span<const float> PowerSpectrum::of(const float* samples) {
  Impl& m = *impl_;
  for (std::size_t i = 0; i < m.window.size(); ++i) m.in[i] = samples[i] * m.window[i];
  fftwf_execute(m.plan);
  for (std::size_t i = 0; i < m.power.size(); ++i) m.power[i] = m.out[i][0] * m.out[i][0] + m.out[i][1] * m.out[i][1];
  return m.power;
}

std::vector<float> hann(std::size_t size) {
  std::vector<float> out(size);
  const double n = static_cast<double>(size);
  for (std::size_t i = 0; i < size; ++i) {
    // The window's mean is a half, and a sine's peak lies in two bins.
    out[i] = static_cast<float>((0.5 - 0.5 * std::cos(2 * std::numbers::pi * static_cast<double>(i) / n)) * 4 / n);
  }
  return out;
}

}  // namespace tactus::analysis
