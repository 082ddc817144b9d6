#include "eval/rival_runs.h"

#ifdef TACTUS_HAS_QM_DSP

#include <algorithm>
#include <array>
#include <cstddef>

// qm-dsp's headers expect this.
using namespace std;
#include <dsp/keydetection/GetKeyMode.h>
#include <dsp/onsets/DetectionFunction.h>
#include <dsp/tempotracking/DownBeat.h>
#include <dsp/tempotracking/TempoTrackV2.h>

namespace tactus::eval {
namespace {

constexpr double kStepSeconds = 0.01161, kWidestBin = 50;  // as Mixxx sets them
constexpr std::size_t kSkipped = 2;                        // the first values compare with frames that weren't there
// TempoTrackV2 fits a tempo to windows of 512 values; with less than one there is nothing to fit.
constexpr std::size_t kLeast = 512;

struct Steps {
  std::size_t step = 512, window = 1024;
};

Steps steps_for(int rate) {
  Steps out{static_cast<std::size_t>(rate * kStepSeconds), 1};
  while (static_cast<double>(out.window) < rate / kWidestBin) out.window *= 2;
  return out;
}

// Windows are centred on multiples of the step; silence stands before the beginning and behind the end.
std::vector<double> detection(const Mono& track, const Steps& steps) {
  DFConfig config{};
  config.stepSize = static_cast<unsigned>(steps.step);
  config.frameLength = static_cast<unsigned>(steps.window);
  config.DFType = DF_COMPLEXSD;
  config.dbRise = 3;
  config.adaptiveWhitening = false;
  config.whiteningRelaxCoeff = -1;
  config.whiteningFloor = -1;
  DetectionFunction function(config);
  std::vector<double> out, window(steps.window);
  const std::size_t half = steps.window / 2;
  for (std::size_t centre = 0; centre < track.samples.size() + half; centre += steps.step) {
    for (std::size_t i = 0; i < steps.window; ++i) {
      const std::size_t at = centre + i;  // half a window later
      window[i] = at >= half && at - half < track.samples.size() ? static_cast<double>(track.samples[at - half]) : 0;
    }
    out.push_back(function.processTimeDomain(window.data()));
  }
  while (!out.empty() && out.back() <= 0) out.pop_back();
  return out;
}

// Indices of beats that begin a bar of four, as Queen Mary's own bar tracker drives it.
std::vector<int> bars(const Mono& track, std::size_t step, const std::vector<double>& beats) {
  constexpr std::size_t kDecimation = 16;
  // It wants whole decimated blocks; the beats are told in its steps.
  const std::size_t block = step / kDecimation * kDecimation;
  DownBeat finder(static_cast<float>(track.rate), kDecimation, block);
  finder.setBeatsPerBar(4);
  for (std::size_t at = 0; at + block <= track.samples.size(); at += block) {
    finder.pushAudioBlock(track.samples.data() + at);
  }
  std::vector<double> places;
  for (const double beat : beats) {
    places.push_back(beat * static_cast<double>(step) / static_cast<double>(block));
  }
  std::size_t length = 0;
  const float* audio = finder.getBufferedAudio(length);
  std::vector<int> out;
  if (audio != nullptr && places.size() > 8) finder.findDownBeats(audio, length, places, out);
  return out;
}

// The key that it names for most of the time, with the settings of its Vamp plugin.
music::Key key_of(const Mono& track) {
  GetKeyMode detector(track.rate, 440, 10, 10);
  const std::size_t block = detector.getBlockSize(), hop = detector.getHopSize();
  std::vector<double> window(block);
  std::array<int, 25> votes{};
  for (std::size_t at = 0; at + block <= track.samples.size(); at += hop) {
    std::copy_n(track.samples.begin() + static_cast<std::ptrdiff_t>(at), block, window.begin());
    ++votes[static_cast<std::size_t>(std::clamp(detector.process(window.data()), 0, 24))];
  }
  return music::Key::of_index(static_cast<int>(std::max_element(votes.begin() + 1, votes.end()) - votes.begin()) - 1);
}

}  // namespace

Found run_qm(const Mono& track) {
  const Steps steps = steps_for(track.rate);
  Found out;
  out.beats.emplace();
  out.downbeats.emplace();
  const std::vector<double> all = detection(track, steps);
  if (all.size() >= kLeast + kSkipped) {
    const std::vector<double> values(all.begin() + kSkipped, all.end());
    std::vector<double> periods(values.size(), 0.0), tempi, beats;
    TempoTrackV2 tracker(static_cast<float>(track.rate), steps.step);
    tracker.calculateBeatPeriod(values, periods, tempi);
    tracker.calculateBeats(values, periods, beats);
    const double second = static_cast<double>(steps.step) / track.rate;
    // Mixxx doesn't count the values that it skipped, and puts a beat between two of them.
    for (const double b : beats) out.beats->push_back((b + 0.5) * second);
    for (const int i : bars(track, steps.step, beats)) {
      if (i >= 0 && static_cast<std::size_t>(i) < beats.size()) {
        out.downbeats->push_back((*out.beats)[static_cast<std::size_t>(i)]);
      }
    }
  }
  out.bpm = steady_tempo(*out.beats);
  out.key.emplace(key_of(track));
  return out;
}

}  // namespace tactus::eval

#endif
