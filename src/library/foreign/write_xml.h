// What the writers of XML share. Internal to library/foreign.
#pragma once

#include <algorithm>
#include <functional>
#include <pugixml.hpp>
#include <string>
#include <vector>

#include "library/foreign/readers.h"
#include "library/foreign/write.h"

namespace tactus::library {

// One format's way of saying things.
struct XmlFormat {
  const char* skeleton;  // a document without tracks
  void (*read)(const pugi::xml_node& root, ForeignLibrary& out);
  // The nodes of tracks in the order in which read() has them.
  std::vector<pugi::xml_node> (*tracks)(const pugi::xml_node& root);
  // Appends a node for a track; `place`: how many tracks came before it; `id`: a number that no other track has.
  pugi::xml_node (*add)(pugi::xml_node root, std::size_t place, int id);
  // Changes what differs, and only that. `before` is what the node says.
  void (*change)(pugi::xml_node track, const ForeignTrack& before, const ForeignTrack& now, Cant& cant);
  // Playlists, by the names that entries of them give to tracks.
  void (*playlists)(pugi::xml_node root, const ForeignLibrary& now, const std::vector<pugi::xml_node>& nodes,
                    Cant& cant);
};
extern const XmlFormat kRekordboxFormat, kTraktorFormat, kVirtualDjFormat;

std::string xml_text(const ForeignLibrary& library, const XmlFormat& format, const char* name, Cant& cant);

// Sets an attribute; one that says it already stays as it is.
void say(pugi::xml_node node, const char* attribute, const std::string& value);
// The same of a field that may have changed.
inline void say_change(pugi::xml_node node, const char* attribute, const std::string& before, const std::string& now) {
  if (before != now) say(node, attribute, now);
}
pugi::xml_node child_of(pugi::xml_node node, const char* name);  // made where it is missing
// With so many decimals; without those that are 0, if `shortest`.
std::string decimal(double value, int decimals, bool shortest = false);
// "file://localhost/C:/a%20b.mp3"
std::string url_of_path(const std::string& path);
int red_of(const std::string& color);
int green_of(const std::string& color);
int blue_of(const std::string& color);
// 0 to 23: majors from C, then minors; -1: it isn't understood. "Am", "A minor", "F#", "Gbm", "8A", "8m".
int key_number(std::string_view key);

// Which of `now` each of `before` has become: the same, else one of its number, else the next that is left. -1: it is
// gone. What is new isn't named.
template <typename T, typename Number>
std::vector<std::ptrdiff_t> become(const std::vector<T>& before, const std::vector<T>& now, Number number) {
  std::vector<std::ptrdiff_t> out(before.size(), -1);
  std::vector<bool> taken(now.size());
  // Nobody has so many: not worth comparing each with each.
  constexpr std::size_t kMost = 5000;
  if (std::max(before.size(), now.size()) > kMost) {
    for (std::size_t i = 0; i < std::min(before.size(), now.size()); ++i) out[i] = static_cast<std::ptrdiff_t>(i);
    return out;
  }
  const auto pass = [&](const std::function<bool(const T&, const T&)>& fits) {
    for (std::size_t b = 0; b < before.size(); ++b) {
      for (std::size_t n = 0; out[b] < 0 && n < now.size(); ++n) {
        if (taken[n] || !fits(before[b], now[n])) continue;
        taken[n] = true;
        out[b] = static_cast<std::ptrdiff_t>(n);
      }
    }
  };
  pass([](const T& b, const T& n) { return b == n; });
  pass([&](const T& b, const T& n) { return number(b) >= 0 && number(b) == number(n); });
  pass([&](const T& b, const T& n) { return number(b) < 0 && number(n) < 0; });
  return out;
}

// Brings nodes of one kind to what `now` says: change(node, item) for those that differ, add() for those that are new;
// nodes of items that are gone are taken away.
template <typename T, typename Number, typename Change, typename Add>
void change_nodes(const std::vector<pugi::xml_node>& nodes, const std::vector<T>& before, const std::vector<T>& now,
                  Number number, Change change, Add add) {
  const auto to = become(before, now, number);
  std::vector<bool> there(now.size());
  for (std::size_t i = 0; i < nodes.size() && i < to.size(); ++i) {
    if (to[i] < 0) {
      nodes[i].parent().remove_child(nodes[i]);
      continue;
    }
    const auto n = static_cast<std::size_t>(to[i]);
    there[n] = true;
    if (before[i] != now[n]) change(nodes[i], now[n]);
  }
  for (std::size_t n = 0; n < now.size(); ++n) {
    if (!there[n]) change(add(), now[n]);
  }
}

// Folders and lists of a format, for change_playlists().
struct PlaylistNodes {
  std::function<bool(const pugi::xml_node&)> is_folder, is_list;
  const char* name;                                                        // attribute
  std::function<pugi::xml_node(pugi::xml_node folder)> inside;             // where a folder's nodes are
  std::function<std::vector<std::string>(const pugi::xml_node&)> entries;  // a list's
  std::function<void(pugi::xml_node, const std::vector<std::string>&)> set_entries;
  std::function<pugi::xml_node(pugi::xml_node inside, const std::string& name, bool folder)> add;
  std::function<void(pugi::xml_node folder)> counted;  // its nodes have become others
};
// `names`: of tracks, as entries name them; empty where the format has none for it.
void change_playlists(pugi::xml_node root_folder, const ForeignLibrary& now, const std::vector<std::string>& names,
                      const PlaylistNodes& kind, Cant& cant);

}  // namespace tactus::library
