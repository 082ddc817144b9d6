// M3U and PLS, and what they share with tables and CUE sheets.
#include "library/foreign/write_text.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

#include "library/foreign/playlist_text.h"
#include "library/foreign/readers.h"
#include "library/foreign/write_files.h"

namespace tactus::library {
namespace text_out {
namespace {

std::string shown_name(const ForeignTrack& t) {
  if (t.artist.empty()) return one_line(t.title);
  return one_line(t.artist + " - " + t.title);
}

// An entry of an M3U with the lines above it, and the track that it was.
struct Block {
  std::string above, line;
  const ForeignTrack* track;
};

std::string extinf(const ForeignTrack& t, const std::string& end) {
  if (t.title.empty() && t.artist.empty() && t.length <= 0) return {};
  return "#EXTINF:" + std::to_string(t.length > 0 ? std::lround(t.length) : -1) + "," + shown_name(t) + end;
}

// An M3U's lines, apart.
struct M3u {
  std::string head = "#EXTM3U\n", tail, end = "\n";
  ForeignLibrary before;
  std::multimap<std::string, Block> blocks;  // by what the track is called
};

void take_apart(const std::string& text, const ForeignLibrary& now, const std::vector<std::size_t>& tracks, M3u& m) {
  read_m3u(text, kNoFolder, {}, m.before);
  const KeptEntries entries(now, tracks, m.before);
  m.end = line_end(text);
  m.head.clear();
  std::size_t place = 0;
  for (const std::string& line : lines_of(text)) {
    const std::string_view entry = trimmed(line);
    if (entry.empty() || entry[0] == '#') {
      const bool first =
          m.blocks.empty() && m.tail.empty() && (entry.starts_with("#EXTM3U") || entry.starts_with("#PLAYLIST"));
      (first ? m.head : m.tail) += line;
    } else {
      const std::string& id = entries.id(std::string(entry), place++);
      m.blocks.emplace(id, Block{std::move(m.tail), line, &entries.was(id)});
      m.tail.clear();
    }
  }
}

// What stands above an entry says no less than it did, unless the track is called otherwise by now.
std::string entry_of(const Block& b, const ForeignTrack& t, const std::string& end) {
  std::string out;
  if (b.track->title == t.title && b.track->artist == t.artist) {
    out = b.above;
  } else {
    for (const std::string& line : lines_of(b.above)) out += line.starts_with("#EXTINF:") ? extinf(t, end) : line;
    // Where another entry of the same track names it, this one need not.
    const bool named = !b.track->title.empty() || !b.track->artist.empty();
    if (!named && b.above.find("#EXTINF:") == std::string::npos) out += extinf(t, end);
  }
  return out + b.line + (b.line.ends_with('\n') || b.line.ends_with('\r') ? "" : end);
}

// Its lines, where it has the same files in the same order; those of a track that is called otherwise say that.
std::optional<std::string> same_pls(const ForeignLibrary& library, const std::string& text,
                                    const std::vector<std::size_t>& tracks) {
  ForeignLibrary before;
  read_pls(text, kNoFolder, {}, before);
  const auto& was = before.playlists[0].tracks;
  const KeptEntries entries(library, tracks, before);
  for (std::size_t i = 0; i < tracks.size(); ++i) {
    if (i >= was.size() || entries.id(before.tracks[was[i]].id, i) != library.tracks[tracks[i]].id) return std::nullopt;
  }
  if (was.size() != tracks.size()) return std::nullopt;
  std::map<int, std::size_t> places;  // entries in the order of their numbers
  for (const std::string& line : lines_of(text)) {
    const auto l = pls_line(line);
    if (!l || !same_word(l->word, "File")) continue;
    // As it is read: the last one holds, and an empty one is none.
    if (path_of_entry(l->value, kNoFolder).empty()) {
      places.erase(l->number);
    } else {
      places[l->number] = 0;
    }
  }
  std::size_t place = 0;
  for (auto& [number, at] : places) at = place++;
  if (place != was.size()) return std::nullopt;
  std::string out;
  for (const std::string& line : lines_of(text)) {
    const auto l = pls_line(line);
    const auto at = l ? places.find(l->number) : places.end();
    if (at == places.end() || !same_word(l->word, "Title")) {
      out += line;
      continue;
    }
    const ForeignTrack &n = library.tracks[tracks[at->second]], &b = entries.was(n.id);
    const bool renamed = b.title != n.title || b.artist != n.artist;
    out += renamed ? std::string(l->word) + std::to_string(l->number) + "=" + shown_name(n) + line_end(line) : line;
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
  std::size_t marks = 0, loops = 0, grids = 0, more = 0, rest = 0;
  for (const std::size_t i : tracks) {
    const ForeignTrack& t = library.tracks[i];
    marks += cues ? 0 : t.cues.size();
    loops += t.loops.size();
    grids += !t.grid.empty();
    rest += table && !(t.label.empty() && t.composer.empty() && t.remixer.empty() && t.color.empty());
    more += !table && (t.rating >= 0 || t.plays >= 0 || t.bpm > 0 || !t.key.empty() || !t.comment.empty());
  }
  cant.count(marks, "cues are left out");
  cant.count(loops, "loops are left out");
  cant.count(grids, "beat grids are left out");
  cant.count(more, "tracks' tempos, keys, ratings, plays and comments are left out");
  cant.count(rest, "tracks' labels, composers, remixers and colours are left out");
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const std::string_view from = text;
    take_line(text);
    out.emplace_back(from.substr(0, from.size() - text.size()));
  }
  return out;
}

KeptEntries::KeptEntries(const ForeignLibrary& library, const std::vector<std::size_t>& tracks,
                         const ForeignLibrary& before)
    : library_(library), tracks_(tracks) {
  for (const ForeignTrack& t : library.tracks) ids_.insert(t.id);
  for (const ForeignTrack& t : before.tracks) before_.emplace(t.id, &t);
}

const std::string& KeptEntries::id(const std::string& entry, std::size_t place) const {
  const auto named = ids_.find(entry);
  static const std::string nobody;
  if (named != ids_.end()) return *named;
  return place < tracks_.size() ? library_.tracks[tracks_[place]].id : nobody;
}

const ForeignTrack& KeptEntries::was(const std::string& id) const {
  static const ForeignTrack nothing;
  const auto found = before_.find(id);
  return found == before_.end() ? nothing : *found->second;
}

std::string line_end(std::string_view text) {
  std::string_view rest = text;
  const std::size_t line = take_line(rest).size();
  const std::string end(text.substr(line, text.size() - rest.size() - line));
  return end.empty() ? "\n" : end;
}

std::string ended_like(std::string text, std::string_view like) {
  if (like.ends_with('\n') || like.ends_with('\r')) return text;
  if (text.ends_with('\n')) text.pop_back();
  if (text.ends_with('\r')) text.pop_back();
  return text;
}

const std::string* kept_text(const ForeignLibrary& library, const char* format, std::size_t playlist) {
  return library.format == format && library.kept.size() == 1 && playlist == 0 ? &library.kept[0].bytes : nullptr;
}

std::string m3u_text(const ForeignLibrary& library, std::size_t playlist, Cant& cant) {
  using namespace text_out;
  const auto tracks = tracks_of(library, playlist);
  list_losses(library, tracks, false, false, cant);
  M3u m;
  const std::string* text = kept_text(library, "M3U playlist", playlist);
  if (text != nullptr) {
    take_apart(*text, library, tracks, m);
  } else if (playlist < library.playlists.size() && !library.playlists[playlist].path.empty()) {
    m.head += "#PLAYLIST:" + one_line(library.playlists[playlist].path.back()) + "\n";
  }
  std::string out = m.head;
  for (const std::size_t i : tracks) {
    const ForeignTrack& t = library.tracks[i];
    const auto found = t.id.empty() ? m.blocks.end() : m.blocks.find(t.id);
    if (found == m.blocks.end()) {
      out += extinf(t, m.end) + one_line(t.path) + m.end;
      continue;
    }
    out += entry_of(found->second, t, m.end);
    m.blocks.erase(found);
  }
  return text != nullptr ? ended_like(out + m.tail, *text) : out;
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
