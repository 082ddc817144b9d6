// Notes, chords and keys by name. Pure; names that don't parse throw std::invalid_argument (they are our own scores).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tactus::demo {

// "C4" = 60, "F#3", "Bb2".
int note(std::string_view name);

// Pitch classes of "Dm9", "Bbmaj7", "F#m", "C9sus", "G6", "E5"...: root first, as semitones from the root.
struct Chord {
  int root = 0;  // pitch class, C = 0
  std::vector<int> intervals;
};
Chord chord(std::string_view name);

// The chord's notes in [low, high], at most `voices`, so placed that the hand moves least from `previous`; from
// nothing, around the middle of the range. Ascending.
std::vector<int> voice(const Chord& chord, const std::vector<int>& previous, int low, int high, int voices);

// A bar of harmony after the other: "Dm9:4 Bbmaj7:2 C:2", beats after the colon (4 when absent).
struct Harmony {
  struct Step {
    Chord chord;
    double beats = 4;
  };
  std::vector<Step> steps;
  double beats() const;
};
Harmony harmony(std::string_view text);

struct Key {
  std::string tonic;  // "C#"
  bool minor = true;
  std::string name() const { return tonic + (minor ? " minor" : " major"); }
  std::string tag() const { return tonic + (minor ? "m" : ""); }  // as TKEY (ID3v2.4) writes it
  std::string camelot() const;                                    // "8A"
  int pitch_class() const;
};

}  // namespace tactus::demo
