// A source's positions on our timeline, and ours on theirs. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "library/foreign/foreign.h"
#include "library/store/tracks.h"

namespace tactus::library {

// What each of its cues is in the library, then each of its loops; nothing: what makes no sense there. A hot cue whose
// number is taken already, and one without a number, is a memory cue; those and loops are numbered by their order.
// `offset`: seconds to add to theirs; what would lie before the file's beginning lies on it.
using MarkSlots = std::vector<std::optional<Mark>>;
MarkSlots cue_slots(const ForeignTrack& track, double offset, const std::string& origin);
MarkSlots loop_slots(const ForeignTrack& track, double offset, const std::string& origin);
// All of them that there are.
std::vector<Mark> marks_of(const ForeignTrack& track, double offset, const std::string& origin);
// Beats are counted from the first bar that an anchor of theirs is in.
std::vector<AnchorFact> grid_of(const ForeignTrack& track, double offset);
// The other way round; four beats to a bar.
std::vector<ForeignAnchor> foreign_grid(const std::vector<AnchorFact>& grid, double offset);

// Whether they say the same, but for where they come from. Within a microsecond.
bool same_mark(const Mark& a, const Mark& b);
bool same_grid(const std::vector<AnchorFact>& a, const std::vector<AnchorFact>& b);

// "#RRGGBB" as a number; nothing for what isn't that, or is empty.
std::optional<int> color_number(const std::string& color);
std::string color_name(const std::optional<int>& color);

}  // namespace tactus::library
