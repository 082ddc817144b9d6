// From the time that another program counts to ours, and back.
//
// Programs agree on where the sound of WAV, AIFF, FLAC, ALAC, Vorbis and Opus begins. An MP3 or AAC encoder puts a
// delay before it, and an MP3 encoder often a frame with a header and no sound; which of these a program counts depends
// on the program and on what the header is like. Ours begins at the first frame that was encoded where the file says
// how long the delay is, else at the first that a decoder gives (media/source_decoder.h).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "library/foreign/foreign.h"

namespace tactus::library {

// What a music file says of where its sound begins.
struct AudioHeader {
  enum class Codec { pcm, flac, alac, vorbis, opus, mp3, aac, other };
  // Of MP3's first frame. The cases are those of https://github.com/digital-dj-tools/dj-data-converter/issues/3.
  enum class Tag {
    none,      // it has sound (case A)
    xing,      // Xing or Info alone, or by libavformat, whose extension is short (case B)
    unproved,  // LAME's, with a checksum that isn't right (case C)
    lame,      // LAME's, with one that is (case D)
    vbri       // Fraunhofer's
  };
  Codec codec = Codec::other;
  Tag tag = Tag::none;
  int rate = 0;            // frames a second, 0: not known
  int frame = 1152;        // of MP3: how long one of its frames is
  bool edit_list = false;  // of MP4
  std::int64_t delay = 0;  // frames at `rate` that our decoder takes away at the beginning
  bool odd = false;        // the file says something of its beginning that isn't understood
  bool operator==(const AudioHeader&) const = default;
};

// `peek` gives up to so many bytes from a place on. Nothing: it is no music that is known.
std::optional<AudioHeader> read_audio_header(
    const std::function<std::string(std::uint64_t at, std::size_t size)>& peek);
// The same of a file. Any thread; reads some kilobytes.
std::optional<AudioHeader> read_audio_header(const std::string& path);

struct Timeline {
  std::optional<double> offset;  // seconds to add to theirs to get ours; nothing: it can't be known
  double proposed = 0;           // the likeliest where it can't; else `offset`
  std::string why;               // by what it goes, or why it can't be known
  std::vector<double> others;    // further offsets that are possible
  std::string because;           // where it can't be known: what makes `proposed` the likeliest
};

// `format` as in ForeignLibrary.
Timeline timeline_of(std::string_view format, const AudioHeader& header);
// Of a track's file, which has to be where the track says.
Timeline timeline_of(std::string_view format, const std::string& path);

// The one of a timeline's offsets by which the grid's beats lie nearest to `beats`, ours, in seconds: what to propose
// where it can't be known. Nothing where none has the median beat within 10 ms, or where two do about as well.
std::optional<double> offset_by_beats(const Timeline& timeline, const std::vector<ForeignAnchor>& grid,
                                      const std::vector<double>& beats);

}  // namespace tactus::library
