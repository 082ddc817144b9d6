// The tables that src/library/search keeps, as a step of the layout.
#pragma once

#include <string_view>

namespace tactus::library {

extern const std::string_view kSearchSchema;

}  // namespace tactus::library
