#include "analysis/metre.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

#include "analysis/grid.h"

namespace tactus::analysis {
namespace {

constexpr int kBar = 4;

// What sounds during each beat.
struct BeatFeatures {
  std::vector<BandLevels> bands;
  std::vector<PitchClasses> notes, bass;
  std::vector<double> kick;  // the onset below 150 Hz on the beat
  std::size_t size() const { return bands.size(); }
};

template <typename Vector>
Vector mean(const std::vector<Vector>& frames, std::ptrdiff_t from, std::ptrdiff_t to) {
  from = std::clamp<std::ptrdiff_t>(from, 0, std::ssize(frames));
  to = std::clamp<std::ptrdiff_t>(to, from, std::ssize(frames));
  Vector out{};
  for (std::ptrdiff_t i = from; i < to; ++i) {
    const Vector& f = frames[static_cast<std::size_t>(i)];
    for (std::size_t k = 0; k < out.size(); ++k) out[k] += f[k] / static_cast<float>(to - from);
  }
  return out;
}

template <typename Vector>
double distance(const Vector& a, const Vector& b) {
  double sum = 0;
  for (std::size_t k = 0; k < a.size(); ++k) sum += (a[k] - b[k]) * (a[k] - b[k]);
  return std::sqrt(sum / static_cast<double>(a.size()));
}

// 1 - cosine.
double angle(const PitchClasses& a, const PitchClasses& b) {
  double ab = 0, aa = 1e-9, bb = 1e-9;
  for (std::size_t k = 0; k < a.size(); ++k) {
    ab += a[k] * b[k];
    aa += a[k] * a[k];
    bb += b[k] * b[k];
  }
  return 1 - ab / std::sqrt(aa * bb);
}

BeatFeatures by_beat(const Features& f, const OnsetCurve& curve, const std::vector<Anchor>& anchors, double first,
                     int beats) {
  BeatFeatures out;
  for (int i = 0; i < beats; ++i) {
    const double from = seconds_of(anchors, first + i), to = seconds_of(anchors, first + i + 1);
    const auto frame = [&](double s) { return static_cast<std::ptrdiff_t>(std::ceil(s / f.step - 1)); };
    out.bands.push_back(mean(f.bands, frame(from), std::max(frame(to), frame(from) + 1)));
    const auto pitch = [&](double s) {
      return static_cast<std::ptrdiff_t>(std::ceil((s - f.pitch_first) / f.pitch_step));
    };
    out.notes.push_back(mean(f.notes, pitch(from), std::max(pitch(to), pitch(from) + 1)));
    out.bass.push_back(mean(f.bass, pitch(from), std::max(pitch(to), pitch(from) + 1)));
    out.kick.push_back(strongest_near(curve.low, curve.hop, from, 0.02).strength);
  }
  return out;
}

using PerBeat = std::array<double, kBar>;

// So that the evidence of a whole track weighs as much whatever its unit: the shares, less what chance would give.
void add_evidence(PerBeat& votes, const PerBeat& sums, double weight) {
  double all = 1e-9;
  for (const double s : sums) all += s;
  for (std::size_t k = 0; k < votes.size(); ++k) votes[k] += weight * (sums[k] / all - 1.0 / kBar);
}

// How much the bar from beat i on differs from the one before it and is like the one after it, above the bars that
// begin a beat earlier and later: large where a part begins, and there only on its first beat. A fill or a crash
// differs from both sides, so neither moves the place.
std::vector<double> news(const BeatFeatures& b) {
  std::vector<double> lasting(b.size(), 0.0), out(b.size(), 0.0);
  for (std::size_t i = kBar; i + 2 * kBar <= b.size(); ++i) {
    double before = 0, after = 0;
    for (std::size_t k = i; k < i + kBar; ++k) {
      before += distance(b.bands[k], b.bands[k - kBar]);
      after += distance(b.bands[k], b.bands[k + kBar]);
    }
    lasting[i] = std::max(0.0, before - after);
  }
  for (std::size_t i = 1; i + 1 < b.size(); ++i) {
    out[i] = std::max(0.0, lasting[i] - 0.5 * (lasting[i - 1] + lasting[i + 1]));
  }
  return out;
}

int downbeat_phase(const BeatFeatures& b) {
  PerBeat parts{}, chords{}, roots{}, kicks{};
  const std::vector<double> part = news(b);
  for (std::size_t i = 0; i < b.size(); ++i) {
    const std::size_t phase = i % kBar;
    // Squares: one great change says more than many small ones.
    parts[phase] += part[i] * part[i];
    kicks[phase] += b.kick[i];
    if (i < 2 || i + 2 > b.size()) continue;
    const auto at = static_cast<std::ptrdiff_t>(i);
    chords[phase] += angle(mean(b.notes, at - 2, at), mean(b.notes, at, at + 2));
    roots[phase] += angle(mean(b.bass, at - 2, at), mean(b.bass, at, at + 2));
  }
  PerBeat votes{};
  add_evidence(votes, parts, 1.0);
  add_evidence(votes, chords, 2.0);
  add_evidence(votes, roots, 1.0);
  add_evidence(votes, kicks, 1.0);
  return static_cast<int>(std::max_element(votes.begin(), votes.end()) - votes.begin());
}

// How much the music changes at the start of each bar: four bars before against four bars after, and the bar before
// against the bar after, so that the change is found where it happens.
std::vector<double> changes(const std::vector<BandLevels>& bars) {
  std::vector<double> out(bars.size(), 0.0);
  for (std::ptrdiff_t i = 1; i < std::ssize(bars); ++i) {
    const double parts = distance(mean(bars, i - 4, i), mean(bars, i, i + 4));
    const double edge = distance(mean(bars, i - 1, i), mean(bars, i, i + 1));
    out[static_cast<std::size_t>(i)] = std::sqrt(parts * edge);
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

std::vector<Phrase> find_phrases(const BeatFeatures& b, int downbeat) {
  std::vector<BandLevels> bars;
  for (std::ptrdiff_t i = downbeat; i + kBar <= std::ssize(b.bands); i += kBar)
    bars.push_back(mean(b.bands, i, i + kBar));
  const std::vector<double> change = changes(bars);
  if (change.empty()) return {};
  const double most = std::max(1e-9, *std::max_element(change.begin(), change.end()));
  const int four = strongest_phase(change, 4, 1);
  // Of the two ways to pair groups of four bars.
  const std::vector<double> from_four(change.begin() + four, change.end());
  const int eight = four + strongest_phase(from_four, 8, 4);

  std::vector<Phrase> out;
  constexpr double kWorthNaming = 0.5;
  for (int bar = four % 2; bar < static_cast<int>(change.size()); bar += 2) {
    const double strength = change[static_cast<std::size_t>(bar)] / most;
    const bool of_eight = (bar - eight) % 8 == 0, of_four = (bar - four) % 4 == 0;
    if (of_four || strength >= kWorthNaming) {
      out.push_back({static_cast<double>(bar * kBar), of_eight ? 32 : of_four ? 16 : 8, strength});
    }
  }
  return out;
}

}  // namespace

Metre find_metre(const Features& features, const OnsetCurve& curve, const std::vector<Anchor>& anchors) {
  const double first_sound = static_cast<double>(features.first_sound) / features.rate;
  const double last_sound = static_cast<double>(features.last_sound) / features.rate;
  // A tenth of a beat: room for an attack before its beat.
  const double first = std::ceil(beat_of(anchors, first_sound) - 0.1);
  const int beats = static_cast<int>(std::floor(beat_of(anchors, last_sound) - first));
  if (beats < 2 * kBar) return {first, {}};
  const BeatFeatures b = by_beat(features, curve, anchors, first, beats);
  const int downbeat = downbeat_phase(b);
  return {first + downbeat, find_phrases(b, downbeat)};
}

}  // namespace tactus::analysis
