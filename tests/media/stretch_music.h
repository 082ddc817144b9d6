// A few bars of synthetic music in four stereo stems, and spectra to compare its renderings by.
#pragma once

#include <cmath>
#include <complex>
#include <cstdint>
#include <vector>

#include "media/stretch_signals.h"

namespace tactus::media::test {

// White noise as a function of the frame, -1 to 1: the same wherever reading starts (splitmix64's mixer).
inline double noise(std::int64_t i, std::uint64_t seed) {
  std::uint64_t x = static_cast<std::uint64_t>(i) * 0x9E3779B97F4A7C15ull + seed;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ull;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBull;
  return static_cast<double>((x ^ (x >> 31)) >> 11) / 4503599627370496.0 - 1;
}

// 120 BPM at 48 kHz. Channels: vocals, drums, bass, other, left and right each.
inline float music(std::int64_t i, int channel) {
  if (i < 0) return 0;
  const double t = static_cast<double>(i) / 48000;
  const auto since = [&](std::int64_t period, std::int64_t offset) {
    return static_cast<double>((i + period - offset) % period) / 48000;
  };
  const bool right = channel % 2 == 1;
  switch (channel / 2) {
    case 0: {  // a vowel with vibrato: harmonics under two formants
      const double f0 = 220 * std::exp2(std::floor(std::fmod(t, 4.0)) / 6),
                   phase = 2 * kPi * f0 * t + 0.8 * std::sin(2 * kPi * 5.5 * t);
      double sum = 0;
      for (int h = 1; h <= 14; ++h) {
        const double f = f0 * h, a = std::exp(-std::pow((f - 700) / 300, 2)) +
                                     0.6 * std::exp(-std::pow((f - 1800) / 400, 2)) + 0.05;
        sum += a * std::sin(h * phase);
      }
      return static_cast<float>(0.06 * sum * (right ? 0.9 : 1));
    }
    case 1: {  // kick on each beat, noise between, a clap on 2 and 4
      const double k = since(24000, 0), h = since(12000, 6000), c = since(48000, 24000);
      const double kick = 0.6 * std::exp(-k * 18) * std::sin(2 * kPi * (50 * k + 3.2 * (1 - std::exp(-k * 35))));
      const double hat = 0.12 * std::exp(-h * 60) * (noise(i, 1) - noise(i - 1, 1));
      const double clap = 0.25 * std::exp(-c * 35) * noise(i, right ? 2 : 3);
      return static_cast<float>(kick + hat + clap);
    }
    case 2: {  // a bass line, saw-like
      const double notes[] = {55, 55, 65.41, 49}, f = notes[(i / 24000) % 4], b = since(12000, 0);
      double sum = 0;
      for (int h = 1; h <= 10; ++h) sum += std::sin(2 * kPi * f * h * t) / h;
      return static_cast<float>(0.15 * std::exp(-b * 4) * sum);
    }
    default: {  // a pad of four detuned voices
      double sum = 0;
      for (const double f : {261.63, 329.63, 392.0, 493.88}) {
        for (int h = 1; h <= 5; ++h) sum += std::sin(2 * kPi * f * h * (right ? 1.001 : 0.999) * t + h) / (h * h);
      }
      return static_cast<float>(0.06 * sum * (0.8 + 0.2 * std::sin(2 * kPi * 0.4 * t)));
    }
  }
}

// In place, size a power of two (Cooley and Tukey, 1965).
inline void fft(std::vector<std::complex<double>>& x) {
  const std::size_t n = x.size();
  for (std::size_t i = 1, j = 0; i < n; ++i) {
    std::size_t bit = n >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) std::swap(x[i], x[j]);
  }
  for (std::size_t len = 2; len <= n; len <<= 1) {
    const std::complex<double> step = std::polar(1.0, -2 * kPi / static_cast<double>(len));
    for (std::size_t i = 0; i < n; i += len) {
      std::complex<double> w = 1;
      for (std::size_t k = 0; k < len / 2; ++k, w *= step) {
        const auto a = x[i + k], b = x[i + k + len / 2] * w;
        x[i + k] = a + b;
        x[i + k + len / 2] = a - b;
      }
    }
  }
}

// Power spectrum of n frames from `at`, Hann window.
inline std::vector<double> power(const std::vector<float>& audio, std::size_t at, std::size_t n) {
  std::vector<std::complex<double>> x(n);
  for (std::size_t i = 0; i < n && at + i < audio.size(); ++i) {
    x[i] = audio[at + i] * (0.5 - 0.5 * std::cos(2 * kPi * static_cast<double>(i) / static_cast<double>(n)));
  }
  fft(x);
  std::vector<double> out(n / 2);
  for (std::size_t k = 0; k < n / 2; ++k) out[k] = std::norm(x[k]);
  return out;
}

// Level of each third of an octave, 40 Hz to 16 kHz, in dB, over the whole of `audio`.
inline std::vector<double> third_octaves(const std::vector<float>& audio, double rate = 48000) {
  constexpr std::size_t kSize = 16384;
  std::vector<double> sum(kSize / 2);
  for (std::size_t at = 0; at + kSize <= audio.size(); at += kSize / 2) {
    const auto p = power(audio, at, kSize);
    for (std::size_t k = 0; k < p.size(); ++k) sum[k] += p[k];
  }
  std::vector<double> bands;
  for (double f = 40; f < 16000; f *= std::cbrt(2.0)) {
    double level = 0;
    for (std::size_t k = 0; k < sum.size(); ++k) {
      const double hz = static_cast<double>(k) * rate / kSize;
      if (hz >= f * std::exp2(-1.0 / 6) && hz < f * std::exp2(1.0 / 6)) level += sum[k];
    }
    bands.push_back(10 * std::log10(level + 1e-9));
  }
  return bands;
}

// Log-spectral distance in dB (Gray and Markel, 1976): the RMS difference of log spectra, averaged over frames; what
// lies 80 dB below the loudest bin of a frame doesn't count.
inline double log_spectral_distance(const std::vector<float>& a, const std::vector<float>& b, std::size_t from) {
  constexpr std::size_t kSize = 2048;
  double total = 0;
  int frames = 0;
  for (std::size_t at = from; at + kSize <= std::min(a.size(), b.size()); at += kSize) {
    const auto pa = power(a, at, kSize), pb = power(b, at, kSize);
    const double floor = 1e-8 * *std::max_element(pa.begin(), pa.end()) + 1e-12;
    double sum = 0;
    for (std::size_t k = 1; k < pa.size(); ++k) {
      const double d = 10 * std::log10((pa[k] + floor) / (pb[k] + floor));
      sum += d * d;
    }
    total += std::sqrt(sum / static_cast<double>(pa.size() - 1));
    ++frames;
  }
  return total / frames;
}

}  // namespace tactus::media::test
