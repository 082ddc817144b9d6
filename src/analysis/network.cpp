#include "analysis/network.h"

#if defined(__x86_64__) && defined(__GNUC__)
#define TACTUS_NETWORK_X86 1
#endif

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdlib>
#include <cstring>

#include "analysis/elu.h"
#include "analysis/log_odds.h"
#include "analysis/network_input.h"
#include "analysis/weights.h"

namespace tactus::analysis {

// weights/network.bin, by CMake.
extern const unsigned char kNetworkWeights[];
extern const std::size_t kNetworkWeightsCount;

namespace {

constexpr int kChannels = 40, kTaps = 5, kLayers = 10, kHeads = 4;
constexpr int kLevelRows = kInputRows - kPitchRows;
constexpr double kLeastOdds = 1e-4;

// Compilers make of it what the processor has: one register, or several.
typedef float Eight __attribute__((vector_size(32)));

// A convolution in time from `In` to `Out` channels: the weights of tap k and input i are `Out` values from
// (k * In + i) * Out on.
template <int In, int Out, int Taps>
class Convolution {
 public:
  const unsigned char* read(const unsigned char* from) {
    weights.resize(static_cast<std::size_t>(Taps) * In * Out);
    biases.resize(Out);
    return read_weights(read_weights(from, weights), biases);
  }
  // Frame `t` of `in` (In values a frame, silence before and after it) into out[0..Out).
  void apply(const std::vector<float>& in, std::ptrdiff_t t, std::ptrdiff_t dilation, float* out) const {
#ifdef TACTUS_NETWORK_X86
    static const bool wide = __builtin_cpu_supports("avx2");
    if (wide) return apply_wide(in, t, dilation, out);
#endif
    apply_here(in, t, dilation, out);
  }

 private:
#ifdef TACTUS_NETWORK_X86
  // Most of an analysis' time is spent here. Eight products at once instead of four, none of them fused: the same bits.
  __attribute__((target("avx2"))) void apply_wide(const std::vector<float>& in, std::ptrdiff_t t,
                                                  std::ptrdiff_t dilation, float* out) const {
    apply_here(in, t, dilation, out);
  }
#endif
  [[gnu::always_inline]] inline void apply_here(const std::vector<float>& in, std::ptrdiff_t t, std::ptrdiff_t dilation,
                                                float* out) const {
    // Sums that stay in registers, and what is left over of them.
    constexpr std::size_t kEights = Out / 8, kRest = Out % 8;
    std::array<Eight, kEights> sums;
    std::array<float, kRest> rest;
    if constexpr (kEights > 0) std::memcpy(sums.data(), biases.data(), sizeof(Eight) * kEights);
    std::copy_n(biases.begin() + 8 * kEights, kRest, rest.begin());
    const std::ptrdiff_t frames = std::ssize(in) / In;
    for (int k = 0; k < Taps; ++k) {
      const std::ptrdiff_t at = t + (k - Taps / 2) * dilation;
      if (at < 0 || at >= frames) continue;
      const float* x = in.data() + at * In;
      const float* w = weights.data() + static_cast<std::ptrdiff_t>(k) * In * Out;
      for (int i = 0; i < In; ++i, w += Out) {
#pragma GCC unroll 8
        for (std::size_t v = 0; v < kEights; ++v) {
          Eight eight;
          std::memcpy(&eight, w + 8 * v, sizeof eight);
          sums[v] += x[i] * eight;
        }
#pragma GCC unroll 8
        for (std::size_t o = 0; o < kRest; ++o) rest[o] += x[i] * w[8 * kEights + o];
      }
    }
    if constexpr (kEights > 0) std::memcpy(out, sums.data(), sizeof(Eight) * kEights);
    std::copy_n(rest.begin(), kRest, out + 8 * kEights);
  }

  std::vector<float> weights, biases;
};

struct Weights {
  Convolution<kInputRows, kChannels, kTaps> front;
  std::array<Convolution<kChannels, kChannels, kTaps>, kLayers> wide;
  std::array<Convolution<kChannels, kChannels, 1>, kLayers> narrow;
  Convolution<kChannels, kHeads, 1> heads;

