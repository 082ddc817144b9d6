// iTunes' and Music's library XML: a property list (Apple, "Property List XML", plist(5)) whose dictionaries are pairs
// of <key> and value, one after the other.
#include <algorithm>
#include <map>
#include <string>
#include <string_view>

#include "library/foreign/readers.h"

namespace tactus::library {
namespace itunes {
namespace {

// The value of a key in a <dict>; an empty node when there is none.
pugi::xml_node value_of(const pugi::xml_node& dict, std::string_view key) {
  for (pugi::xml_node k = dict.child("key"); k; k = k.next_sibling("key")) {
    if (k.child_value() == key) return k.next_sibling();
  }
  return {};
}

std::string text_of(const pugi::xml_node& dict, std::string_view key) { return value_of(dict, key).child_value(); }
double number_in(const pugi::xml_node& dict, std::string_view key, double otherwise = 0) {
  return number_of(text_of(dict, key), otherwise);
}

ForeignTrack track_of(const pugi::xml_node& dict) {
  constexpr double kMs = 0.001;
  ForeignTrack t;
  t.path = path_of_url(text_of(dict, "Location"));
  t.title = text_of(dict, "Name");
  t.artist = text_of(dict, "Artist");
  t.album = text_of(dict, "Album");
  t.genre = text_of(dict, "Genre");
  t.comment = text_of(dict, "Comments");
  t.composer = text_of(dict, "Composer");
  t.id = text_of(dict, "Track ID");
  t.bpm = number_in(dict, "BPM");
  t.length = kMs * number_in(dict, "Total Time");
  t.plays = whole_number_of(text_of(dict, "Play Count"), -1);
  // Twenty a star. One that was worked out from its album is nobody's.
  const bool own = value_of(dict, "Rating") && std::string_view(value_of(dict, "Rating Computed").name()) != "true";
  t.rating = own ? std::clamp(whole_number_of(text_of(dict, "Rating")) / 20, 0, 5) : -1;
  t.year = whole_number_of(text_of(dict, "Year"));
  return t;
}

// What iTunes makes itself: all music, films, purchases.
bool is_built_in(const pugi::xml_node& dict) {
  return value_of(dict, "Master") || value_of(dict, "Distinguished Kind");
}

struct Folder {
  std::string name, parent;
};

// Outermost first. A folder that is its own ancestor ends the way up.
std::vector<std::string> path_of(const std::map<std::string, Folder>& folders, std::string parent, std::string name) {
  std::vector<std::string> path{std::move(name)};
  for (auto f = folders.find(parent); f != folders.end() && path.size() < kDeepestFolder;
       f = folders.find(f->second.parent))
    path.insert(path.begin(), f->second.name);
  return path;
}

}  // namespace
}  // namespace itunes

void read_itunes(const pugi::xml_node& root, ForeignLibrary& out) {
  using namespace itunes;
  out.format = "iTunes XML";
  const pugi::xml_node library = root.child("dict");
  out.program = "iTunes " + text_of(library, "Application Version");
  TrackNames names;
  for (const pugi::xml_node& dict : value_of(library, "Tracks").children("dict")) {
    out.tracks.push_back(track_of(dict));
    names.add(text_of(dict, "Track ID"), out.tracks.size() - 1);
  }
  const pugi::xml_node lists = value_of(library, "Playlists");
  std::map<std::string, Folder> folders;
  std::size_t smart = 0;
  for (const pugi::xml_node& dict : lists.children("dict")) {
    if (value_of(dict, "Folder"))
      folders[text_of(dict, "Playlist Persistent ID")] = {text_of(dict, "Name"), text_of(dict, "Parent Persistent ID")};
  }
  for (const pugi::xml_node& dict : lists.children("dict")) {
    if (value_of(dict, "Folder") || is_built_in(dict)) continue;
    if (value_of(dict, "Smart Info")) ++smart;
    ForeignPlaylist list{path_of(folders, text_of(dict, "Parent Persistent ID"), text_of(dict, "Name")), {}};
    for (const pugi::xml_node& item : value_of(dict, "Playlist Items").children("dict"))
      names.put(text_of(item, "Track ID"), list);
    out.playlists.push_back(std::move(list));
  }
  names.report(out);
  if (smart > 0) out.notes.push_back(std::to_string(smart) + " smart playlists come as the tracks that they hold");
}

}  // namespace tactus::library
