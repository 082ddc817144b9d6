#include "analysis/loudness.h"

#include <ebur128.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <new>
#include <vector>

#include "analysis/true_peak.h"

namespace tactus::analysis {

struct LoudnessMeter::Impl {
  // All blocks are kept rather than counted in steps of 0.1 LU: two hours of them need 4 MB.
  explicit Impl(int rate)
      : state(ebur128_init(2, static_cast<unsigned long>(rate), EBUR128_MODE_I | EBUR128_MODE_LRA)) {
    if (!state) throw std::bad_alloc();
  }
  ~Impl() { ebur128_destroy(&state); }
  ebur128_state* state;
  TruePeak peak;
  std::vector<float> clean;
};

LoudnessMeter::LoudnessMeter(int rate) : impl_(std::make_unique<Impl>(rate)) {}
LoudnessMeter::~LoudnessMeter() = default;

void LoudnessMeter::feed(std::span<const float> interleaved) {
  if (!std::all_of(interleaved.begin(), interleaved.end(), [](float v) { return std::isfinite(v); })) {
    impl_->clean.assign(interleaved.begin(), interleaved.end());
    for (float& v : impl_->clean) v = std::isfinite(v) ? v : 0;
    interleaved = impl_->clean;
  }
  if (ebur128_add_frames_float(impl_->state, interleaved.data(), interleaved.size() / 2) != EBUR128_SUCCESS)
    throw std::bad_alloc();
  impl_->peak.feed(interleaved);
}

double LoudnessMeter::lufs() const {
  double value = 0;
  if (ebur128_loudness_global(impl_->state, &value) != EBUR128_SUCCESS)
    value = -std::numeric_limits<double>::infinity();
  return value;
}

double LoudnessMeter::lra() const {
  double value = 0;
  return ebur128_loudness_range(impl_->state, &value) == EBUR128_SUCCESS ? value : 0;
}

double LoudnessMeter::true_peak_db() const { return 20 * std::log10(impl_->peak.highest()); }

}  // namespace tactus::analysis
