// Streams audio into a WAV or FLAC file that appears whole or not at all: it is written beside its place under a
// temporary name, synced and renamed by finish(). Any thread, one at a time; blocks on the disk; never realtime-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "media/result.h"

namespace tactus::media {

enum class Container { wav, flac };         // wav turns into RF64 (EBU Tech 3306) by itself beyond 4 GiB
enum class SampleFormat { s16, s24, f32 };  // f32: wav only

struct WriterFormat {
  int rate = 48000;  // frames a second, 8,000 to 192,000
  int channels = 2;  // 1 to 8
  Container container = Container::wav;
  SampleFormat sample = SampleFormat::s24;
  std::string title = {};  // UTF-8; empty: no tag
  std::string artist = {};
};

class AudioWriter {
 public:
  // The container that a path's ending names (".wav", ".flac", in any case); an error for any other.
  static Result<Container> container_of(const std::string& path);

  // Opens `path`'s temporary file. Fails when the folder is missing or not writable or the format impossible.
  static Result<AudioWriter> create(const std::string& path, const WriterFormat& format);

  AudioWriter(AudioWriter&&) noexcept;
  AudioWriter& operator=(AudioWriter&&) noexcept;
  ~AudioWriter();  // without finish(): the temporary file is removed, and `path` is as it was

  // Appends whole frames, interleaved, full scale +-1. Integer formats are the exact inverse of decoding: rounded to
  // nearest, clipped, scaled by 2^15 or 2^23; no dither, so equal audio gives equal files. After an error (disk full,
  // ...) every further call returns the same error.
  Status write(std::span<const float> interleaved);

  // A named place, in frames. FLAC: CHAPTERxxx comments, read by players as chapters. WAV: 'cue ' and 'LIST adtl'
  // chunks behind the audio. Any order, until finish(). A WAV cue point counts frames in 32 bits: later ones are left
  // out.
  void mark(std::int64_t frame, const std::string& name);

  // Completes the headers, syncs to disk, and renames over `path`.
  Status finish();

  std::int64_t frames() const noexcept;

 private:
  struct Impl;
  explicit AudioWriter(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// The whole file at once. `interleaved` holds whole frames.
Status write_file(const std::string& path, const WriterFormat& format, std::span<const float> interleaved);

}  // namespace tactus::media
