// Numbers in binary files of others: read within bounds, written in their byte order. Internal to library/foreign.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tactus::library {

// Reads from `bytes` from its beginning on. Beyond the end everything is 0 or empty, and ok() is false from then on.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes, bool big = true) : bytes_(bytes), big_(big) {}

  bool ok() const { return ok_; }
  bool at_end() const { return at_ >= bytes_.size(); }
  std::size_t at() const { return at_; }
  std::size_t left() const { return bytes_.size() - at_; }
  void seek(std::size_t at) { at <= bytes_.size() ? void(at_ = at) : fail(); }
  void skip(std::size_t n) { take(n); }
  std::string_view take(std::size_t n) {
    if (n > left()) {
      fail();
      return {};
    }
    const std::string_view out = bytes_.substr(at_, n);
    at_ += n;
    return out;
  }
  std::uint8_t u8() { return static_cast<std::uint8_t>(number(1)); }
  std::uint16_t u16() { return static_cast<std::uint16_t>(number(2)); }
  std::uint32_t u32() { return static_cast<std::uint32_t>(number(4)); }
  std::uint64_t u64() { return number(8); }
  // NaN and infinities count as damage.
  float f32() { return finite(std::bit_cast<float>(u32())); }
  double f64() { return finite(std::bit_cast<double>(u64())); }
  // Up to a NUL, which is taken, too.
  std::string_view text() {
    const std::size_t end = bytes_.find('\0', at_);
    if (end == std::string_view::npos) {
      fail();
      return {};
    }
    const std::string_view out = bytes_.substr(at_, end - at_);
    at_ = end + 1;
    return out;
  }
  void fail() {
    ok_ = false;
    at_ = bytes_.size();
  }

 private:
  std::uint64_t number(std::size_t n) {
    const std::string_view b = take(n);
    std::uint64_t v = 0;
    for (std::size_t i = 0; i < b.size(); ++i) v = v << 8 | static_cast<unsigned char>(b[big_ ? i : b.size() - 1 - i]);
    return v;
  }
  template <typename T>
  T finite(T v) {
    if (std::isfinite(v)) return v;
    fail();
    return 0;
  }

  std::string_view bytes_;
  std::size_t at_ = 0;
  bool big_, ok_ = true;
};

inline void put_big(std::string& out, std::uint64_t v, int bytes) {
  for (int i = bytes - 1; i >= 0; --i) out += static_cast<char>(v >> (8 * i) & 0xFF);
}

// UTF-16 without a byte order mark (foreign_text.cpp).
std::string utf8_of(std::string_view utf16, bool big);
std::string utf16_of(std::string_view utf8);  // big-endian

// RFC 4648, whatever lies between the letters; as much as there is (foreign_text.cpp).
std::string of_base64(std::string_view text);
// Without '=' at its end; a line break after each 72 letters.
std::string as_base64(std::string_view bytes);

}  // namespace tactus::library
