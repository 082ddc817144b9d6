// A file's audio as stereo float at a rate of the caller's choice. Internal to src/media.
//
// Frame n of the output is the source's instant n * source rate / rate, with no delay: soxr's VHQ filter is linear
// phase and its start is aligned. Resampled audio is made in runs of about 2.7 s that each begin on a frame where both
// rates' phases coincide, with a pre-roll, so that a frame's bits do not depend on what was read before: what a jump
// gives equals linear reading exactly. Two neighbouring runs agree at their seam within -140 dBFS for the usual rates
// (their greatest common divisor >= 25 Hz), and within -90 dBFS for any (tested).
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "media/result.h"
#include "media/source_decoder.h"

namespace tactus::media {

class StereoStream {
 public:
  // `rate`: 8,000 to 192,000 frames a second.
  static Result<StereoStream> open(const std::string& path, int rate, int audio_stream = -1);

  StereoStream(StereoStream&&) noexcept;
  StereoStream& operator=(StereoStream&&) noexcept;
  ~StereoStream();

  const SourceInfo& source() const noexcept;
  std::int64_t frames() const noexcept;  // at the output's rate, rounded up

  // As SourceDecoder::read, at the output's rate. Cheap when `from` is where the last read ended or a little after.
  Status read(std::int64_t from, std::span<float> stereo);

 private:
  struct Impl;
  explicit StereoStream(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace tactus::media
