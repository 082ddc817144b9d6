// A tempo from taps on the beat. Pure; one owner.
//
// The tempo is the slope of the least-squares line through the taps of a run, so that a finger's unevenness averages
// out: with n taps its error falls as n^-1.5. A pause of more than 2 s begins a new run; so does a tap that is far off
// the others, since then another tempo is meant. A tap that was left out counts as two beats.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <optional>

#include "base/units.h"

namespace tactus::schedule {

class TapTempo {
 public:
  static constexpr std::size_t kMost = 16;                // taps that count, the latest
  static constexpr std::size_t kFewest = 3;               // before a tempo is said
  static constexpr double kPause = 2;                     // seconds
  static constexpr double kFarOff = 0.25;                 // of a beat
  static constexpr double kSlowest = 20, kFastest = 300;  // BPM

  // A tap at `seconds`, growing. The tempo, once there is one within 20 to 300 BPM.
  std::optional<Bpm> tap(double seconds) {
    if (count_ > 0) {
      const double gap = seconds - taps_[count_ - 1].seconds;
      const double beat = count_ > 1 ? period() : gap;
      const double beats = std::max(1.0, std::round(gap / beat));
      const bool fits = gap <= kPause && gap > 0 && beats <= 2 && std::fabs(gap / beat - beats) <= kFarOff;
      if (!fits) count_ = 0;
      add(seconds, fits ? taps_[count_ - 1].beat + beats : 0);
    } else {
      add(seconds, 0);
    }
    if (count_ < kFewest) return {};
    const double bpm = 60 / period();
    if (!(bpm >= kSlowest && bpm <= kFastest)) return {};
    return Bpm{bpm};
  }

 private:
  struct Tap {
    double seconds = 0, beat = 0;
  };
  void add(double seconds, double beat) {
    if (count_ == kMost) {
      for (std::size_t i = 1; i < kMost; ++i) taps_[i - 1] = taps_[i];
      --count_;
    }
    taps_[count_++] = {seconds, beat};
  }
  // Seconds a beat.
  double period() const {
    double ms = 0, mb = 0, sb = 0, bb = 0;
    for (std::size_t i = 0; i < count_; ++i) ms += taps_[i].seconds, mb += taps_[i].beat;
    ms /= static_cast<double>(count_), mb /= static_cast<double>(count_);
    for (std::size_t i = 0; i < count_; ++i) {
      sb += (taps_[i].seconds - ms) * (taps_[i].beat - mb);
      bb += (taps_[i].beat - mb) * (taps_[i].beat - mb);
    }
    return sb / bb;
  }

  std::array<Tap, kMost> taps_{};
  std::size_t count_ = 0;
};

}  // namespace tactus::schedule
