// Any bytes as what other programs keep in binary: a rekordbox database, an analysis, Serato's tags, Engine DJ's
// columns, the head and the tags of a music file. The first byte says which parser. What comes of it holds together.
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <iterator>
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

void anlz(std::string_view bytes) {
  ForeignTrack track;
  if (read_anlz(bytes, track)) check(track);
}

void head(std::string_view bytes) {
  const auto header = read_audio_header([&](std::uint64_t at, std::size_t n) {
    return at < bytes.size() ? std::string(bytes.substr(at, n)) : std::string();
  });
  if (header && !std::isfinite(timeline_of("Serato", *header).proposed)) std::abort();
  objects_of(bytes);
}

struct Parser {
  const char* name;
  void (*read)(std::string_view);
};
// The first byte's remainder by 8 is the place in it.
constexpr Parser kParsers[] = {{"pdb", pdb},
                               {"anlz", anlz},
                               {"serato", [](std::string_view bytes) { tag(bytes, kSeratoMarkers2); }},
                               {"serato", [](std::string_view bytes) { tag(bytes, kSeratoMarkers); }},
                               {"serato", [](std::string_view bytes) { tag(bytes, kSeratoMarkersMp4); }},
                               {"serato", [](std::string_view bytes) { tag(bytes, kSeratoBeatGrid); }},
                               {"engine", engine},
                               {"head", head}};

}  // namespace

// With TACTUS_FUZZ_ONLY=NAME only bytes that are meant for that one are looked at.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const char* only = std::getenv("TACTUS_FUZZ_ONLY");
  if (size == 0) return 0;
  const Parser& parser = kParsers[data[0] % std::size(kParsers)];
  if (only == nullptr || parser.name == std::string_view(only))
    parser.read({reinterpret_cast<const char*>(data) + 1, size - 1});
  return 0;
}
