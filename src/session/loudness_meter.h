// EBU R128 integrated loudness and true peak of what passes (libebur128). One thread, not realtime-safe.
#pragma once

#include <memory>
#include <span>

namespace tactus::session {

class LoudnessMeter {
 public:
  explicit LoudnessMeter(int rate);
  ~LoudnessMeter();
  LoudnessMeter(const LoudnessMeter&) = delete;
  LoudnessMeter& operator=(const LoudnessMeter&) = delete;

  void feed(std::span<const float> interleaved_stereo);
  double lufs() const;          // -infinity: silence, or less than 0.4 s
  double true_peak_db() const;  // dBTP; -infinity: silence

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tactus::session
