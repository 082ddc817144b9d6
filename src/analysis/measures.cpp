#include "analysis/measures.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <span>

namespace tactus::analysis {
namespace {

constexpr double kRowSeconds = kFrameSeconds / 2;  // of fast spectra
constexpr int kInaudible = 16;                     // half decibels above -100 dB: all that is quieter is alike

using Counts = std::array<std::size_t, 256>;

// The level that `share` of what was counted doesn't exceed.
int quantile(const Counts& count, double share) {
  std::size_t all = 0;
  for (const std::size_t c : count) all += c;
  auto left = static_cast<std::size_t>(share * static_cast<double>(all));
  for (std::size_t level = 0; level < count.size(); ++level) {
    if (count[level] > left) return static_cast<int>(level);
    left -= count[level];
  }
  return 255;
}

std::ptrdiff_t index_at(double seconds, double step) { return static_cast<std::ptrdiff_t>(std::ceil(seconds / step)); }

// Levels in half decibels of a band of onsets: three of the fast ones.
int triple(const std::array<std::uint8_t, kFastBands>& fast, int band) {
  const auto b = static_cast<std::size_t>(3 * band);
  return (fast[b] + fast[b + 1] + fast[b + 2]) / 3;
}

using Classes = std::array<float, 12>;

// Twelve semitones of the track's own tuning; what lies half-way between two counts for neither.
void fold(const PitchClasses& bins, double tuning, Classes& into) {
  for (int bin = 0; bin < kPitchBins; ++bin) {
    const double pitch = bin / (kPitchBins / 12.0) - tuning;
    const double nearest = std::round(pitch);
    const auto share = static_cast<float>(1 - 2 * std::fabs(pitch - nearest));
    into[static_cast<std::size_t>((static_cast<int>(nearest) + 12) % 12)] +=
        share * bins[static_cast<std::size_t>(bin)];
  }
}

void normalise(std::span<float> values) {
  float squares = 0;
  for (const float v : values) squares += v * v;
  if (squares < 1e-20f) return;
  for (float& v : values) v /= std::sqrt(squares);
}

using Beats = std::array<Classes, kStretchBeats>;

// What sounds in each beat, each beat alike in weight.
Beats beats_of(const Features& features, const std::vector<PitchClasses>& frames, const Stretch& stretch) {
  Beats out{};
  const auto frame = [&](double s) {
    return std::clamp<std::ptrdiff_t>(index_at(s - features.pitch_first, features.pitch_step), 0, std::ssize(frames));
  };
  for (std::size_t b = 0; b < kStretchBeats; ++b) {
    const std::ptrdiff_t from = frame(stretch[4 * b]);
    // At fast tempos a beat may fall between two frames: then the next one is taken.
    const std::ptrdiff_t to = std::min(std::max(from + 1, frame(stretch[4 * b + 4])), std::ssize(frames));
    for (std::ptrdiff_t i = from; i < to; ++i) fold(frames[static_cast<std::size_t>(i)], features.tuning, out[b]);
    normalise(out[b]);
  }
  return out;
}

// Magnitudes of the two-dimensional Fourier transform of pitch class and beat, which neither another key nor another
// beat to begin with changes (Ellis and Bertin-Mahieux 2012). Of conjugate pairs one is taken: 98.
float* put_fourier(const Beats& beats, float* out) {
  static const auto kTurn = [] {  // cosine and sine of each 48th of a turn
    std::array<std::array<float, 2>, 48> turn;
    for (std::size_t i = 0; i < turn.size(); ++i) {
      const double angle = 2 * std::numbers::pi * static_cast<double>(i) / 48;
      turn[i] = {static_cast<float>(std::cos(angle)), static_cast<float>(std::sin(angle))};
    }
    return turn;
  }();
  for (std::size_t k = 0; k <= 6; ++k) {
    const std::size_t turns = k == 0 || k == 6 ? kStretchBeats / 2 + 1 : kStretchBeats;
    for (std::size_t m = 0; m < turns; ++m) {
      float re = 0, im = 0;
      for (std::size_t b = 0; b < kStretchBeats; ++b) {
        for (std::size_t p = 0; p < 12; ++p) {
          const auto& turn = kTurn[(4 * k * p + 3 * m * b) % 48];
          re += beats[b][p] * turn[0];
          im += beats[b][p] * turn[1];
        }
      }
      *out++ = std::sqrt(std::sqrt(re * re + im * im));
    }
  }
  return out;
}

// How much of `a` sounds `d` semitones higher in `b`, for all twelve d.
void add_intervals(const Classes& a, const Classes& b, float* out) {
  for (std::size_t d = 0; d < 12; ++d) {
    for (std::size_t p = 0; p < 12; ++p) out[d] += a[p] * b[(p + d) % 12];
  }
}

float* put_movement(const Beats& beats, std::initializer_list<std::size_t> distances, float* out) {
  for (const std::size_t distance : distances) {
    std::fill_n(out, 12, 0.0f);
    for (std::size_t b = distance; b < kStretchBeats; ++b) add_intervals(beats[b - distance], beats[b], out);
    for (std::size_t d = 0; d < 12; ++d) out[d] /= static_cast<float>(kStretchBeats - distance);
    out += 12;
  }
  return out;
}

// Each of four bars against each later one.
float* put_bars(const Beats& beats, float* out) {
  std::array<Classes, 4> bars{};
  for (std::size_t b = 0; b < kStretchBeats; ++b) {
    for (std::size_t p = 0; p < 12; ++p) bars[b / 4][p] += beats[b][p];
  }
  for (Classes& bar : bars) normalise(bar);
  for (std::size_t i = 0; i < 4; ++i) {
    for (std::size_t j = i + 1; j < 4; ++j) {
      std::fill_n(out, 12, 0.0f);
      add_intervals(bars[i], bars[j], out);
      out += 12;
    }
  }
  return out;
}

}  // namespace

Measurer::Measurer(const Features& features) : features_(features) {
  std::array<Counts, kOnsetBands> fast{};
  Counts strongest{};
  std::array<double, kWideBands> sums{};
  for (const SpectrumFrame& f : features.spectra) {
    for (int b = 0; b < kOnsetBands; ++b) {
      for (const auto& row : f.fast) ++fast[static_cast<std::size_t>(b)][static_cast<std::size_t>(triple(row, b))];
    }
    ++strongest[*std::max_element(f.wide.begin(), f.wide.end())];
  }
  for (std::size_t b = 0; b < kOnsetBands; ++b) loud_[b] = quantile(fast[b], 0.95);
  loudest_ = quantile(strongest, 0.9);
  for (const SpectrumFrame& f : features.spectra) {
    for (std::size_t b = 0; b < kWideBands; ++b) sums[b] += std::max<int>(f.wide[b] - loudest_, -120);
  }
  for (std::size_t b = 0; b < kWideBands; ++b) {
    track_levels_[b] =
        static_cast<float>(sums[b] / 2 / std::max<double>(1, static_cast<double>(features.spectra.size())));
  }
}

// Decibels against the band's own loud level, so that a filter changes nothing while the band is heard at all.
float Measurer::onset_level(std::ptrdiff_t row, int band) const {
  const int loud = loud_[static_cast<std::size_t>(band)];
  const int floor = std::max(loud - 90, kInaudible);
  if (row < 0 || row / 2 >= std::ssize(features_.spectra)) return 0.5f * static_cast<float>(std::min(0, floor - loud));
  const SpectrumFrame& frame = features_.spectra[static_cast<std::size_t>(row / 2)];
  const int level = triple(frame.fast[static_cast<std::size_t>(row % 2)], band);
  return 0.5f * static_cast<float>(std::max(level, floor) - std::max(loud, kInaudible));
}

void Measurer::rhythm(const Stretch& stretch, float* out) const {
  constexpr float kMost = 24;          // decibels: no attack counts for more
  constexpr std::ptrdiff_t kRise = 3;  // rows
  std::array<std::array<float, kOnsetBands>, kSteps> onset{}, level{};
  for (std::size_t s = 0; s < kSteps; ++s) {
    const double half = (stretch[s + 1] - stretch[s]) / 2;
    const std::ptrdiff_t first = index_at(stretch[s] - half, kRowSeconds), middle = index_at(stretch[s], kRowSeconds);
    const std::ptrdiff_t last = index_at(stretch[s] + half, kRowSeconds), end = index_at(stretch[s + 1], kRowSeconds);
    for (int b = 0; b < kOnsetBands; ++b) {
      const auto band = static_cast<std::size_t>(b);
      for (std::ptrdiff_t r = first; r < last; ++r) {
        const float rise = std::min(kMost, onset_level(r, b) - onset_level(r - kRise, b));
        onset[s][band] = std::max(onset[s][band], rise / kMost);
      }
      for (std::ptrdiff_t r = middle; r < end; ++r) {
        level[s][band] += onset_level(r, b) / kMost / static_cast<float>(end - middle);
      }
    }
  }
  std::array<float, kOnsetBands> mean{};
  for (const auto& l : level) {
    for (std::size_t b = 0; b < kOnsetBands; ++b) mean[b] += l[b] / kSteps;
  }
  // One bar, from four.
  for (std::size_t s = 0; s < 16; ++s) {
    for (std::size_t b = 0; b < kOnsetBands; ++b) {
      float onsets = 0, levels = 0;
      for (std::size_t bar = 0; bar < kSteps; bar += 16) {
        onsets += onset[bar + s][b] / 4;
        levels += (level[bar + s][b] - mean[b]) / 4;
      }
      *out++ = onsets;
      *out++ = levels;
    }
  }
  // All sixteen beats, in three bands of about two, three and three.
  constexpr std::array<std::size_t, 4> kEdges = {0, 2, 5, 8};
  for (std::size_t three = 0; three < 3; ++three) {
    const std::size_t from = kEdges[three], to = kEdges[three + 1];
    std::array<float, kSteps> line{};
    for (std::size_t s = 0; s < kSteps; ++s) {
      for (std::size_t b = from; b < to; ++b) line[s] += onset[s][b] / static_cast<float>(to - from);
      *out++ = line[s];
    }
    for (std::size_t beat = 0; beat < kStretchBeats; ++beat) {
      float sum = 0;
      for (std::size_t s = 4 * beat; s < 4 * beat + 4; ++s) {
        for (std::size_t b = from; b < to; ++b) sum += (level[s][b] - mean[b]) / static_cast<float>(4 * (to - from));
      }
      *out++ = sum;
    }
    // After how many steps it comes again.
    float average = 0, power = 1e-3f;
    for (const float v : line) average += v / kSteps;
    for (const float v : line) power += (v - average) * (v - average);
    for (std::size_t lag = 1; lag <= 16; ++lag) {
      float sum = 0;
      for (std::size_t s = 0; s < kSteps; ++s) sum += (line[s] - average) * (line[(s + lag) % kSteps] - average);
      *out++ = sum / power;
    }
  }
}

void Measurer::harmony(const Stretch& stretch, float* out) const {
  const Beats notes = beats_of(features_, features_.notes, stretch),
              bass = beats_of(features_, features_.bass, stretch);
  out = put_fourier(bass, put_fourier(notes, out));
  std::fill_n(out, 12, 0.0f);
  for (std::size_t b = 0; b < kStretchBeats; ++b) add_intervals(bass[b], notes[b], out);
  for (std::size_t d = 0; d < 12; ++d) *out++ /= kStretchBeats;
  out = put_movement(notes, {1, 2, 4, 8}, out);
  out = put_movement(bass, {1, 2, 4}, out);
  put_bars(bass, put_bars(notes, out));
}

void Measurer::timbre(const Stretch& stretch, float* out) const {
  constexpr int kDeep = 120;  // half decibels below the loudest: all that is quieter is alike
  std::array<Counts, kWideBands> count{};
  std::array<double, kWideBands> sum{}, squares{}, moved{};
  std::array<std::array<double, kCorrelated>, kCorrelated> products{};
  std::array<double, kCorrelated> sums{};
  std::array<int, kWideBands> before{};
  const std::ptrdiff_t first = index_at(stretch.front(), kFrameSeconds), last = index_at(stretch.back(), kFrameSeconds);
  for (std::ptrdiff_t i = first; i < last; ++i) {
    std::array<double, kCorrelated> wide{};
    for (std::size_t b = 0; b < kWideBands; ++b) {
      const bool inside = i >= 0 && i < std::ssize(features_.spectra);
      const int level = inside ? features_.spectra[static_cast<std::size_t>(i)].wide[b] - loudest_ : -kDeep;
      const int v = std::clamp(level, -kDeep, 255 - kDeep);
      ++count[b][static_cast<std::size_t>(v + kDeep)];
      sum[b] += v;
      squares[b] += v * v;
      if (i > first) moved[b] += std::abs(v - before[b]);
      before[b] = v;
      wide[b / 4] += v / 4.0;
    }
    for (std::size_t a = 0; a < kCorrelated; ++a) {
      sums[a] += wide[a];
      for (std::size_t b = 0; b <= a; ++b) products[a][b] += wide[a] * wide[b];
    }
  }
  const double n = std::max<double>(1, static_cast<double>(last - first));
  // In tens of decibels.
  for (std::size_t b = 0; b < kWideBands; ++b) {
    const double mean = sum[b] / n;
    const int low = quantile(count[b], 0.1), middle = quantile(count[b], 0.5), high = quantile(count[b], 0.9);
    *out++ = static_cast<float>(mean / 20);
    *out++ = static_cast<float>(mean / 20) - track_levels_[b] / 10;
    *out++ = static_cast<float>(std::sqrt(std::max(0.0, squares[b] / n - mean * mean)) / 20);
    *out++ = static_cast<float>(high - middle) / 20;
    *out++ = static_cast<float>(middle - low) / 20;
    *out++ = static_cast<float>(moved[b] / n / 20);
  }
  // Half a decibel of doubt keeps a band that hardly moves from following anything.
  const auto spread = [&](std::size_t a) { return products[a][a] / n - sums[a] * sums[a] / n / n + 1; };
  for (std::size_t a = 0; a < kCorrelated; ++a) {
    for (std::size_t b = 0; b < a; ++b) {
      const double together = products[a][b] / n - sums[a] * sums[b] / n / n;
      *out++ = static_cast<float>(together / std::sqrt(spread(a) * spread(b)));
    }
  }
}

Measures Measurer::of(const Stretch& stretch) const {
  Measures out;
  rhythm(stretch, out.rhythm.data());
  harmony(stretch, out.harmony.data());
  timbre(stretch, out.timbre.data());
  return out;
}

}  // namespace tactus::analysis
