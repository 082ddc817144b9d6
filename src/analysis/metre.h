// Which beat is one: bars of four beats, and phrases of four and eight bars.
#pragma once

#include <vector>

#include "analysis/analysis.h"
#include "analysis/features.h"
#include "analysis/onsets.h"

namespace tactus::analysis {

struct Metre {
  double first_downbeat = 0;    // beat of the grid that was given
  std::vector<Phrase> phrases;  // beats counted from the first downbeat
};

// `anchors` isn't empty; its beats are whole numbers at beats.
Metre find_metre(const Features& features, const OnsetCurve& curve, const std::vector<Anchor>& anchors);

}  // namespace tactus::analysis
