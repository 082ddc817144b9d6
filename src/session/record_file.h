// One file of a recording: written as it comes, playable at every moment. About once a second its owner calls secure():
// from then on everything so far survives a crash of the program, and a power cut as far as the disk keeps its word.
//
// Unlike media::AudioWriter, whose files appear whole or not at all, a recording is there from its first second. Blocks
// on the disk; one thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace tactus::session {

enum class RecordFormat { flac, wav };  // FLAC of 24 bits; WAV of 32-bit floats, bit for bit what the engine made

// A named place: a track begins.
struct RecordMark {
  std::int64_t frame = 0;  // of the file
  std::string name;        // UTF-8
};

class RecordFile {
 public:
  struct Options {
    RecordFormat format = RecordFormat::flac;
    int rate = 48000;
    // A WAV whose audio is longer becomes an RF64 (EBU Tech 3306), whose sizes have 64 bits. Bytes.
    std::uint64_t rf64_above = 0xFFFFFFFF - (1u << 20);
  };

  // Creates `path`, which must not be there. Null, and why in `error`, when that can't be done.
  static std::unique_ptr<RecordFile> create(const std::string& path, const Options& options, std::string* error);
  virtual ~RecordFile() = default;  // without finish(): as after a crash

  // Appends whole stereo frames, interleaved. Empty, or why not: then the file ends before these frames, for good.
  virtual std::string write(std::span<const float> interleaved) = 0;
  // Markers so far, replacing those of before; in the file with the next secure(). WAV: 'cue ' and 'LIST adtl' chunks.
  // FLAC: CHAPTERxxx comments. Those that don't fit into 32 KiB are left out, the latest first.
  virtual void set_marks(const std::vector<RecordMark>& marks) = 0;
  // Headers and audio to the disk. Empty, or why not.
  virtual std::string secure() = 0;
  // The end of it; no call after it.
  virtual std::string finish() = 0;

  virtual std::int64_t frames() const = 0;
};

}  // namespace tactus::session
