// The parts of a track: where they begin, what they are for, how much is going on in them; and where a mix would begin
// and end.
#pragma once

#include <array>
#include <span>
#include <vector>

#include "analysis/analysis.h"
#include "analysis/network.h"
#include "analysis/phrases.h"

namespace tactus::analysis {

// What a part is told by: itself against the loudest of the track, and against its neighbours. tools/train/labels.py
// learns from the same.
constexpr std::size_t kSectionFeatures = 15;
using SectionFeatures = std::array<float, kSectionFeatures>;

// Of the parts between `edges`, bars of the table (ascending, the first 0, the last its size).
std::vector<SectionFeatures> section_features(const BarTable& bars, const Activations& heard,
                                              std::span<const std::size_t> edges);

// Ascending, from the first sound to the last; one part where there are too few bars to tell. `analysis` has its grid,
// metre, ends and loudness.
std::vector<Section> find_sections(const BarTable& bars, const Activations& heard, const TrackAnalysis& analysis);

// Fills in mix_in and mix_out from the sections.
void suggest_mix(TrackAnalysis& analysis);

// Where somebody sings or speaks; `confidence`, 0 to 1: how likely that is right for eight tenths of its time.
std::vector<TimeSpan> find_vocals(const Activations& heard, double* confidence);

}  // namespace tactus::analysis
