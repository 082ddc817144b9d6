// The units that Tactus counts in. Each is a type of its own, so that a beat can't be taken for a frame.
//
// Points in time (Frame, Beat) and lengths of time (Frames, Beats) are different types:
// point - point = length, point + length = point, and point + point does not compile (tests/compile_fail).
// All functions are pure, constexpr and realtime-safe. Integer overflow is not checked: int64 frames at 192 kHz last
// 1.5 million years.
#pragma once

#include <cmath>
#include <compare>
#include <cstdint>

namespace tactus {

// A length of time in sample frames at a rate stated where it is used.
struct Frames {
  std::int64_t v = 0;
  constexpr auto operator<=>(const Frames&) const noexcept = default;
  friend constexpr Frames operator+(Frames a, Frames b) noexcept { return {a.v + b.v}; }
  friend constexpr Frames operator-(Frames a, Frames b) noexcept { return {a.v - b.v}; }
  friend constexpr Frames operator*(Frames a, std::int64_t k) noexcept { return {a.v * k}; }
  constexpr Frames operator-() const noexcept { return {-v}; }
};

// A point in time: a sample index, of the session unless stated otherwise.
struct Frame {
  std::int64_t v = 0;
  constexpr auto operator<=>(const Frame&) const noexcept = default;
  friend constexpr Frame operator+(Frame a, Frames b) noexcept { return {a.v + b.v}; }
  friend constexpr Frame operator-(Frame a, Frames b) noexcept { return {a.v - b.v}; }
  friend constexpr Frames operator-(Frame a, Frame b) noexcept { return {a.v - b.v}; }
};

// A length in beats, exact: whole micro-beats (1e-6 beat, 0.02 frames at 126 BPM and 48 kHz).
struct Beats {
  std::int64_t micro = 0;
  static constexpr Beats of(double beats) noexcept {
    return {static_cast<std::int64_t>(beats * 1e6 + (beats < 0 ? -0.5 : 0.5))};
  }
  constexpr double value() const noexcept { return static_cast<double>(micro) * 1e-6; }
  constexpr auto operator<=>(const Beats&) const noexcept = default;
  friend constexpr Beats operator+(Beats a, Beats b) noexcept { return {a.micro + b.micro}; }
  friend constexpr Beats operator-(Beats a, Beats b) noexcept { return {a.micro - b.micro}; }
  friend constexpr Beats operator*(Beats a, std::int64_t k) noexcept { return {a.micro * k}; }
  constexpr Beats operator-() const noexcept { return {-micro}; }
};

// A point on the session's beat line, or on a track's where stated. Beat 0 of a track is its first downbeat.
struct Beat {
  std::int64_t micro = 0;
  static constexpr Beat of(double beat) noexcept { return {Beats::of(beat).micro}; }
  constexpr double value() const noexcept { return static_cast<double>(micro) * 1e-6; }
  constexpr auto operator<=>(const Beat&) const noexcept = default;
  friend constexpr Beat operator+(Beat a, Beats b) noexcept { return {a.micro + b.micro}; }
  friend constexpr Beat operator-(Beat a, Beats b) noexcept { return {a.micro - b.micro}; }
  friend constexpr Beats operator-(Beat a, Beat b) noexcept { return {a.micro - b.micro}; }
};

// A length of time in seconds.
struct Seconds {
  double v = 0;
  constexpr auto operator<=>(const Seconds&) const noexcept = default;
  friend constexpr Seconds operator+(Seconds a, Seconds b) noexcept { return {a.v + b.v}; }
  friend constexpr Seconds operator-(Seconds a, Seconds b) noexcept { return {a.v - b.v}; }
};

// Frames a second, 8,000 to 192,000.
struct SampleRate {
  double hz = 48000;
  constexpr auto operator<=>(const SampleRate&) const noexcept = default;
  constexpr Seconds seconds(Frames f) const noexcept { return {static_cast<double>(f.v) / hz}; }
  // Nearest whole frame.
  constexpr Frames frames(Seconds s) const noexcept {
    return {static_cast<std::int64_t>(s.v * hz + (s.v < 0 ? -0.5 : 0.5))};
  }
};

// Tempo in beats a minute.
struct Bpm {
  double v = 120;
  constexpr auto operator<=>(const Bpm&) const noexcept = default;
};

// A level relative to full scale or a gain; silence is -infinity.
struct Decibels {
  double v = 0;
  constexpr auto operator<=>(const Decibels&) const noexcept = default;
  // Linear gain; -infinity gives exactly 0.
  float gain() const noexcept { return static_cast<float>(std::pow(10.0, v / 20.0)); }
  static Decibels of_gain(double gain) noexcept { return {20.0 * std::log10(gain)}; }
};

// A pitch interval; fractions are cents / 100.
struct Semitones {
  double v = 0;
  constexpr auto operator<=>(const Semitones&) const noexcept = default;
  double ratio() const noexcept { return std::exp2(v / 12.0); }
};

}  // namespace tactus
