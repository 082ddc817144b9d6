// Counts allocations of the calling thread: the allocator of this program asks a thread's own counter first.
#pragma once

#include <cstdint>

namespace tactus::app {

// While `on`, every malloc, calloc, realloc, free, new and delete of this thread is counted.
void count_allocations(bool on) noexcept;
std::uint64_t counted_allocations() noexcept;
// False in builds whose allocator is not ours to wrap (sanitizers): then the count stays 0.
bool allocations_can_be_counted() noexcept;

}  // namespace tactus::app
