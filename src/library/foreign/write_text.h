// What the writers of text share. Internal to library/foreign.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "library/foreign/write.h"

namespace tactus::library {

// With blanks for line breaks.
std::string one_line(std::string text);
// The tracks of a playlist; of a library without that one, all.
std::vector<std::size_t> tracks_of(const ForeignLibrary& library, std::size_t playlist);
// What a format of paths and names can't say of these tracks. `table`: it has fields; `cues`: and cues.
void list_losses(const ForeignLibrary& library, const std::vector<std::size_t>& tracks, bool table, bool cues,
                 Cant& cant);
// With their ends.
std::vector<std::string> lines_of(std::string_view text);
// The end that a text's first line has.
std::string line_end(std::string_view text);
// A text that ends as `like` does, with or without the end of a line.
std::string ended_like(std::string text, std::string_view like);
// Where a kept list is said to lie when it is read again, since its own folder isn't known by now.
constexpr const char* kNoFolder = "/\1";

// Which tracks the entries of a kept list were.
class KeptEntries {
 public:
  // `tracks`: of the list, as it is to be by now; `before`: what its text says.
  KeptEntries(const ForeignLibrary& library, const std::vector<std::size_t>& tracks, const ForeignLibrary& before);
  // What the library calls the track of an entry: as the entry does, but where another entry gave the same file another
  // name ("a.mp3", "./a.mp3"), by which it is the one in the entry's place.
  const std::string& id(const std::string& entry, std::size_t place) const;
  // What the text says of the track that is called so.
  const ForeignTrack& was(const std::string& id) const;

 private:
  const ForeignLibrary& library_;
  const std::vector<std::size_t>& tracks_;
  std::unordered_set<std::string> ids_;
  std::unordered_map<std::string, const ForeignTrack*> before_;
};
// The text that was read, where it was of this format; only a first playlist has one.
const std::string* kept_text(const ForeignLibrary& library, const char* format, std::size_t playlist);

}  // namespace tactus::library
