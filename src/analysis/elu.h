// What the networks' layers have between them (Clevert et al., "Fast and Accurate Deep Network Learning by Exponential
// Linear Units", 2016). Any thread, realtime-safe.
#pragma once

#include <cmath>

namespace tactus::analysis {

inline float elu(float x) { return x > 0 ? x : std::expm1(x); }

}  // namespace tactus::analysis
