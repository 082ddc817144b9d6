// From features to music: what the analysis of a track says but for its loudness, its tags and its embeddings.
#pragma once

#include "analysis/analysis.h"
#include "analysis/features.h"

namespace tactus::analysis {

// Fills in `out`, whose loudness is known (parts are judged by it): what Versions::beats counts.
void listen_to_beats(const Features& features, TrackAnalysis& out);
// What Versions::key counts, by the downbeats and phrases that `out` has.
void listen_to_key(const Features& features, TrackAnalysis& out);
// Both.
void listen(const Features& features, TrackAnalysis& out);

}  // namespace tactus::analysis
