// Traktor's collection.nml, versions 15 to 20 (Traktor 2 to 4). Native Instruments publishes no description; this goes
// by that of the project traktor-nml-utils (https://github.com/wolkenarchitekt/traktor-nml-utils).
#include <array>
#include <string>

#include "library/foreign/readers.h"

namespace tactus::library {
namespace traktor {
namespace {

enum Mark { cue = 0, grid = 4, loop = 5 };  // 1 to 3 are fades and the load point

// "/:Users/:me/:" and "a.mp3" as "/Users/me/a.mp3"; a colon follows each '/' that parts folders.
std::string with_slashes(std::string text) {
  for (std::size_t at = 0; (at = text.find("/:", at)) != std::string::npos; ++at) text.erase(at + 1, 1);
  return text;
}

std::string path_of(const pugi::xml_node& location) {
  const std::string volume = location.attribute("VOLUME").value();
  std::string path = with_slashes(location.attribute("DIR").value());
  if (!path.ends_with('/')) path += '/';
  path += location.attribute("FILE").value();
  // "C:" is part of a path, and "Macintosh HD" the name of the disk that paths begin at.
  return volume.ends_with(':') ? volume + path : path;
}

// As playlists name a track: the volume, then DIR with its colons, then FILE.
std::string key_of(const pugi::xml_node& location) {
  return std::string(location.attribute("VOLUME").value()) + location.attribute("DIR").value() +
         location.attribute("FILE").value();
}

// 0 to 11 majors from C, 12 to 23 minors from C.
std::string key_name(const pugi::xml_attribute& value) {
  constexpr std::array<const char*, 12> kTonics = {"C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B"};
  const int k = whole_number_of(value.value(), -1);
  if (!value || k < 0 || k > 23) return {};
  return std::string(kTonics[static_cast<std::size_t>(k % 12)]) + (k >= 12 ? "m" : "");
}

void add_mark(const pugi::xml_node& mark, ForeignTrack& t, std::size_t& others) {
  constexpr double kMs = 0.001;
  const int type = whole_number_of(mark.attribute("TYPE").value(), -1);
  const double start = kMs * number_of(mark.attribute("START").value());
  const int number = whole_number_of(mark.attribute("HOTCUE").value(), -1);
  std::string name = mark.attribute("NAME").value();
  if (name == "n.n.") name.clear();  // what Traktor calls those without one
  if (type == grid) {
    t.grid.push_back({start, number_of(mark.child("GRID").attribute("BPM").value(), t.bpm), 1, 4});
    // A grid marker that is on a pad is a cue, too.
    if (number >= 0) t.cues.push_back({start, number, name, {}});
  } else if (type == loop) {
    t.loops.push_back({start, start + kMs * number_of(mark.attribute("LEN").value()), number, name, {}});
  } else if (type == cue) {
    t.cues.push_back({start, number, name, {}});
  } else {
    ++others;
  }
}

ForeignTrack track_of(const pugi::xml_node& entry, std::size_t& others) {
  const pugi::xml_node info = entry.child("INFO");
  ForeignTrack t;
  t.path = path_of(entry.child("LOCATION"));
  t.title = entry.attribute("TITLE").value();
  t.artist = entry.attribute("ARTIST").value();
  t.album = entry.child("ALBUM").attribute("TITLE").value();
  t.genre = info.attribute("GENRE").value();
  t.comment = info.attribute("COMMENT").value();
  t.label = info.attribute("LABEL").value();
  t.composer = info.attribute("PRODUCER").value();
  t.remixer = info.attribute("REMIXER").value();
  t.id = key_of(entry.child("LOCATION"));
  t.key = key_name(entry.child("MUSICAL_KEY").attribute("VALUE"));
  if (t.key.empty()) t.key = info.attribute("KEY").value();
  t.bpm = number_of(entry.child("TEMPO").attribute("BPM").value());
  t.length = number_of(info.attribute("PLAYTIME_FLOAT").value(), number_of(info.attribute("PLAYTIME").value()));
  t.plays = whole_number_of(info.attribute("PLAYCOUNT").value(), -1);
  if (info.attribute("RANKING")) t.rating = stars_of(info.attribute("RANKING").value());
  // "2019/5/17"
  const std::string released = info.attribute("RELEASE_DATE").value();
  t.year = whole_number_of(released.substr(0, released.find('/')));
  for (const pugi::xml_node& mark : entry.children("CUE_V2")) add_mark(mark, t, others);
  put_in_order(t.grid);
  return t;
}

struct Playlists {
  TrackNames names;
  ForeignLibrary& out;
  std::size_t smart = 0;

  void read(const pugi::xml_node& subnodes, std::vector<std::string>& path) {
    for (const pugi::xml_node& node : subnodes.children("NODE")) {
      const std::string_view type = node.attribute("TYPE").value();
      path.emplace_back(node.attribute("NAME").value());
      if (type == "FOLDER" && path.size() < kDeepestFolder) {
        read(node.child("SUBNODES"), path);
      } else if (type == "PLAYLIST") {
        ForeignPlaylist list{path, {}};
        for (const pugi::xml_node& entry : node.child("PLAYLIST").children("ENTRY"))
          names.put(entry.child("PRIMARYKEY").attribute("KEY").value(), list);
        out.playlists.push_back(std::move(list));
      } else {
        ++smart;
      }
      path.pop_back();
    }
  }
};

}  // namespace
}  // namespace traktor

void read_traktor(const pugi::xml_node& root, ForeignLibrary& out) {
  using namespace traktor;
  out.format = "Traktor NML";
  out.program = root.child("HEAD").attribute("PROGRAM").value();
  Playlists playlists{{}, out};
  std::size_t others = 0;
  for (const pugi::xml_node& entry : root.child("COLLECTION").children("ENTRY")) {
    if (!entry.child("LOCATION")) continue;
    out.tracks.push_back(track_of(entry, others));
    playlists.names.add(key_of(entry.child("LOCATION")), out.tracks.size() - 1);
  }
  note_left_out(others, "fade and load marks", out);
  std::vector<std::string> path;
  // The outermost folder, "$ROOT", is no name of anybody's.
  for (const pugi::xml_node& top : root.child("PLAYLISTS").children("NODE"))
    playlists.read(top.child("SUBNODES"), path);
  playlists.names.report(out);
  note_left_out(playlists.smart, "smart or unknown playlists", out);
}

}  // namespace tactus::library
