// The lines of a part, for its reader and its writer.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "library/parts/part.h"

namespace tactus::library::part_text {

constexpr int kFormat = 1;                                   // of the file
constexpr std::size_t kLongestLine = std::size_t{64} << 20;  // bytes; a whole day of music takes a tenth of it

// `object`, a JSON object, with a hash of itself as its last member.
std::string sealed(std::string object);
// What was sealed; nothing where the hash is another, or none.
std::optional<std::string> unsealed(std::string_view line);

std::string header(const PartHeader& header);
std::string footer(std::size_t entries, std::size_t failed);

}  // namespace tactus::library::part_text
