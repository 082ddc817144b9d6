// When something begins in the music, to about a millisecond: the curve that beat grids are laid on.
#pragma once

#include <cstddef>
#include <vector>

#include "analysis/features.h"

namespace tactus::analysis {

struct Onset {
  double seconds = 0;
  double strength = 0;
};

// How strongly something begins at each hop of Features::hop: the logarithm of what energy does from the 15 ms before
// it to the 6 ms after it, band by band, weighted by how loud it gets. A peak lies where an attack starts.
struct OnsetCurve {
  double hop = 0;           // seconds
  std::vector<float> all;   // all bands
  std::vector<float> low;   // below 150 Hz
  std::vector<float> mid;   // from there to 2 kHz
  std::vector<float> high;  // above
  double seconds(double index) const { return index * hop; }
  double index(double seconds) const { return seconds / hop; }
};

OnsetCurve onset_curve(const Features& features);

// The strongest onset within `reach` seconds of `seconds`, placed between hops; strength 0: nothing begins there.
Onset strongest_near(const std::vector<float>& curve, double hop, double seconds, double reach);

// All local peaks above `least`.
std::vector<Onset> peaks(const std::vector<float>& curve, double hop, double least);

}  // namespace tactus::analysis
