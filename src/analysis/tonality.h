// The key of a track from the pitches that sound in it.
#pragma once

#include "analysis/features.h"
#include "music/key.h"

namespace tactus::analysis {

struct Tonality {
  music::Key key;
  double confidence = 0;  // 0 to 1: how far ahead of the next best key; 0: nothing tonal
};

Tonality find_key(const Features& features);

}  // namespace tactus::analysis
