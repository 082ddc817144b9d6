// What the compiler is told about code that runs on the audio thread.
//
// TACTUS_RT goes after the parameter list (and const) of every function on the audio path. Under clang 20 or newer it
// is `noexcept [[clang::nonblocking]]`: tools/check_rt_effects compiles with -Wfunction-effects -Werror, so a call to
// anything that may allocate, lock, throw or block is a compile error. Under other compilers it is `noexcept`.
#pragma once

#if defined(__clang__) && __clang_major__ >= 20
#define TACTUS_RT noexcept [[clang::nonblocking]]
#else
#define TACTUS_RT noexcept
#endif
