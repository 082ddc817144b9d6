#include "analysis/phrases.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace tactus::analysis {
namespace {

BandLevels mean(const std::vector<BandLevels>& frames, std::ptrdiff_t from, std::ptrdiff_t to) {
  from = std::clamp<std::ptrdiff_t>(from, 0, std::ssize(frames));
  to = std::clamp<std::ptrdiff_t>(to, from, std::ssize(frames));
  BandLevels out{};
  for (std::ptrdiff_t i = from; i < to; ++i) {
    const BandLevels& f = frames[static_cast<std::size_t>(i)];
    for (std::size_t k = 0; k < out.size(); ++k) out[k] += f[k] / static_cast<float>(to - from);
  }
  return out;
}

double distance(const BandLevels& a, const BandLevels& b) {
  // By four bands at a time: another bass note is no other part.
  constexpr std::size_t kTogether = 4;
  double sum = 0;
  for (std::size_t k = 0; k + kTogether <= a.size(); k += kTogether) {
    double difference = 0;
    for (std::size_t i = k; i < k + kTogether; ++i) difference += (a[i] - b[i]) / kTogether;
    sum += difference * difference;
  }
  return std::sqrt(sum / static_cast<double>(a.size() / kTogether));
}

BandLevels levels_of(const std::vector<SpectrumFrame>& spectra, double from, double to) {
  const auto frame = [&](double s) {
    return std::clamp<std::ptrdiff_t>(std::llround(s / kFrameSeconds), 0, std::ssize(spectra));
  };
  BandLevels out{};
  const std::ptrdiff_t first = frame(from), last = std::max(frame(to), first + 1);
  for (std::ptrdiff_t i = first; i < std::min(last, std::ssize(spectra)); ++i) {
    const SpectrumFrame& f = spectra[static_cast<std::size_t>(i)];
    // What lies below -65 dB is heard as silence; how deep the silence is makes no difference.
    for (std::size_t k = 0; k < out.size(); ++k) {
      out[k] += 0.5f * static_cast<float>(std::max<int>(f.wide[k], 70)) / static_cast<float>(last - first);
    }
  }
  return out;
}

// The place in a cycle of `length` bars where changes add up to the most.
int strongest_phase(const std::vector<double>& change, int length, int step) {
  int best = 0;
  double most = -1;
  for (int phase = 0; phase < length; phase += step) {
    double sum = 0;
    for (std::size_t i = static_cast<std::size_t>(phase); i < change.size(); i += static_cast<std::size_t>(length)) {
      sum += change[i] * change[i];
    }
    // What begins with the track has no change to show: it needs less.
    if (sum * (phase == 0 ? 1.15 : 1) > most) {
      most = sum * (phase == 0 ? 1.15 : 1);
      best = phase;
    }
  }
  return best;
}

}  // namespace

BarTable bar_table(const Features& features, const TrackAnalysis& analysis) {
  BarTable out;
  out.seconds = analysis.downbeats();
  for (const double s : out.seconds) out.beats.push_back(std::round(analysis.beat_of(s)));
  for (std::size_t i = 0; i + 1 < out.seconds.size(); ++i) {
    out.levels.push_back(levels_of(features.spectra, out.seconds[i], out.seconds[i + 1]));
  }
  return out;
}

// Four bars before against four bars after, and the bar before against the bar after, so that the change is found where
// it happens (after Foote 2000).
std::vector<double> changes(const BarTable& bars) {
  std::vector<double> out(bars.size(), 0.0);
  for (std::ptrdiff_t i = 1; i < std::ssize(bars.levels); ++i) {
    const double parts = distance(mean(bars.levels, i - 4, i), mean(bars.levels, i, i + 4));
    const double edge = distance(mean(bars.levels, i - 1, i), mean(bars.levels, i, i + 1));
    out[static_cast<std::size_t>(i)] = std::sqrt(parts * edge);
  }
  if (out.empty()) return out;
  const double most = std::max(1e-9, *std::max_element(out.begin(), out.end()));
  for (double& c : out) c /= most;
  return out;
}

std::vector<Phrase> find_phrases(const BarTable& bars) {
  const std::vector<double> change = changes(bars);
  if (change.empty()) return {};
  const int four = strongest_phase(change, 4, 1);
  // Of the two ways to pair groups of four bars.
  const std::vector<double> from_four(change.begin() + std::min<std::ptrdiff_t>(four, std::ssize(change)),
                                      change.end());
  const int eight = four + strongest_phase(from_four, 8, 4);

  std::vector<Phrase> out;
  constexpr double kWorthNaming = 0.5;
  for (int bar = four % 2; bar < static_cast<int>(change.size()); bar += 2) {
    const double strength = change[static_cast<std::size_t>(bar)];
    const bool of_eight = (bar - eight) % 8 == 0, of_four = (bar - four) % 4 == 0;
    if (of_four || strength >= kWorthNaming) {
      out.push_back({bars.beats[static_cast<std::size_t>(bar)], of_eight ? 32 : of_four ? 16 : 8, strength});
    }
  }
  return out;
}

}  // namespace tactus::analysis
