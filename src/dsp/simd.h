// Four floats or two doubles side by side, by the vector extension that GCC and clang share (clang-cl on Windows).
// Lane arithmetic is plain IEEE, so results do not depend on the instruction set that it compiles to.
// Realtime-safe.
#pragma once

#include <cstring>

#include "base/rt.h"

namespace tactus::dsp {

using F4 = float __attribute__((vector_size(16)));
using D2 = double __attribute__((vector_size(16)));

// Unaligned access to 4 floats.
inline F4 load4(const float* p) TACTUS_RT {
  F4 v;
  std::memcpy(&v, p, sizeof v);
  return v;
}
inline void store4(float* p, F4 v) TACTUS_RT { std::memcpy(p, &v, sizeof v); }
inline F4 splat4(float x) TACTUS_RT { return F4{x, x, x, x}; }
inline D2 splat2(double x) TACTUS_RT { return D2{x, x}; }
// Four doubles as floats.
inline F4 narrow(D2 a, D2 b) TACTUS_RT {
  return F4{static_cast<float>(a[0]), static_cast<float>(a[1]), static_cast<float>(b[0]), static_cast<float>(b[1])};
}

}  // namespace tactus::dsp
