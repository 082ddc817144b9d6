#include "analysis/key_network.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdlib>

#include "analysis/elu.h"
#include "analysis/weights.h"

namespace tactus::analysis {

// weights/key.bin, by CMake.
extern const unsigned char kKeyWeights[];
extern const std::size_t kKeyWeightsCount;

namespace {

constexpr int kClasses = 12, kRegisters = 6, kRows = kKeyRows, kChords = 24, kWide = 16;
constexpr int kFold = 2;  // frames of the features to one of the rows, and of those to one that is judged

const unsigned char* read(const unsigned char* from, std::vector<float>& into, std::size_t count) {
  into.resize(count);
  return read_weights(from, into);
}

// A convolution in time and round the pitch classes, then an exponential linear unit. Values lie by frame, channel and
// pitch class; the weights of tap k, input i and distance d are `Out` values from ((k * In + i) * 12 + d) * Out on.
template <int In, int Out, int Taps>
struct Turning {
  std::vector<float> weights, biases;

  const unsigned char* read_from(const unsigned char* at) {
    at = read(at, weights, static_cast<std::size_t>(Taps) * In * kClasses * Out);
    return read(at, biases, Out);
  }
  std::vector<float> apply(std::span<const float> in) const {
    const std::ptrdiff_t frames = std::ssize(in) / (In * kClasses);
    std::vector<float> out(static_cast<std::size_t>(frames * Out * kClasses));
    for (std::ptrdiff_t t = 0; t < frames; ++t) {
      for (int p = 0; p < kClasses; ++p) {
        std::array<float, Out> sum;
        std::copy(biases.begin(), biases.end(), sum.begin());
        for (int k = 0; k < Taps; ++k) {
          const std::ptrdiff_t at = t + k - Taps / 2;
          if (at < 0 || at >= frames) continue;
          add(in.data() + at * In * kClasses, k, p, sum);
        }
        for (int o = 0; o < Out; ++o) {
          out[static_cast<std::size_t>((t * Out + o) * kClasses + p)] = elu(sum[static_cast<std::size_t>(o)]);
        }
      }
    }
    return out;
  }

 private:
  void add(const float* x, int tap, int p, std::array<float, Out>& sum) const {
    const float* w = weights.data() + static_cast<std::ptrdiff_t>(tap) * In * kClasses * Out;
    for (int i = 0; i < In; ++i) {
      for (int d = 0; d < kClasses; ++d, w += Out) {
        const float value = x[i * kClasses + (p + d) % kClasses];
        for (int o = 0; o < Out; ++o) sum[static_cast<std::size_t>(o)] += value * w[o];
      }
    }
  }
};

struct KeyLayers {
  Turning<kRows, kChords, 1> chords;
  Turning<kChords, kWide, 3> changes;
  Turning<kWide, kWide, 3> turns;
  std::vector<float> attention;  // kWide and a bias, which makes no difference
  Turning<2 * kWide, kWide, 1> head;
  std::vector<float> keys;  // for major, then for minor: kWide; then their biases
  std::vector<float> none;  // 2 * kWide and a bias

  KeyLayers() {
    const unsigned char* at = turns.read_from(changes.read_from(chords.read_from(kKeyWeights)));
    at = head.read_from(read(at, attention, kWide + 1));
    at = read(read(at, keys, 2 * kWide + 2), none, 2 * kWide + 1);
    // KeyLayers of another network would be read as noise.
    if (at != kKeyWeights + kKeyWeightsCount) std::abort();
  }
};

const KeyLayers& weights() {
  static const KeyLayers w;
  return w;
}

// --- What the network is given ---------------------------------------------------------------------------------------

// How much of each register a semitone belongs to.
double register_weight(int r, int tone) {
  constexpr int kMiddle = 6;
  if ((r == 0 && tone < kMiddle) || (r == kRegisters - 1 && tone >= kTones - kMiddle)) return 1;
  return std::max(0.0, 1 - std::fabs(tone - kMiddle - 12 * r) / 12.0);
}

// Roots of the magnitudes of the semitones of a track of this tuning; what lies half-way between two counts for
// neither.
class Folder {
 public:
  explicit Folder(double tuning) {
    for (int level = 1; level < 256; ++level) {
      magnitude_[static_cast<std::size_t>(level)] = static_cast<float>(std::pow(10, (level - 200) / 40.0));
    }
    for (int bin = 0; bin < kTones * kBinsPerTone; ++bin) {
      const double pitch = static_cast<double>(bin - 1) / kBinsPerTone - tuning, nearest = std::round(pitch);
      const bool inside = nearest >= 0 && nearest < kTones;
      tone_[static_cast<std::size_t>(bin)] = inside ? static_cast<std::size_t>(nearest) : 0;
      share_[static_cast<std::size_t>(bin)] = inside ? static_cast<float>(1 - 2 * std::fabs(pitch - nearest)) : 0;
    }
  }
  std::array<float, kTones> operator()(const Tones& levels) const {
    std::array<float, kTones> out{};
    for (std::size_t bin = 0; bin < levels.size(); ++bin) out[tone_[bin]] += share_[bin] * magnitude_[levels[bin]];
    for (float& v : out) v = std::sqrt(v);
    return out;
  }

