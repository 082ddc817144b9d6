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

std::optional<PlsLine> pls_line(std::string_view line) {
  constexpr std::string_view kDigits = "0123456789";
  const std::size_t equals = line.find('=');
  if (equals == std::string_view::npos) return std::nullopt;
  const std::string_view name = trimmed(line.substr(0, equals));
  const std::size_t digits = std::min(name.find_first_of(kDigits), name.size());
  const std::string_view number = name.substr(digits);
  // As many digits as an int surely has.
  if (number.empty() || number.size() > 9 || number.find_first_not_of(kDigits) != std::string_view::npos)
    return std::nullopt;
  return PlsLine{name.substr(0, digits), whole_number_of(number), trimmed(line.substr(equals + 1))};
}

void read_pls(std::string_view text, const std::string& folder, const std::string& playlist, ForeignLibrary& out) {
  out.format = "PLS playlist";
  std::vector<std::pair<int, ForeignTrack>> entries;  // by their numbers, which need not be in order
  std::unordered_map<int, std::size_t> places;
  const auto entry = [&](int n) -> ForeignTrack& {
    const auto [found, fresh] = places.emplace(n, entries.size());
    if (fresh) entries.push_back({n, {}});
    return entries[found->second].second;
  };
  while (!text.empty()) {
    const auto line = pls_line(take_line(text));
    if (!line) continue;
    if (same_word(line->word, "File")) {
      entry(line->number).id = line->value;
      entry(line->number).path = path_of_entry(line->value, folder);
    } else if (same_word(line->word, "Title")) {
      set_names(line->value, entry(line->number));
    } else if (same_word(line->word, "Length")) {
      entry(line->number).length = std::max(0.0, number_of(line->value));
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
