#include "session/loudness_meter.h"

#include <ebur128.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <new>

namespace tactus::session {

struct LoudnessMeter::Impl {
  ebur128_state* state = nullptr;
};

LoudnessMeter::LoudnessMeter(int rate) : impl_(std::make_unique<Impl>()) {
  impl_->state = ebur128_init(2, static_cast<unsigned long>(rate), EBUR128_MODE_I | EBUR128_MODE_TRUE_PEAK);
  if (!impl_->state) throw std::bad_alloc();
}

LoudnessMeter::~LoudnessMeter() { ebur128_destroy(&impl_->state); }

void LoudnessMeter::feed(std::span<const float> interleaved_stereo) {
  ebur128_add_frames_float(impl_->state, interleaved_stereo.data(), interleaved_stereo.size() / 2);
}

double LoudnessMeter::lufs() const {
  double v = -std::numeric_limits<double>::infinity();
  ebur128_loudness_global(impl_->state, &v);
  return v;
}

double LoudnessMeter::true_peak_db() const {
  double peak = 0;
  for (unsigned c = 0; c < 2; ++c) {
    double p = 0;
    ebur128_true_peak(impl_->state, c, &p);
    peak = std::max(peak, p);
  }
  return 20 * std::log10(peak);
}

}  // namespace tactus::session
