// GEOB frames of ID3 set in place, by bytes. Internal to library/foreign.
//
// TagLib reads every frame as one of ID3v2.4 and writes those that it understands anew: "(17)Rock" becomes "Rock", RVAD
// and TSIZ are gone. Here each other frame stays as it is. By https://id3.org/id3v2.3.0 and
// https://id3.org/id3v2.4.0-structure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "library/foreign/foreign.h"

namespace tactus::library {

// A tag, of version 2.3 or 2.4, with these objects instead of those of the same names, or behind them. Nothing: it is
// damaged, or has something that concerns all of it (unsynchronisation, an extended header).
std::optional<std::string> id3_with_objects(std::string_view tag, const std::vector<ForeignKept>& objects);

// The same of all of an MP3, which begins with its tag, or of an AIFF or WAV, of which it is a chunk. Nothing also
// where there is none.
std::optional<std::string> music_with_objects(std::string_view file, const std::vector<ForeignKept>& objects);

}  // namespace tactus::library
