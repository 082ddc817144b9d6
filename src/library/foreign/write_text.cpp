// Playlists, tables and CUE sheets as text.
#include <algorithm>
#include <cmath>
#include <map>

#include "library/foreign/readers.h"
#include "library/foreign/write_files.h"
#include "library/foreign/write_xml.h"

namespace tactus::library {
namespace text_out {
namespace {

std::string one_line(std::string text) {
  for (char& c : text) {
    if (c == '\n' || c == '\r') c = ' ';
  }
  return text;
}

std::string shown_name(const ForeignTrack& t) {
  if (t.artist.empty()) return one_line(t.title);
  return one_line(t.artist + " - " + t.title);
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

// An entry of an M3U with the lines above it.
struct Block {
  std::string above, entry, line;
};

std::string extinf(const ForeignTrack& t) {
  if (t.title.empty() && t.artist.empty() && t.length <= 0) return {};
  return "#EXTINF:" + std::to_string(t.length > 0 ? std::lround(t.length) : -1) + "," + shown_name(t) + "\n";
}

std::string csv_cell(const std::string& text, char apart) {
  if (text.find_first_of(std::string("\"\r\n") + apart) == std::string::npos) return text;
  std::string out = "\"";
  for (const char c : text) out += c == '"' ? "\"\"" : std::string(1, c);
  return out + "\"";
}

std::string quoted(std::string text) {
  std::replace(text.begin(), text.end(), '"', '\'');
  return "\"" + one_line(text) + "\"";
}

// Minutes, seconds and frames of 1/75 s.
std::string index_of(double seconds, bool& rounded) {
  const double frames = std::clamp(seconds, 0.0, 359999.0) * 75, whole = std::round(frames);
  rounded |= std::abs(frames - whole) > 1e-6;
  const long f = std::lround(whole);
  char text[32];
  std::snprintf(text, sizeof text, "%02ld:%02ld:%02ld", f / 75 / 60, f / 75 % 60, f % 75);
  return text;
}

}  // namespace
}  // namespace text_out

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

std::string csv_text(const ForeignLibrary& library, Cant& cant) {
  using namespace text_out;
  const auto tracks = tracks_of(library, library.playlists.size() == 1 ? 0 : library.playlists.size());
  list_losses(library, tracks, true, false, cant);
  if (library.playlists.size() > 1) cant.count(library.playlists.size(), "playlists are left out");
  std::string out = "path,title,artist,album,genre,comment,bpm,key,rating,year,plays,length\n";
  for (const std::size_t i : tracks) {
    const ForeignTrack& t = library.tracks[i];
    const std::string cells[] = {t.path,
                                 t.title,
                                 t.artist,
                                 t.album,
                                 t.genre,
                                 t.comment,
                                 t.bpm > 0 ? decimal(t.bpm, 6, true) : "",
                                 t.key,
                                 t.rating >= 0 ? std::to_string(t.rating) : "",
                                 t.year > 0 ? std::to_string(t.year) : "",
                                 t.plays >= 0 ? std::to_string(t.plays) : "",
                                 t.length > 0 ? decimal(t.length, 3, true) : ""};
    std::string row;
    for (const std::string& c : cells) row += (&c == cells ? "" : ",") + csv_cell(c, ',');
    out += row + "\n";
  }
  return out;
}

std::string cue_text(const ForeignLibrary& library, Cant& cant) {
  using namespace text_out;
  const auto tracks = tracks_of(library, library.playlists.size() == 1 ? 0 : library.playlists.size());
  list_losses(library, tracks, false, true, cant);
  bool rounded = false;
  std::string out;
  if (library.playlists.size() == 1 && !library.playlists[0].path.empty())
    out += "TITLE " + quoted(library.playlists[0].path.back()) + "\n";
  int number = 0;
  const auto piece = [&](const std::string& title, const std::string& artist, double at) {
    char head[32];
    std::snprintf(head, sizeof head, "  TRACK %02d AUDIO\n", ++number);
    out += head;
    if (!title.empty()) out += "    TITLE " + quoted(title) + "\n";
    if (!artist.empty()) out += "    PERFORMER " + quoted(artist) + "\n";
    out += "    INDEX 01 " + index_of(at, rounded) + "\n";
  };
  for (const std::size_t i : tracks) {
    const ForeignTrack& t = library.tracks[i];
    const std::string_view path = t.path;
    out += "FILE " + quoted(t.path) +
           (path.ends_with(".mp3")    ? " MP3\n"
            : path.ends_with(".aiff") ? " AIFF\n"
                                      : " WAVE\n");
    if (t.cues.empty()) piece(t.title, t.artist, 0);
    for (const ForeignCue& c : t.cues) piece(c.name, {}, c.seconds);
  }
  if (rounded) cant.add("cues are rounded to frames of a CD, 1/75 s");
  if (number > 99) cant.add("a CUE sheet has 99 pieces; some programs won't read more");
  return out;
}

}  // namespace tactus::library
