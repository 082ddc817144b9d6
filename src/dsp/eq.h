// A three-band isolator: at unity the bands add up to an all-pass, at 0 a band is gone.
//
// Linkwitz-Riley crossovers ("Active Crossover Networks for Noncoincident Drivers", 1976) in the all-pass form: the
// upper part of a split is all-pass minus low-pass, so that low + high is the all-pass to the last bit of a double, and
// the low band goes through the all-pass of the upper split too. Fourth order slopes leave only -40 dB in the middle of
// a killed band (the neighbours' skirts), so the splits are steeper: 8th order at the low one, where a steeper one
// would smear the bass, and 12th order at the high one, where it costs a fraction of a millisecond. No latency in
// frames: an impulse sounds in the frame in which it came in.
#pragma once

#include <array>
#include <cstddef>

#include "base/rt.h"
#include "base/units.h"
#include "dsp/ramp.h"
#include "dsp/simd.h"

namespace tactus::dsp {

class Eq {
 public:
  enum Band { low, mid, high };
  static constexpr double kLowSplit = 230, kHighSplit = 2500;  // Hz

  // Sets the rate (22,050 to 192,000) and clears. Control side: calls libm.
  void prepare(SampleRate rate) noexcept;
  // Forgets the past; keeps gains and rate.
  void clear() TACTUS_RT;

  // Linear gain of a band; aim it, drive it. 0 kills.
  Ramp& gain(Band band) TACTUS_RT { return gains_[band]; }
  const Ramp& gain(Band band) const TACTUS_RT { return gains_[band]; }

  // Audio thread: n frames in place.
  void process(float* left, float* right, int n) TACTUS_RT;

 private:
  static constexpr int kPart = 32;  // frames whose gains are worked out at once
  void process_part(float* left, float* right, int n) TACTUS_RT;

  // Second-order sections, stereo in two lanes, transposed direct form II. Denominator 1 + a1 z^-1 + a2 z^-2.
  struct Poles {
    double a1 = 0, a2 = 0;
  };
  struct State {
    D2 s1{}, s2{};
  };
  // One split of order 2N: low-pass = Butterworth of order N twice, all-pass = its poles with mirrored zeros.
  template <std::size_t Sections>
  struct Split {
    std::array<Poles, Sections> poles;
    double low_scale = 1;  // of the whole low-pass: sections run with numerator 1 + 2 z^-1 + z^-2
    void prepare(double hz, double rate) noexcept;
  };
  template <std::size_t Sections>
  static D2 low_pass(const Split<Sections>& split, std::array<State, 2 * Sections>& state, D2 x) TACTUS_RT;
  template <std::size_t Sections>
  static D2 all_pass(const Split<Sections>& split, std::array<State, Sections>& state, D2 x) TACTUS_RT;

  static constexpr std::size_t kLowSections = 2, kHighSections = 3;
  struct Memory {
    std::array<State, 2 * kLowSections> low_of_low;
    std::array<State, kLowSections> all_of_low;
    std::array<State, 2 * kHighSections> low_of_high;
    std::array<State, kHighSections> all_of_high, all_of_bass;
  };

  Split<kLowSections> low_split_;
  Split<kHighSections> high_split_;
  Memory memory_;
  std::array<Ramp, 3> gains_{Ramp(1), Ramp(1), Ramp(1)};
};

}  // namespace tactus::dsp
