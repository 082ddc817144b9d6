// Words of an intent's text with their places. Internal to this folder, but for quoting.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tactus::schedule {

struct Token {
  std::string text;  // unescaped
  std::size_t column = 0;
  std::size_t length = 0;
  bool quoted = false;
};

// False when the text is malformed: then `bad` is the word at fault and `why` says how.
bool tokenise(std::string_view text, std::vector<Token>& out, Token& bad, std::string& why);

// Whether an unquoted `word` ends the arguments: "@bar", "over", or a curve.
bool begins_suffix(std::string_view word);

// `text` as it must be written to be read back as one argument.
std::string quote_if_needed(std::string_view text);

// The one of `words` that is nearest to `word`, or empty when none is near: letters swapped, left out, doubled.
std::string_view nearest(std::string_view word, const std::vector<std::string_view>& words);

}  // namespace tactus::schedule
