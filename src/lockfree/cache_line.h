// The distance at which two threads' data no longer share a line. 128: adjacent-line prefetch on x86, line size on
// Apple M.
#pragma once

#include <cstddef>

namespace tactus::lockfree {

constexpr std::size_t kCacheLine = 128;

}  // namespace tactus::lockfree
