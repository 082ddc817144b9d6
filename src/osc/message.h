// OSC 1.0 on the wire (opensoundcontrol.org, "The Open Sound Control 1.0 Specification", 2002): messages and bundles to
// bytes and back. What bytes become is liblo's work; what a stranger may send is bounded here.
//
// Any thread; not realtime-safe. decode() never throws on any input and takes time linear in its size.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace tactus::osc {

// Largest packet that is taken, bytes: the most that UDP can carry, and enough for any intent.
constexpr std::size_t kMaxPacket = 65507;
// Messages in one packet, bundles in bundles counted through, and how deep bundles may nest.
constexpr std::size_t kMaxMessages = 1024;
constexpr int kMaxDepth = 8;

// Arguments of types that Tactus doesn't use (blobs, MIDI, characters, ...) are decoded as Other.
struct Other {
  char type = 0;
  bool operator==(const Other&) const = default;
};
using Value = std::variant<std::int32_t, std::int64_t, float, double, bool, std::string, Other>;

struct Message {
  std::string address;
  std::vector<Value> args;
  bool operator==(const Message&) const = default;

  // Argument i as a number (any numeric type or a truth), or `otherwise`; as text, or empty.
  double number(std::size_t i, double otherwise = 0) const;
  std::int64_t integer(std::size_t i, std::int64_t otherwise = 0) const;
  const std::string& text(std::size_t i) const;
};

// A point of wall-clock time: seconds since 1900 and their fraction in 2^-32 (NTP, RFC 5905). {0, 1}: at once.
struct TimeTag {
  std::uint32_t seconds = 0, fraction = 1;
  bool immediate() const { return seconds == 0 && fraction == 1; }
  // Seconds from `now_unix` (seconds since 1970) to this tag; negative: it has passed.
  double from(double now_unix) const;
  static TimeTag at(double unix_seconds);
};

struct Timed {
  Message message;
  TimeTag at;  // of the innermost bundle around it
};

// Appends the packet's messages to `out`. False, with the reason in `why`, when the packet is malformed; what came
// before the flaw is then kept out, too, so that half a bundle is never played.
bool decode(std::span<const std::byte> packet, std::vector<Timed>& out, std::string* why);

std::vector<std::byte> encode(const Message& message);
// All messages in one bundle.
std::vector<std::byte> encode(std::span<const Message> messages, TimeTag at);

}  // namespace tactus::osc
