// A small library with phrases in it.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

#include "library/phrases/phrase_shelf.h"
#include "library/store/facts.h"
#include "library/store/store.h"
#include "real_vectors.h"
#include "support/temp_folder.h"

namespace tactus::library {

inline std::vector<std::int8_t> real_vector(std::size_t track, std::size_t phrase) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::vector<std::int8_t> out;
  unsigned bits = 0, have = 0;
  for (const char c : kRealVectors[track][phrase]) {
    bits = bits << 6 | static_cast<unsigned>(kDigits.find(c));
    if ((have += 6) < 8) continue;
    have -= 8;
    out.push_back(static_cast<std::int8_t>(bits >> have & 255));
  }
  return out;
}

// A library of the tracks that the vectors are of, each with eight phrases of 16 s.
class PhraseLibrary : public testing::Test {
 protected:
  PhraseLibrary() : folder_(temporary_.path().string()), store_(folder_) {
    db().run("INSERT INTO root(path, added) VALUES(?1, 0)", Bytes{"/music"});
    add_track("Substation", "Kelvin Drift", 124, 9, 0);
    add_track("Paper Rockets", "Odd Meridian", 128, 2, 1);
    add_track("Glass Estuary", "Selkie", 126, 21, 2);
    add_track("Low Tide", "Marram", 90, 12, 3);
    add_track("Mirror Season", "The Copper Line", 125, 9, 4);
  }
  Database& db() { return store_.db(); }

  std::int64_t add_track(const std::string& title, const std::string& artist, double bpm, int key,
                         std::size_t vectors) {
    db().run("INSERT INTO track(title, artist, added) VALUES(?1, ?2, 0)", title, artist);
    const std::int64_t id = db().last_id();
    db().run("INSERT INTO file(track, root, path, size, mtime) VALUES(?1, 1, ?2, 1, 1)", id,
             Bytes{"/music/" + title + ".flac"});
    put_analysis(store_, id, facts(title, bpm, key, vectors));
    return id;
  }
  static Facts facts(const std::string& title, double bpm, int key, std::size_t vectors, std::size_t phrases = 8) {
    constexpr std::array<const char*, 8> kLabels = {"intro", "verse", "build", "drop",
                                                    "break", "build", "drop",  "outro"};
    Facts out;
    out.content = "content of " + title;
    out.duration = 128;
    out.bpm = bpm;
    out.key = key;
    out.energy = 6;
    out.embedder = "tactus 1";
    out.grid = {{.seconds = 0, .beat = 0, .bpm = bpm}};
    for (std::size_t i = 0; i < phrases; ++i) {
      PhraseFact p;
      p.start = 16.0 * static_cast<double>(i);
      p.seconds = 16;
      p.label = kLabels[i];
      p.energy = static_cast<int>(i == 3 ? 9 : 3 + i % 4);
      p.bpm = bpm;
      p.key = key;
      p.vocals = 0;
      p.words = i == 3 ? "dark rolling heavy bass" : "bright sparse";
      p.vector = real_vector(vectors, i);
      out.phrases.push_back(p);
    }
    return out;
  }
  std::string file() const { return folder_ + "/phrases.index"; }
  // The nearest in a shelf to a phrase of the real ones.
  static PhraseHit nearest(const PhraseShelf& shelf, std::size_t track, std::size_t phrase) {
    const auto hits = shelf.index()->search(real_vector(track, phrase), 1);
    return hits.empty() ? PhraseHit{} : hits[0];
  }

  test::TempFolder temporary_;
  std::string folder_;
  Store store_;
};

}  // namespace tactus::library
