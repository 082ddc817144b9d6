// The one-knob filter of a channel: left of the middle a low-pass closes, right of it a high-pass opens, in the middle
// the signal passes untouched, bit for bit.
//
// Both are the two-pole state-variable filter in its trapezoidal form: A. Simper, "Linear Trapezoidal Integrated State
// Variable Filter" (Cytomic, 2013) after V. Zavalishin, "The Art of VA Filter Design". It stays stable and free of
// clicks while its cut-off moves every frame. Low-pass and high-pass run side by side all the time, in the four lanes
// of one vector, so that a sweep through the middle finds both warmed up. No latency.
#pragma once

#include <array>

#include "base/rt.h"
#include "base/units.h"
#include "dsp/ramp.h"
#include "dsp/simd.h"

namespace tactus::dsp {

class Filter {
 public:
  static constexpr float kDeadZone = 0.02f;   // |knob| below which nothing is filtered
  static constexpr float kBlendZone = 0.06f;  // |knob| above which nothing is dry
  static constexpr Seconds kBlend{0.005};     // dry to wet takes at least this long, however fast the knob
  // Cut-offs in Hz just outside the dead zone and at the end of the travel, even in octaves between.
  static constexpr double kLowPassOpen = 20000, kLowPassClosed = 80;
  static constexpr double kHighPassOpen = 20, kHighPassClosed = 10000;
  static constexpr float kDefaultResonance = 0.25f;

  // Sets the rate and clears. Control side: calls libm.
  void prepare(SampleRate rate) noexcept;
  void clear() TACTUS_RT;

  // Knob -1..1.
  Ramp& knob() TACTUS_RT { return knob_; }
  const Ramp& knob() const TACTUS_RT { return knob_; }
  // 0 (Butterworth, Q 0.71) .. 1 (Q 10).
  Ramp& resonance() TACTUS_RT { return resonance_; }
  const Ramp& resonance() const TACTUS_RT { return resonance_; }

  // Cut-off in Hz at a knob position; for displays and tests.
  static double cutoff_hz(double knob) noexcept;

  // Audio thread: n frames in place.
  void process(float* left, float* right, int n) TACTUS_RT;

 private:
  static constexpr int kSteps = 256;  // of the knob's travel on either side
  // Simper's a1..a3 and the damping, lanes: low-pass left, right, high-pass left, right.
  struct Coefficients {
    F4 a1{}, a2{}, a3{}, damping{};
    float amount = -1;                    // resonance that the damping was made from
    float low_share = 0, high_share = 0;  // wet part of each in the output, where the knob wants it
    float knob = 0, resonance = 0;        // what these were made from
  };
  void set_coefficients(float knob, float resonance) TACTUS_RT;

  std::array<float, kSteps + 2> low_g_{}, high_g_{};  // tan(pi f / rate) along the travel
  Coefficients now_;
  F4 state1_{}, state2_{};
  float low_share_ = 0, high_share_ = 0, share_step_ = 1;
  Ramp knob_{0}, resonance_{kDefaultResonance};
};

}  // namespace tactus::dsp
