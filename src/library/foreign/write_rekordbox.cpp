// rekordbox's XML; rekordbox_xml.cpp names its description.
#include <cmath>

#include "library/foreign/write_xml.h"

namespace tactus::library {
namespace rekordbox_out {
namespace {

std::vector<pugi::xml_node> tracks(const pugi::xml_node& root) {
  std::vector<pugi::xml_node> out;
  for (const pugi::xml_node& n : root.child("COLLECTION").children("TRACK")) out.push_back(n);
  return out;
}

pugi::xml_node add(pugi::xml_node root, std::size_t place, int id) {
  pugi::xml_node collection = child_of(root, "COLLECTION");
  say(collection, "Entries", std::to_string(place + 1));
  pugi::xml_node track = collection.append_child("TRACK");
  say(track, "TrackID", std::to_string(id));
  return track;
}

std::string seconds(double value, Cant& cant) {
  if (std::abs(value * 1000 - std::round(value * 1000)) > 0.001)
    cant.add("positions are rounded to whole milliseconds");
  return decimal(value, 3);
}

std::string tempo(double value, Cant& cant) {
  if (std::abs(value * 100 - std::round(value * 100)) > 0.001) cant.add("tempos are rounded to hundredths");
  return decimal(value, 2);
}

bool is_loop(const pugi::xml_node& mark) { return whole_number_of(mark.attribute("Type").value()) == 4; }
bool is_cue(const pugi::xml_node& mark) { return whole_number_of(mark.attribute("Type").value()) == 0; }

std::vector<pugi::xml_node> marks(const pugi::xml_node& track, bool loops) {
  std::vector<pugi::xml_node> out;
  for (const pugi::xml_node& m : track.children("POSITION_MARK")) {
    if (loops ? is_loop(m) : is_cue(m)) out.push_back(m);
  }
  return out;
}

// rekordbox colours hot cues only, but keeps what it is given.
void say_mark(pugi::xml_node m, const std::string& name, int number, const std::string& color) {
  say(m, "Num", std::to_string(number));
  if (name != m.attribute("Name").value() || !m.attribute("Name")) {
    pugi::xml_attribute a = m.attribute("Name");
    (a ? a : m.prepend_attribute("Name")).set_value(name.c_str());
  }
  if (color.empty()) {
    for (const char* c : {"Red", "Green", "Blue"}) m.remove_attribute(c);
  } else {
    say(m, "Red", std::to_string(red_of(color)));
    say(m, "Green", std::to_string(green_of(color)));
    say(m, "Blue", std::to_string(blue_of(color)));
  }
}

void change_marks(pugi::xml_node track, const ForeignTrack& before, const ForeignTrack& now, Cant& cant) {
  const auto number = [](const auto& m) { return m.number; };
  const auto add_mark = [&](const char* type) {
    return [track, type]() mutable {
      pugi::xml_node m = track.append_child("POSITION_MARK");
      say(m, "Type", type);
      return m;
    };
  };
  change_nodes(
      marks(track, false), before.cues, now.cues, number,
      [&](pugi::xml_node m, const ForeignCue& c) {
        if (number_of(m.attribute("Start").value(), -1) != c.seconds) say(m, "Start", seconds(c.seconds, cant));
        say_mark(m, c.name, c.number, c.color);
      },
      add_mark("0"));
  change_nodes(
      marks(track, true), before.loops, now.loops, number,
      [&](pugi::xml_node m, const ForeignLoop& l) {
        if (number_of(m.attribute("Start").value(), -1) != l.start) say(m, "Start", seconds(l.start, cant));
        if (number_of(m.attribute("End").value(), -1) != l.end) say(m, "End", seconds(l.end, cant));
        say_mark(m, l.name, l.number, l.color);
      },
      add_mark("4"));
}

void change_grid(pugi::xml_node track, const ForeignTrack& before, const ForeignTrack& now, Cant& cant) {
  std::vector<pugi::xml_node> nodes;
  for (const pugi::xml_node& t : track.children("TEMPO")) nodes.push_back(t);
  change_nodes(
      nodes, before.grid, now.grid, [](const ForeignAnchor&) { return -1; },
      [&](pugi::xml_node t, const ForeignAnchor& a) {
        if (number_of(t.attribute("Inizio").value(), -1) != a.seconds) say(t, "Inizio", seconds(a.seconds, cant));
        if (number_of(t.attribute("Bpm").value(), -1) != a.bpm) say(t, "Bpm", tempo(a.bpm, cant));
        const std::string metre = t.attribute("Metro").value();
        if (whole_number_of(metre.substr(0, metre.find('/')), -1) != a.beats_per_bar)
          say(t, "Metro", std::to_string(a.beats_per_bar) + "/4");
        say(t, "Battito", std::to_string(a.beat));
      },
      [&] {
        // Before the marks, as rekordbox has it.
        const pugi::xml_node first = track.child("POSITION_MARK");
        return first ? track.insert_child_before("TEMPO", first) : track.append_child("TEMPO");
      });
}

void change(pugi::xml_node track, const ForeignTrack& before, const ForeignTrack& now, Cant& cant) {
  say_change(track, "Name", before.title, now.title);
  say_change(track, "Artist", before.artist, now.artist);
  say_change(track, "Composer", before.composer, now.composer);
  say_change(track, "Album", before.album, now.album);
  say_change(track, "Genre", before.genre, now.genre);
  if (before.length != now.length) say(track, "TotalTime", decimal(now.length, 0));
  if (before.year != now.year) say(track, "Year", std::to_string(now.year));
  if (before.bpm != now.bpm) say(track, "AverageBpm", tempo(now.bpm, cant));
  say_change(track, "Comments", before.comment, now.comment);
  if (before.plays != now.plays) say(track, "PlayCount", std::to_string(std::max(now.plays, 0)));
  if (before.rating != now.rating) say(track, "Rating", std::to_string(51 * std::max(now.rating, 0)));
  if (before.path != now.path) say(track, "Location", url_of_path(now.path));
  say_change(track, "Remixer", before.remixer, now.remixer);
  say_change(track, "Tonality", before.key, now.key);
  say_change(track, "Label", before.label, now.label);
  if (before.color != now.color) say(track, "Colour", now.color.empty() ? "" : "0x" + now.color.substr(1));
  if (before.grid != now.grid) change_grid(track, before, now, cant);
  if (before.cues != now.cues || before.loops != now.loops) change_marks(track, before, now, cant);
}

void playlists(pugi::xml_node root, const ForeignLibrary& now, const std::vector<pugi::xml_node>& nodes, Cant& cant) {
  std::vector<std::string> names;
  for (const pugi::xml_node& n : nodes) {
    names.emplace_back(n.attribute("TrackID").value());
  }
  pugi::xml_node top = child_of(root, "PLAYLISTS");
  pugi::xml_node folder = top.child("NODE");
  if (!folder) {
    folder = top.append_child("NODE");
    say(folder, "Type", "0");
    say(folder, "Name", "ROOT");
  }
  PlaylistNodes kind;
  kind.name = "Name";
  kind.is_folder = [](const pugi::xml_node& n) { return n.attribute("Type").as_int() == 0; };
  kind.is_list = [](const pugi::xml_node& n) { return n.attribute("Type").as_int() != 0; };
  kind.inside = [](pugi::xml_node n) { return n; };
  // By TrackID; a list by locations is made one.
  kind.entries = [](const pugi::xml_node& n) {
    std::vector<std::string> out;
    if (n.attribute("KeyType").as_int() != 0) return std::vector<std::string>{"by location"};
    for (const pugi::xml_node& e : n.children("TRACK")) out.emplace_back(e.attribute("Key").value());
    return out;
  };
  kind.set_entries = [](pugi::xml_node n, const std::vector<std::string>& entries) {
    while (n.remove_child("TRACK")) {
    }
    say(n, "KeyType", "0");
    say(n, "Entries", std::to_string(entries.size()));
    for (const std::string& e : entries) say(n.append_child("TRACK"), "Key", e);
  };
  kind.add = [](pugi::xml_node inside, const std::string& name, bool is_folder) {
    pugi::xml_node n = inside.append_child("NODE");
    n.append_attribute("Name").set_value(name.c_str());
    say(n, "Type", is_folder ? "0" : "1");
    if (!is_folder) {
      say(n, "KeyType", "0");
      say(n, "Entries", "0");
    }
    return n;
  };
  kind.counted = [](pugi::xml_node n) {
    const auto children = n.children("NODE");
    say(n, "Count", std::to_string(std::distance(children.begin(), children.end())));
  };
  change_playlists(folder, now, names, kind, cant);
}

}  // namespace
}  // namespace rekordbox_out

const XmlFormat kRekordboxFormat = {
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?><DJ_PLAYLISTS Version=\"1.0.0\"><PRODUCT Name=\"Tactus\" Version=\"\" "
    "Company=\"\"/><COLLECTION Entries=\"0\"/><PLAYLISTS><NODE Type=\"0\" Name=\"ROOT\" "
    "Count=\"0\"/></PLAYLISTS></DJ_PLAYLISTS>",
    read_rekordbox,
    rekordbox_out::tracks,
    rekordbox_out::add,
    rekordbox_out::change,
    rekordbox_out::playlists};

}  // namespace tactus::library
