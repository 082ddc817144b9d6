#include "analysis/beat_tracker.h"

#include <cstddef>
#include <string>

// qm-dsp's headers expect this.
using namespace std;
#include <dsp/tempotracking/TempoTrackV2.h>

namespace tactus::analysis {
namespace {

// The tracker sees an onset this much late, whatever the tempo (measured on click tracks).
constexpr double kLate = 0.0035;
// It fits a tempo to windows of 512 detection frames; with less than one there is nothing to fit.
constexpr std::size_t kLeast = 512;

}  // namespace

std::vector<double> track_beats(const Features& features) {
  if (features.detection.size() < kLeast) return {};
  // The first two values compare with frames that weren't there.
  const std::vector<double> detection(features.detection.begin() + 2, features.detection.end());
  const auto step = static_cast<std::size_t>(features.step * features.rate + 0.5);
  TempoTrackV2 tracker(static_cast<float>(features.rate), step);
  std::vector<double> periods(detection.size(), 0.0), tempi, beats;
  tracker.calculateBeatPeriod(detection, periods, tempi);
  tracker.calculateBeats(detection, periods, beats);
  for (double& b : beats) b = (b + 2) * features.step - kLate;
  return beats;
}

}  // namespace tactus::analysis
