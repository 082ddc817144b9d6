// The key of a track, and where it changes, from the pitches that sound in it.
#pragma once

#include <span>
#include <vector>

#include "analysis/analysis.h"
#include "analysis/features.h"
#include "music/key.h"

namespace tactus::analysis {

struct Tonality {
  music::Key key;
  double confidence = 0;       // 0 to 1; 0: nothing tonal
  std::vector<KeySpan> spans;  // as TrackAnalysis::keys
};

// `downbeats` in seconds, ascending, and `phrases`, those of them that begin four bars; may be empty.
Tonality find_key(const Features& features, std::span<const double> downbeats, std::span<const double> phrases = {});

}  // namespace tactus::analysis
