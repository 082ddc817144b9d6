// Lays one straight line, beat number against time, through the onsets of a whole track.
#pragma once

#include <vector>

#include "analysis/onsets.h"

namespace tactus::analysis {

// Beat k sounds at phase + k * period seconds.
struct Line {
  double phase = 0;
  double period = 0.5;
  double at(double k) const { return phase + k * period; }
};

// The onset curve peaks so much before an attack, seconds (measured on the tests' drums).
constexpr double kEarly = 0.0005;

struct Tap {
  double beat = 0;
  double seconds = 0;
  double weight = 0;
};

// Least squares with Huber's weights (1964), which let outliers pull only so much; from `start`, which must be near.
Line fit_line(const std::vector<Tap>& taps, Line start);

// Onsets near the beats of `line` decide its last milliseconds, between the first and the last beat that were tracked;
// a tempo that is a whole or half BPM within what the onsets allow is taken for exactly that.
Line polish(const OnsetCurve& curve, Line line, double from, double to, double duration);

}  // namespace tactus::analysis
