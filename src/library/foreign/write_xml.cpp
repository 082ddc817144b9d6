#include "library/foreign/write_xml.h"

#include <array>
#include <cmath>
#include <cstdio>
#include <map>
#include <sstream>

namespace tactus::library {
namespace writing {
namespace {

constexpr unsigned kAsItIs = pugi::parse_full | pugi::parse_ws_pcdata | pugi::parse_fragment;

struct Document {
  pugi::xml_document xml;
  ForeignLibrary before;
  std::vector<pugi::xml_node> nodes;
  bool fresh = true;
};

// The document that was kept of this format, else an empty one.
void load(const ForeignLibrary& library, const XmlFormat& format, const char* name, Document& d) {
  if (library.format == name && library.kept.size() == 1) {
    const std::string& text = library.kept[0].bytes;
    // One whose first line isn't quite XML was read all the same.
    for (const unsigned how : {kAsItIs, pugi::parse_default | pugi::parse_ws_pcdata}) {
      if (d.fresh) d.fresh = !d.xml.load_buffer(text.data(), text.size(), how, pugi::encoding_utf8);
    }
  }
  if (d.fresh) {
    d.xml.load_string(format.skeleton, pugi::parse_full);
    return;
  }
  format.read(d.xml.document_element(), d.before);
  d.nodes = format.tracks(d.xml.document_element());
  if (d.nodes.size() != d.before.tracks.size()) d.nodes.resize(d.before.tracks.size());
  // It is UTF-8 from now on.
  for (pugi::xml_node n = d.xml.first_child(); n; n = n.next_sibling()) {
    if (n.type() == pugi::node_declaration && n.attribute("encoding")) n.attribute("encoding").set_value("UTF-8");
  }
}

// The nodes of the library's tracks: those that there were, found by what the format calls them, and new ones.
std::vector<pugi::xml_node> change_tracks(const ForeignLibrary& now, const XmlFormat& format, Document& d, Cant& cant) {
  std::multimap<std::string, std::size_t> by_id;
  int number = 0;
  for (std::size_t i = 0; i < d.before.tracks.size(); ++i) {
    by_id.emplace(d.before.tracks[i].id, i);
    number = std::max(number, whole_number_of(d.before.tracks[i].id));
  }
  std::vector<pugi::xml_node> out;
  const pugi::xml_node root = d.xml.document_element();
  std::size_t added = d.nodes.size();
  for (const ForeignTrack& t : now.tracks) {
    const auto found = by_id.find(t.id);
    if (found == by_id.end()) {
      out.push_back(format.add(root, added++, ++number));
      format.change(out.back(), ForeignTrack{}, t, cant);
      continue;
    }
    const std::size_t i = found->second;
    by_id.erase(found);
    out.push_back(d.nodes[i]);
    if (d.before.tracks[i] != t) format.change(out.back(), d.before.tracks[i], t, cant);
  }
  for (const auto& [id, i] : by_id) d.nodes[i].parent().remove_child(d.nodes[i]);
  return out;
}

bool same_playlists(const ForeignLibrary& a, const ForeignLibrary& b) {
  return std::equal(a.playlists.begin(), a.playlists.end(), b.playlists.begin(), b.playlists.end(),
                    [&](const ForeignPlaylist& x, const ForeignPlaylist& y) {
                      return x.path == y.path &&
                             std::equal(x.tracks.begin(), x.tracks.end(), y.tracks.begin(), y.tracks.end(),
                                        [&](std::size_t i, std::size_t k) { return a.tracks[i].id == b.tracks[k].id; });
                    });
}

int channel(const std::string& color, int shift) {
  return color.size() == 7 ? static_cast<int>(std::strtoul(color.c_str() + 1, nullptr, 16) >> shift & 255) : 0;
}

// -- playlists

using Path = std::vector<std::string>;

struct ListNode {
  pugi::xml_node node;
  bool used = false;
};

void find_lists(const pugi::xml_node& inside, const PlaylistNodes& kind, Path& path,
                std::multimap<Path, ListNode>& lists, std::map<Path, pugi::xml_node>& folders) {
  folders.emplace(path, inside);
  for (const pugi::xml_node& n : inside.children("NODE")) {
    path.emplace_back(n.attribute(kind.name).value());
    if (kind.is_folder(n)) {
      if (path.size() < kDeepestFolder) find_lists(kind.inside(n), kind, path, lists, folders);
    } else if (kind.is_list(n)) {
      lists.emplace(path, ListNode{n});
    }
    path.pop_back();
  }
}

pugi::xml_node folder_for(const Path& path, const PlaylistNodes& kind, std::map<Path, pugi::xml_node>& folders) {
  Path here;
  pugi::xml_node inside = folders.at({});
  for (std::size_t i = 0; i + 1 < path.size(); ++i) {
    here.push_back(path[i]);
    auto found = folders.find(here);
    if (found == folders.end()) {
      const pugi::xml_node made = kind.add(inside, path[i], true);
      found = folders.emplace(here, kind.inside(made)).first;
    }
    inside = found->second;
  }
  return inside;
}

}  // namespace
}  // namespace writing

void Cant::add(std::string sentence) {
  if (std::find(all_.begin(), all_.end(), sentence) == all_.end()) all_.push_back(std::move(sentence));
}

// Counts of the same thing are added up.
void Cant::count(std::size_t n, const char* what) {
  if (n == 0) return;
  const std::string end = std::string(" ") + what;
  for (std::string& s : all_) {
    if (!s.ends_with(end) || s.find_first_not_of("0123456789") != s.size() - end.size()) continue;
    s = std::to_string(std::stoull(s) + n) + end;
    return;
  }
  all_.push_back(std::to_string(n) + end);
}

std::string xml_text(const ForeignLibrary& library, const XmlFormat& format, const char* name, Cant& cant) {
  using namespace writing;
  Document d;
  load(library, format, name, d);
  const bool lists = d.fresh || !same_playlists(d.before, library);
  // Unchanged: as it was, whatever its quotes and line ends are like.
  if (!d.fresh && !lists && d.before.tracks == library.tracks) return library.kept[0].bytes;
  const auto nodes = change_tracks(library, format, d, cant);
  if (lists) format.playlists(d.xml.document_element(), library, nodes, cant);
  std::ostringstream out;
  const unsigned how = pugi::format_no_declaration | (d.fresh ? pugi::format_indent : pugi::format_raw);
  d.xml.save(out, "  ", how, pugi::encoding_utf8);
  return out.str();
}

void say(pugi::xml_node node, const char* attribute, const std::string& value) {
  pugi::xml_attribute a = node.attribute(attribute);
  if (!a) {
    if (value.empty()) return;
    a = node.append_attribute(attribute);
  }
  if (a.value() != value) a.set_value(value.c_str());
}

pugi::xml_node child_of(pugi::xml_node node, const char* name) {
  const pugi::xml_node found = node.child(name);
  return found ? found : node.append_child(name);
}

std::string decimal(double value, int decimals, bool shortest) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", decimals, std::clamp(value, -1e15, 1e15));
  std::string out = text;
  if (shortest && out.find('.') != std::string::npos) {
    out.erase(out.find_last_not_of('0') + 1);
    if (out.ends_with('.')) out.pop_back();
  }
  return out;
}

