#include "io/midi/mapping_text.h"

#include <algorithm>

namespace tactus::io {

namespace {

bool beyond_ascii(char c) { return static_cast<unsigned char>(c) >= 0x80; }

bool ends_a_line(std::string_view at) {
  return at.starts_with("\xc2\x85") || at.starts_with("\xe2\x80\xa8") || at.starts_with("\xe2\x80\xa9");
}

// What is wrong with one line; null: nothing.
const char* wrong(std::string_view line) {
  char quote = 0;
  bool comment = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (ends_a_line(line.substr(i))) return "a character that some take for the end of a line (U+0085, U+2028, U+2029)";
    if (comment) continue;
    if (quote != 0) {
      if (c == '\\' && quote == '"') {
        ++i;
        if (i < line.size() && beyond_ascii(line[i])) return "a backslash before a letter that needs none";
      } else if (c == quote) {
        quote = 0;
      }
    } else if (c == '"' || c == '\'') {
      if (line.substr(i, 3) == std::string(3, c)) return "a string is written on one line";
      quote = c;
    } else if (c == '#') {
      comment = true;
    } else if (beyond_ascii(c)) {
      return "only ASCII outside of quotes and comments";
    }
  }
  return nullptr;
}

}  // namespace

std::optional<MappingError> unfit_text(std::string_view toml) {
  int number = 1;
  while (true) {
    const std::size_t end = std::min(toml.find('\n'), toml.size());
    if (const char* text = wrong(toml.substr(0, end))) return MappingError{number, text};
    if (end == toml.size()) return {};
    toml.remove_prefix(end + 1);
    ++number;
  }
}

}  // namespace tactus::io
