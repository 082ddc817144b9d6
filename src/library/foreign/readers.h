// One reader for each format, behind read_foreign(). All keep their hands off files; hostile text costs an error at
// most.
#pragma once

#include <optional>
#include <pugixml.hpp>
#include <string>
#include <string_view>
#include <unordered_map>

#include "library/foreign/foreign.h"

namespace tactus::library {

// Folders of playlists in folders: deeper ones are left out.
constexpr std::size_t kDeepestFolder = 100;

// XML whose root element says what it is.
void read_rekordbox(const pugi::xml_node& root, ForeignLibrary& out);
void read_traktor(const pugi::xml_node& root, ForeignLibrary& out);
void read_virtualdj(const pugi::xml_node& root, ForeignLibrary& out);
void read_itunes(const pugi::xml_node& root, ForeignLibrary& out);

// Text, UTF-8. `playlist`: what theirs is called.
void read_m3u(std::string_view text, const std::string& folder, const std::string& playlist, ForeignLibrary& out);
void read_pls(std::string_view text, const std::string& folder, const std::string& playlist, ForeignLibrary& out);
bool read_csv(std::string_view text, const std::string& folder, const std::string& playlist, ForeignLibrary& out,
              std::string* error);
void read_cue_sheet(std::string_view text, const std::string& folder, ForeignLibrary& out);

// Serato's own files, one after the other: "database V2" first, then crates (.crate), smart crates (.scrate) and
// sessions (.session). `base`: what paths of tracks start from.
class SeratoReader {
 public:
  SeratoReader(std::string base, ForeignLibrary& out) : base_(std::move(base)), out_(out) { out.format = "Serato"; }
  void add(std::string_view bytes, const std::string& name);

 private:
  std::size_t place_of(ForeignTrack track);

  std::string base_;
  ForeignLibrary& out_;
  std::unordered_map<std::string, std::size_t> places_;
};
bool is_serato(std::string_view bytes);

// rekordbox's database on a USB stick. `root`: what paths of tracks start from; `analyses`: gets, for each track, where
// its ANLZ file lies beneath it.
bool read_pdb(std::string_view bytes, const std::string& root, ForeignLibrary& out, std::vector<std::string>& analyses,
              std::string* error);
// Cues, loops and the grid of an ANLZ file; .EXT after .DAT, whose cues it names anew. False: it is none.
bool read_anlz(std::string_view bytes, ForeignTrack& track);

// Engine DJ's database, schema 2 and 3. `folder`: the one that "Database2" lies in.
bool read_engine(const std::string& file, const std::string& folder, ForeignLibrary& out, std::string* error);
// What it packs into columns: cues, loops, grid. Empty ones are none.
bool read_engine_track(std::string_view beat_data, std::string_view quick_cues, std::string_view loops, double rate,
                       ForeignTrack& track);

// A folder of one of those, or that holds one.
std::optional<ForeignLibrary> read_foreign_folder(const std::string& path, const PathMap& map, std::string* error);
// A music file, by the tags that Serato left in it.
std::optional<ForeignLibrary> read_foreign_music(const std::string& path, std::string* error);
// At most 1 GiB of a file that isn't empty.
std::optional<std::string> bytes_of_file(const std::string& path, std::string* error);

// -- what they share (foreign_text.cpp)

// UTF-8 of what may be UTF-8 or UTF-16 with a byte order mark, UTF-8 without one, or else Latin-1 (as old M3U is).
std::string as_utf8(std::string_view bytes);
// "file://localhost/C:/a%20b.mp3" as "C:/a b.mp3"; what isn't such an address comes back as it is.
std::string path_of_url(std::string_view url);
// A path of a playlist: with '/' for '\', and beneath `folder` where it is relative.
std::string path_of_entry(std::string_view entry, const std::string& folder);
// The number that all of the text is, else `otherwise`. Never NaN or infinite.
double number_of(std::string_view text, double otherwise = 0);
// Stars, 0 to 5, of a scale of 51 a star, as rekordbox and Traktor write them.
int stars_of(std::string_view rating);
// "3:25", "03:27.45", "1:03:25" or seconds.
double clock_seconds(std::string_view text);
int whole_number_of(std::string_view text, int otherwise = 0);  // kept within +-1e9
std::string color_of(int red, int green, int blue);             // "#RRGGBB"; empty where one is out of 0..255
std::string_view trimmed(std::string_view text);
// Says in the notes how many of something were left out, if any were.
void note_left_out(std::size_t count, const char* what, ForeignLibrary& out);
// Anchors of programs that keep them among cues come in any order.
void put_in_order(std::vector<ForeignAnchor>& grid);
// Whether they are the same but for the case of ASCII letters.
bool same_word(std::string_view a, std::string_view b);

// Tracks by whatever names them in a format, for playlists.
class TrackNames {
 public:
  void add(std::string name, std::size_t track) { places_.emplace(std::move(name), track); }
  // Adds the track to the list, else counts it as unknown.
  void put(const std::string& name, ForeignPlaylist& list);
  // Says how many entries of playlists name no track, if any.
  void report(ForeignLibrary& out) const;

 private:
  std::unordered_map<std::string, std::size_t> places_;
  std::size_t unknown_ = 0;
};

}  // namespace tactus::library
