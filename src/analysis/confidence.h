// How far to trust what was found: probabilities, learned from how often such findings were right
// (tools/train/doubts.py; reliability in docs/analysis.md).
#pragma once

#include <array>
#include <vector>

#include "analysis/analysis.h"
#include "analysis/bar_tracker.h"
#include "analysis/network.h"
#include "analysis/onsets.h"

namespace tactus::analysis {

// What speaks for and against the grid, each about 0 to 1: 1; the network's mean probability of a beat on the beats,
// half-way between them, and on the weaker half of them against the stronger; how many tracked beats lie on the grid,
// and in how steady a tempo; how far the tempo is from 120 BPM in octaves; a downbeat's probability on the downbeats
// and on the strongest other place of the bar; how many of the tracked downbeats agree with the bars; how many of the
// beats with an onset near them have it within 12 ms (in noise, few); the odds of this way of counting among the others
// (counting.h).
constexpr std::size_t kEvidence = 12, kOdds = 11;
using Evidence = std::array<float, kEvidence>;

// All but the last. `analysis` has its grid and metre.
Evidence evidence_of(const Activations& heard, const std::vector<TrackedBeat>& beats, const OnsetCurve& curve,
                     const TrackAnalysis& analysis);

struct Confidences {
  double tempo = 0, beats = 0, downbeats = 0;  // as TrackAnalysis has them
};

Confidences confidences_of(const Evidence& evidence);

}  // namespace tactus::analysis