 private:
  std::array<float, 256> magnitude_{};
  std::array<std::size_t, static_cast<std::size_t>(kTones* kBinsPerTone)> tone_{};
  std::array<float, static_cast<std::size_t>(kTones* kBinsPerTone)> share_{};
};

using ToneFrame = std::array<float, kTones>;

float sum_of(const ToneFrame& tones) {
  float sum = 0;
  for (const float v : tones) sum += v;
  return sum;
}

// Two frames in one, in proportion to what the loudest fifth of the track begins with.
std::vector<ToneFrame> tones_of(const Features& f) {
  const Folder folded(f.tuning);
  std::vector<ToneFrame> out(f.tones.size() / kFold);
  std::vector<float> totals;
  for (std::size_t i = 0; i < out.size(); ++i) {
    for (std::size_t k = 0; k < kFold; ++k) {
      const ToneFrame one = folded(f.tones[kFold * i + k]);
      for (std::size_t n = 0; n < one.size(); ++n) out[i][n] += one[n] / kFold;
    }
    totals.push_back(sum_of(out[i]));
  }
  if (out.empty()) return out;
  const auto loud = totals.begin() + static_cast<std::ptrdiff_t>(0.8 * static_cast<double>(totals.size()));
  std::nth_element(totals.begin(), loud, totals.end());
  for (ToneFrame& frame : out) {
    for (float& v : frame) v = *loud > 0 ? v / *loud : v;
  }
  return out;
}

void put(std::vector<float>& rows, std::size_t frame, int row, double value) {
  float* at = rows.data() + static_cast<std::ptrdiff_t>(frame) * kRows * kClasses + row * kClasses;
  std::fill(at, at + kClasses, static_cast<float>(value));
}

// Marks the frames of the first and of the third of the four bars that each of `phrases` begins. `frame_after` is the
// first frame after so many seconds, or their count.
template <typename FrameAfter>
void mark_bars(std::vector<float>& rows, std::span<const double> downbeats, std::span<const double> phrases,
               FrameAfter frame_after) {
  constexpr double kSame = 0.1;  // seconds
  for (const double phrase : phrases) {
    const auto next = std::upper_bound(downbeats.begin(), downbeats.end(), phrase + kSame);
    const std::ptrdiff_t left = downbeats.end() - next;
    const auto fill = [&](int row, double from, double to) {
      for (std::size_t i = frame_after(from); i < frame_after(to); ++i) put(rows, i, kRegisters + row, 1);
    };
    if (left >= 1) fill(3, phrase, next[0]);
    if (left >= 3) fill(4, next[1], next[2]);
  }
}

std::vector<float> rows_of(const Features& f, std::span<const double> downbeats, std::span<const double> phrases) {
  constexpr float kSounds = 0.05f;
  constexpr double kNear = 4;  // seconds in which beginning and end lose their weight
  const std::vector<ToneFrame> tones = tones_of(f);
  std::vector<float> rows(tones.size() * kRows * kClasses);
  const double step = kFold * f.pitch_step, first = f.pitch_first + f.pitch_step * (kFold - 1) / 2;
  std::size_t begin = tones.size(), end = 0;
  for (std::size_t i = 0; i < tones.size(); ++i) {
    float* frame = rows.data() + i * kRows * kClasses;
    for (int r = 0; r < kRegisters; ++r) {
      for (int n = 0; n < kTones; ++n) {
        frame[r * kClasses + n % kClasses] +=
            static_cast<float>(10 * register_weight(r, n)) * tones[i][static_cast<std::size_t>(n)];
      }
    }
    if (sum_of(tones[i]) <= kSounds) continue;
    begin = std::min(begin, i);
    end = i;
  }
  for (std::size_t i = 0; i < tones.size() && begin <= end; ++i) {
    const auto away = [&](std::size_t from) {
      return std::fabs(static_cast<double>(i) - static_cast<double>(from)) * step;
    };
    put(rows, i, kRegisters, std::exp(-away(begin) / kNear));
    put(rows, i, kRegisters + 1, std::exp(-away(end) / kNear));
  }
  const auto frame_after = [&](double seconds) {
    const double at = std::floor((seconds - first) / step + 1);
    return static_cast<std::size_t>(std::clamp(at, 0.0, static_cast<double>(tones.size())));
  };
  for (const double d : downbeats) {
    if (d >= first - step && frame_after(d) < tones.size()) put(rows, frame_after(d), kRegisters + 2, 1);
  }
  mark_bars(rows, downbeats, phrases, frame_after);
  return rows;
}

// --- The network -----------------------------------------------------------------------------------------------------

constexpr std::size_t kHidden = static_cast<std::size_t>(kWide) * kClasses;

std::vector<float> hidden_of(std::span<const float> rows) {
  const std::vector<float> chords = weights().chords.apply(rows);
  constexpr std::size_t kSize = static_cast<std::size_t>(kChords) * kClasses;
  std::vector<float> folded(chords.size() / kSize / kFold * kSize);
  for (std::size_t i = 0; i < folded.size(); ++i) {
    const std::size_t frame = i / kSize, place = i % kSize;
    folded[i] = 0.5f * (chords[kFold * frame * kSize + place] + chords[(kFold * frame + 1) * kSize + place]);
  }
  std::vector<float> out = weights().changes.apply(folded);
  const std::vector<float> more = weights().turns.apply(out);
  for (std::size_t i = 0; i < out.size(); ++i) out[i] += more[i];
  return out;
}

// Of frames [from, to): the mean by attention, then the plain one.
std::vector<float> pooled(std::span<const float> hidden, std::size_t from, std::size_t to) {
  std::vector<float> attention;
  for (std::size_t t = from; t < to; ++t) {
    float a = weights().attention[kWide];
    for (std::size_t i = 0; i < kHidden; ++i)
      a += weights().attention[i / kClasses] * hidden[t * kHidden + i] / kClasses;
    attention.push_back(a);
  }
  const float most = *std::max_element(attention.begin(), attention.end());
  float sum = 0;
  for (float& a : attention) sum += a = std::exp(a - most);
  std::vector<float> out(2 * kHidden);
  for (std::size_t t = from; t < to; ++t) {
    for (std::size_t i = 0; i < kHidden; ++i) {
      const float v = hidden[t * kHidden + i];
      out[i] += attention[t - from] / sum * v;
      out[kHidden + i] += v / static_cast<float>(to - from);
    }
  }
  return out;
}

std::array<float, 25> logits_of(std::span<const float> hidden, std::size_t from, std::size_t to) {
  const KeyLayers& w = weights();
  const std::vector<float> x = w.head.apply(pooled(hidden, from, to));
  std::array<float, 25> out{};
  for (std::size_t mode = 0; mode < 2; ++mode) {
    for (std::size_t p = 0; p < kClasses; ++p) {
      float& key = out[mode * kClasses + p];
      key = w.keys[2 * kWide + mode];
      for (std::size_t c = 0; c < kWide; ++c) key += w.keys[mode * kWide + c] * x[c * kClasses + p];
    }
  }
  out[24] = w.none[2 * kWide];
  for (std::size_t c = 0; c < kWide; ++c) {
    const auto begin = x.begin() + static_cast<std::ptrdiff_t>(c * kClasses), end = begin + kClasses;
    float sum = 0;
    for (auto v = begin; v != end; ++v) sum += *v;
    out[24] += w.none[c] * sum / kClasses + w.none[kWide + c] * *std::max_element(begin, end);
  }
  return out;
}

}  // namespace

KeyListener::KeyListener(const Features& f, std::span<const double> downbeats, std::span<const double> phrases)
    : hidden_(hidden_of(rows_of(f, downbeats, phrases))),
      first_(f.pitch_first + f.pitch_step * (kFold * kFold - 1) / 2),
      step_(kFold * kFold * f.pitch_step) {}

KeyOdds KeyListener::odds(double from, double to) const {
  const auto frames = static_cast<double>(hidden_.size() / kHidden);
  const auto frame_at = [&](double seconds) {
    return static_cast<std::size_t>(std::clamp(std::ceil((seconds - first_) / step_), 0.0, frames));
  };
  KeyOdds out;
  if (frame_at(from) >= frame_at(to)) return out;
  std::array<float, 25> logits = logits_of(hidden_, frame_at(from), frame_at(to));
  const float most = *std::max_element(logits.begin(), logits.end());
  double sum = 0;
  for (float& v : logits) sum += v = std::exp(v - most);
  for (std::size_t k = 0; k < out.keys.size(); ++k) out.keys[k] = logits[k] / sum;
  out.none = logits[24] / sum;
  return out;
}

std::array<float, 25> key_logits(std::span<const float> rows) {
  const std::vector<float> hidden = hidden_of(rows);
  return logits_of(hidden, 0, hidden.size() / kHidden);
}

}  // namespace tactus::analysis
