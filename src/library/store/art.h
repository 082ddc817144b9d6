// Pictures embedded in music files.
#pragma once

#include <optional>
#include <string>

namespace TagLib {
class File;
}

namespace tactus::library {

struct Art {
  std::string type;   // "image/jpeg" and the like, by the picture's own first bytes; empty: of no kind that is known
  std::string bytes;  // the picture's file, as it was embedded
};

// The file's front cover, or where none is called that its first picture: of ID3v2 (MP3, WAV, AIFF), FLAC, Vorbis
// comments (Ogg, Opus) and MP4. Nothing: it has none, or can't be read. Any thread. TagLib parses in this process, as
// for read_music_file.
std::optional<Art> embedded_art(const std::string& path);

bool has_art(TagLib::File* file);

}  // namespace tactus::library
