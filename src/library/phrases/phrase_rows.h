// Phrases and tracks as people name them and want to see them. Reads the database, a page at a time; throws StoreError.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "library/phrases/phrase_index.h"
#include "library/store/sql.h"

namespace tactus::library {

struct PhraseRow {
  std::int64_t id = 0, track = 0;
  int place = 0;                  // among the track's phrases
  double start = 0, seconds = 0;  // of the track
  std::string label, words;
  std::optional<double> bpm, vocals;
  std::optional<int> key, energy;  // music::Key::index(); 1 to 10
  std::string title, artist;       // of the track
  std::string path;                // of a file that is there, else of any; empty: none
};

// In the order of the ids; those that are gone are left out. At most kMostRows (store.h) ids.
std::vector<PhraseRow> phrase_rows(Database& db, std::span<const std::int64_t> ids);

// Its number in the library ("#12", "12"), a path, a title, or a part of "artist - title". Throws `refused` where there
// is none, or more than one.
std::int64_t named_track(Database& db, const std::string& text);

// "TRACK@BEAT" in two, where what follows the last @ is a number and the whole isn't a track.
struct NamedPhrase {
  std::int64_t track = 0;
  std::optional<double> beat;
};
NamedPhrase find_named_phrase(Database& db, const std::string& text);

// The phrase in which the beat lies; without one, the track's most energetic, of these the first that is a drop.
// Throws `refused` where the track has none with a vector, or no grid to count beats by.
PhraseRow phrase_of(Database& db, const NamedPhrase& named);

std::vector<std::int8_t> vector_of(Database& db, std::int64_t phrase);
// As an index is told of it.
PhraseEntry entry_of(const PhraseRow& row);

}  // namespace tactus::library
