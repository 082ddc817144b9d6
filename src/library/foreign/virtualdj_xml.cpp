// VirtualDJ's database.xml, versions 8 on, as the Mixxx project describes it
// (https://github.com/mixxxdj/mixxx/wiki/Virtual-Dj-Cue-Storage-Format).
#include <algorithm>
#include <string>
#include <string_view>

#include "library/foreign/readers.h"

namespace tactus::library {
namespace virtualdj {
namespace {

// Seconds a beat.
double bpm_of(const pugi::xml_attribute& beat) {
  const double seconds = number_of(beat.value());
  return seconds > 0 ? 60 / seconds : 0;
}

// 0xAARRGGBB as a number.
std::string color_of_number(const pugi::xml_attribute& color) {
  if (!color) return {};
  const auto argb = color.as_ullong();
  return color_of(static_cast<int>(argb >> 16 & 255), static_cast<int>(argb >> 8 & 255), static_cast<int>(argb & 255));
}

void add_point(const pugi::xml_node& poi, ForeignTrack& t, std::size_t& others) {
  const std::string_view type = poi.attribute("Type").value();
  const double at = number_of(poi.attribute("Pos").value());
  // Pads count from 1.
  const int number = poi.attribute("Num") ? whole_number_of(poi.attribute("Num").value(), 0) - 1 : -1;
  const std::string name = poi.attribute("Name").value(), color = color_of_number(poi.attribute("Color"));
  if (type.empty() || type == "cue") {
    t.cues.push_back({at, std::max(number, -1), name, color});
  } else if (type == "loop") {
    // As long as `Size` beats.
    const double beats = number_of(poi.attribute("Size").value());
    const double beat = t.bpm > 0 ? 60 / t.bpm : 0;
    t.loops.push_back({at, at + beats * beat, std::max(number, -1), name, color});
  } else if (type == "beatgrid") {
    const double own = bpm_of(poi.attribute("Bpm"));
    t.grid.push_back({at, own > 0 ? own : t.bpm, 1, 4});
  } else {
    ++others;
  }
}

ForeignTrack track_of(const pugi::xml_node& song, std::size_t& others) {
  const pugi::xml_node tags = song.child("Tags"), infos = song.child("Infos"), scan = song.child("Scan");
  ForeignTrack t;
  t.path = path_of_entry(song.attribute("FilePath").value(), {});
  t.title = tags.attribute("Title").value();
  t.artist = tags.attribute("Author").value();
  t.album = tags.attribute("Album").value();
  t.genre = tags.attribute("Genre").value();
  t.comment = song.child_value("Comment");
  t.label = tags.attribute("Label").value();
  t.composer = tags.attribute("Composer").value();
  t.remixer = tags.attribute("Remix").value();
  t.id = song.attribute("FilePath").value();
  t.key = *tags.attribute("Key").value() ? tags.attribute("Key").value() : scan.attribute("Key").value();
  t.color = color_of_number(infos.attribute("Color"));
  // What the person set goes before what was measured.
  t.bpm = bpm_of(tags.attribute("Bpm"));
  if (t.bpm == 0) t.bpm = bpm_of(scan.attribute("Bpm"));
  t.length = number_of(infos.attribute("SongLength").value());
  t.plays = whole_number_of(infos.attribute("PlayCount").value(), -1);
  t.rating = tags.attribute("Stars") ? std::clamp(whole_number_of(tags.attribute("Stars").value(), 0), 0, 5) : -1;
  t.year = whole_number_of(tags.attribute("Year").value());
  for (const pugi::xml_node& poi : song.children("Poi")) add_point(poi, t, others);
  put_in_order(t.grid);
  return t;
}

}  // namespace
}  // namespace virtualdj

void read_virtualdj(const pugi::xml_node& root, ForeignLibrary& out) {
  using namespace virtualdj;
  out.format = "VirtualDJ database";
  out.program = std::string("VirtualDJ ") + root.attribute("Version").value();
  std::size_t others = 0;
  for (const pugi::xml_node& song : root.children("Song")) out.tracks.push_back(track_of(song, others));
  note_left_out(others, "points of automix, remix and actions", out);
  out.notes.emplace_back("VirtualDJ keeps its playlists in files of their own (.m3u)");
}

}  // namespace tactus::library
