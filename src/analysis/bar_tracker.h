// Beats and bars from what the network says of each frame: dynamic programming over beats whose distances change
// little (a semi-Markov form of the bar pointer: Whiteley, Cemgil and Godsill 2006; Krebs, Boeck and Widmer 2015), then
// over the bars that those beats may form.
#pragma once

#include <cstddef>
#include <vector>

#include "analysis/network.h"

namespace tactus::analysis {

struct TrackedBeat {
  double seconds = 0;
  double strength = 0;  // 0 to 1: the network's
  double downbeat = 0;  // log odds that it is one, by the network alone
  int in_bar = 0;       // 0: a downbeat
  int bar_length = 4;   // beats of the bar that it is in
};

struct TrackerOptions {
  double slowest_bpm = 48, fastest_bpm = 220;
  // Natural logarithms of odds:
  double per_beat = 1.6;     // what any beat is worth: more finds more beats, and faster ones
  double tempo_change = 14;  // what a beat e times as long as the one before costs; half as much for twice as fine
  double tempo_jump = 9;     // what any change costs at the most
  double least = -0.1;       // what a beat without any sound is worth, with per_beat: a rest is counted through
  double bar_change = 5.5;   // what another length of bar, or a bar cut short, costs
};

// Ascending; empty where nothing is steady enough for eight beats.
std::vector<TrackedBeat> track_bars(const Activations& activations, const TrackerOptions& options = {});

}  // namespace tactus::analysis
