// What another program's library says: tracks with their cues, loops and grids, and playlists in their order.
//
// Everything is kept as the source has it: positions count as that program counts them (`seconds` of ITS timeline,
// which for MP3 and AAC may begin elsewhere than ours: timeline.h), texts are UTF-8. Reading touches no music file but
// to look at its tags, and no database.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tactus::library {

// A piece of a source as it was, byte for byte, so that what isn't understood is still there when the same format is
// written again.
struct ForeignKept {
  std::string name;  // of the file beneath the source's folder, or of the tag
  std::string bytes;
  bool operator==(const ForeignKept&) const = default;
};

struct ForeignCue {
  double seconds = 0;
  int number = -1;  // hot cue from 0 on; -1: a memory cue
  std::string name;
  std::string color;  // "#RRGGBB"; empty: none
  bool operator==(const ForeignCue&) const = default;
};

struct ForeignLoop {
  double start = 0, end = 0;  // seconds
  int number = -1;            // as a cue's
  std::string name, color;
  bool operator==(const ForeignLoop&) const = default;
};

// From here on the tempo is `bpm`, and here is beat `beat` of a bar of `beats_per_bar`.
struct ForeignAnchor {
  double seconds = 0, bpm = 0;
  int beat = 1, beats_per_bar = 4;
  bool operator==(const ForeignAnchor&) const = default;
};

struct ForeignTrack {
  std::string path;  // as a path of that machine, '/' between folders
  std::string title, artist, album, genre, comment, key, color;
  std::string label, composer, remixer;
  double bpm = 0;                   // 0: not stated
  double length = 0;                // seconds; 0: not stated
  int rating = -1;                  // 0 to 5; -1: not stated
  int plays = -1;                   // -1: not stated
  int year = 0;                     // 0: not stated
  std::vector<ForeignCue> cues;     // in the order of the file
  std::vector<ForeignLoop> loops;   // the same
  std::vector<ForeignAnchor> grid;  // ascending
  std::string id;                   // what the source calls the track, for writing it back; empty: it has no name
  std::vector<ForeignKept> kept;    // tags of the music file that only that program reads
  bool operator==(const ForeignTrack&) const = default;
};

enum class ForeignList { list, smart, history };  // smart: made by rules; comes with the tracks that it held

struct ForeignPlaylist {
  std::vector<std::string> path;    // folders, then its own name
  std::vector<std::size_t> tracks;  // places in ForeignLibrary::tracks; the same one may come again
  ForeignList kind = ForeignList::list;
  bool operator==(const ForeignPlaylist&) const = default;
};

struct ForeignLibrary {
  std::string format;   // "rekordbox XML"
  std::string program;  // as it calls itself, with its version; may be empty
  std::vector<ForeignTrack> tracks;
  std::vector<ForeignPlaylist> playlists;
  std::vector<std::string> notes;  // what isn't read, or made no sense: a sentence each
  std::vector<ForeignKept> kept;   // the source's files, of formats that can be written
  bool operator==(const ForeignLibrary&) const = default;
};

// What paths of tracks begin with, and what stands there on this machine: ("C:/Music", "/home/me/Music"). The first
// that fits counts; whole names of folders only, any case for a drive's letter.
using PathMap = std::vector<std::pair<std::string, std::string>>;
std::string mapped_path(const std::string& path, const PathMap& map);

// Reads a file by what is in it, not by its name; playlists also by that. A folder: the root of a USB stick of
// rekordbox or Engine DJ, an "Engine Library", a "_Serato_" or the folder that it lies in. At most 1 GiB a file.
// A music file: the tags that Serato left in it. `map` is applied to the tracks' paths. Nothing: `error` says why, in a
// sentence with the place in the file where one can be told. Any thread.
std::optional<ForeignLibrary> read_foreign(const std::string& path, std::string* error, const PathMap& map = {});

// The same of text in memory. `folder`: what relative paths of a playlist start from; `name`: of the file, for its kind
// and for the playlist's name.
std::optional<ForeignLibrary> read_foreign(std::string_view text, const std::string& folder, const std::string& name,
                                           std::string* error);

}  // namespace tactus::library
