// Numbers as text, independent of the locale. Pure, any thread.
#pragma once

#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace tactus::schedule {

// All of `text` as a number: decimal ("-6", "0.25", "1e-3"), "-inf", or a fraction ("1/8"). Never NaN, never +infinity.
inline std::optional<double> parse_number(std::string_view text) {
  const auto whole = [](std::string_view t) -> std::optional<double> {
    if (t.size() > 1 && t[0] == '+' && t[1] != '-') t.remove_prefix(1);
    double v = 0;
    const auto [end, error] = std::from_chars(t.data(), t.data() + t.size(), v);
    if (error != std::errc{} || end != t.data() + t.size() || !std::isfinite(v)) return {};
    return v;
  };
  if (text == "-inf") return -std::numeric_limits<double>::infinity();
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return whole(text);
  const auto top = whole(text.substr(0, slash));
  const auto bottom = whole(text.substr(slash + 1));
  if (!top || !bottom || !(*bottom > 0) || !std::isfinite(*top / *bottom)) return {};
  return *top / *bottom;
}

// The shortest text that reads back as exactly `v`, a float or a double.
template <typename Number>
std::string number_text(Number v) {
  if (std::isinf(v)) return v < 0 ? "-inf" : "inf";
  char buffer[32];
  const auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, v == 0 ? Number{} : v);
  return error == std::errc{} ? std::string(buffer, end) : std::string();
}

}  // namespace tactus::schedule
