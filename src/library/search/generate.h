// A library as large as wanted, for benchmarks and tests: made up, and always the same for the same seed.
//
// Words are as skewed as in real ones (Zipf), few artists have most of the tracks, some names are written with
// diacritics or in other scripts, some with typos, and what depends on each other does (genre, tempo and energy; plays
// and rating). There are no music files behind it.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "library/store/sql.h"

namespace tactus::library {

struct GeneratedTrack {
  std::string title, artist, album, genre, comment, label, remixer;
  int year = 0, key = 0, energy = 0, rating = 0, plays = 0, color = -1;  // color -1: none
  double length = 0, bpm = 0;
  std::int64_t added = 0, played = 0;  // seconds since 1970; played 0: never
};

// The tracks of a library, one after the other.
class LibraryGenerator {
 public:
  // `tracks`: how many the library is to have, which is what the number of artists depends on. `now`: seconds since
  // 1970, what dates go back from.
  LibraryGenerator(std::size_t tracks, std::uint64_t seed, std::int64_t now);
  GeneratedTrack next();

 private:
  std::uint64_t random();
  double uniform() { return static_cast<double>(random() >> 11) * 0x1p-53; }
  std::size_t zipf(std::size_t n);  // below n; twice as rare at twice the place
  const std::string& word();
  std::string made_word();
  std::string title();
  std::string comment();
  void mistype(std::string& text);

  std::uint64_t state_;
  std::int64_t now_;
  std::vector<std::string> words_, artists_, labels_;
  std::vector<std::size_t> artist_genre_;
  std::string album_;
  std::size_t album_artist_ = 0;
  int album_left_ = 0, album_year_ = 0;
};

// Puts `tracks` of them into an empty library, with files that aren't there, crates of each kind and a history, and
// into the index of search. `progress` is told how many are in. Throws StoreError; `refused` where there are tracks
// already.
void generate_library(Database& db, std::size_t tracks, std::uint64_t seed, std::int64_t now,
                      const std::function<void(std::size_t)>& progress);

}  // namespace tactus::library
