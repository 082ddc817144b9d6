#include "io/audio/callback_driver.h"

#include <algorithm>

#if defined(__linux__)
#include <sys/resource.h>
#endif
#include <time.h>

namespace tactus::io {

CallbackDriver::CallbackDriver(EngineGate& gate, CallbackCounters& counters, std::uint32_t id, int session_rate,
                               const StreamInfo& info, const Routing& fitted, bool count_faults)
    : gate_(gate),
      counters_(counters),
      id_(id),
      info_(info),
      session_rate_(session_rate),
      count_faults_(count_faults),
      router_(fitted),
      filter_(info.rate) {
  if (info.rate != session_rate) {
    adapter_ = std::make_unique<RateAdapter>(session_rate, info.rate, info.inputs, info.outputs, msg::kMaxBlock);
  }
  for (auto& plane : planes_) plane.fill(0.0f);  // touches the pages
}

void CallbackDriver::part(const Period& p, int at, int n, std::int64_t host_ns) noexcept {
  std::array<const float*, msg::kMaxDeviceChannels> in{};
  std::array<float*, msg::kMaxDeviceChannels> out{};
  for (int c = 0; c < p.inputs; ++c) in[static_cast<std::size_t>(c)] = p.in[c] + at;
  for (int c = 0; c < p.outputs; ++c) out[static_cast<std::size_t>(c)] = p.out[c] + at;
  if (!adapter_) {
    block(in.data(), out.data(), n, host_ns);
    return;
  }
  adapter_->render(in.data(), out.data(), n, [&](const float* const* from, float* const* to) {
    // What is rendered now sounds after what is already queued.
    const double queued_ns = adapter_->queued() * filter_.ns_per_frame();
    block(from, to, RateAdapter::kBlock, host_ns + static_cast<std::int64_t>(queued_ns));
  });
}

void CallbackDriver::block(const float* const* in, float* const* out, int n, std::int64_t host_ns) noexcept {
  std::array<float*, msg::kBusChannels> buses{};
  std::array<float*, kInputChannels> inputs{};
  for (std::size_t c = 0; c < buses.size(); ++c) buses[c] = planes_[c].data();
  for (std::size_t c = 0; c < inputs.size(); ++c) inputs[c] = planes_[buses.size() + c].data();
  router_.to_engine(in, info_.inputs, inputs.data(), n);
  const std::int64_t latency = static_cast<std::int64_t>(info_.output_latency) * session_rate_ / info_.rate;
  gate_.process({inputs.data(), buses.data(), kInputChannels, msg::kBusChannels, n},
                {host_ns, latency + (adapter_ ? Resampler::kDelay : 0)});
  router_.to_device(buses.data(), out, info_.outputs, n);
}

void CallbackDriver::fade_in(const Period& p) noexcept {
  for (int i = 0; fade_ < kFade && i < p.frames; ++i, ++fade_) {
    const float gain = static_cast<float>(fade_) / kFade;
    for (int c = 0; c < p.outputs; ++c) p.out[c][i] *= gain;
  }
}

CallbackDriver::Usage CallbackDriver::usage() const noexcept {
  Usage now;
  timespec cpu{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &cpu);
  now.cpu_ns = std::int64_t{cpu.tv_sec} * 1'000'000'000 + cpu.tv_nsec;
#if defined(__linux__)
  if (count_faults_) {
    rusage faults{};
    getrusage(RUSAGE_THREAD, &faults);
    now.minor = faults.ru_minflt;
    now.major = faults.ru_majflt;
  }
#endif
  return now;
}

void CallbackDriver::account(const Usage& before) noexcept {
  const Usage after = usage();
  counters_.cpu.add(after.cpu_ns - before.cpu_ns);
  add(counters_.minor_faults, static_cast<std::uint64_t>(after.minor - before.minor));
  add(counters_.major_faults, static_cast<std::uint64_t>(after.major - before.major));
}

}  // namespace tactus::io