std::string url_of_path(const std::string& path) {
  constexpr std::string_view kPlain = "-._~/:!$&'()*+,;=@";
  std::string out = "file://localhost";
  if (!path.starts_with('/')) out += '/';
  for (const char c : path) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       kPlain.find(c) != std::string_view::npos;
    char hex[4];
    std::snprintf(hex, sizeof hex, "%%%02X", static_cast<unsigned>(static_cast<unsigned char>(c)));
    plain ? void(out += c) : void(out += hex);
  }
  return out;
}

int red_of(const std::string& color) { return writing::channel(color, 16); }
int green_of(const std::string& color) { return writing::channel(color, 8); }
int blue_of(const std::string& color) { return writing::channel(color, 0); }

int key_number(std::string_view key) {
  key = trimmed(key);
  if (key.empty()) return -1;
  constexpr std::array<int, 7> kTones = {9, 11, 0, 2, 4, 5, 7};  // A to G
  // "8A" is A minor, "8B" C major; each step is a fifth.
  if (key[0] >= '0' && key[0] <= '9') {
    const std::size_t digits = key.find_first_not_of("0123456789");
    if (digits == std::string_view::npos || digits > 2 || digits + 1 != key.size()) return -1;
    const int hour = whole_number_of(key.substr(0, digits));
    const char side = key[digits];
    if (hour < 1 || hour > 12) return -1;
    const int fifth = (hour + 4) * 7;
    if (side == 'A' || side == 'a') return 12 + (fifth + 9) % 12;
    if (side == 'B' || side == 'b') return fifth % 12;
    // Open Key counts from C major and A minor.
    if (side == 'd') return (hour - 1) * 7 % 12;
    if (side == 'm') return 12 + ((hour - 1) * 7 + 9) % 12;
    return -1;
  }
  const char letter = key[0] >= 'a' && key[0] <= 'g' ? static_cast<char>(key[0] - 'a' + 'A') : key[0];
  if (letter < 'A' || letter > 'G') return -1;
  int tone = kTones[static_cast<std::size_t>(letter - 'A')];
  key.remove_prefix(1);
  if (key.starts_with('#')) ++tone, key.remove_prefix(1);
  if (key.starts_with('b')) tone += 11, key.remove_prefix(1);
  key = trimmed(key);
  const bool minor = same_word(key, "m") || same_word(key, "min") || same_word(key, "minor");
  const bool major = key.empty() || same_word(key, "maj") || same_word(key, "major");
  return minor || major ? tone % 12 + (minor ? 12 : 0) : -1;
}

void change_playlists(pugi::xml_node root_folder, const ForeignLibrary& now, const std::vector<std::string>& names,
                      const PlaylistNodes& kind, Cant& cant) {
  using namespace writing;
  std::multimap<Path, ListNode> lists;
  std::map<Path, pugi::xml_node> folders;
  Path path;
  find_lists(root_folder, kind, path, lists, folders);
  std::size_t smart = 0, unnamed = 0;
  for (const ForeignPlaylist& list : now.playlists) {
    if (list.path.empty()) continue;
    smart += list.kind != ForeignList::list;
    std::vector<std::string> entries;
    for (const std::size_t i : list.tracks) {
      i < names.size() && !names[i].empty() ? entries.push_back(names[i]) : void(++unnamed);
    }
    const auto [from, to] = lists.equal_range(list.path);
    const auto free = std::find_if(from, to, [](const auto& l) { return !l.second.used; });
    pugi::xml_node node;
    if (free != to) {
      free->second.used = true;
      node = free->second.node;
    } else {
      node = kind.add(folder_for(list.path, kind, folders), list.path.back(), false);
    }
    if (kind.entries(node) != entries) kind.set_entries(node, entries);
  }
  for (auto& [at, list] : lists) {
    if (!list.used) list.node.parent().remove_child(list.node);
  }
  for (const auto& [at, inside] : folders) kind.counted(inside);
  cant.count(smart, "smart lists and histories become lists of the tracks that they hold");
  cant.count(unnamed, "entries of playlists are left out: their tracks have no name there");
}

}  // namespace tactus::library
