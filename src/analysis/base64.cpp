#include "analysis/base64.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace tactus::analysis {
namespace {

constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr std::array<std::int8_t, 256> kValues = [] {
  std::array<std::int8_t, 256> values{};
  values.fill(-1);
  for (std::size_t i = 0; i < kDigits.size(); ++i) {
    values[static_cast<unsigned char>(kDigits[i])] = static_cast<std::int8_t>(i);
  }
  return values;
}();

}  // namespace

std::string to_base64(std::span<const std::int8_t> bytes) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - at);
    std::uint32_t three = 0;
    for (std::size_t i = 0; i < 3; ++i)
      three = three << 8 | (i < count ? static_cast<std::uint8_t>(bytes[at + i]) : 0u);
    for (std::size_t i = 0; i < 4; ++i) out += i <= count ? kDigits[three >> (18 - 6 * i) & 63] : '=';
  }
  return out;
}

std::optional<std::vector<std::int8_t>> from_base64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  std::vector<std::int8_t> out;
  out.reserve(text.size() / 4 * 3);
  while (!text.empty()) {
    std::string_view four = text.substr(0, 4);
    text.remove_prefix(4);
    // Padding only at the end.
    while (text.empty() && four.size() > 2 && four.back() == '=') four.remove_suffix(1);
    std::uint32_t three = 0;
    for (const char c : four) {
      const int value = kValues[static_cast<unsigned char>(c)];
      if (value < 0) return std::nullopt;
      three = three << 6 | static_cast<std::uint32_t>(value);
    }
    three <<= 6 * (4 - four.size());
    // Bits that no byte has would be lost when written again.
    if ((three & ((1u << (8 * (4 - four.size()))) - 1)) != 0) return std::nullopt;
    for (std::size_t i = 0; i + 1 < four.size(); ++i) {
      out.push_back(static_cast<std::int8_t>(three >> (16 - 8 * i) & 255));
    }
  }
  return out;
}

}  // namespace tactus::analysis
