// A music file opened for FFmpeg: its demuxer over a descriptor of our own, restricted to audio formats. Internal to
// src/media; used inside media workers, since the files are not to be trusted.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "media/result.h"

struct AVFormatContext;
struct AVIOContext;
struct AVStream;

namespace tactus::media {

// Opens a regular file for reading, close-on-exec; -1 is never returned. Refuses folders, pipes and devices (a pipe
// can't be read at a place, and would hang), and empty files, each with its own cause.
Result<int> open_regular_file(const std::string& path);

// Bytes that this process has read from source files: a sign of life for whoever watches it. Any thread.
std::uint64_t source_bytes_read() noexcept;

enum class Edits { applied, ignored };

// Move-only owner of the descriptor, the I/O context and the demuxer.
class SourceFile {
 public:
  // `audio_stream`: which of the file's audio streams, in file order; -1: the one marked default, else the first.
  // All other streams (pictures, other stems) are discarded unread.
  // `edits`: whether an MP4's edit list is applied; with Edits::ignored only headers are read.
  static Result<SourceFile> open(const std::string& path, int audio_stream, Edits edits = Edits::applied);

  SourceFile(SourceFile&&) noexcept;
  SourceFile& operator=(SourceFile&&) noexcept;
  ~SourceFile();

  AVFormatContext* context() const noexcept { return context_; }
  AVStream* stream() const noexcept { return stream_; }
  int audio_streams() const noexcept { return audio_streams_; }
  std::int64_t bytes() const noexcept { return bytes_; }
  // UTF-8, at most 500 bytes, from the file's tags or those of the stream; empty when there is none.
  std::string tag(const char* key) const;
  // What the system said when a read failed last ("Input/output error"); empty: none did.
  std::string read_error() const;
  // Reads up to `size` bytes at `offset`; what is there.
  std::vector<unsigned char> peek(std::int64_t offset, std::size_t size) const;

 private:
  SourceFile() = default;
  static int read_packet(void* self, unsigned char* to, int size);
  static std::int64_t seek(void* self, std::int64_t offset, int whence);

  struct Io {
    int fd = -1;
    std::int64_t at = 0;
    std::int64_t bytes = 0;
    int failed = 0;  // errno of the last read that failed
    ~Io();
  };
  std::unique_ptr<Io> io_;
  AVIOContext* avio_ = nullptr;
  AVFormatContext* context_ = nullptr;
  AVStream* stream_ = nullptr;
  int audio_streams_ = 0;
  std::int64_t bytes_ = 0;
};

}  // namespace tactus::media
