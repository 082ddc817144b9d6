// EBU R128 integrated loudness (ITU-R BS.1770) and true peak, by libebur128.
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
  double true_peak_db() const;  // of the louder channel

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tactus::analysis
