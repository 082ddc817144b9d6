// What of TOML's text a mapping file may use, beyond what the parser checks itself.
#pragma once

#include <optional>
#include <string_view>

#include "io/midi/mapping.h"

namespace tactus::io {

// The first place at which the text leaves the part of TOML that mapping files are written in; the parser is given no
// such text. toml++ 3.3 asks of every character outside strings and comments whether it is one of Unicode's spaces, and
// for some of them its table of these ends in undefined behaviour (is_non_ascii_horizontal_whitespace: U+00A1 to
// U+0499). TOML has no use for letters there, only for complaining about them.
//   - Outside strings and comments there is ASCII only.
//   - A string is on one line.
//   - U+0085, U+2028 and U+2029, which some take for the end of a line, are nowhere.
std::optional<MappingError> unfit_text(std::string_view toml);

}  // namespace tactus::io
