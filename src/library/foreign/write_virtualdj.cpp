// VirtualDJ's database.xml; virtualdj_xml.cpp names its description.
#include <cmath>

#include "library/foreign/write_xml.h"

namespace tactus::library {
namespace virtualdj_out {
namespace {

std::vector<pugi::xml_node> tracks(const pugi::xml_node& root) {
  std::vector<pugi::xml_node> out;
  for (const pugi::xml_node& n : root.children("Song")) out.push_back(n);
  return out;
}

pugi::xml_node add(pugi::xml_node root, std::size_t, int) { return root.append_child("Song"); }

std::string seconds(double value) { return decimal(value, 6, true); }
// Seconds a beat.
std::string beat(double bpm) { return bpm > 0 ? decimal(60 / bpm, 9, true) : ""; }
std::string color_number(const std::string& color) {
  if (color.size() != 7) return {};
  return std::to_string(0xFF000000u | static_cast<unsigned>(std::strtoul(color.c_str() + 1, nullptr, 16)));
}

enum class Poi { cue, loop, grid };

std::vector<pugi::xml_node> points(const pugi::xml_node& song, Poi kind) {
  std::vector<pugi::xml_node> out;
  for (const pugi::xml_node& p : song.children("Poi")) {
    const std::string_view type = p.attribute("Type").value();
    const bool fits = kind == Poi::cue    ? type.empty() || type == "cue"
                      : kind == Poi::loop ? type == "loop"
                                          : type == "beatgrid";
    if (fits) out.push_back(p);
  }
  return out;
}

void say_point(pugi::xml_node p, double at, const std::string& name, int number, const std::string& color) {
  if (number_of(p.attribute("Pos").value(), -1e9) != at) say(p, "Pos", seconds(at));
  if (name.empty()) p.remove_attribute("Name");
  say(p, "Name", name);
  if (number < 0) p.remove_attribute("Num");
  if (number >= 0) say(p, "Num", std::to_string(number + 1));
  if (color.empty()) p.remove_attribute("Color");
  say(p, "Color", color_number(color));
}

void change_points(pugi::xml_node song, const ForeignTrack& before, const ForeignTrack& now, Cant& cant) {
  const auto number = [](const auto& m) { return m.number; };
  const auto add_point = [&](const char* type) {
    return [song, type]() mutable {
      pugi::xml_node p = song.append_child("Poi");
      say(p, "Type", type);
      return p;
    };
  };
  change_nodes(
      points(song, Poi::cue), before.cues, now.cues, number,
      [](pugi::xml_node p, const ForeignCue& c) { say_point(p, c.seconds, c.name, c.number, c.color); },
      add_point("cue"));
  // A loop is so many beats long.
  std::vector<ForeignLoop> loops = now.loops;
  if (now.bpm <= 0) {
    cant.count(loops.size(), "loops are left out: their tracks have no tempo, in beats of which they would be told");
    loops.clear();
  }
  change_nodes(
      points(song, Poi::loop), before.loops, loops, number,
      [&](pugi::xml_node p, const ForeignLoop& l) {
        say_point(p, l.start, l.name, l.number, l.color);
        const double size = (l.end - l.start) * now.bpm / 60;
        if (std::abs(number_of(p.attribute("Size").value()) - size) > 1e-6) say(p, "Size", decimal(size, 6, true));
      },
      add_point("loop"));
}

void change_grid(pugi::xml_node song, const ForeignTrack& before, const ForeignTrack& now, Cant& cant) {
  for (const ForeignAnchor& a : now.grid) {
    if (a.beat != 1 || a.beats_per_bar != 4) cant.add("bars that aren't of four beats from an anchor on are left out");
  }
  change_nodes(
      points(song, Poi::grid), before.grid, now.grid, [](const ForeignAnchor&) { return -1; },
      [&](pugi::xml_node p, const ForeignAnchor& a) {
        if (number_of(p.attribute("Pos").value(), -1e9) != a.seconds) say(p, "Pos", seconds(a.seconds));
        const double was = number_of(p.attribute("Bpm").value());
        if ((was > 0 ? 60 / was : before.bpm) != a.bpm || (was <= 0 && before.bpm != now.bpm))
          say(p, "Bpm", beat(a.bpm));
      },
      [&] {
        pugi::xml_node p = song.append_child("Poi");
        say(p, "Type", "beatgrid");
        return p;
      });
}

void change(pugi::xml_node song, const ForeignTrack& before, const ForeignTrack& now, Cant& cant) {
  if (before.path != now.path) say(song, "FilePath", now.path);
  pugi::xml_node tags = child_of(song, "Tags");
  say_change(tags, "Author", before.artist, now.artist);
  say_change(tags, "Title", before.title, now.title);
  say_change(tags, "Genre", before.genre, now.genre);
  say_change(tags, "Album", before.album, now.album);
  say_change(tags, "Composer", before.composer, now.composer);
  say_change(tags, "Label", before.label, now.label);
  say_change(tags, "Remix", before.remixer, now.remixer);
  say_change(tags, "Key", before.key, now.key);
  if (before.year != now.year) say(tags, "Year", std::to_string(now.year));
  if (before.bpm != now.bpm) say(tags, "Bpm", beat(now.bpm));
  if (before.rating != now.rating) say(tags, "Stars", now.rating < 0 ? "" : std::to_string(now.rating));
  const bool infos = before.length != now.length || before.plays != now.plays || before.color != now.color;
  if (infos) {
    pugi::xml_node node = child_of(song, "Infos");
    if (before.length != now.length) say(node, "SongLength", seconds(now.length));
    if (before.plays != now.plays) say(node, "PlayCount", now.plays < 0 ? "" : std::to_string(now.plays));
    if (before.color != now.color) say(node, "Color", color_number(now.color));
  }
  if (before.comment != now.comment) child_of(song, "Comment").text().set(now.comment.c_str());
  if (before.grid != now.grid) change_grid(song, before, now, cant);
  // As long as so many beats: another tempo makes another size of the same loop.
  const bool loops = before.loops != now.loops || (!now.loops.empty() && before.bpm != now.bpm);
  if (before.cues != now.cues || loops) change_points(song, before, now, cant);
}

void playlists(pugi::xml_node, const ForeignLibrary& now, const std::vector<pugi::xml_node>&, Cant& cant) {
  cant.count(now.playlists.size(), "playlists are left out: VirtualDJ keeps them in files of their own (m3u8)");
}

}  // namespace
}  // namespace virtualdj_out

const XmlFormat kVirtualDjFormat = {"<?xml version=\"1.0\" encoding=\"UTF-8\"?><VirtualDJ_Database Version=\"2023\"/>",
                                    read_virtualdj,
                                    virtualdj_out::tracks,
                                    virtualdj_out::add,
                                    virtualdj_out::change,
                                    virtualdj_out::playlists};

}  // namespace tactus::library
