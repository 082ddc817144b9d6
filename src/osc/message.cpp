#include "osc/message.h"

#include <lo/lo.h>

#include <cmath>
#include <cstring>
#include <memory>

namespace tactus::osc {

namespace {

constexpr double kFrom1900To1970 = 2208988800.0;  // seconds (RFC 868)

struct Free {
  void operator()(void* m) const { lo_message_free(m); }
};
using LoMessage = std::unique_ptr<std::remove_pointer_t<lo_message>, Free>;

std::uint32_t big_endian(const std::byte* p) {
  return std::to_integer<std::uint32_t>(p[0]) << 24 | std::to_integer<std::uint32_t>(p[1]) << 16 |
         std::to_integer<std::uint32_t>(p[2]) << 8 | std::to_integer<std::uint32_t>(p[3]);
}

// liblo leaves arguments where they were in the packet, on multiples of 4.
template <typename T>
T read(const void* at) {
  T v;
  std::memcpy(&v, at, sizeof v);
  return v;
}

Value value_of(char type, const void* arg) {
  switch (type) {
    case LO_INT32:
      return read<std::int32_t>(arg);
    case LO_INT64:
      return read<std::int64_t>(arg);
    case LO_FLOAT:
      return read<float>(arg);
    case LO_DOUBLE:
      return read<double>(arg);
    case LO_STRING:
    case LO_SYMBOL:
      return std::string(static_cast<const char*>(arg));
    case LO_TRUE:
      return true;
    case LO_FALSE:
      return false;
    case LO_INFINITUM:
      return static_cast<double>(INFINITY);
    default:
      return Other{type};
  }
}

// A string with its padding ends in a zero within the packet; liblo checks the rest.
bool decode_message(std::span<const std::byte> bytes, TimeTag at, std::vector<Timed>& out, std::string* why) {
  if (bytes[0] != std::byte{'/'}) {
    *why = "an OSC address begins with '/'";
    return false;
  }
  // liblo swaps byte orders in place.
  std::vector<std::byte> copy(bytes.begin(), bytes.end());
  int result = 0;
  const LoMessage m(lo_message_deserialise(copy.data(), copy.size(), &result));
  if (!m) {
    *why = "malformed OSC message (liblo: " + std::to_string(result) + ")";
    return false;
  }
  Timed timed;
  timed.at = at;
  timed.message.address = reinterpret_cast<const char*>(copy.data());
  const char* types = lo_message_get_types(m.get());
  lo_arg** args = lo_message_get_argv(m.get());
  const int count = lo_message_get_argc(m.get());
  for (int i = 0; i < count; ++i) timed.message.args.push_back(value_of(types[i], args[i]));
  out.push_back(std::move(timed));
  return true;
}

bool decode_element(std::span<const std::byte> bytes, TimeTag at, int depth, std::vector<Timed>& out,
                    std::string* why) {
  if (bytes.size() < 8 || bytes.size() % 4 != 0) {
    *why = "an OSC packet is a multiple of 4 bytes, at least 8";
    return false;
  }
  if (std::memcmp(bytes.data(), "#bundle", 8) != 0) {
    if (out.size() >= kMaxMessages) {
      *why = "more than " + std::to_string(kMaxMessages) + " messages in one packet";
      return false;
    }
    return decode_message(bytes, at, out, why);
  }
  if (depth >= kMaxDepth || bytes.size() < 16) {
    *why = depth >= kMaxDepth ? "bundles nested too deep" : "a bundle without its time tag";
    return false;
  }
  const TimeTag tag{big_endian(bytes.data() + 8), big_endian(bytes.data() + 12)};
  for (std::size_t i = 16; i < bytes.size();) {
    if (bytes.size() - i < 4) {
      *why = "a bundle that is cut short";
      return false;
    }
    const std::size_t size = big_endian(bytes.data() + i);
    i += 4;
    if (size > bytes.size() - i) {
      *why = "a bundle whose element is longer than the packet";
      return false;
    }
    if (!decode_element(bytes.subspan(i, size), tag, depth + 1, out, why)) return false;
    i += size;
  }
  return true;
}

LoMessage built(const Message& message) {
  LoMessage m(lo_message_new());
  struct Add {
    lo_message m;
    void operator()(std::int32_t v) const { lo_message_add_int32(m, v); }
    void operator()(std::int64_t v) const { lo_message_add_int64(m, v); }
    void operator()(float v) const { lo_message_add_float(m, v); }
    void operator()(double v) const { lo_message_add_double(m, v); }
    void operator()(bool v) const { v ? lo_message_add_true(m) : lo_message_add_false(m); }
    void operator()(const std::string& v) const { lo_message_add_string(m, v.c_str()); }
    void operator()(const Other&) const { lo_message_add_nil(m); }
  };
  for (const Value& v : message.args) std::visit(Add{m.get()}, v);
  return m;
}

}  // namespace

double Message::number(std::size_t i, double otherwise) const {
  if (i >= args.size()) return otherwise;
  struct Read {
    double otherwise;
    double operator()(std::int32_t v) const { return v; }
    double operator()(std::int64_t v) const { return static_cast<double>(v); }
    double operator()(float v) const { return static_cast<double>(v); }
    double operator()(double v) const { return v; }
    double operator()(bool v) const { return v ? 1 : 0; }
    double operator()(const std::string&) const { return otherwise; }
    double operator()(const Other&) const { return otherwise; }
  };
  return std::visit(Read{otherwise}, args[i]);
}

std::int64_t Message::integer(std::size_t i, std::int64_t otherwise) const {
  if (i < args.size()) {
    if (const auto* v = std::get_if<std::int64_t>(&args[i])) return *v;
  }
  const double v = number(i, static_cast<double>(otherwise));
  return std::fabs(v) < 9e15 ? static_cast<std::int64_t>(v) : otherwise;  // beyond, and NaN, it is no count
}

const std::string& Message::text(std::size_t i) const {
  static const std::string none;
  const std::string* v = i < args.size() ? std::get_if<std::string>(&args[i]) : nullptr;
  return v ? *v : none;
}

double TimeTag::from(double now_unix) const {
  return static_cast<double>(seconds) - kFrom1900To1970 - now_unix + static_cast<double>(fraction) / 4294967296.0;
}

TimeTag TimeTag::at(double unix_seconds) {
  const double s = std::floor(unix_seconds);
  return {static_cast<std::uint32_t>(s + kFrom1900To1970),
          static_cast<std::uint32_t>((unix_seconds - s) * 4294967296.0)};
}

bool decode(std::span<const std::byte> packet, std::vector<Timed>& out, std::string* why) {
  if (packet.size() > kMaxPacket) {
    *why = "an OSC packet of more than " + std::to_string(kMaxPacket) + " bytes";
    return false;
  }
  std::vector<Timed> found;
  if (!decode_element(packet, TimeTag{}, 0, found, why)) return false;
  out.insert(out.end(), std::make_move_iterator(found.begin()), std::make_move_iterator(found.end()));
  return true;
}

std::vector<std::byte> encode(const Message& message) {
  const LoMessage m = built(message);
  std::vector<std::byte> bytes(lo_message_length(m.get(), message.address.c_str()));
  std::size_t size = bytes.size();
  lo_message_serialise(m.get(), message.address.c_str(), bytes.data(), &size);
  return bytes;
}

std::vector<std::byte> encode(std::span<const Message> messages, TimeTag at) {
  const auto put = [](std::vector<std::byte>& to, std::uint32_t v) {
    for (int shift = 24; shift >= 0; shift -= 8) to.push_back(static_cast<std::byte>(v >> shift & 255));
  };
  std::vector<std::byte> bytes;
  for (const char c : {'#', 'b', 'u', 'n', 'd', 'l', 'e', '\0'}) bytes.push_back(static_cast<std::byte>(c));
  put(bytes, at.seconds);
  put(bytes, at.fraction);
  for (const Message& message : messages) {
    const auto element = encode(message);
    put(bytes, static_cast<std::uint32_t>(element.size()));
    bytes.insert(bytes.end(), element.begin(), element.end());
  }
  return bytes;
}

}  // namespace tactus::osc
