// Where the next boundary of a musical raster lies. Pure integer functions on beats; realtime-safe, any thread.
//
// A raster is the set of points  phase + k * micro / den  for every whole k, in micro-beats. Each point is computed
// from its own k and rounded once, so a raster that micro-beats can't hold (triplets, sevenths) never drifts: the point
// of k = 3,000,000 is as exact as that of k = 3.
#pragma once

#include <cstdint>

#include "base/rt.h"
#include "base/units.h"

namespace tactus::music {

// The spacing of a raster: micro / den micro-beats. micro <= 0 or den <= 0 is 'no raster': every beat is a boundary.
struct Raster {
  std::int64_t micro = 0;
  std::int64_t den = 1;
  constexpr auto operator<=>(const Raster&) const noexcept = default;
  constexpr bool none() const TACTUS_RT { return micro <= 0 || den <= 0; }

  // Every `length` beats; zero and negative lengths are 'no raster'.
  static constexpr Raster every(Beats length) TACTUS_RT { return {length.micro, 1}; }
  // A note value in common time: 1/4 is one beat. `n` >= 1. Three triplets fill the time of two straight notes.
  static constexpr Raster note(int n, bool triplet) TACTUS_RT {
    return triplet ? Raster{8'000'000, 3 * std::int64_t{n}} : Raster{4'000'000, n};
  }
};

namespace detail {
constexpr std::int64_t floor_div(std::int64_t a, std::int64_t b) TACTUS_RT {
  const std::int64_t q = a / b;
  return q - (a % b != 0 && (a < 0) != (b < 0) ? 1 : 0);
}
}  // namespace detail

// Boundary number `k` of a raster that has one at `phase`. Requires !r.none().
constexpr Beat boundary(Raster r, std::int64_t k, Beat phase = {}) TACTUS_RT {
  // Whole turns of `den` boundaries are exact; only the rest is rounded (to nearest, halves up).
  const std::int64_t turns = detail::floor_div(k, r.den);
  const std::int64_t rest = k - turns * r.den;
  return phase + Beats{turns * r.micro + detail::floor_div(2 * rest * r.micro + r.den, 2 * r.den)};
}

// The number of the last boundary at or before `b`. Requires !r.none().
constexpr std::int64_t boundary_index(Raster r, Beat b, Beat phase = {}) TACTUS_RT {
  const std::int64_t x = (b - phase).micro;
  const std::int64_t turns = detail::floor_div(x, r.micro);
  std::int64_t k = turns * r.den + detail::floor_div((x - turns * r.micro) * r.den, r.micro);
  // Rounding moves a boundary by at most half a micro-beat, so the neighbour may be the one.
  if (boundary(r, k, phase) > b) --k;
  if (boundary(r, k + 1, phase) <= b) ++k;
  return k;
}

// The last boundary at or before `b`; `b` itself without a raster.
constexpr Beat previous_boundary(Raster r, Beat b, Beat phase = {}) TACTUS_RT {
  return r.none() ? b : boundary(r, boundary_index(r, b, phase), phase);
}

// The first boundary at or after `b`; `b` itself without a raster.
constexpr Beat next_boundary(Raster r, Beat b, Beat phase = {}) TACTUS_RT {
  if (r.none()) return b;
  const std::int64_t k = boundary_index(r, b, phase);
  const Beat at = boundary(r, k, phase);
  return at == b ? at : boundary(r, k + 1, phase);
}

// How far `b` is past the last boundary: 0 <= result < spacing. Zero without a raster.
constexpr Beats phase_in(Raster r, Beat b, Beat phase = {}) TACTUS_RT { return b - previous_boundary(r, b, phase); }

// The first beat at or after `b` whose phase in the raster is that of `like`; `b` itself without a raster.
constexpr Beat next_with_phase_of(Raster r, Beat b, Beat like) TACTUS_RT { return next_boundary(r, b, like); }

}  // namespace tactus::music
