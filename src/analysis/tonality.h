// The key of a track from the pitches that sound in it.
#pragma once

#include "analysis/features.h"
#include "music/key.h"

namespace tactus::analysis {

struct Tonality {
  music::Key key;
  // 0 to 1: how far ahead of the next best key but its relative, which has the same notes; 0: nothing tonal.
  double confidence = 0;
};

Tonality find_key(const Features& features);

}  // namespace tactus::analysis
