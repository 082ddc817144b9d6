// The dot product of two vectors of signed bytes, by the widest vectors that this processor has.
#pragma once

#include <cstddef>
#include <cstdint>

namespace tactus::library {

// Vectors are kept padded with zeros to a multiple of this many numbers.
constexpr std::size_t kDotStep = 32;

// Of `n` numbers, a multiple of kDotStep, at most 65,536 (so that the sum can't overflow). Any alignment.
using DotFunction = std::int32_t (*)(const std::int8_t* a, const std::int8_t* b, std::size_t n);

// The same one all the time.
DotFunction dot_function();
// Without any special instructions: what dot_function() is checked by, and is where there is nothing better.
std::int32_t dot_plain(const std::int8_t* a, const std::int8_t* b, std::size_t n);

// 1 / the length of a vector; 0: it has no direction.
float inverse_length(const std::int8_t* v, std::size_t n);

}  // namespace tactus::library
