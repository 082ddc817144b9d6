// What the engine and its MIDI process say to each other, a packet each. Internal to io/midi and apps/tactus-midi.
//
// One machine, one build: plain structs. Packets of another size or kind are ignored.
#pragma once

#include <array>
#include <cstdint>
#include <type_traits>

#include "io/midi/ports.h"

namespace tactus::io::midi_wire {

enum class Kind : std::uint32_t {
  send = 1,  // to the process: at_ns is when it is due
  want,      // text: a pattern's parts, separated by line feeds; index is its number, count how many there are
  received,  // from the process
  change,    // text: the port's name
  names,     // text: a port's name; index 0 in, 1 out; the first of a listing has count 1 and names the API instead
  figures,   // punctuality and losses
};

constexpr std::size_t kText = 512;  // bytes; longer names are cut

struct Packet {
  Kind kind = Kind::send;
  std::int32_t device = 0, index = 0, count = 0;
  std::int64_t at_ns = 0;
  MidiMessage message;
  std::uint8_t here = 0;
  MidiPunctuality figures;
  std::uint64_t lost = 0;
  std::array<char, kText> text{};  // ends with 0
};
static_assert(std::is_trivially_copyable_v<Packet>);

}  // namespace tactus::io::midi_wire
