// Any bytes as what other programs keep in binary: a rekordbox database, an analysis, Serato's tags, Engine DJ's
// columns, the head and the tags of a music file. The first byte says which. What comes of it holds together.
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "library/foreign/id3_objects.h"
#include "library/foreign/readers.h"
#include "library/foreign/serato.h"
#include "library/foreign/timeline.h"

namespace {

using namespace tactus::library;

void check(const ForeignTrack& t) {
  if (!std::isfinite(t.bpm) || !std::isfinite(t.length) || t.rating > 5) std::abort();
  for (const ForeignCue& c : t.cues) {
    if (!std::isfinite(c.seconds)) std::abort();
  }
  for (const ForeignLoop& l : t.loops) {
    if (!std::isfinite(l.start) || !std::isfinite(l.end)) std::abort();
  }
  for (const ForeignAnchor& a : t.grid) {
    if (!std::isfinite(a.seconds) || !std::isfinite(a.bpm)) std::abort();
  }
}

void pdb(std::string_view bytes) {
  ForeignLibrary out;
  std::vector<std::string> analyses;
  std::string error;
  if (!read_pdb(bytes, "/usb", out, analyses, &error)) return;
  if (analyses.size() != out.tracks.size()) std::abort();
  for (const ForeignTrack& t : out.tracks) check(t);
  for (const ForeignPlaylist& p : out.playlists) {
    for (const std::size_t i : p.tracks) {
      if (i >= out.tracks.size()) std::abort();
    }
  }
}

// What is read and written again says the same.
void tag(std::string_view bytes, const char* name) {
  ForeignTrack t;
  t.kept.push_back({name, std::string(bytes)});
  std::vector<std::string> notes;
  read_serato_tags(t, notes);
  check(t);
  if (serato_tags_of(t, t.kept, false, notes) != t.kept) std::abort();
  ForeignTrack again;
  again.kept = serato_tags_of(t, {}, false, notes);
  read_serato_tags(again, notes);
  if (again.cues.size() != t.cues.size()) std::abort();
}

// A tag with an object set has it, and set again it doesn't change.
void objects_of(std::string_view bytes) {
  const std::vector<ForeignKept> objects = {{kSeratoMarkers2, "something"}};
  const auto once = music_with_objects(bytes, objects);
  if (once && music_with_objects(*once, objects) != once) std::abort();
}

// Three columns, parted by where the first bytes say.
void engine(std::string_view bytes) {
  if (bytes.size() < 2) return;
  const std::size_t a = static_cast<unsigned char>(bytes[0]), b = static_cast<unsigned char>(bytes[1]);
  bytes.remove_prefix(2);
  const std::string_view beats = bytes.substr(0, a), rest = bytes.substr(beats.size());
  const std::string_view cues = rest.substr(0, b);
  ForeignTrack t;
  if (read_engine_track(beats, cues, rest.substr(cues.size()), 44100, t)) check(t);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  ForeignTrack track;
  switch (data[0] % 8) {
    case 0:
      pdb(bytes);
      break;
    case 1:
      if (read_anlz(bytes, track)) check(track);
      break;
    case 2:
      tag(bytes, kSeratoMarkers2);
      break;
    case 3:
      tag(bytes, kSeratoMarkers);
      break;
    case 4:
      tag(bytes, kSeratoMarkersMp4);
      break;
    case 5:
      tag(bytes, kSeratoBeatGrid);
      break;
    case 6:
      engine(bytes);
      break;
    default: {
      const auto header = read_audio_header([&](std::uint64_t at, std::size_t n) {
        return at < bytes.size() ? std::string(bytes.substr(at, n)) : std::string();
      });
      if (header && !std::isfinite(timeline_of("Serato", *header).proposed)) std::abort();
      objects_of(bytes);
    }
  }
  return 0;
}
