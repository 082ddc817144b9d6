// How much louder or softer a track is played so that all sound equally loud.
#pragma once

#include <optional>

#include "analysis/analysis.h"

namespace tactus::session {

constexpr double kAutoGainLufs = -14;     // where auto-gain aims unless set otherwise
constexpr double kAutoGainHeadroom = -1;  // dBTP above which it lifts no track's peaks

// dB, -24 to 12: from the track's integrated loudness (EBU R 128) to `target_lufs`; a boost ends where the true peak
// would pass kAutoGainHeadroom. 0 without a target, and for what has no loudness. Any thread.
double auto_gain_db(const analysis::TrackAnalysis& track, std::optional<double> target_lufs);

}  // namespace tactus::session
