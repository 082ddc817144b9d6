// A track as another program is to have it. Internal to library/exchange.
#pragma once

#include "library/exchange/sources.h"

namespace tactus::library {

// The source's track with what was changed in Tactus since its import.
ForeignTrack changed_track(const SourceItem& item, const Track& mine, const std::string& format);
// One that the source doesn't have; `offset`: seconds to add to its positions to get ours.
ForeignTrack new_track(const Track& mine, double offset);
// Where its file is; empty: nowhere.
std::string path_of(const Track& mine);

}  // namespace tactus::library
