#include "library/search/columns.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace tactus::library {

namespace {

constexpr std::size_t kBitmapBytes = kChunk / 8;
constexpr std::size_t kMostListed = kBitmapBytes / 2 - 1;

// Codes from `base` on as 1, 2 … ; 0 is kNoCode.
template <class T>
void pack_codes(const Code* codes, std::int64_t base, std::string& out) {
  std::vector<T> packed(kBlock);
  for (std::size_t i = 0; i < packed.size(); ++i)
    packed[i] = codes[i] == kNoCode ? T{0} : static_cast<T>(codes[i] - base + 1);
  out.append(reinterpret_cast<const char*>(packed.data()), packed.size() * sizeof(T));
}

template <class T>
void unpack_codes(std::string_view bytes, Code base, Code* codes) {
  std::vector<T> packed(kBlock);
  std::memcpy(packed.data(), bytes.data(), packed.size() * sizeof(T));
  const auto before = static_cast<std::uint32_t>(base) - 1;
  for (std::size_t i = 0; i < packed.size(); ++i)
    codes[i] = packed[i] == 0 ? kNoCode : static_cast<Code>(before + packed[i]);
}

}  // namespace

Code number_code(FieldKind kind, double value) {
  if (kind == FieldKind::number) value *= 1000;
  if (kind == FieldKind::date) value -= static_cast<double>(kDateZero);
  if (kind == FieldKind::flag) value = value != 0 ? 1 : 0;
  constexpr double kMost = std::numeric_limits<Code>::max();
  return static_cast<Code>(std::lround(std::isnan(value) ? 0 : std::clamp(value, -kMost, kMost)));
}

TextCodes text_codes(std::string_view folded) {
  if (folded.empty()) return {};
  std::uint32_t part[2] = {0, 0};
  std::uint64_t hash = 0xcbf29ce484222325;  // FNV-1a
  for (std::size_t i = 0; i < folded.size(); ++i) {
    const auto byte = static_cast<unsigned char>(folded[i]);
    if (i < 8) part[i / 4] |= std::uint32_t{byte} << (24 - 8 * (i % 4));
    hash = (hash ^ byte) * 0x100000001b3;
  }
  const auto code = [](std::uint32_t plain) { return static_cast<Code>(plain ^ 0x80000000U); };
  return {code(part[0]), code(part[1]), code(static_cast<std::uint32_t>(hash ^ hash >> 32))};
}

Code rank_score(std::int64_t plays, std::int64_t rating, std::int64_t last_played, std::int64_t added) {
  const double years = static_cast<double>(std::max(last_played, added) - kDateZero) / (365.0 * 86400);
  const double score = std::log2(1.0 + static_cast<double>(std::max<std::int64_t>(plays, 0))) +
                       0.7 * static_cast<double>(std::clamp<std::int64_t>(rating, 0, 5)) +
                       std::clamp(years, -50.0, 100.0);
  return static_cast<Code>(std::lround(score * 1000));
}

std::string encode_block(const Code* codes) {
  std::int64_t low = std::numeric_limits<std::int64_t>::max(), high = std::numeric_limits<std::int64_t>::min();
  for (std::int64_t i = 0; i < kBlock; ++i) {
    if (codes[i] == kNoCode) continue;
    low = std::min<std::int64_t>(low, codes[i]);
    high = std::max<std::int64_t>(high, codes[i]);
  }
  if (low > high) return {};
  const std::int64_t span = high - low + 1;
  const char width = span <= 0xFF ? 1 : span <= 0xFFFF ? 2 : 4;
  const auto base = static_cast<Code>(low);
  std::string out(1, width);
  out.append(reinterpret_cast<const char*>(&base), sizeof base);
  if (width == 1) pack_codes<std::uint8_t>(codes, low, out);
  if (width == 2) pack_codes<std::uint16_t>(codes, low, out);
  if (width == 4) out.append(reinterpret_cast<const char*>(codes), kBlock * sizeof(Code));
  return out;
}

bool decode_block(std::string_view bytes, Code* codes) {
  constexpr std::size_t kHead = 1 + sizeof(Code);
  if (bytes.size() < kHead || bytes.size() != kHead + static_cast<std::size_t>(bytes[0]) * kBlock) return false;
  Code base = 0;
  std::memcpy(&base, bytes.data() + 1, sizeof base);
  const int width = bytes[0];
  bytes.remove_prefix(kHead);
  if (width == 1) unpack_codes<std::uint8_t>(bytes, base, codes);
  if (width == 2) unpack_codes<std::uint16_t>(bytes, base, codes);
  if (width == 4) std::memcpy(codes, bytes.data(), bytes.size());
  return width == 1 || width == 2 || width == 4;
}

std::string encode_postings(const std::vector<std::uint16_t>& ascending) {
  if (ascending.size() <= kMostListed)
    return {reinterpret_cast<const char*>(ascending.data()), ascending.size() * sizeof(std::uint16_t)};
  std::string out(kBitmapBytes, '\0');
  for (const std::uint16_t id : ascending) out[id / 8] = static_cast<char>(out[id / 8] | 1 << (id % 8));
  return out;
}

std::vector<std::uint16_t> decode_postings(std::string_view bytes) {
  std::vector<std::uint16_t> out;
  if (bytes.size() != kBitmapBytes) {
    out.resize(bytes.size() / 2);
    std::memcpy(out.data(), bytes.data(), out.size() * 2);
    return out;
  }
  for (std::size_t i = 0; i < kChunk; ++i)
    if (bytes[i / 8] >> (i % 8) & 1) out.push_back(static_cast<std::uint16_t>(i));
  return out;
}

void add_postings(std::string_view bytes, std::uint64_t* word) {
  if (bytes.size() == kBitmapBytes) {
    for (std::size_t i = 0; i < kBitmapBytes / 8; ++i) {
      std::uint64_t bits = 0;
      std::memcpy(&bits, bytes.data() + 8 * i, 8);
      word[i] |= bits;
    }
    return;
  }
  for (std::size_t i = 0; i + 1 < bytes.size(); i += 2) {
    std::uint16_t id = 0;
    std::memcpy(&id, bytes.data() + i, 2);
    word[id / 64] |= std::uint64_t{1} << (id % 64);
  }
}

}  // namespace tactus::library
