// The beats that a listener would tap: qm-dsp's tracker (Davies and Plumbley 2007, with Ellis' 2007 dynamic
// programming), which docs/analysis.md measures against aubio's. Good to about 10 ms; grid.h does the rest.
#pragma once

#include <vector>

#include "analysis/features.h"

namespace tactus::analysis {

// Seconds, ascending; empty for what is too short (about six seconds).
std::vector<double> track_beats(const Features& features);

}  // namespace tactus::analysis
