#include "io/audio/resampler.h"

#include <soxr.h>

#include <algorithm>
#include <array>
#include <new>
#include <vector>

namespace tactus::io {

struct Resampler::Soxr {
  soxr_t handle = nullptr;
  int channels = 0;
  ~Soxr() { soxr_delete(handle); }
};

Resampler::Resampler(int channels, double in_per_out) : soxr_(std::make_unique<Soxr>()) {
  soxr_error_t error = nullptr;
  const soxr_io_spec_t io = soxr_io_spec(SOXR_FLOAT32_S, SOXR_FLOAT32_S);
  const soxr_quality_spec_t quality = soxr_quality_spec(SOXR_HQ, SOXR_VR);
  const soxr_runtime_spec_t runtime = soxr_runtime_spec(1);
  // With SOXR_VR the rates given here only state the highest ratio that will be asked for.
  soxr_->handle = soxr_create(std::max(in_per_out, 1.0) * 1.01, 1, static_cast<unsigned>(channels), &error, &io,
                              &quality, &runtime);
  soxr_->channels = channels;
  if (error) throw std::bad_alloc();
  soxr_set_io_ratio(soxr_->handle, in_per_out, 0);
  // Silence through it for a while makes it allocate its buffers for the largest block now.
  std::vector<float> silence(4096, 0.0f), sink(4096 * 32);
  std::array<const float*, kMaxChannels> in;
  in.fill(silence.data());
  std::array<float*, kMaxChannels> out;
  out.fill(sink.data());
  for (int i = 0; i < 8; ++i) process(in.data(), 4096, out.data(), static_cast<int>(sink.size()));
}

Resampler::~Resampler() = default;
Resampler::Resampler(Resampler&&) noexcept = default;

void Resampler::set_ratio(double in_per_out, int over) noexcept {
  soxr_set_io_ratio(soxr_->handle, in_per_out, static_cast<std::size_t>(over));
}

int Resampler::process(const float* const* in, int n, float* const* out, int room) noexcept {
  std::array<const void*, kMaxChannels> from{};
  std::array<void*, kMaxChannels> to{};
  int used = 0, made = 0;
  for (;;) {
    for (int c = 0; c < soxr_->channels; ++c) {
      from[static_cast<std::size_t>(c)] = in[c] + used;
      to[static_cast<std::size_t>(c)] = out[c] + made;
    }
    std::size_t taken = 0, given = 0;
    soxr_process(soxr_->handle, from.data(), static_cast<std::size_t>(n - used), &taken, to.data(),
                 static_cast<std::size_t>(room - made), &given);
    used += static_cast<int>(taken);
    made += static_cast<int>(given);
    if (used == n || (taken == 0 && given == 0)) return made;
  }
}

}  // namespace tactus::io
