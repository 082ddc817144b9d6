// Finds what would poison everything downstream: a NaN or an infinity in a segment.
// Realtime-safe, no state.
#pragma once

#include "base/rt.h"
#include "dsp/simd.h"

namespace tactus::dsp {

// True when all n samples are finite. Relies on IEEE arithmetic (no fast-math): 0 * x is 0 for every finite x and NaN
// for every other.
inline bool all_finite(const float* x, int n) TACTUS_RT {
  F4 sum = splat4(0);
  int i = 0;
  for (; i + 4 <= n; i += 4) sum += load4(x + i) * splat4(0);
  float rest = sum[0] + sum[1] + sum[2] + sum[3];
  for (; i < n; ++i) rest += x[i] * 0.0f;
  return rest == 0.0f;
}

// True when no sample is a NaN or beyond +-most.
inline bool all_within(const float* x, int n, float most) TACTUS_RT {
  bool within = true;
  for (int i = 0; i < n; ++i) within = (x[i] <= most && x[i] >= -most) && within;
  return within;
}

// Replaces the segment by silence when it holds a NaN or an infinity. Returns true when it did; the caller then clears
// the state of the node that made it.
inline bool flush_if_broken(float* left, float* right, int n) TACTUS_RT {
  if (all_finite(left, n) && all_finite(right, n)) return false;
  for (int i = 0; i < n; ++i) left[i] = right[i] = 0.0f;
  return true;
}

}  // namespace tactus::dsp
