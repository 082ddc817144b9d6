#include "library/phrases/dot.h"

#include <cmath>

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#define TACTUS_DOT_X86 1
#endif

namespace tactus::library {

namespace {

#ifdef TACTUS_DOT_X86
// Products of bytes fit into 16 bits, two of them added into 32.
__attribute__((target("avx2"))) std::int32_t dot_avx2(const std::int8_t* a, const std::int8_t* b, std::size_t n) {
  __m256i sums[2] = {_mm256_setzero_si256(), _mm256_setzero_si256()};
  for (std::size_t i = 0; i < n; i += 32) {
    for (std::size_t half = 0; half < 2; ++half) {
      const std::size_t at = i + 16 * half;
      const __m256i x = _mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(a + at)));
      const __m256i y = _mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(b + at)));
      sums[half] = _mm256_add_epi32(sums[half], _mm256_madd_epi16(x, y));
    }
  }
  const __m256i sum = _mm256_add_epi32(sums[0], sums[1]);
  __m128i four = _mm_add_epi32(_mm256_castsi256_si128(sum), _mm256_extracti128_si256(sum, 1));
  four = _mm_add_epi32(four, _mm_shuffle_epi32(four, 0x4e));
  four = _mm_add_epi32(four, _mm_shuffle_epi32(four, 0xb1));
  return _mm_cvtsi128_si32(four);
}
#endif

}  // namespace

std::int32_t dot_plain(const std::int8_t* a, const std::int8_t* b, std::size_t n) {
  std::int32_t sum = 0;
  for (std::size_t i = 0; i < n; ++i) sum += a[i] * b[i];
  return sum;
}

DotFunction dot_function() {
#ifdef TACTUS_DOT_X86
  static const DotFunction best = __builtin_cpu_supports("avx2") ? dot_avx2 : dot_plain;
  return best;
#else
  return dot_plain;
#endif
}

float inverse_length(const std::int8_t* v, std::size_t n) {
  const std::int32_t squares = dot_plain(v, v, n);
  return squares == 0 ? 0.0F : 1.0F / std::sqrt(static_cast<float>(squares));
}

}  // namespace tactus::library
