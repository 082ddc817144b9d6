#include "session/auto_gain.h"

#include <algorithm>
#include <cmath>

namespace tactus::session {

double auto_gain_db(const analysis::TrackAnalysis& track, std::optional<double> target_lufs) {
  if (!target_lufs || !std::isfinite(track.lufs)) return 0;
  double db = *target_lufs - track.lufs;
  if (db > 0 && std::isfinite(track.true_peak_db)) {
    db = std::min(db, std::max(0.0, kAutoGainHeadroom - track.true_peak_db));
  }
  return std::clamp(db, -24.0, 12.0);
}

}  // namespace tactus::session
