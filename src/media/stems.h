// Where the stems of a track are: inside a Native Instruments Stem file, or in a folder beside the track.
#pragma once

#include <array>
#include <optional>
#include <string>

namespace tactus::media {

constexpr int kStemCount = 4;
constexpr std::array<const char*, kStemCount> kStemNames = {"vocals", "drums", "bass", "other"};

struct StemSet {
  struct Source {
    std::string path;       // empty: this stem is silence
    int audio_stream = -1;  // as SourceDecoder::open
  };
  std::array<Source, kStemCount> sources;  // in the order of kStemNames
  bool in_file = false;                    // an NI stem file; the mix is its audio stream 0
};

// The stems of the track at `path`, if any:
// - an MP4 with a 'stem' atom in moov/udta (or named *.stem.mp4 / *.stem.m4a) and five audio streams: the mix, then the
//   stems, told apart by the names in that atom; where those don't say, in NI's order drums, bass, other, vocals;
// - else a folder `<name without ending>.stems/` beside it with vocals, drums, bass and other, each .flac, .wav, .aiff,
//   .aif, .m4a, .mp3, .ogg or .opus; what is missing is silence.
// `audio_streams`: how many the file holds. Reads the disk.
std::optional<StemSet> find_stems(const std::string& path, int audio_streams);

// Which stem each of an NI manifest's four names means (Stem file specification, "stem" atom: JSON with "stems":
// [{"name", "color"}, ...]): the index into kStemNames for streams 1 to 4.
std::array<int, kStemCount> stem_roles(const std::string& manifest_json);

}  // namespace tactus::media
