// Libraries as other programs read them.
//
// What the same format said before, kept in ForeignLibrary::kept, is changed only where the library says something else
// by now: what isn't understood, and the order of things, stay. Positions are taken as they are: retimed() puts them on
// the timeline of who is to read them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "library/foreign/foreign.h"

namespace tactus::library {

enum class ForeignFormat { rekordbox, traktor, virtualdj, serato, m3u8, pls, csv, cue };

// "rekordbox", "traktor", "virtualdj", "serato", "m3u8", "pls", "csv", "cue".
std::optional<ForeignFormat> foreign_format(std::string_view name);
const std::vector<std::string>& foreign_format_names();
// As ForeignLibrary::format names it when it is read.
const char* read_name(ForeignFormat format);

// What a format can't say, or only says rounded: sentences, each once.
class Cant {
 public:
  void add(std::string sentence);
  // "3 cues' colours are left out"; nothing for 0.
  void count(std::size_t n, const char* what);
  const std::vector<std::string>& all() const { return all_; }

 private:
  std::vector<std::string> all_;
};

// Writes to `path`: a file, of Serato the folder that "_Serato_" goes into, of M3U8 and PLS with several playlists a
// folder for them. Each file appears whole or not at all. Returns what the format can't say; nothing: it failed, and
// `error` says why. No music file is touched; `music_too`: the caller does that (write_serato_music). Any thread.
std::optional<std::vector<std::string>> write_foreign(const ForeignLibrary& library, ForeignFormat format,
                                                      const std::string& path, std::string* error,
                                                      bool music_too = false);

// The text of a format that is one file; of M3U8 and PLS, of one playlist.
std::string foreign_text(const ForeignLibrary& library, ForeignFormat format, Cant& cant, std::size_t playlist = 0);

// With all positions on the timeline of another format, as far as both are known: `cant` says of how many tracks they
// aren't, which keep theirs. Looks into the music files' heads.
ForeignLibrary retimed(ForeignLibrary library, ForeignFormat format, Cant& cant);

// Serato's tags, as they would be, into the music files of the tracks that say something else than those do; the rest
// is left alone. Each file is copied, changed, verified and swapped in. Returns what can't be said or done.
std::vector<std::string> write_serato_music(const ForeignLibrary& library);

}  // namespace tactus::library
