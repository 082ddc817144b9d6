// How often this thread asked for memory, by any of malloc's doors. Counts nothing in sanitizer builds, whose own
// allocator stands there.
#pragma once

#include <cstdint>

namespace tactus::media::test {

bool can_count_allocations();
std::uint64_t allocations_of_this_thread();

}  // namespace tactus::media::test
