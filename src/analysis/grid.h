// A beat grid from tracked beats and onsets: where the tempo is constant, to a thousandth of a BPM and a millisecond;
// where it moves, a chain of straight pieces that follows it.
#pragma once

#include <vector>

#include "analysis/analysis.h"
#include "analysis/bar_tracker.h"
#include "analysis/onsets.h"

namespace tactus::analysis {

struct Grid {
  // Beat k is the k-th of the tracked beats.
  std::vector<Anchor> anchors;
  double error_ms = 0;  // median distance of the beats' onsets
};

// No anchors where there are too few beats.
Grid find_grid(const OnsetCurve& curve, const std::vector<TrackedBeat>& beats, double duration);

// Of the tempos of a grid, the one below which half of its time lies. `anchors` isn't empty.
double median_bpm(const std::vector<Anchor>& anchors, double duration);
// Half or double, whichever is nearer to what people dance to.
double alternative_to(double bpm);

// As TrackAnalysis::seconds_of and beat_of. `anchors` isn't empty.
double seconds_of(const std::vector<Anchor>& anchors, double beat);
double beat_of(const std::vector<Anchor>& anchors, double seconds);

}  // namespace tactus::analysis
