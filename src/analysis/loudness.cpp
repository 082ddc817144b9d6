#include "analysis/loudness.h"

#include <ebur128.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <new>
#include <vector>

namespace tactus::analysis {

struct LoudnessMeter::Impl {
  // Histogram mode: an hours-long recording needs no more memory than a song (0.1 LU steps).
  explicit Impl(int rate)
      : state(ebur128_init(2, static_cast<unsigned long>(rate),
                           EBUR128_MODE_I | EBUR128_MODE_TRUE_PEAK | EBUR128_MODE_HISTOGRAM)) {
    if (!state) throw std::bad_alloc();
  }
  ~Impl() { ebur128_destroy(&state); }
  ebur128_state* state;
  std::vector<float> clean;
};

LoudnessMeter::LoudnessMeter(int rate) : impl_(std::make_unique<Impl>(rate)) {}
LoudnessMeter::~LoudnessMeter() = default;

void LoudnessMeter::feed(std::span<const float> interleaved) {
  const float* samples = interleaved.data();
  if (!std::all_of(interleaved.begin(), interleaved.end(), [](float v) { return std::isfinite(v); })) {
    impl_->clean.assign(interleaved.begin(), interleaved.end());
    for (float& v : impl_->clean) v = std::isfinite(v) ? v : 0;
    samples = impl_->clean.data();
  }
  if (ebur128_add_frames_float(impl_->state, samples, interleaved.size() / 2) != EBUR128_SUCCESS)
    throw std::bad_alloc();
}

double LoudnessMeter::lufs() const {
  double value = 0;
  if (ebur128_loudness_global(impl_->state, &value) != EBUR128_SUCCESS)
    value = -std::numeric_limits<double>::infinity();
  return value;
}

double LoudnessMeter::true_peak_db() const {
  double peak = 0;
  for (unsigned channel = 0; channel < 2; ++channel) {
    double value = 0;
    if (ebur128_true_peak(impl_->state, channel, &value) == EBUR128_SUCCESS) peak = std::max(peak, value);
  }
  return 20 * std::log10(peak);
}

}  // namespace tactus::analysis
