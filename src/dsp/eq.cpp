#include "dsp/eq.h"

#include <algorithm>
#include <cmath>

namespace tactus::dsp {

template <std::size_t Sections>
void Eq::Split<Sections>::prepare(double hz, double rate) noexcept {
  constexpr double kPi = 3.14159265358979323846;
  const double k = std::tan(kPi * hz / rate);
  low_scale = 1;
  for (std::size_t i = 0; i < Sections; ++i) {
    // Butterworth poles of order 2 * Sections, by the bilinear transform with the frequency pre-warped.
    const double damping = 2 * std::cos(kPi * static_cast<double>(2 * i + 1) / (4 * Sections));
    const double norm = 1 / (1 + damping * k + k * k);
    poles[i] = {2 * (k * k - 1) * norm, (1 - damping * k + k * k) * norm};
    low_scale *= (k * k * norm) * (k * k * norm);
  }
}

void Eq::prepare(SampleRate rate) noexcept {
  low_split_.prepare(kLowSplit, rate.hz);
  high_split_.prepare(kHighSplit, rate.hz);
  clear();
}

void Eq::clear() TACTUS_RT { memory_ = Memory{}; }

template <std::size_t Sections>
inline D2 Eq::low_pass(const Split<Sections>& split, std::array<State, 2 * Sections>& state, D2 x) TACTUS_RT {
  for (std::size_t i = 0; i < 2 * Sections; ++i) {
    const Poles& p = split.poles[i % Sections];
    State& s = state[i];
    const D2 y = x + s.s1;
    s.s1 = (x + x) - splat2(p.a1) * y + s.s2;
    s.s2 = x - splat2(p.a2) * y;
    x = y;
  }
  return x * splat2(split.low_scale);
}

template <std::size_t Sections>
inline D2 Eq::all_pass(const Split<Sections>& split, std::array<State, Sections>& state, D2 x) TACTUS_RT {
  for (std::size_t i = 0; i < Sections; ++i) {
    const Poles& p = split.poles[i];
    State& s = state[i];
    const D2 y = splat2(p.a2) * x + s.s1;
    s.s1 = splat2(p.a1) * (x - y) + s.s2;
    s.s2 = x - splat2(p.a2) * y;
    x = y;
  }
  return x;
}

void Eq::process(float* left, float* right, int n) TACTUS_RT {
  for (int at = 0; at < n; at += kPart) process_part(left + at, right + at, std::min(kPart, n - at));
}

void Eq::process_part(float* left, float* right, int n) TACTUS_RT {
  float gain[3][kPart];
  for (std::size_t b = 0; b < 3; ++b) gains_[b].fill(gain[b], n);
  Memory m = memory_;  // in registers and on the stack: nothing the compiler must assume aliased by the buffers
  for (int i = 0; i < n; ++i) {
    const D2 x{static_cast<double>(left[i]), static_cast<double>(right[i])};
    const D2 bass = low_pass(low_split_, m.low_of_low, x);
    const D2 rest = all_pass(low_split_, m.all_of_low, x) - bass;
    const D2 middle = low_pass(high_split_, m.low_of_high, rest);
    const D2 treble = all_pass(high_split_, m.all_of_high, rest) - middle;
    const D2 aligned_bass = all_pass(high_split_, m.all_of_bass, bass);
    const D2 y = aligned_bass * splat2(static_cast<double>(gain[low][i])) +
                 middle * splat2(static_cast<double>(gain[mid][i])) +
                 treble * splat2(static_cast<double>(gain[high][i]));
    left[i] = static_cast<float>(y[0]);
    right[i] = static_cast<float>(y[1]);
  }
  memory_ = m;
}

}  // namespace tactus::dsp
