#include "count_allocations.h"

#include <cstddef>

#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define TACTUS_COUNT_ALLOCATIONS 1
#endif

#ifdef TACTUS_COUNT_ALLOCATIONS
namespace {
thread_local std::uint64_t count __attribute__((tls_model("initial-exec"))) = 0;
}

extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void __libc_free(void*);

void* malloc(std::size_t n) {
  ++count;
  return __libc_malloc(n);
}
void* calloc(std::size_t n, std::size_t size) {
  ++count;
  return __libc_calloc(n, size);
}
void* realloc(void* p, std::size_t n) {
  ++count;
  return __libc_realloc(p, n);
}
void free(void* p) {
  ++count;
  __libc_free(p);
}
}
#endif

namespace tactus::io {

#ifdef TACTUS_COUNT_ALLOCATIONS
bool counts_allocations() noexcept { return true; }
std::uint64_t allocations() noexcept { return count; }
#else
bool counts_allocations() noexcept { return false; }
std::uint64_t allocations() noexcept { return 0; }
#endif

}  // namespace tactus::io
