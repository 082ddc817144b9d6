// Serato's tags within music files, read and written by TagLib.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "library/foreign/foreign.h"

namespace tactus::library {

// Those that serato.h knows, and by their own names others of Serato's; none where there are none. MP3, AIFF and WAV
// (ID3 GEOB frames), MP4 (freeform atoms), FLAC and Ogg (comments in base64). Nothing: it isn't such a file.
std::optional<std::vector<ForeignKept>> serato_tags_in(const std::string& path);

// Puts the tags into a copy beside the file, makes sure that the copy's audio is the file's, byte for byte, and that
// the tags are read back, then swaps it in. On false the file is as it was, and `error` says why.
bool write_serato_tags(const std::string& path, const std::vector<ForeignKept>& tags, std::string* error);

// Whether two files' bytes hold the same audio, whatever their tags say. `path`: by whose ending their kind is known.
bool same_audio_bytes(std::string_view a, std::string_view b, const std::string& path);

// Whether a file keeps "Serato Markers_" as MP4 does.
bool is_mp4(const std::string& path);

}  // namespace tactus::library
