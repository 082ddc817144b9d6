// Power spectra of windows by FFTW (single precision).
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

namespace tactus::analysis {

// A real transform of one size. Each object is for one thread; any number may be made and used at once.
class PowerSpectrum {
 public:
  // `size`: even. `window`: `size` factors.
  explicit PowerSpectrum(std::vector<float> window);
  PowerSpectrum(PowerSpectrum&&) noexcept;
  ~PowerSpectrum();
  std::size_t size() const;
  // Squares of the magnitudes of the size / 2 + 1 bins; valid until the next call. `samples` has size() values.
  std::span<const float> of(const float* samples);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Hann's window, periodic, scaled so that a full-scale sine in the middle of a bin has power 1.
std::vector<float> hann(std::size_t size);

}  // namespace tactus::analysis
