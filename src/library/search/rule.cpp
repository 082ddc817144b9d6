#include "library/search/rule.h"

#include <algorithm>

namespace tactus::library {

namespace {

bool same_name(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return (x >= 'A' && x <= 'Z' ? x + 32 : x) == y; });
}

}  // namespace

int field_place(std::string_view name) {
  for (std::size_t i = 0; i < kFields.size(); ++i)
    if (same_name(name, kFields[i].name)) return static_cast<int>(i);
  return -1;
}

int has_place(std::string_view name) {
  for (std::size_t i = 0; i < std::size(kExtras); ++i)
    if (same_name(name, kExtras[i])) return static_cast<int>(kFields.size() + i);
  return field_place(name);
}

std::string_view has_name(int place) {
  const auto i = static_cast<std::size_t>(place);
  return i < kFields.size() ? kFields[i].name : kExtras[i - kFields.size()];
}

bool is_searched(int field) {
  return std::find(std::begin(kSearched), std::end(kSearched), kFields[static_cast<std::size_t>(field)].name) !=
         std::end(kSearched);
}

}  // namespace tactus::library
