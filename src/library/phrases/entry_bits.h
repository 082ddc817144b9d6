// What is known of a phrase in eight bytes, and a filter made ready to be asked about a million of them.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "library/phrases/phrase_index.h"

namespace tactus::library {

struct EntryBits {
  std::uint16_t bpm = 0;      // hundredths; 0: not known
  std::uint16_t kind = 0;     // key (5 bits, 31: none), energy (4, 0: not known), label (3)
  std::uint8_t vocals = 255;  // of 250; 255: not known
  std::uint8_t unused[3] = {};
};
static_assert(sizeof(EntryBits) == 8);

EntryBits pack(const PhraseEntry& entry);
PhraseEntry unpack(std::int64_t id, std::int64_t track, const EntryBits& bits);

class ReadyFilter {
 public:
  explicit ReadyFilter(const PhraseFilter& filter);
  // All but the track.
  bool lets(const EntryBits& e) const {
    return (bpm_[e.bpm >> 6] >> (e.bpm & 63) & 1) & kind_[e.kind & 4095] &
           (vocals_[e.vocals >> 6] >> (e.vocals & 63) & 1);
  }
  bool lets_track(std::int64_t track) const { return !but_ || track != but_track_; }
  bool lets_all() const { return all_; }  // but for the track

 private:
  std::array<std::uint64_t, 1024> bpm_{};
  std::array<std::uint8_t, 4096> kind_{};
  std::array<std::uint64_t, 4> vocals_{};
  bool all_ = false, but_ = false;
  std::int64_t but_track_ = 0;
};

}  // namespace tactus::library
