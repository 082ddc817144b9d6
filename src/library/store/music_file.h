// What a scan reads of a music file: which music it is, its tags, and what its headers state. No sound is decoded.
#pragma once

#include <optional>
#include <string>

#include "library/store/audio_identity.h"

namespace tactus::library {

struct MusicFile {
  std::string error;     // why nothing of it could be read, in a sentence's second half; empty: it could
  bool passing = false;  // that may be over though the file stays as it is: it was out of reach
  AudioIdentity identity;
  // UTF-8 without control characters, cut where they are absurdly long.
  std::string title, artist, album, genre, comment, label, composer, remixer;
  int year = 0;         // 0: not stated
  double duration = 0;  // seconds; 0: not stated
  double bpm = 0;       // 0: not tagged, or out of bounds
  int key = -1;         // music::Key::index(); -1: not tagged
  std::string codec;    // as fields.h lists them
  int rate = 0;         // Hz
  int bitrate = 0;      // kbit/s
  bool art = false;
  bool operator==(const MusicFile&) const = default;
};

// Any thread. TagLib parses in this process: for files from anywhere use TagReaders, which do it in others.
MusicFile read_music_file(const std::string& path);

// By the ending of its name: worth a look.
bool is_music_name(const std::string& name);

// A path for people and JSON: bytes that are no UTF-8, and control characters, as \xNN.
std::string shown_path(const std::string& path);

}  // namespace tactus::library
