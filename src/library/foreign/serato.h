// What Serato keeps: chunks in its own files, and tags in music files. No file is touched here. Internal to
// library/foreign. By the descriptions of the projects serato-tags (https://github.com/Holzhaus/serato-tags) and
// Mixxx (https://github.com/mixxxdj/mixxx/wiki/Serato-Database-Format).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "library/foreign/foreign.h"

namespace tactus::library {

// A piece of "database V2", of a crate or of a session: a name of four letters, a length, and what that many bytes
// hold. Names that begin with 'o' or 'r' hold more of them.
struct SeratoChunk {
  std::string tag, data;
  std::vector<SeratoChunk> parts;

  const SeratoChunk* part(std::string_view name) const;
  // UTF-16 as UTF-8; empty where there is none.
  std::string text(std::string_view name) const;
  // Sets or adds; keeps where it stands.
  void set(std::string_view name, std::string bytes);
  void set_text(std::string_view name, std::string_view utf8);
};

// Nothing where they don't fit into each other.
std::optional<std::vector<SeratoChunk>> serato_chunks(std::string_view bytes);
std::string serato_bytes(const std::vector<SeratoChunk>& chunks);

// The names of the tags, as in ID3. In MP4 "Serato Markers_" is laid out otherwise; there it is called kMarkersMp4.
constexpr const char* kSeratoMarkers = "Serato Markers_";
constexpr const char* kSeratoMarkersMp4 = "Serato Markers_ of MP4";
constexpr const char* kSeratoMarkers2 = "Serato Markers2";
constexpr const char* kSeratoBeatGrid = "Serato BeatGrid";
constexpr const char* kSeratoAutotags = "Serato Autotags";

// Sets cues, loops, grid, colour and tempo from track.kept. What contradicts itself goes as Serato takes it: positions
// and colours of "Serato Markers_" before those of "Serato Markers2". What is damaged is left out and said in `notes`.
void read_serato_tags(ForeignTrack& track, std::vector<std::string>& notes);

// The tags of `before` changed so that they say what `track` says, both kinds of markers alike; what isn't understood
// and what hasn't changed stay as they are, byte for byte. `mp4`: which kind of "Serato Markers_" is made where there
// is none. `cant` gets what they can't say.
std::vector<ForeignKept> serato_tags_of(const ForeignTrack& track, const std::vector<ForeignKept>& before, bool mp4,
                                        std::vector<std::string>& cant);

}  // namespace tactus::library
