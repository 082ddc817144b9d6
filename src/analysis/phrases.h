// What sounds in each bar, and where the music changes: phrases of two, four and eight bars.
#pragma once

#include <array>
#include <vector>

#include "analysis/analysis.h"
#include "analysis/features.h"

namespace tactus::analysis {

using BandLevels = std::array<float, kWideBands>;  // decibels

// Bar i begins at `beats[i]` of the grid and sounds like `levels[i]`.
struct BarTable {
  std::vector<double> beats;    // ascending, one more than there are bars
  std::vector<double> seconds;  // of those
  std::vector<BandLevels> levels;
  std::size_t size() const { return levels.size(); }
};

// `analysis` has its grid, metre and ends.
BarTable bar_table(const Features& features, const TrackAnalysis& analysis);

// How much the music changes at the start of each bar, 0 to 1 the most of the track. As long as the table.
std::vector<double> changes(const BarTable& bars);

std::vector<Phrase> find_phrases(const BarTable& bars);

}  // namespace tactus::analysis
