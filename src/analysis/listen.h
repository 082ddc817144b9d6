// From features to music: what the analysis of a track says but for its loudness, its tags and its embeddings.
#pragma once

#include "analysis/analysis.h"
#include "analysis/features.h"

namespace tactus::analysis {

// Fills in `out`, whose loudness is known (parts are judged by it).
void listen(const Features& features, TrackAnalysis& out);

}  // namespace tactus::analysis
