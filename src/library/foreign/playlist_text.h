// What readers and writers of playlists as text share. Internal to library/foreign.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "library/foreign/readers.h"

namespace tactus::library {

// The next line, without its end; `text` begins after it.
inline std::string_view take_line(std::string_view& text) {
  const std::size_t end = text.find_first_of("\r\n");
  const std::string_view line = text.substr(0, end);
  if (end == std::string_view::npos) {
    text = {};
  } else {
    text.remove_prefix(end + (text.substr(end, 2) == "\r\n" ? 2 : 1));
  }
  return line;
}

// What follows `word` at the beginning of a line, whatever its case.
inline bool takes(std::string_view line, std::string_view word, std::string_view* rest) {
  if (line.size() < word.size() || !same_word(line.substr(0, word.size()), word)) return false;
  *rest = line.substr(word.size());
  return true;
}

// A line of a PLS playlist, "Title3=x": what is said of which entry.
struct PlsLine {
  std::string_view word;
  int number = 0;
  std::string_view value;
};
// Nothing: a line of another kind.
std::optional<PlsLine> pls_line(std::string_view line);

// Adds a track, or finds the one that the playlist had before, and puts it on the list.
class Listed {
 public:
  Listed(std::vector<std::string> path, ForeignLibrary& out) : out_(out), list_{std::move(path), {}} {}
  void name(std::string name) { list_.path.back() = std::move(name); }
  void add(ForeignTrack track) {
    const auto [found, fresh] = places_.emplace(track.path, out_.tracks.size());
    list_.tracks.push_back(found->second);
    if (fresh) out_.tracks.push_back(std::move(track));
  }
  // One that is known by its title alone.
  void add_unnamed(ForeignTrack track) {
    list_.tracks.push_back(out_.tracks.size());
    out_.tracks.push_back(std::move(track));
  }
  void finish() { out_.playlists.push_back(std::move(list_)); }

 private:
  ForeignLibrary& out_;
  ForeignPlaylist list_;
  std::unordered_map<std::string, std::size_t> places_;
};

}  // namespace tactus::library
