// GEOB frames of ID3 set in place, by bytes. Internal to library/foreign.
//
// TagLib reads every frame as one of ID3v2.4 and writes those that it understands anew: "(17)Rock" becomes "Rock", RVAD
// and TSIZ are gone. Here each other frame says what it said. By https://id3.org/id3v2-00, https://id3.org/id3v2.3.0
// and https://id3.org/id3v2.4.0-structure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "library/foreign/foreign.h"

namespace tactus::library {

// A tag, of version 2.2 to 2.4, with these objects instead of those of the same names, or behind them; of its own
// version, without unsynchronisation and an extended header. Nothing: it is damaged, has a footer, is compressed (2.2),
// or an object of it is compressed, encrypted or one of a group.
std::optional<std::string> id3_with_objects(std::string_view tag, const std::vector<ForeignKept>& objects);

// The same of all of an MP3, which begins with its tag, or of an AIFF or WAV, of which it is a chunk. Nothing also
// where there is none.
std::optional<std::string> music_with_objects(std::string_view file, const std::vector<ForeignKept>& objects);

// Whether a file has such a tag at all, whatever can be done with it.
bool holds_id3(std::string_view file);

}  // namespace tactus::library
