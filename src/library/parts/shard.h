// How a catalogue is shared out among machines that know nothing of each other. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tactus::library {

// Part `index` of `of`, counted from 1.
struct Shard {
  static constexpr std::uint32_t kMost = 1'000'000;
  std::uint32_t index = 1, of = 1;
  bool operator==(const Shard&) const = default;
};

// "3/16". Nothing for what isn't two numbers, 1 <= index <= of <= kMost.
std::optional<Shard> parse_shard(std::string_view text);
std::string to_text(const Shard& shard);

// Which of `of` shards a file belongs to: XXH3-64 of its path below the catalogue ('/' between folders, bytes as the
// file system has them) modulo `of`, plus 1. It depends on nothing else: every file is in exactly one shard, on every
// machine, wherever the catalogue is mounted, and stays there when other files come and go.
std::uint32_t shard_of(std::string_view path, std::uint32_t of);

}  // namespace tactus::library
