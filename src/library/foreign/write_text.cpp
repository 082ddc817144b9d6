// M3U and PLS, and what they share with tables and CUE sheets.
#include "library/foreign/write_text.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

#include "library/foreign/readers.h"
#include "library/foreign/write_files.h"

namespace tactus::library {
namespace text_out {
namespace {

std::string shown_name(const ForeignTrack& t) {
  if (t.artist.empty()) return one_line(t.title);
  return one_line(t.artist + " - " + t.title);
}

// An entry of an M3U with the lines above it.
struct Block {
  std::string above, entry, line;
};

std::string extinf(const ForeignTrack& t) {
  if (t.title.empty() && t.artist.empty() && t.length <= 0) return {};
  return "#EXTINF:" + std::to_string(t.length > 0 ? std::lround(t.length) : -1) + "," + shown_name(t) + "\n";
}

// The number and what is said of it: "Title3=x".
struct PlsLine {
  std::string name;
  int number;
};
std::optional<PlsLine> pls_line(std::string_view line) {
  const std::string_view name = trimmed(line.substr(0, line.find('=')));
  const std::size_t digits = name.find_first_of("0123456789");
  if (line.find('=') == std::string_view::npos || digits == std::string_view::npos) return std::nullopt;
  return PlsLine{std::string(name.substr(0, digits)), whole_number_of(name.substr(digits))};
}

// Its lines, where it has the same files in the same order; those of a track that is called otherwise say that.
std::optional<std::string> same_pls(const ForeignLibrary& library, const std::string& text,
                                    const std::vector<std::size_t>& tracks) {
  ForeignLibrary before;
  read_pls(text, {}, {}, before);
  const auto& was = before.playlists[0].tracks;
  const auto same = [&](std::size_t b, std::size_t n) { return before.tracks[b].id == library.tracks[n].id; };
  if (!std::equal(was.begin(), was.end(), tracks.begin(), tracks.end(), same)) return std::nullopt;
  std::map<int, std::size_t> places;  // entries in the order of their numbers
  for (const std::string& line : lines_of(text)) {
    if (const auto l = pls_line(line); l && same_word(l->name, "File")) places[l->number] = 0;
  }
  std::size_t place = 0;
  for (auto& [number, at] : places) at = place++;
  if (place != was.size()) return std::nullopt;
  std::string out;
  for (const std::string& line : lines_of(text)) {
    const auto l = pls_line(line);
    const auto at = l ? places.find(l->number) : places.end();
    if (at == places.end() || !same_word(l->name, "Title")) {
      out += line;
      continue;
    }
    const ForeignTrack &b = before.tracks[was[at->second]], &n = library.tracks[tracks[at->second]];
    const bool renamed = b.title != n.title || b.artist != n.artist;
    out += renamed ? l->name + std::to_string(l->number) + "=" + shown_name(n) + "\n" : line;
  }
  return out;
}

}  // namespace
}  // namespace text_out

std::string one_line(std::string text) {
  for (char& c : text) {
    if (c == '\n' || c == '\r') c = ' ';
  }
  return text;
}

// The tracks of a playlist; of a library without one, all.
std::vector<std::size_t> tracks_of(const ForeignLibrary& library, std::size_t playlist) {
  if (playlist < library.playlists.size()) return library.playlists[playlist].tracks;
  std::vector<std::size_t> all(library.tracks.size());
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = i;
  return all;
}

// What a format of paths and names can't say of these tracks.
void list_losses(const ForeignLibrary& library, const std::vector<std::size_t>& tracks, bool table, bool cues,
                 Cant& cant) {
  std::size_t marks = 0, loops = 0, grids = 0, more = 0;
  for (const std::size_t i : tracks) {
    const ForeignTrack& t = library.tracks[i];
    marks += cues ? 0 : t.cues.size();
    loops += t.loops.size();
    grids += !t.grid.empty();
    more += !table && (t.rating >= 0 || t.plays >= 0 || t.bpm > 0 || !t.key.empty() || !t.comment.empty());
  }
  cant.count(marks, "cues are left out");
  cant.count(loops, "loops are left out");
  cant.count(grids, "beat grids are left out");
  cant.count(more, "tracks' tempos, keys, ratings, plays and comments are left out");
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    out.emplace_back(text.substr(0, end == std::string_view::npos ? text.size() : end + 1));
    text.remove_prefix(out.back().size());
  }
  return out;
}

