// Learned weights as they are shipped: 16-bit floats, little-endian, one after the other.
#pragma once

#include <cmath>
#include <cstdint>
#include <span>

namespace tactus::analysis {

// IEEE 754 half precision; weights are never infinite.
inline float half(std::uint16_t h) {
  const int exponent = (h >> 10) & 31, mantissa = h & 1023;
  const float size = exponent == 0 ? std::ldexp(static_cast<float>(mantissa), -24)
                                   : std::ldexp(static_cast<float>(mantissa + 1024), exponent - 25);
  return (h & 0x8000) != 0 ? -size : size;
}

// Fills `into` from the bytes at `from`; returns what follows them.
inline const unsigned char* read_weights(const unsigned char* from, std::span<float> into) {
  for (float& w : into) {
    w = half(static_cast<std::uint16_t>(from[0] | from[1] << 8));
    from += 2;
  }
  return from;
}

}  // namespace tactus::analysis
