// The fields of a track that a query, a rule, a sort order and an edit may name: one table for all of them.
#pragma once

#include <array>
#include <string_view>

namespace tactus::library {

enum class FieldKind {
  text,
  number,
  key,    // music::Key::index()
  date,   // seconds since 1970, UTC
  flag,   // set when it is neither NULL nor 0
  color,  // 0xRRGGBB
};

struct Field {
  std::string_view name;    // as people write it
  std::string_view column;  // of the table `track`
  FieldKind kind = FieldKind::text;
  // Its bit in track.by_hand: what a person set, no scan and no analysis overwrites. -1: nobody sets it by hand.
  // Bits are in databases: a field keeps its own for ever.
  int bit = -1;
  double low = 0, high = 0;  // of a number that a person sets; both 0: any
  std::string_view unit;     // may be empty
  std::string_view help;
  constexpr bool editable() const { return bit >= 0; }
};

// clang-format off
inline constexpr std::array kFields = {
    Field{"title", "title", FieldKind::text, 0, 0, 0, "", "The track's title"},
    Field{"artist", "artist", FieldKind::text, 1, 0, 0, "", "Who plays it"},
    Field{"album", "album", FieldKind::text, 2, 0, 0, "", "The record it is on"},
    Field{"genre", "genre", FieldKind::text, 3, 0, 0, "", "As tagged or written by hand"},
    Field{"comment", "comment", FieldKind::text, 4, 0, 0, "", "Anything"},
    Field{"label", "label", FieldKind::text, 5, 0, 0, "", "The record label"},
    Field{"composer", "composer", FieldKind::text, 6, 0, 0, "", "Who wrote it"},
    Field{"remixer", "remixer", FieldKind::text, 7, 0, 0, "", "Who remixed it"},
    Field{"year", "year", FieldKind::number, 8, 1000, 9999, "", "Of its release"},
    Field{"bpm", "bpm", FieldKind::number, 9, 20, 300, "beats a minute", "Tempo; where it changes, the one that rules"},
    Field{"key", "key", FieldKind::key, 10, 0, 0, "", "8A, Am or 1m"},
    Field{"energy", "energy", FieldKind::number, 11, 1, 10, "", "From 1, calm, to 10"},
    Field{"rating", "rating", FieldKind::number, 12, 0, 5, "stars", "0 is no rating"},
    Field{"color", "color", FieldKind::color, 13, 0, 0, "", "#RRGGBB"},
    Field{"gain", "gain", FieldKind::number, 14, -24, 24, "dB", "What a deck adds to the track's level"},
    Field{"length", "duration", FieldKind::number, -1, 0, 0, "s", "How long it lasts"},
    Field{"lufs", "lufs", FieldKind::number, -1, 0, 0, "LUFS", "Loudness of the whole track"},
    Field{"peak", "true_peak", FieldKind::number, -1, 0, 0, "dBTP", "True peak"},
    Field{"vocals", "vocals", FieldKind::number, -1, 0, 0, "", "Share of the time in which somebody sings, 0 to 1"},
    Field{"codec", "codec", FieldKind::text, -1, 0, 0, "", "mp3, flac, aac, alac, vorbis, opus, wav, aiff"},
    Field{"rate", "rate", FieldKind::number, -1, 0, 0, "Hz", "Sample rate"},
    Field{"bitrate", "bitrate", FieldKind::number, -1, 0, 0, "kbit/s", "On average"},
    Field{"plays", "plays", FieldKind::number, -1, 0, 0, "", "How often it was played"},
    Field{"played", "last_played", FieldKind::date, -1, 0, 0, "", "When it was last played"},
    Field{"added", "added", FieldKind::date, -1, 0, 0, "", "When it came into the library"},
    Field{"art", "art", FieldKind::flag, -1, 0, 0, "", "It has an embedded picture"},
    Field{"analysed", "analysed", FieldKind::flag, -1, 0, 0, "", "Tactus has listened to it"},
};
// clang-format on

// nullptr: there is no such field. Names are told apart without regard to case by the caller.
constexpr const Field* find_field(std::string_view name) {
  for (const Field& field : kFields)
    if (field.name == name) return &field;
  return nullptr;
}

}  // namespace tactus::library
