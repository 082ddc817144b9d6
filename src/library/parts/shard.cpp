#include "library/parts/shard.h"

#include <xxhash.h>

#include <charconv>

namespace tactus::library {

std::optional<Shard> parse_shard(std::string_view text) {
  Shard out;
  const char* const end = text.data() + text.size();
  const auto index = std::from_chars(text.data(), end, out.index);
  if (index.ec != std::errc() || index.ptr == end || *index.ptr != '/') return std::nullopt;
  const auto of = std::from_chars(index.ptr + 1, end, out.of);
  if (of.ec != std::errc() || of.ptr != end) return std::nullopt;
  if (out.index < 1 || out.index > out.of || out.of > Shard::kMost) return std::nullopt;
  return out;
}

std::string to_text(const Shard& shard) { return std::to_string(shard.index) + "/" + std::to_string(shard.of); }

std::uint32_t shard_of(std::string_view path, std::uint32_t of) {
  return static_cast<std::uint32_t>(XXH3_64bits(path.data(), path.size()) % of) + 1;
}

}  // namespace tactus::library
