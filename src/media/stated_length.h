// What a file's own headers say about its length, beyond what libavformat passes on. Internal to src/media.
#pragma once

#include <cstdint>
#include <string>

#include "media/source_file.h"

namespace tactus::media {

struct StatedLength {
  std::int64_t frames = -1;  // without delay and padding, at `rate`; < 0: not stated
  std::string cut_short;     // why the file can't be whole; empty: nothing speaks against it
};

// MP3: Xing/Info header with LAME's delay and padding; MP4: iTunSMPB, edit list, and where the last packet lies;
// Ogg: the last page; RIFF and AIFF: the data chunk; else libavformat's duration where that is no estimate.
StatedLength stated_length(const SourceFile& file, int rate);

}  // namespace tactus::media
