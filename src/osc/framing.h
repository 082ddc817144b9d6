// OSC 1.0 on a stream of bytes ("OSC Packets"): each packet behind its length, a big-endian int32.
//
// Any thread, one at a time; not realtime-safe.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "osc/message.h"

namespace tactus::osc {

inline std::vector<std::byte> framed(std::vector<std::byte> packet) {
  const std::size_t n = packet.size();
  std::byte size[4];
  for (std::size_t i = 0; i < 4; ++i) size[i] = static_cast<std::byte>(n >> (24 - 8 * i) & 255);
  packet.insert(packet.begin(), size, size + 4);
  return packet;
}

// Packets out of a stream, in whatever pieces it comes. Keeps at most one packet that isn't whole.
class Unframer {
 public:
  // Hands each packet that is whole by now to `on_packet`. False: what should be a length can't be one; this isn't OSC,
  // or it has lost its place, and nothing that comes after it means anything.
  template <typename OnPacket>
  bool take(std::span<const std::byte> bytes, OnPacket on_packet) {
    in_.insert(in_.end(), bytes.begin(), bytes.end());
    std::size_t at = 0;
    bool good = true;
    while (in_.size() - at >= 4) {
      std::size_t size = 0;
      for (std::size_t i = 0; i < 4; ++i) size = size << 8 | std::to_integer<std::size_t>(in_[at + i]);
      good = size <= kMaxPacket;
      if (!good || in_.size() - at - 4 < size) break;
      on_packet(std::span<const std::byte>(in_).subspan(at + 4, size));
      at += 4 + size;
    }
    in_.erase(in_.begin(), in_.begin() + static_cast<std::ptrdiff_t>(at));
    return good;
  }

 private:
  std::vector<std::byte> in_;
};

}  // namespace tactus::osc
