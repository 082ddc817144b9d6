// EBU R128: integrated loudness (ITU-R BS.1770) and loudness range (EBU Tech 3342) by libebur128, and true peak.
#pragma once

#include <memory>
#include <span>

namespace tactus::analysis {

class LoudnessMeter {
 public:
  explicit LoudnessMeter(int rate);
  ~LoudnessMeter();
  // Not-a-number and infinity count as silence.
  void feed(std::span<const float> interleaved_stereo);
  double lufs() const;          // -infinity: silence
  double lra() const;           // LU; 0 for less than two different blocks of 3 s
  double true_peak_db() const;  // of the louder channel

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tactus::analysis
