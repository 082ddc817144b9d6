// Bars of a grid: which of its beats are downbeats, by what the tracker heard of them.
#pragma once

#include <vector>

#include "analysis/analysis.h"
#include "analysis/bar_tracker.h"

namespace tactus::analysis {

struct Bars {
  double first_downbeat = 0;     // beat of the grid that was given
  std::vector<BarLength> metre;  // beats counted from it
};

// Beat k of the grid is `beats[k]` where the grid follows them; where it doesn't, the nearest one.
Bars find_bars(const std::vector<Anchor>& anchors, const std::vector<TrackedBeat>& beats);

}  // namespace tactus::analysis
