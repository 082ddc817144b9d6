// Whole numbers in JSON that others wrote.
#pragma once

#include <cstdint>
#include <utility>

namespace tactus {

// A whole number that an `Int` holds; throws an exception of `Json`'s for anything else. nlohmann's get<Int>() takes
// every number, and a real one beyond the range of Int is undefined there ([conv.fpint]). Any thread; not realtime
// safe.
template <class Int, class Json>
Int json_whole(const Json& j) {
  const bool fits = j.is_number_unsigned()
                        ? std::in_range<Int>(j.template get<std::uint64_t>())
                        : j.is_number_integer() && std::in_range<Int>(j.template get<std::int64_t>());
  if (!fits) throw Json::other_error::create(501, "no whole number, or too large a one", nullptr);
  return j.template get<Int>();
}

}  // namespace tactus
