// How music is counted: of the ways in which its beats can be taken (as the tracker has them first, or half, two
// thirds, twice as fast and so on), the one that speaks most for itself.
#pragma once

#include <array>
#include <vector>

#include "analysis/analysis.h"
#include "analysis/bar_tracker.h"
#include "analysis/confidence.h"
#include "analysis/features.h"
#include "analysis/network.h"
#include "analysis/onsets.h"

namespace tactus::analysis {

// What speaks for a way of counting: the network's mean probability of a beat on its beats, half-way between them, and
// on the weaker half of them against the stronger; how steady it is; a downbeat's probability on the downbeats and on
// the strongest other place of the bar; its tempo (octaves above 120 BPM, their square, and how far beyond a quarter of
// an octave up and down); how alike the odds of downbeats are two, four and eight beats later; how alike the strokes
// between 150 Hz and 2 kHz are one beat later and six.
constexpr std::size_t kTraits = 15;
using Traits = std::array<float, kTraits>;

struct Counting {
  std::vector<TrackedBeat> beats;
  std::vector<Anchor> grid;      // empty: no beats
  std::vector<BarLength> metre;  // as TrackAnalysis has them
  double bpm = 0;
  double error_ms = 0;  // as Grid has it
  Evidence evidence{};  // kOdds: how likely this way of counting is among the others
  Traits traits{};
};

// All ways of counting, the likeliest first; none where there are too few beats. Of `track`, duration and first and
// last sound are known.
std::vector<Counting> countings(const Activations& heard, const OnsetCurve& curve, const TrackAnalysis& track);

// What the network hears of a track, and how that may be counted. Where the likeliest way isn't likely enough, or its
// beats are faint, the network hears it again (hear_again) and that is counted.
struct Listening {
  Activations heard;
  std::vector<Counting> ways;
};
Listening listen_and_count(const Features& features, const OnsetCurve& curve, const TrackAnalysis& track);

}  // namespace tactus::analysis
