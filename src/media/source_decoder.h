// One audio stream of a file as stereo float at its own rate, addressed by frame. Internal to src/media.
//
// The audio at a frame is a pure function of the file and the frame: it does not depend on what was read before.
// - Encoder delay and padding are removed (MP3: LAME tag; AAC/ALAC: edit list or iTunSMPB; Vorbis and Opus: granule
//   positions), so frame 0 is the first frame that was encoded. An MP3 or ADTS file without such a tag keeps its delay.
// - PCM, FLAC, ALAC, MP3 and Vorbis decode the same from any start with enough packets of pre-roll. Other codecs keep
//   state for ever (AAC's and Opus's noise generators, spectral band replication): those are decoded afresh from every
//   kRestart-th frame with a pre-roll, in linear reading too. Where time stamps don't give exact frames, every jump
//   decodes from the start of the file instead.
// - More than two channels are folded as ITU-R BS.775-3, annex 4, table 2 does: L + 0.7071 C + 0.7071 Ls (side and
//   back alike, a single back channel 0.5), the LFE left out, nothing normalised. Mono goes to both sides unchanged.
//
// Not realtime-safe; one thread at a time; reads the disk. Untrusted input: use it in a worker.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "media/result.h"

namespace tactus::media {

struct SourceInfo {
  int rate = 0;             // frames a second, 8,000 to 192,000
  std::int64_t frames = 0;  // at `rate`, without delay and padding
  int channels = 0;         // in the file, before folding
  int audio_streams = 1;    // in the file
  std::string codec;        // FFmpeg's name
  std::string title;
  std::string artist;
};

class SourceDecoder {
 public:
  static constexpr std::int64_t kRestart = 131072;

  // `audio_stream`: in file order; -1: the default one.
  static Result<SourceDecoder> open(const std::string& path, int audio_stream = -1);

  SourceDecoder(SourceDecoder&&) noexcept;
  SourceDecoder& operator=(SourceDecoder&&) noexcept;
  ~SourceDecoder();

  const SourceInfo& info() const noexcept;

  // Fills `stereo` (interleaved) from `from` on (any integer), silence before frame 0 and from info().frames on.
  // Cheap when `from` is where the last read ended, or up to 32768 frames before. An error when the file ends more than
  // half a second early or can't be read.
  Status read(std::int64_t from, std::span<float> stereo);

 private:
  struct Impl;
  explicit SourceDecoder(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace tactus::media
