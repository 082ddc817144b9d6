#include "io/midi/mapping_template.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace tactus::io {
namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

// What a word like "0x1a+3" adds up to; nothing for words that are no sums.
std::optional<long> sum_of(std::string_view word) {
  if (word.find('+') == std::string_view::npos) return {};
  long sum = 0;
  for (std::size_t at = 0; at <= word.size();) {
    const std::size_t plus = std::min(word.find('+', at), word.size());
    std::string_view part = word.substr(at, plus - at);
    const bool hex = part.starts_with("0x");
    if (hex) part.remove_prefix(2);
    int value = 0;
    const auto [stop, code] = std::from_chars(part.data(), part.data() + part.size(), value, hex ? 16 : 10);
    if (code != std::errc{} || stop != part.data() + part.size()) return {};
    sum += value;
    at = plus + 1;
  }
  return sum;
}

std::string with_sums(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    std::size_t end = i;
    while (end < text.size() && (is_digit(text[end]) || is_letter(text[end]) || text[end] == '+')) ++end;
    if (end == i) {
      out += text[i++];
      continue;
    }
    const std::string_view word = text.substr(i, end - i);
    i = end;
    if (const auto sum = sum_of(word)) {
      out += std::to_string(*sum);
    } else {
      out += word;
    }
  }
  return out;
}

}  // namespace

bool expand_template(std::string_view text, const TemplateRow& row, std::string* out, std::string* error) {
  if (text.find('$') == std::string_view::npos) {
    *out += text;
    return true;
  }
  std::string named;
  for (std::size_t i = 0; i < text.size();) {
    if (text[i] != '$') {
      named += text[i++];
      continue;
    }
    std::size_t end = ++i;
    while (end < text.size() && is_letter(text[end])) ++end;
    const std::string name(text.substr(i, end - i));
    const auto found = row.find(name);
    if (found == row.end()) {
      *error = "$" + name + " is no name of this template";
      return false;
    }
    named += found->second;
    i = end;
  }
  *out += with_sums(named);
  return true;
}

}  // namespace tactus::io
