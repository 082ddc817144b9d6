// True peak (ITU-R BS.1770 annex 2): how high a signal rises between its samples, by interpolation at four times its
// rate. The interpolator is a sinc of 48 taps under a Hann window, as libebur128's, which takes several times as long
// for it.
#pragma once

#include <array>
#include <span>

namespace tactus::analysis {

class TruePeak {
 public:
  // Pieces of any length; what lies between the last frames of one and the first of the next is looked at, too.
  void feed(std::span<const float> interleaved_stereo);
  // Linear, of the louder channel. What follows the last six frames is not known, so nothing is made up after them.
  float highest() const;

  static constexpr int kTaps = 12;  // of each of the three points between two samples

 private:
  static constexpr int kBlock = 512;

  void look();

  // Each channel's last samples and a block of new ones.
  std::array<std::array<float, kTaps - 1 + kBlock>, 2> samples_{};
  int filled_ = 0;  // new frames there
  float highest_ = 0;
};

}  // namespace tactus::analysis
