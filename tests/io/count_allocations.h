// Counts what the calling thread asks of the heap, C libraries included. Sanitizers bring a heap of their own: then
// counting is off and counts() says so.
#pragma once

#include <cstdint>

namespace tactus::io {

bool counts_allocations() noexcept;
std::uint64_t allocations() noexcept;  // malloc, calloc, realloc and free of this thread since it began

}  // namespace tactus::io
