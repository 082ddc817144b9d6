// Bytes as text (RFC 4648, with padding).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tactus::analysis {

std::string to_base64(std::span<const std::int8_t> bytes);
// Nothing for what to_base64 doesn't write.
std::optional<std::vector<std::int8_t>> from_base64(std::string_view text);

}  // namespace tactus::analysis
