// Test signals and what is measured of them.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <random>
#include <vector>

namespace tactus::test {

constexpr double kPi = 3.14159265358979323846;
constexpr double kRates[] = {44100, 48000, 96000};

struct Stereo {
  std::vector<float> left, right;
  explicit Stereo(std::size_t n = 0) : left(n), right(n) {}
  std::size_t size() const { return left.size(); }
};

inline std::vector<float> sine(double hz, double rate, std::size_t n, double amplitude = 1, double phase = 0) {
  std::vector<float> x(n);
  for (std::size_t i = 0; i < n; ++i)
    x[i] = static_cast<float>(amplitude * std::sin(2 * kPi * hz * static_cast<double>(i) / rate + phase));
  return x;
}

inline Stereo stereo_sine(double hz, double rate, std::size_t n, double amplitude = 1) {
  Stereo s;
  s.left = sine(hz, rate, n, amplitude);
  s.right = sine(hz, rate, n, amplitude, 1.0);
  return s;
}

inline Stereo noise(std::size_t n, double amplitude, unsigned seed = 1) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<float> level(-1, 1);
  Stereo s(n);
  for (std::size_t i = 0; i < n; ++i) {
    s.left[i] = static_cast<float>(amplitude) * level(random);
    s.right[i] = static_cast<float>(amplitude) * level(random);
  }
  return s;
}

// Level of the frequency and of all else in x[begin, end): least squares against sine and cosine.
struct ToneFit {
  double amplitude = 0;
  double rest_rms = 0;
};
inline ToneFit fit_tone(const std::vector<float>& x, double hz, double rate, std::size_t begin, std::size_t end) {
  double ss = 0, sc = 0, cc = 0, xs = 0, xc = 0;
  for (std::size_t i = begin; i < end; ++i) {
    const double a = 2 * kPi * hz * static_cast<double>(i) / rate, s = std::sin(a), c = std::cos(a), v = double{x[i]};
    ss += s * s;
    sc += s * c;
    cc += c * c;
    xs += v * s;
    xc += v * c;
  }
  const double det = ss * cc - sc * sc, p = (xs * cc - xc * sc) / det, q = (xc * ss - xs * sc) / det;
  double rest = 0;
  for (std::size_t i = begin; i < end; ++i) {
    const double a = 2 * kPi * hz * static_cast<double>(i) / rate;
    const double e = double{x[i]} - p * std::sin(a) - q * std::cos(a);
    rest += e * e;
  }
  return {std::hypot(p, q), std::sqrt(rest / static_cast<double>(end - begin))};
}

inline double db(double gain) { return 20 * std::log10(std::max(gain, 1e-15)); }

inline double rms(const std::vector<float>& x, std::size_t begin, std::size_t end) {
  double sum = 0;
  for (std::size_t i = begin; i < end; ++i) sum += double{x[i]} * double{x[i]};
  return std::sqrt(sum / static_cast<double>(end - begin));
}

// Magnitude at hz of an impulse response, by its Fourier sum.
inline double magnitude_at(const std::vector<float>& impulse_response, double hz, double rate) {
  double re = 0, im = 0;
  for (std::size_t i = 0; i < impulse_response.size(); ++i) {
    const double a = 2 * kPi * hz * static_cast<double>(i) / rate;
    re += double{impulse_response[i]} * std::cos(a);
    im -= double{impulse_response[i]} * std::sin(a);
  }
  return std::hypot(re, im);
}

// Processes a signal in place in segments cut at every multiple of 32 and, where seeded, at random frames too.
// at_grid is called before every multiple of 32: the place for control changes.
using Process = std::function<void(float* left, float* right, int n)>;
using AtGrid = std::function<void(std::size_t frame)>;
inline void run(Stereo& s, const Process& process, const AtGrid& at_grid = {}, unsigned seed = 0) {
  std::mt19937 random(seed);
  for (std::size_t begin = 0; begin < s.size();) {
    if (begin % 32 == 0 && at_grid) at_grid(begin);
    std::size_t n = std::min(32 - begin % 32, s.size() - begin);
    if (seed != 0) n = std::min<std::size_t>(n, 1 + random() % 32);
    process(s.left.data() + begin, s.right.data() + begin, static_cast<int>(n));
    begin += n;
  }
}

inline bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}
inline bool same_bits(const Stereo& a, const Stereo& b) {
  return same_bits(a.left, b.left) && same_bits(a.right, b.right);
}

// Runs fresh processors, made by `make`, over the same signal with two ways of cutting it; true when not a bit differs.
inline bool cutting_does_not_matter(const Stereo& input,
                                    const std::function<std::function<void(Stereo&, unsigned seed)>()>& make) {
  Stereo whole = input;
  make()(whole, 0);
  for (unsigned seed : {1u, 2u, 3u}) {
    Stereo cut = input;
    make()(cut, seed);
    if (!same_bits(whole, cut)) return false;
  }
  return true;
}

}  // namespace tactus::test