const std::string* kept_text(const ForeignLibrary& library, const char* format, std::size_t playlist) {
  return library.format == format && library.kept.size() == 1 && playlist == 0 ? &library.kept[0].bytes : nullptr;
}

std::string m3u_text(const ForeignLibrary& library, std::size_t playlist, Cant& cant) {
  using namespace text_out;
  const auto tracks = tracks_of(library, playlist);
  list_losses(library, tracks, false, false, cant);
  std::multimap<std::string, Block> there;
  std::string head, above, tail;
  if (const std::string* text = kept_text(library, "M3U playlist", playlist)) {
    for (const std::string& line : lines_of(*text)) {
      const std::string entry(trimmed(line));
      if (entry.empty() || entry[0] == '#') {
        const bool first = there.empty() && (entry.starts_with("#EXTM3U") || entry.starts_with("#PLAYLIST"));
        (first ? head : above) += line;
        continue;
      }
      there.emplace(entry, Block{above, entry, line});
      above.clear();
    }
    tail = above;
  } else {
    head = "#EXTM3U\n";
    if (playlist < library.playlists.size() && !library.playlists[playlist].path.empty())
      head += "#PLAYLIST:" + one_line(library.playlists[playlist].path.back()) + "\n";
  }
  std::string out = head;
  for (const std::size_t i : tracks) {
    const ForeignTrack& t = library.tracks[i];
    const auto found = t.id.empty() ? there.end() : there.find(t.id);
    if (found == there.end()) {
      out += extinf(t) + one_line(t.path) + "\n";
      continue;
    }
    // What stands above an entry says no less than it did, unless the track is called otherwise by now.
    const Block& b = found->second;
    ForeignLibrary said;
    read_m3u(b.above + b.line, {}, {}, said);
    const bool same = said.tracks.size() == 1 && said.tracks[0].title == t.title && said.tracks[0].artist == t.artist;
    if (same) {
      out += b.above;
    } else {
      for (const std::string& line : lines_of(b.above)) out += line.starts_with("#EXTINF:") ? extinf(t) : line;
      if (b.above.find("#EXTINF:") == std::string::npos) out += extinf(t);
    }
    out += b.line.ends_with('\n') ? b.line : b.line + "\n";
    there.erase(found);
  }
  return out + tail;
}

std::string pls_text(const ForeignLibrary& library, std::size_t playlist, Cant& cant) {
  using namespace text_out;
  const auto tracks = tracks_of(library, playlist);
  list_losses(library, tracks, false, false, cant);
  if (const std::string* text = kept_text(library, "PLS playlist", playlist)) {
    if (auto out = same_pls(library, *text, tracks)) return *out;
    cant.add("lines that aren't understood are left out");
  }
  std::string out = "[playlist]\n";
  std::size_t n = 0;
  for (const std::size_t i : tracks) {
    const ForeignTrack& t = library.tracks[i];
    const std::string number = std::to_string(++n);
    out += "File" + number + "=" + one_line(t.path) + "\n";
    if (!t.title.empty()) out += "Title" + number + "=" + shown_name(t) + "\n";
    out += "Length" + number + "=" + std::to_string(t.length > 0 ? std::lround(t.length) : -1) + "\n";
  }
  return out + "NumberOfEntries=" + std::to_string(n) + "\nVersion=2\n";
}

}  // namespace tactus::library
