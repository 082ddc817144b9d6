// How much a probability speaks for something, as what adds up: ln(p / (1 - p)).
#pragma once

#include <algorithm>
#include <cmath>

namespace tactus::analysis {

// None is taken for surer than `least` away from never and always. Pure.
inline double log_odds(double p, double least) {
  p = std::clamp(p, least, 1 - least);
  return std::log(p / (1 - p));
}

}  // namespace tactus::analysis
