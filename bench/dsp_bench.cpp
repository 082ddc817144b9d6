// What each part of the signal path costs: nanoseconds for 64 frames of stereo, in two control steps of 32.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <vector>

#if defined(__SSE2__)
#include <xmmintrin.h>
#endif

#include "dsp/eq.h"
#include "dsp/filter.h"
#include "dsp/fx_slot.h"
#include "dsp/gain.h"
#include "dsp/guard.h"
#include "dsp/interpolate.h"
#include "dsp/limiter.h"
#include "dsp/meter.h"
#include "dsp/zero_cross.h"
#include "engine/rt/fx/fx_instance.h"

namespace {

using namespace tactus;
constexpr int kBlock = 64, kStep = 32, kBlocks = 750;  // one second at 48 kHz, over and over

struct Noise {
  std::vector<float> left, right;
  explicit Noise(float amplitude) {
    std::mt19937 random(1);
    std::uniform_real_distribution<float> level(-amplitude, amplitude);
    for (int i = 0; i < kBlock * kBlocks; ++i) {
      left.push_back(level(random));
      right.push_back(level(random));
    }
  }
};

// As the audio thread runs: denormals flushed.
void flush_denormals() {
#if defined(__SSE2__)
  _mm_setcsr(_mm_getcsr() | 0x8040);
#endif
}

// Times `step(left, right, n)` on fresh noise, copied anew since all of it works in place.
template <typename Step>
void time_steps(benchmark::State& state, Step step, float amplitude = 0.3f) {
  flush_denormals();
  const Noise noise(amplitude);
  float left[kBlock], right[kBlock];
  std::size_t at = 0;
  for (auto _ : state) {
    std::copy_n(noise.left.data() + at, kBlock, left);
    std::copy_n(noise.right.data() + at, kBlock, right);
    for (int i = 0; i < kBlock; i += kStep) step(left + i, right + i, kStep);
    benchmark::DoNotOptimize(left);
    benchmark::DoNotOptimize(right);
    at = (at + kBlock) % (kBlock * kBlocks);
  }
}

void copy_only(benchmark::State& state) {
  time_steps(state, [](float*, float*, int) {});
}
BENCHMARK(copy_only);

void gain_standing(benchmark::State& state) {
  dsp::Ramp gain(0.5f);
  time_steps(state, [&](float* l, float* r, int n) { dsp::apply_gain(l, r, n, gain); });
}
BENCHMARK(gain_standing);

void gain_ramping(benchmark::State& state) {
  dsp::Ramp gain(0);
  time_steps(state, [&](float* l, float* r, int n) {
    gain.to(gain.value() > 0.5f ? 0.0f : 1.0f, 240, static_cast<dsp::Curve>(state.range(0)));
    dsp::apply_gain(l, r, n, gain);
  });
}
BENCHMARK(gain_ramping)->DenseRange(0, 3);

void eq(benchmark::State& state) {
  dsp::Eq eq;
  eq.prepare({48000});
  time_steps(state, [&](float* l, float* r, int n) { eq.process(l, r, n); });
}
BENCHMARK(eq);

void filter_standing(benchmark::State& state) {
  dsp::Filter filter;
  filter.knob().jump(-0.5f);
  filter.prepare({48000});
  time_steps(state, [&](float* l, float* r, int n) { filter.process(l, r, n); });
}
BENCHMARK(filter_standing);

void filter_sweeping(benchmark::State& state) {
  dsp::Filter filter;
  filter.prepare({48000});
  time_steps(state, [&](float* l, float* r, int n) {
    if (!filter.knob().active()) filter.knob().to(filter.knob().value() > 0 ? -1.0f : 1.0f, 48000);
    filter.process(l, r, n);
  });
}
BENCHMARK(filter_sweeping);

void limiter(benchmark::State& state, float amplitude) {
  dsp::Limiter limiter;
  limiter.prepare({48000});
  time_steps(
      state, [&](float* l, float* r, int n) { limiter.process(l, r, n); }, amplitude);
}
BENCHMARK_CAPTURE(limiter, quiet, 0.3f);
BENCHMARK_CAPTURE(limiter, loud_but_idle, 0.55f);
BENCHMARK_CAPTURE(limiter, limiting, 4.0f);

void meter(benchmark::State& state) {
  dsp::Meter meter;
  time_steps(state, [&](float* l, float* r, int n) { meter.process(l, r, n); });
  benchmark::DoNotOptimize(meter.take());
}
BENCHMARK(meter);

void guard(benchmark::State& state) {
  bool broken = false;
  time_steps(state, [&](float* l, float* r, int n) { broken |= dsp::flush_if_broken(l, r, n); });
  benchmark::DoNotOptimize(broken);
}
BENCHMARK(guard);

void stem_gate(benchmark::State& state) {
  dsp::StemGate gate;
  gate.prepare({48000});
  time_steps(state, [&](float* l, float* r, int n) { gate.process(l, r, n); });
}
BENCHMARK(stem_gate);

template <int Channels>
void direct_path(benchmark::State& state, double speed) {
  flush_denormals();
  static const auto tables = [] {
    auto t = std::make_unique<dsp::SincTables>();
    t->build();
    return t;
  }();
  std::vector<float> pcm(static_cast<std::size_t>(48000 * Channels), 0.25f);
  double position = 100;
  float frame[Channels];
  for (auto _ : state) {
    for (int i = 0; i < kBlock; ++i) {
      const auto whole = static_cast<std::int64_t>(position);
      dsp::read_between<Channels>(*tables, pcm.data() + (whole - dsp::SincTables::kBefore) * Channels,
                                  position - static_cast<double>(whole), speed, frame);
      benchmark::DoNotOptimize(frame);
      position += speed;
      if (position > 40000) position = 100;
    }
  }
}
void direct_stereo(benchmark::State& state, double speed) { direct_path<2>(state, speed); }
void direct_stems(benchmark::State& state, double speed) { direct_path<8>(state, speed); }
BENCHMARK_CAPTURE(direct_stereo, original_speed, 1.0);
BENCHMARK_CAPTURE(direct_stereo, slower, 0.96);
BENCHMARK_CAPTURE(direct_stereo, faster, 1.04);
BENCHMARK_CAPTURE(direct_stems, slower, 0.96);
BENCHMARK_CAPTURE(direct_stems, faster, 1.04);

struct FreeMemory {
  void operator()(std::byte* p) const { std::free(p); }
};

// An effect in its slot, half wet.
void effect(benchmark::State& state, int index) {
  const std::size_t bytes = rt::FxInstance::bytes(index);
  const std::unique_ptr<std::byte, FreeMemory> memory(
      static_cast<std::byte*>(std::aligned_alloc(rt::FxInstance::kAlign, bytes)));
  rt::FxInstance* fx = rt::FxInstance::make(index, {memory.get(), bytes}, {48000});
  dsp::FxSlot slot;
  slot.prepare({48000}, static_cast<dsp::MixLaw>(fx->info().mix));
  slot.set_on(true);
  double beat = 0;
  time_steps(state, [&](float* l, float* r, int n) {
    fx->set_clock({126}, beat);
    beat += 126.0 / 60 * n / 48000;
    float in[2][kStep], wet[2][kStep];
    slot.send(l, r, in[0], in[1], n);
    fx->compute(in[0], in[1], wet[0], wet[1], n);
    slot.mix(l, r, wet[0], wet[1], n);
  });
  state.counters["KiB"] = static_cast<double>(bytes) / 1024;
}

const bool effects_registered = [] {
  for (int i = 0; i < msg::fx_count(); ++i) {
    const std::string name = "effect/" + std::string(msg::fx_table()[static_cast<std::size_t>(i)].id);
    benchmark::RegisterBenchmark(name.c_str(), effect, i);
  }
  return true;
}();

}  // namespace
