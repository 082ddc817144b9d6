// The 24 keys, their names, and how well two of them sound together. Pure, constexpr, realtime-safe.
//
// Three ways to write a key: "F# minor" (and "F#m" in tags), Camelot "11A", Open Key "4m". Both wheels number the
// circle of fifths; a key's relative major or minor has its number.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/rt.h"

namespace tactus::music {

struct Key {
  std::uint8_t tonic = 0;  // pitch class, 0 = C to 11 = B
  bool minor = false;
  constexpr auto operator<=>(const Key&) const noexcept = default;

  // 0 to 23: majors from C, then minors from C.
  constexpr int index() const TACTUS_RT { return tonic + (minor ? 12 : 0); }
  static constexpr Key of_index(int i) TACTUS_RT { return {static_cast<std::uint8_t>(i % 12), i >= 12}; }

  // The minor of a major's notes and the other way round.
  constexpr Key relative() const TACTUS_RT {
    return {static_cast<std::uint8_t>((tonic + (minor ? 3 : 9)) % 12), !minor};
  }
  // Moved up by any number of semitones.
  constexpr Key shifted(int semitones) const TACTUS_RT {
    return {static_cast<std::uint8_t>(((tonic + semitones) % 12 + 12) % 12), minor};
  }
  // Steps clockwise on the circle of fifths from C major or A minor, 0 to 11.
  constexpr int fifths() const TACTUS_RT { return (minor ? relative() : *this).tonic * 7 % 12; }
  constexpr int camelot_number() const TACTUS_RT { return (fifths() + 7) % 12 + 1; }
  constexpr int open_key_number() const TACTUS_RT { return fifths() + 1; }

  constexpr std::string_view name() const TACTUS_RT;      // "F# minor"
  constexpr std::string_view tag() const TACTUS_RT;       // "F#m", as TKEY of ID3v2.4 writes it
  constexpr std::string_view camelot() const TACTUS_RT;   // "11A"
  constexpr std::string_view open_key() const TACTUS_RT;  // "4m"
};

namespace detail {
// clang-format off
inline constexpr std::array<std::string_view, 24> kKeyNames = {
    "C major", "Db major", "D major", "Eb major", "E major", "F major",
    "F# major", "G major", "Ab major", "A major", "Bb major", "B major",
    "C minor", "C# minor", "D minor", "Eb minor", "E minor", "F minor",
    "F# minor", "G minor", "G# minor", "A minor", "Bb minor", "B minor"};
inline constexpr std::array<std::string_view, 24> kKeyTags = {
    "C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B",
    "Cm", "C#m", "Dm", "Ebm", "Em", "Fm", "F#m", "Gm", "G#m", "Am", "Bbm", "Bm"};
inline constexpr std::array<std::string_view, 24> kCamelot = {
    "1A", "2A", "3A", "4A", "5A", "6A", "7A", "8A", "9A", "10A", "11A", "12A",
    "1B", "2B", "3B", "4B", "5B", "6B", "7B", "8B", "9B", "10B", "11B", "12B"};
inline constexpr std::array<std::string_view, 24> kOpenKey = {
    "1m", "2m", "3m", "4m", "5m", "6m", "7m", "8m", "9m", "10m", "11m", "12m",
    "1d", "2d", "3d", "4d", "5d", "6d", "7d", "8d", "9d", "10d", "11d", "12d"};
// clang-format on
}  // namespace detail

constexpr std::string_view Key::name() const TACTUS_RT { return detail::kKeyNames[index()]; }
constexpr std::string_view Key::tag() const TACTUS_RT { return detail::kKeyTags[index()]; }
constexpr std::string_view Key::camelot() const TACTUS_RT {
  return detail::kCamelot[camelot_number() - 1 + (minor ? 0 : 12)];
}
constexpr std::string_view Key::open_key() const TACTUS_RT {
  return detail::kOpenKey[open_key_number() - 1 + (minor ? 0 : 12)];
}

// How far apart two keys are for a mix: steps around the wheel, plus one for changing between major and minor.
// 0 the same; 1 a fifth away or the relative key, which always goes; 2 usually goes; 7 is the most. A metric.
constexpr int key_distance(Key a, Key b) TACTUS_RT {
  const int around = (a.fifths() - b.fifths() + 12) % 12;
  return (around < 12 - around ? around : 12 - around) + (a.minor != b.minor ? 1 : 0);
}

namespace detail {
constexpr std::optional<Key> wheel_key(std::string_view text) TACTUS_RT {
  for (int i = 0; i < 24; ++i) {
    const Key key = Key::of_index(i);
    if (text == key.camelot() || text == key.open_key()) return key;
  }
  return std::nullopt;
}
}  // namespace detail

// Any of the forms above; sharps and flats alike ("D# minor" is Eb minor), also "Fmin", "Fmaj", "F". Nothing if it is
// none of them.
constexpr std::optional<Key> parse_key(std::string_view text) TACTUS_RT {
  if (const std::optional<Key> wheel = detail::wheel_key(text)) return wheel;
  if (text.empty() || text[0] < 'A' || text[0] > 'G') return std::nullopt;
  constexpr std::array<int, 7> kNatural = {9, 11, 0, 2, 4, 5, 7};  // A to G
  int tonic = kNatural[static_cast<std::size_t>(text[0] - 'A')];
  text.remove_prefix(1);
  if (!text.empty() && (text[0] == '#' || text[0] == 'b')) {
    tonic += text[0] == '#' ? 1 : 11;
    text.remove_prefix(1);
  }
  if (!text.empty() && text[0] == ' ') text.remove_prefix(1);
  const Key major{static_cast<std::uint8_t>(tonic % 12), false};
  if (text.empty() || text == "maj" || text == "major") return major;
  if (text == "m" || text == "min" || text == "minor") return Key{major.tonic, true};
  return std::nullopt;
}

}  // namespace tactus::music
