// What the engine's quality tests hear: clicks and where they are, energy at the top of the spectrum, trends.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <vector>

#include "support/engine_rig.h"

namespace tactus::testing {

// A click of a millisecond on every beat, which fills the spectrum as a hat does.
inline float beat_click(std::int64_t frame, double beat) {
  const std::int64_t at = frame - std::llround(std::floor((static_cast<double>(frame) + 0.5) / beat) * beat);
  return at >= 0 && at < 48 ? 0.8f * (1 - static_cast<float>(at) / 48) : 0.0f;
}
constexpr double kClickCentre = 11.5;  // frames from its start to the centre of its energy

inline std::unique_ptr<RigTrack> beats(double bpm, double seconds, double level = 1) {
  const double beat = 48000 * 60 / bpm;
  return make_track(static_cast<std::int64_t>(48000 * seconds), 2, bpm, 0,
                    [=](std::int64_t f, int) { return static_cast<float>(level) * beat_click(f, beat); });
}

// The same at 126 BPM and as long as one likes: seven beats are 160,000 frames, so 625 chunks repeat.
inline std::unique_ptr<RigTrack> beats_126(double seconds) {
  constexpr std::int64_t kLoop = 625;
  constexpr std::int64_t kChunk = lockfree::ChunkTable::kChunkFrames;
  const auto frames = static_cast<std::int64_t>(48000 * seconds);
  auto t = beats(126, static_cast<double>(std::min(frames, kLoop * kChunk)) / 48000);
  t->table = std::make_unique<lockfree::ChunkTable>(frames, 2);
  t->ref.pcm = t->table.get();
  for (std::int64_t c = 0; c < t->table->count(); ++c) {
    t->table->store(c, t->chunks[static_cast<std::size_t>(c % kLoop)].data());
  }
  return t;
}

// Centre of the energy around `due`, in frames from it, less that of a click.
inline double click_error(const std::vector<float>& x, double due) {
  double sum = 0, moment = 0;
  for (std::int64_t i = std::llround(due) - 2000; i < std::llround(due) + 2000; ++i) {
    const double p = static_cast<double>(x[static_cast<std::size_t>(i)]) * x[static_cast<std::size_t>(i)];
    sum += p;
    moment += p * (static_cast<double>(i) - due);
  }
  return sum > 0 ? moment / sum - kClickCentre : 1e9;
}

// Hz, by the zero crossings between two frames at 48 kHz.
inline double frequency(const std::vector<float>& x, std::size_t from, std::size_t to) {
  int count = 0;
  double f0 = 0, f1 = 0;
  for (std::size_t i = from + 1; i < to; ++i) {
    if (!(x[i - 1] < 0 && x[i] >= 0)) continue;
    const double z = static_cast<double>(i) - x[i] / (x[i] - x[i - 1]);
    if (count++ == 0) f0 = z;
    f1 = z;
  }
  return (count - 1) * 48000.0 / (f1 - f0);
}

// Least squares: how much y grows from one value to the next.
inline double trend(const std::vector<double>& y) {
  const auto n = static_cast<double>(y.size());
  double sy = 0, sxy = 0;
  for (std::size_t i = 0; i < y.size(); ++i) {
    const double x = static_cast<double>(i) - (n - 1) / 2;
    sy += y[i];
    sxy += x * y[i];
  }
  return sxy * 12 / (n * (n * n - 1));
}

// x above `hz`: a Butterworth high-pass of order 8, as four biquads (RBJ cookbook).
inline std::vector<double> above(const std::vector<float>& x, double hz = 8000, double rate = 48000) {
  std::vector<double> y(x.begin(), x.end());
  for (const double q : {0.50979558, 0.60134489, 0.89997622, 2.5629154}) {
    const double w = 2 * M_PI * hz / rate, alpha = std::sin(w) / (2 * q), c = std::cos(w), a0 = 1 + alpha;
    const double b0 = (1 + c) / 2 / a0, b1 = -(1 + c) / a0, a1 = -2 * c / a0, a2 = (1 - alpha) / a0;
    double x1 = 0, x2 = 0, y1 = 0, y2 = 0;
    for (double& v : y) {
      const double in = v;
      v = b0 * (in + x2) + b1 * x1 - a1 * y1 - a2 * y2;
      x2 = x1, x1 = in, y2 = y1, y1 = v;
    }
  }
  return y;
}

// RMS of [from, to) in dB.
template <typename T>
double level_db(const std::vector<T>& x, std::int64_t from, std::int64_t to) {
  double sum = 0;
  for (std::int64_t i = from; i < to; ++i) {
    const auto v = static_cast<double>(x[static_cast<std::size_t>(i)]);
    sum += v * v;
  }
  return 10 * std::log10(sum / static_cast<double>(to - from) + 1e-20);
}

// The highest level of any stretch of `window` frames that begins in [from, to), dB.
template <typename T>
double loudest_db(const std::vector<T>& x, std::int64_t from, std::int64_t to, std::int64_t window = 128) {
  double best = -200;
  for (std::int64_t i = from; i < to; i += window / 4) best = std::max(best, level_db(x, i, i + window));
  return best;
}

// Amplitude of a frequency in [from, to), Hann window.
inline double amplitude_at(const std::vector<float>& x, double hz, std::int64_t from, std::int64_t to,
                           double rate = 48000) {
  double re = 0, im = 0, sum = 0;
  for (std::int64_t i = from; i < to; ++i) {
    const double w = 0.5 - 0.5 * std::cos(2 * M_PI * static_cast<double>(i - from) / static_cast<double>(to - from));
    const double a = 2 * M_PI * hz * static_cast<double>(i) / rate;
    re += w * x[static_cast<std::size_t>(i)] * std::cos(a);
    im += w * x[static_cast<std::size_t>(i)] * std::sin(a);
    sum += w;
  }
  return 2 * std::hypot(re, im) / sum;
}

}  // namespace tactus::testing
