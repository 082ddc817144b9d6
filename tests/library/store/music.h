// Small music files for tests, made of nothing.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <fstream>
#include <string>

namespace tactus::test {

inline void write_bytes(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
  ASSERT_TRUE(std::ifstream(path).good()) << path;
}

// Seconds of 16-bit mono at 8,000 Hz that sound like no other `seed`.
inline std::string wav(unsigned seed, double seconds = 1) {
  const auto number = [](std::uint32_t value, int bytes) {
    std::string out;
    for (int i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i) & 255);
    return out;
  };
  std::string samples;
  std::uint32_t state = seed * 2654435761u + 1;
  for (int i = 0; i < static_cast<int>(8000 * seconds); ++i) {
    state = state * 1664525u + 1013904223u;
    samples += number(state >> 16, 2);
  }
  const auto size = static_cast<std::uint32_t>(samples.size());
  return "RIFF" + number(size + 36, 4) + "WAVEfmt " + number(16, 4) + number(1, 2) + number(1, 2) + number(8000, 4) +
         number(16000, 4) + number(2, 2) + number(16, 2) + "data" + number(size, 4) + samples;
}

}  // namespace tactus::test
