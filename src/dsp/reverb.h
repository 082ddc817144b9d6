// A stereo reverb: eight delay lines, each with an all-pass, that feed each other through a matrix of sums and
// differences, and lose more above than in the middle. After F. Adriaensen's zita-rev1, as Faust's library has it;
// effects/reverb.dsp says the same, and this gives the same signal.
//
// It is worked out for 32 frames at once, which the lines' lengths allow: line after line, and the losses with four
// lines side by side. A line is as long as its delay and no longer, so what is read is what is overwritten next: the
// memory that is touched is what costs when others have used the caches meanwhile. Audio thread but for prepare();
// plain state by value, the result doesn't depend on how a signal is cut.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/rt.h"
#include "base/units.h"
#include "dsp/simd.h"

namespace tactus::dsp {

class Reverb {
 public:
  static constexpr int kPart = 32;  // frames at most at once
  static constexpr double kHighestRate = 192000, kLowestRate = 22050, kLongestPredelay = 0.1;

  struct Settings {
    float decay = 2.5f;    // seconds to -60 dB in the bass; the middle has 0.7 of it
    float damping = 6000;  // Hz, where a sound lives half as long as in the middle
    float predelay = 10;   // ms, up to 1000 * kLongestPredelay
    float low_cut = 120;   // Hz, of what goes in
    bool operator==(const Settings&) const = default;
  };

  // Sets the rate and clears. Control side.
  void prepare(SampleRate rate) noexcept;
  // Takes effect at once, but for the predelay, which cross-fades. Costs next to nothing when nothing has changed.
  void set(const Settings& settings) TACTUS_RT {
    if (settings == settings_) return;
    settings_ = settings;
    update();
  }
  // The wet signal of n frames, at most kPart. May work in place.
  void process(const float* in_left, const float* in_right, float* left, float* right, int n) TACTUS_RT;

 private:
  static constexpr int kLines = 8;
  using Part = float[kPart];

  // A stretch of memory_ that is written and read around.
  struct Ring {
    std::int32_t start = 0, length = 1, at = 0;
  };
  // The delay before the first reflection: two taps, of which the one takes over from the other within 1024 frames.
  struct Taps {
    float share = 0, step = 0;  // of the second one; how fast it moves
    float delay[2] = {0, 0};    // frames
  };
  // What the matrix gave one and two frames ago, and the low-passes.
  struct Wear {
    F4 x1{}, x2{}, bass{}, worn{};
  };
  // What a trip through a line takes away; lanes are lines.
  struct Losses {
    F4 gain{}, bass{}, pole{};
  };

  void update() TACTUS_RT;
  // From where the ring stands on, without moving it; and moving it.
  void read(const Ring& ring, Part& out, int n) const TACTUS_RT;
  void write(Ring& ring, const Part& in, int n) TACTUS_RT;
  void tap(Ring ring, float delay, Part& out, int n) const TACTUS_RT;
  void step_taps(Taps& taps) const TACTUS_RT;
  void enter(const float* const in[2], Part (&out)[2], int n) TACTUS_RT;
  void wear(const Part* mixed, int n) TACTUS_RT;

  Settings settings_;
  float rate_ = 48000;
  std::array<float, kLines> trip_{};  // of each line and its all-pass: -ln 1000 times the seconds
  float bass_pole_ = 0, bass_gain_ = 0;
  float wait_ = 0;                      // the predelay asked for, frames
  float low_share_ = 0, low_keep_ = 0;  // of the low cut
  Losses losses_[2];

  Taps taps_;
  float low_[2] = {0, 0};
  Ring entrance_[2], allpass_[kLines], line_[kLines];
  Wear wear_[2];
  static constexpr std::size_t kMemory = 2 * 19300 + 282000;  // the lines' 1.46 s and the predelays at the highest rate
  std::array<float, kMemory> memory_{};
};

}  // namespace tactus::dsp
