// Denormal numbers to zero (FTZ and DAZ) on the calling thread: a decaying reverb otherwise costs a hundred times more.
// Realtime-safe; part of the thread's state, so cheap to repeat each period in case a library changed it.
#pragma once

#include "base/rt.h"

#if defined(__SSE__)
#include <xmmintrin.h>
#endif

namespace tactus::io {

inline void flush_denormals() TACTUS_RT {
#if defined(__SSE__)
  constexpr unsigned kFtz = 0x8000, kDaz = 0x0040;
  _mm_setcsr(_mm_getcsr() | kFtz | kDaz);
#elif defined(__aarch64__)
  unsigned long fpcr;
  asm volatile("mrs %0, fpcr" : "=r"(fpcr));
  asm volatile("msr fpcr, %0" : : "r"(fpcr | (1ul << 24)));
#endif
}

}  // namespace tactus::io
