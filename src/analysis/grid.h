// A beat grid from tapped beats and onsets: the tempo to a thousandth of a BPM, the phase to a millisecond.
#pragma once

#include <vector>

#include "analysis/analysis.h"
#include "analysis/onsets.h"

namespace tactus::analysis {

struct Grid {
  std::vector<Anchor> anchors;  // beat 0 is the first beat at or after 0 s; which beat is a downbeat isn't known yet
  double confidence = 0;        // 0 to 1
  double error_ms = 0;          // median distance of the beats' onsets
};

// `beats`: from track_beats(). `duration` in seconds. No anchors when there is no steady pulse.
Grid find_grid(const OnsetCurve& curve, const std::vector<double>& beats, double duration);

// As TrackAnalysis::seconds_of and beat_of. `anchors` isn't empty.
double seconds_of(const std::vector<Anchor>& anchors, double beat);
double beat_of(const std::vector<Anchor>& anchors, double seconds);

}  // namespace tactus::analysis
