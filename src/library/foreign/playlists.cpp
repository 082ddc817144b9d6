// Playlists as text: M3U and M3U8, PLS.
#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "library/foreign/playlist_text.h"

namespace tactus::library {
namespace {

// "Artist - Title".
void set_names(std::string_view text, ForeignTrack& track) {
  const std::size_t dash = text.find(" - ");
  if (dash == std::string_view::npos) {
    track.title = trimmed(text);
  } else {
    track.artist = trimmed(text.substr(0, dash));
    track.title = trimmed(text.substr(dash + 3));
  }
}

// "#EXTINF:217 logo="a, b",Artist - Title"
void read_extinf(std::string_view rest, ForeignTrack& track) {
  bool quoted = false;
  std::size_t comma = 0;
  for (; comma < rest.size() && (quoted || rest[comma] != ','); ++comma) quoted ^= rest[comma] == '"';
  const std::string_view before = rest.substr(0, comma);
  track.length = std::max(0.0, number_of(before.substr(0, before.find(' '))));
  if (comma < rest.size()) set_names(rest.substr(comma + 1), track);
}

}  // namespace

void read_m3u(std::string_view text, const std::string& folder, const std::string& playlist, ForeignLibrary& out) {
  out.format = "M3U playlist";
  Listed list({playlist}, out);
  ForeignTrack next;
  while (!text.empty()) {
    const std::string_view line = trimmed(take_line(text));
    std::string_view rest;
    if (takes(line, "#EXTINF:", &rest)) {
      read_extinf(rest, next);
    } else if (takes(line, "#PLAYLIST:", &rest)) {
      list.name(std::string(trimmed(rest)));
    } else if (takes(line, "#EXTALB:", &rest)) {
      next.album = trimmed(rest);
    } else if (takes(line, "#EXTGENRE:", &rest)) {
      next.genre = trimmed(rest);
    } else if (!line.empty() && line[0] != '#') {
      next.path = path_of_entry(line, folder);
      next.id = line;
      list.add(std::move(next));
      next = {};
    }
  }
  list.finish();
}

void read_pls(std::string_view text, const std::string& folder, const std::string& playlist, ForeignLibrary& out) {
  out.format = "PLS playlist";
  std::vector<std::pair<int, ForeignTrack>> entries;  // by their numbers, which need not be in order
  std::unordered_map<int, std::size_t> places;
  const auto entry = [&](std::string_view number) -> ForeignTrack& {
    const int n = whole_number_of(number);
    const auto [found, fresh] = places.emplace(n, entries.size());
    if (fresh) entries.push_back({n, {}});
    return entries[found->second].second;
  };
  while (!text.empty()) {
    const std::string_view line = trimmed(take_line(text));
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos) continue;
    const std::string_view name = trimmed(line.substr(0, equals)), value = trimmed(line.substr(equals + 1));
    std::string_view number;
    if (takes(name, "File", &number)) {
      entry(number).id = value;
      entry(number).path = path_of_entry(value, folder);
    } else if (takes(name, "Title", &number)) {
      set_names(value, entry(number));
    } else if (takes(name, "Length", &number)) {
      entry(number).length = std::max(0.0, number_of(value));
    }
  }
  std::stable_sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  Listed list({playlist}, out);
  for (auto& [number, track] : entries) {
    if (!track.path.empty()) list.add(std::move(track));
  }
  list.finish();
}

}  // namespace tactus::library
