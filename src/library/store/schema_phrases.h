// What the phrase index and the search in words for phrases need (src/library/phrases): a step of schema.h.
#pragma once

#include <string_view>

namespace tactus::library {

extern const std::string_view kPhraseSchema;

}  // namespace tactus::library
