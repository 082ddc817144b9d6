// Music files as float PCM at the engine's rate: MP3, AAC, ALAC, FLAC, WAV (RF64, W64), AIFF, CAF, Ogg Vorbis and Opus,
// 8 to 192 kHz, mono to 7.1 (folded to stereo, see source_decoder.h), with or without stems.
//
// Gapless-exact: frame n is the instant n / rate of what was encoded, without encoder delay or padding; and pure: the
// bits at a frame depend on the file and the rate only, never on what was read before (see stereo_stream.h).
//
// Reads the disk and allocates; one thread at a time; never realtime-safe. Damaged files give errors, but a hostile one
// may still crash or hang a codec: programs that must not die use a WorkerPool or a TrackCache, which decode elsewhere.
// No function throws but std::bad_alloc.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "media/result.h"

namespace tactus::media {

struct TrackInfo {
  int rate = 0;             // output frames a second
  std::int64_t frames = 0;  // at `rate`
  int channels = 2;         // 2, or 8: vocals, drums, bass, other, each left and right
  int source_rate = 0;
  std::string codec;  // FFmpeg's name, e.g. "mp3"
  std::string title;  // UTF-8; empty: no tag
  std::string artist;
  std::string notice;  // why stems that are there aren't used, or aren't the whole mix; empty: nothing to say
};

enum class Stems { ignore, use };

class Decoder {
 public:
  // `rate`: 8,000 to 192,000 frames a second; 0: the file's own. See stems.h for where stems are looked for. Stems are
  // used when they sum to the mix within -60 dB (rms over three seconds of the track); within -20 dB, as with lossy
  // copies, what they lack is added to `other`, so that all four together are the mix. Beyond that a folder of stems is
  // taken for another version of the track and not used; the stems inside a file are used as they are.
  static Result<Decoder> open(const std::string& path, int rate, Stems stems = Stems::use);

  Decoder(Decoder&&) noexcept;
  Decoder& operator=(Decoder&&) noexcept;
  ~Decoder();

  const TrackInfo& info() const noexcept;

  // Fills whole frames, interleaved, from frame `from` (any integer); silence outside 0 to info().frames.
  Status read(std::int64_t from, std::span<float> interleaved);

 private:
  struct Impl;
  explicit Decoder(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

struct Pcm {
  std::vector<float> interleaved;
  int channels = 2;
  int rate = 0;
  std::int64_t frames = 0;
  std::string title;
  std::string artist;
};

// The whole mix (two channels) in this process. `rate` 0: the file's own.
Result<Pcm> decode_file(const std::string& path, int rate);

}  // namespace tactus::media
