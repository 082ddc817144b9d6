// What marks the seams of an arrangement, alike in every style: noise that rises or falls, crashes, booms.
#pragma once

#include <vector>

#include "demo/song.h"

namespace tactus::demo {

struct Seams {
  std::vector<Span> rises = {};      // a riser over each
  std::vector<double> falls = {};    // a falling sweep of two bars at each beat
  std::vector<double> crashes = {};  // a cymbal at each beat (drums)
  std::vector<double> booms = {};    // a low hit at each beat
};
void transitions(Song& song, const Seams& seams);

}  // namespace tactus::demo