  Weights() {
    const unsigned char* at = front.read(kNetworkWeights);
    for (std::size_t l = 0; l < kLayers; ++l) at = narrow[l].read(wide[l].read(at));
    at = heads.read(at);
    // Weights of another network would be read as noise.
    if (at != kNetworkWeights + kNetworkWeightsCount) std::abort();
  }
};

// As tools/train/network.py scales its input.
std::vector<float> scaled(std::span<const std::uint8_t> input) {
  std::vector<float> out(input.size());
  for (std::size_t i = 0; i < input.size(); ++i) {
    const auto value = static_cast<float>(input[i]);
    out[i] = i % kInputRows < kLevelRows ? (value - 110) / 40 : value / 255;
  }
  return out;
}

std::vector<float> first_layer(const Weights& weights, std::span<const std::uint8_t> input) {
  // In pieces: the input as floats is the largest thing here.
  constexpr std::ptrdiff_t kAtOnce = 4096, kReach = kTaps / 2;
  const std::ptrdiff_t frames = std::ssize(input) / kInputRows;
  std::vector<float> out(static_cast<std::size_t>(frames * kChannels));
  for (std::ptrdiff_t from = 0; from < frames; from += kAtOnce) {
    const std::ptrdiff_t to = std::min(frames, from + kAtOnce), first = std::max<std::ptrdiff_t>(0, from - kReach);
    const std::vector<float> piece =
        scaled(input.subspan(static_cast<std::size_t>(first * kInputRows),
                             static_cast<std::size_t>((std::min(frames, to + kReach) - first) * kInputRows)));
    for (std::ptrdiff_t t = from; t < to; ++t) {
      float* o = out.data() + t * kChannels;
      weights.front.apply(piece, t - first, 1, o);
      std::transform(o, o + kChannels, o, elu);
    }
  }
  return out;
}

// Frames [first, last) of a piece, all of which is seen.
void run_piece(const Weights& weights, std::span<const std::uint8_t> input, std::ptrdiff_t first, std::ptrdiff_t last,
               Activations& out) {
  std::vector<float> x = first_layer(weights, input);
  const std::ptrdiff_t frames = std::ssize(x) / kChannels;
  std::vector<float> next(x.size());
  std::vector<float> hidden(kChannels);
  for (std::size_t l = 0; l < kLayers; ++l) {
    for (std::ptrdiff_t t = 0; t < frames; ++t) {
      weights.wide[l].apply(x, t, std::ptrdiff_t{1} << l, hidden.data());
      std::transform(hidden.begin(), hidden.end(), hidden.begin(), elu);
      float* at = next.data() + t * kChannels;
      weights.narrow[l].apply(hidden, 0, 1, at);
      for (int c = 0; c < kChannels; ++c) at[c] += x[static_cast<std::size_t>(t * kChannels + c)];
    }
    x.swap(next);
  }
  std::transform(x.begin(), x.end(), x.begin(), elu);
  std::array<std::vector<float>*, kHeads> heads = {&out.beat, &out.downbeat, &out.section, &out.voice};
  std::array<float, kHeads> logits;
  for (std::ptrdiff_t t = first; t < last; ++t) {
    weights.heads.apply(x, t, 1, logits.data());
    for (std::size_t h = 0; h < kHeads; ++h) heads[h]->push_back(1 / (1 + std::exp(-logits[h])));
  }
}

// Frames [from, to) of `input` played `tempo` times as fast: each the nearest of its own.
std::vector<std::uint8_t> played(std::span<const std::uint8_t> input, double tempo, std::ptrdiff_t from,
                                 std::ptrdiff_t to) {
  const std::ptrdiff_t last = std::ssize(input) / kInputRows - 1;
  std::vector<std::uint8_t> out(static_cast<std::size_t>((to - from) * kInputRows));
  for (std::ptrdiff_t t = from; t < to; ++t) {
    const auto of = std::min<std::ptrdiff_t>(last, std::llround(static_cast<double>(t) * tempo));
    std::copy_n(input.begin() + of * kInputRows, kInputRows, out.begin() + (t - from) * kInputRows);
  }
  return out;
}

// Adds the log odds of `other`, heard at `tempo`, to those in `sum`.
void add_odds(const std::vector<float>& other, double tempo, std::vector<double>& sum) {
  for (std::size_t i = 0; i < sum.size(); ++i) {
    const double at = static_cast<double>(i) / tempo;
    const std::size_t left = std::min(other.size() - 1, static_cast<std::size_t>(at));
    const std::size_t right = std::min(other.size() - 1, left + 1);
    const double part = at - static_cast<double>(left);
    sum[i] += (1 - part) * log_odds(other[left], kLeastOdds) + part * log_odds(other[right], kLeastOdds);
  }
}

}  // namespace

Activations run_network(std::span<const std::uint8_t> input, double tempo, int piece) {
  static const Weights weights;
  // The front's taps and each layer's, either way.
  constexpr std::ptrdiff_t kReach = kTaps / 2 * (std::ptrdiff_t{1} << kLayers);
  const auto frames = static_cast<std::ptrdiff_t>(static_cast<double>(std::ssize(input) / kInputRows) / tempo);
  Activations out;
  for (std::ptrdiff_t from = 0; from < frames; from += piece) {
    const std::ptrdiff_t to = std::min(frames, from + piece);
    const std::ptrdiff_t seen = std::max<std::ptrdiff_t>(0, from - kReach), end = std::min(frames, to + kReach);
    run_piece(weights, played(input, tempo, seen, end), from - seen, to - seen, out);
  }
  return out;
}

void hear_again(std::span<const std::uint8_t> input, Activations& heard) {
  static constexpr std::array kTempos = {0.87, 1.15};  // training went from 0.85 to 1.18
  std::vector<double> beat(heard.beat.size(), 0.0), downbeat(heard.downbeat.size(), 0.0);
  add_odds(heard.beat, 1, beat);
  add_odds(heard.downbeat, 1, downbeat);
  for (const double tempo : kTempos) {
    const Activations other = run_network(input, tempo);
    if (other.beat.empty()) return;  // a few frames
    add_odds(other.beat, tempo, beat);
    add_odds(other.downbeat, tempo, downbeat);
  }
  const auto mean = [](double sum) { return static_cast<float>(1 / (1 + std::exp(-sum / (1 + kTempos.size())))); };
  std::transform(beat.begin(), beat.end(), heard.beat.begin(), mean);
  std::transform(downbeat.begin(), downbeat.end(), heard.downbeat.begin(), mean);
}

}  // namespace tactus::analysis
