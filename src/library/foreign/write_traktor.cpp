// Traktor's collection.nml; traktor_nml.cpp names its description.
#include <cmath>

#include "library/foreign/write_xml.h"

namespace tactus::library {
namespace traktor_out {
namespace {

enum Type { cue = 0, grid = 4, loop = 5 };

std::vector<pugi::xml_node> tracks(const pugi::xml_node& root) {
  std::vector<pugi::xml_node> out;
  for (const pugi::xml_node& n : root.child("COLLECTION").children("ENTRY")) {
    if (n.child("LOCATION")) out.push_back(n);
  }
  return out;
}

pugi::xml_node add(pugi::xml_node root, std::size_t place, int) {
  pugi::xml_node collection = child_of(root, "COLLECTION");
  say(collection, "ENTRIES", std::to_string(place + 1));
  pugi::xml_node entry = collection.append_child("ENTRY");
  for (const char* name : {"LOCATION", "ALBUM", "INFO", "TEMPO"}) entry.append_child(name);
  return entry;
}

std::string milliseconds(double seconds) { return decimal(1000 * seconds, 6); }

// A colon after each '/' of a folder; a drive is the volume.
void say_location(pugi::xml_node entry, const std::string& path) {
  pugi::xml_node at = child_of(entry, "LOCATION");
  std::string folder = path.substr(0, path.find_last_of('/') + 1), volume;
  if (folder.size() > 1 && folder[1] == ':') {
    volume = folder.substr(0, 2);
    folder.erase(0, 2);
  }
  std::string dir;
  for (const char c : folder) dir += c == '/' ? "/:" : std::string(1, c);
  say(at, "DIR", dir);
  say(at, "FILE", path.substr(path.find_last_of('/') + 1));
  // Another volume's name would be wrong by now.
  if (volume.empty() && std::string_view(at.attribute("VOLUME").value()).ends_with(':')) at.remove_attribute("VOLUME");
  say(at, "VOLUME", volume);
}

int type_of(const pugi::xml_node& mark) { return whole_number_of(mark.attribute("TYPE").value(), -1); }
int pad_of(const pugi::xml_node& mark) { return whole_number_of(mark.attribute("HOTCUE").value(), -1); }

std::vector<pugi::xml_node> marks(const pugi::xml_node& entry, Type type) {
  std::vector<pugi::xml_node> out;
  for (const pugi::xml_node& m : entry.children("CUE_V2")) {
    if (type_of(m) == type) out.push_back(m);
  }
  return out;
}

pugi::xml_node add_mark(pugi::xml_node entry, Type type) {
  pugi::xml_node m = entry.append_child("CUE_V2");
  say(m, "NAME", "n.n.");
  say(m, "DISPL_ORDER", "0");
  say(m, "TYPE", std::to_string(type));
  say(m, "START", "0.000000");
  say(m, "LEN", "0.000000");
  say(m, "REPEATS", "-1");
  say(m, "HOTCUE", "-1");
  return m;
}

void say_mark(pugi::xml_node m, double start, const std::string& name, int number) {
  if (0.001 * number_of(m.attribute("START").value(), -1) != start) say(m, "START", milliseconds(start));
  const std::string_view was = m.attribute("NAME").value();
  if ((was == "n.n." ? "" : was) != name) say(m, "NAME", name.empty() ? "n.n." : name);
  say(m, "HOTCUE", std::to_string(number));
}

// A grid marker on a pad is an anchor and a cue. While neither changes it stays both; else it is the anchor alone, and
// the cue is one of its own.
std::vector<ForeignCue> part_pads(pugi::xml_node entry, const ForeignTrack& before, const ForeignTrack& now) {
  std::vector<ForeignCue> left = now.cues;
  for (pugi::xml_node m : marks(entry, grid)) {
    if (pad_of(m) < 0) continue;
    const double at = 0.001 * number_of(m.attribute("START").value());
    const auto as_cue = [&](const ForeignCue& c) { return c.seconds == at && c.number == pad_of(m); };
    const auto as_anchor = [&](const ForeignAnchor& a) { return a.seconds == at; };
    const auto was = std::find_if(before.cues.begin(), before.cues.end(), as_cue);
    const auto is = was == before.cues.end() ? left.end() : std::find(left.begin(), left.end(), *was);
    const auto anchor = std::find_if(before.grid.begin(), before.grid.end(), as_anchor);
    const bool kept =
        anchor != before.grid.end() && std::find(now.grid.begin(), now.grid.end(), *anchor) != now.grid.end();
    if (is != left.end() && kept) {
      left.erase(is);
    } else {
      say(m, "HOTCUE", "-1");
    }
  }
  return left;
}

// What nodes of type `cue` say, in their order.
std::vector<ForeignCue> plain_cues(const pugi::xml_node& entry) {
  std::vector<ForeignCue> out;
  for (const pugi::xml_node& m : marks(entry, cue)) {
    std::string name = m.attribute("NAME").value();
    if (name == "n.n.") name.clear();
    out.push_back({0.001 * number_of(m.attribute("START").value()), pad_of(m), name, {}});
  }
  return out;
}

template <typename Mark>
std::vector<Mark> without_colors(std::vector<Mark> marks, std::size_t& colors) {
  for (Mark& m : marks) {
    colors += !m.color.empty();
    m.color.clear();
  }
  return marks;
}

// The reader has the anchors in the order of their times.
std::vector<pugi::xml_node> grid_nodes(const pugi::xml_node& entry) {
  std::vector<pugi::xml_node> out = marks(entry, grid);
  std::stable_sort(out.begin(), out.end(), [](const pugi::xml_node& a, const pugi::xml_node& b) {
    return number_of(a.attribute("START").value()) < number_of(b.attribute("START").value());
  });
  return out;
}

void change_marks(pugi::xml_node entry, const ForeignTrack& before, const ForeignTrack& now, Cant& cant) {
  std::size_t colors = 0;
  ForeignTrack plain = now;
  plain.cues = without_colors(now.cues, colors);
  plain.loops = without_colors(now.loops, colors);
  cant.count(colors, "colours of cues and loops are left out");
  const auto number = [](const auto& m) { return m.number; };
  const std::vector<ForeignCue> cues = part_pads(entry, before, plain);
  if (before.grid != now.grid) {
    for (const ForeignAnchor& a : now.grid) {
      if (a.beat != 1 || a.beats_per_bar != 4)
        cant.add("bars that aren't of four beats from an anchor on are left out");
    }
    change_nodes(
        grid_nodes(entry), before.grid, now.grid, [](const ForeignAnchor&) { return -1; },
        [&](pugi::xml_node m, const ForeignAnchor& a) {
          if (0.001 * number_of(m.attribute("START").value(), -1) != a.seconds)
            say(m, "START", milliseconds(a.seconds));
          pugi::xml_node tempo = child_of(m, "GRID");
          if (number_of(tempo.attribute("BPM").value(), -1) != a.bpm) say(tempo, "BPM", decimal(a.bpm, 6));
        },
        [&] { return add_mark(entry, grid); });
  }
  change_nodes(
      marks(entry, cue), plain_cues(entry), cues, number,
      [](pugi::xml_node m, const ForeignCue& c) { say_mark(m, c.seconds, c.name, c.number); },
      [&] { return add_mark(entry, cue); });
  change_nodes(
      marks(entry, loop), before.loops, plain.loops, number,
      [](pugi::xml_node m, const ForeignLoop& l) {
        say_mark(m, l.start, l.name, l.number);
        const double length = l.end - l.start;
        if (std::abs(0.001 * number_of(m.attribute("LEN").value(), -1) - length) > 1e-9)
          say(m, "LEN", milliseconds(length));
      },
      [&] { return add_mark(entry, loop); });
}

void change(pugi::xml_node entry, const ForeignTrack& before, const ForeignTrack& now, Cant& cant) {
  if (before.path != now.path) say_location(entry, now.path);
  say_change(entry, "TITLE", before.title, now.title);
  say_change(entry, "ARTIST", before.artist, now.artist);
  if (before.album != now.album) say(child_of(entry, "ALBUM"), "TITLE", now.album);
  pugi::xml_node info = child_of(entry, "INFO");
  say_change(info, "GENRE", before.genre, now.genre);
  say_change(info, "LABEL", before.label, now.label);
  say_change(info, "COMMENT", before.comment, now.comment);
  say_change(info, "REMIXER", before.remixer, now.remixer);
  say_change(info, "PRODUCER", before.composer, now.composer);
  if (before.plays != now.plays) say(info, "PLAYCOUNT", now.plays < 0 ? "" : std::to_string(now.plays));
  if (before.rating != now.rating) say(info, "RANKING", now.rating < 0 ? "" : std::to_string(51 * now.rating));
  if (before.length != now.length) {
    say(info, "PLAYTIME", decimal(now.length, 0));
    say(info, "PLAYTIME_FLOAT", decimal(now.length, 6));
  }
  if (before.year != now.year) say(info, "RELEASE_DATE", now.year > 0 ? std::to_string(now.year) + "/1/1" : "");
  if (before.key != now.key) {
    const int key = key_number(now.key);
    key >= 0 ? say(child_of(entry, "MUSICAL_KEY"), "VALUE", std::to_string(key))
             : void(entry.remove_child("MUSICAL_KEY"));
    say(info, "KEY", now.key);
  }
  if (before.bpm != now.bpm) say(child_of(entry, "TEMPO"), "BPM", decimal(now.bpm, 6));
  if (before.color != now.color && !now.color.empty()) cant.add("colours of tracks are left out");
  if (before.grid != now.grid || before.cues != now.cues || before.loops != now.loops)
    change_marks(entry, before, now, cant);
}

std::string key_of(const pugi::xml_node& entry) {
  const pugi::xml_node at = entry.child("LOCATION");
  return std::string(at.attribute("VOLUME").value()) + at.attribute("DIR").value() + at.attribute("FILE").value();
}

void playlists(pugi::xml_node root, const ForeignLibrary& now, const std::vector<pugi::xml_node>& nodes, Cant& cant) {
  std::vector<std::string> names;
  for (const pugi::xml_node& n : nodes) names.push_back(key_of(n));
  pugi::xml_node top = child_of(root, "PLAYLISTS");
  pugi::xml_node folder = top.child("NODE");
  if (!folder) {
    folder = top.append_child("NODE");
    say(folder, "TYPE", "FOLDER");
    say(folder, "NAME", "$ROOT");
  }
  const auto type = [](const char* wanted) {
    return [wanted](const pugi::xml_node& n) { return n.attribute("TYPE").value() == std::string_view(wanted); };
  };
  PlaylistNodes kind;
  kind.name = "NAME";
  kind.is_folder = type("FOLDER");
  kind.is_list = type("PLAYLIST");
  kind.inside = [](pugi::xml_node n) { return child_of(n, "SUBNODES"); };
  kind.entries = [](const pugi::xml_node& n) {
    std::vector<std::string> out;
    for (const pugi::xml_node& e : n.child("PLAYLIST").children("ENTRY"))
      out.emplace_back(e.child("PRIMARYKEY").attribute("KEY").value());
    return out;
  };
  kind.set_entries = [](pugi::xml_node n, const std::vector<std::string>& entries) {
    pugi::xml_node list = child_of(n, "PLAYLIST");
    while (list.remove_child("ENTRY")) {
    }
    say(list, "ENTRIES", std::to_string(entries.size()));
    if (!list.attribute("TYPE")) say(list, "TYPE", "LIST");
    for (const std::string& e : entries) {
      pugi::xml_node key = list.append_child("ENTRY").append_child("PRIMARYKEY");
      say(key, "TYPE", "TRACK");
      say(key, "KEY", e);
    }
  };
  kind.add = [](pugi::xml_node inside, const std::string& name, bool is_folder) {
    pugi::xml_node n = inside.append_child("NODE");
    say(n, "TYPE", is_folder ? "FOLDER" : "PLAYLIST");
    n.append_attribute("NAME").set_value(name.c_str());
    if (!is_folder) {
      pugi::xml_node list = n.append_child("PLAYLIST");
      say(list, "ENTRIES", "0");
      say(list, "TYPE", "LIST");
    }
    return n;
  };
  kind.counted = [](pugi::xml_node n) {
    const auto children = n.children("NODE");
    say(n, "COUNT", std::to_string(std::distance(children.begin(), children.end())));
  };
  change_playlists(child_of(folder, "SUBNODES"), now, names, kind, cant);
}

}  // namespace
}  // namespace traktor_out

const XmlFormat kTraktorFormat = {
    "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"no\"?><NML VERSION=\"19\"><HEAD COMPANY=\"\" "
    "PROGRAM=\"Tactus\"/><COLLECTION ENTRIES=\"0\"/><PLAYLISTS><NODE TYPE=\"FOLDER\" NAME=\"$ROOT\"><SUBNODES "
    "COUNT=\"0\"/></NODE></PLAYLISTS></NML>",
    read_traktor,
    traktor_out::tracks,
    traktor_out::add,
    traktor_out::change,
    traktor_out::playlists};

}  // namespace tactus::library
