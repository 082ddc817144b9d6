#include "dsp/interpolate.h"

#include <algorithm>
#include <cmath>

namespace tactus::dsp {
namespace {

constexpr int kTaps = SincTables::kTaps;
constexpr double kPi = 3.14159265358979323846;
// 32 taps at this shape: stop band below -100 dB, transition 0.19 of the rate wide.
constexpr double kKaiserBeta = 10.0;

// Modified Bessel function of order 0, by its power series.
double bessel_i0(double x) noexcept {
  double sum = 1, term = 1;
  for (int k = 1; k < 64; ++k) {
    term *= (x / (2 * k)) * (x / (2 * k));
    sum += term;
  }
  return sum;
}

double kaiser(double x) noexcept {  // x in -1..1
  return std::abs(x) >= 1 ? 0 : bessel_i0(kKaiserBeta * std::sqrt(1 - x * x)) / bessel_i0(kKaiserBeta);
}

double sinc(double x) noexcept { return x == 0 ? 1 : std::sin(kPi * x) / (kPi * x); }

// The 32 coefficients of one read, mixed from two phases and, above speed 1, from two tables.
struct Coefficients {
  std::array<F4, kTaps / 4> c;
};

struct TableMix {
  int table;
  float share;  // of the next table
};

inline TableMix choose_tables(double speed) TACTUS_RT {
  const double s = std::abs(speed);
  if (s <= 1) return {0, 0.0f};
  for (int i = 0; i + 1 < SincTables::kTables; ++i) {
    const double low = SincTables::kSpeeds[static_cast<std::size_t>(i)];
    const double high = SincTables::kSpeeds[static_cast<std::size_t>(i) + 1];
    if (s < high) return {i, static_cast<float>((s - low) / (high - low))};
  }
  return {SincTables::kTables - 1, 0.0f};
}

inline Coefficients coefficients(const SincTables& tables, double fraction, TableMix mix) TACTUS_RT {
  const double scaled = fraction * SincTables::kPhases;
  const int phase = std::min(static_cast<int>(scaled), SincTables::kPhases - 1);
  const F4 between = splat4(static_cast<float>(scaled - phase));
  Coefficients out;
  const float* a = tables.row(mix.table, phase);
  const float* b = tables.row(mix.table, phase + 1);
  for (int i = 0; i < kTaps / 4; ++i) {
    const F4 low = load4(a + 4 * i);
    out.c[static_cast<std::size_t>(i)] = low + between * (load4(b + 4 * i) - low);
  }
  if (mix.share == 0.0f) return out;
  const F4 share = splat4(mix.share);
  a = tables.row(mix.table + 1, phase);
  b = tables.row(mix.table + 1, phase + 1);
  for (int i = 0; i < kTaps / 4; ++i) {
    const F4 low = load4(a + 4 * i);
    F4& c = out.c[static_cast<std::size_t>(i)];
    c = c + share * (low + between * (load4(b + 4 * i) - low) - c);
  }
  return out;
}

}  // namespace

void SincTables::build() noexcept {
  for (int t = 0; t < kTables; ++t) {
    const double cutoff = 1 / kSpeeds[static_cast<std::size_t>(t)];
    for (int p = 0; p <= kPhases; ++p) {
      const double fraction = static_cast<double>(p) / kPhases;
      auto& row = rows_[static_cast<std::size_t>(t)][static_cast<std::size_t>(p)];
      std::array<double, kTaps> exact;
      double sum = 0;
      for (int k = 0; k < kTaps; ++k) {
        const double x = k - kBefore - fraction;
        // sin(pi x) is not quite 0 at whole x: say so, since those rows must pass samples through unchanged.
        const bool whole = t == 0 && (p == 0 || p == kPhases);
        const double ideal = whole ? (x == 0 ? 1 : 0) : sinc(cutoff * x);
        exact[static_cast<std::size_t>(k)] = ideal * kaiser(x / (kTaps / 2));
        sum += exact[static_cast<std::size_t>(k)];
      }
      for (std::size_t k = 0; k < kTaps; ++k) row[k] = static_cast<float>(exact[k] / sum);
    }
  }
}

template <>
void read_between<2>(const SincTables& tables, const float* window, double fraction, double speed,
                     float* out) TACTUS_RT {
  const TableMix mix = choose_tables(speed);
  if (fraction == 0 && mix.table == 0 && mix.share == 0.0f) {
    out[0] = window[2 * SincTables::kBefore];
    out[1] = window[2 * SincTables::kBefore + 1];
    return;
  }
  const Coefficients k = coefficients(tables, fraction, mix);
  F4 first = splat4(0), second = splat4(0);
  for (int i = 0; i < kTaps / 4; ++i) {
    const F4 c = k.c[static_cast<std::size_t>(i)];
    first += load4(window + 8 * i) * F4{c[0], c[0], c[1], c[1]};
    second += load4(window + 8 * i + 4) * F4{c[2], c[2], c[3], c[3]};
  }
  const F4 sum = first + second;
  out[0] = sum[0] + sum[2];
  out[1] = sum[1] + sum[3];
}

template <>
void read_between<8>(const SincTables& tables, const float* window, double fraction, double speed,
                     float* out) TACTUS_RT {
  const TableMix mix = choose_tables(speed);
  if (fraction == 0 && mix.table == 0 && mix.share == 0.0f) {
    std::memcpy(out, window + 8 * SincTables::kBefore, 8 * sizeof(float));
    return;
  }
  const Coefficients k = coefficients(tables, fraction, mix);
  F4 low = splat4(0), high = splat4(0);
  for (int i = 0; i < kTaps; ++i) {
    const F4 c = splat4(k.c[static_cast<std::size_t>(i / 4)][i % 4]);
    low += load4(window + 8 * i) * c;
    high += load4(window + 8 * i + 4) * c;
  }
  store4(out, low);
  store4(out + 4, high);
}

}  // namespace tactus::dsp
