#include "alloc_count.h"

#include <cstddef>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || defined(__has_feature)
#define TACTUS_OWN_ALLOCATOR 0
#elif defined(__GLIBC__) || defined(__linux__)
#define TACTUS_OWN_ALLOCATOR 1
#else
#define TACTUS_OWN_ALLOCATOR 0
#endif

namespace {
// Constant-initialised and in the static TLS block of the program, so that reading them can't allocate.
thread_local bool counting = false;
thread_local std::uint64_t counted = 0;
}  // namespace

namespace tactus::app {

void count_allocations(bool on) noexcept { counting = on; }
std::uint64_t counted_allocations() noexcept { return counted; }
bool allocations_can_be_counted() noexcept { return TACTUS_OWN_ALLOCATOR; }

}  // namespace tactus::app

#if TACTUS_OWN_ALLOCATOR
// glibc's allocator under its own names; operator new and delete come through here too.
extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);
void __libc_free(void*);

void* malloc(std::size_t n) {
  if (counting) ++counted;
  return __libc_malloc(n);
}
void* calloc(std::size_t n, std::size_t size) {
  if (counting) ++counted;
  return __libc_calloc(n, size);
}
void* realloc(void* p, std::size_t n) {
  if (counting) ++counted;
  return __libc_realloc(p, n);
}
void* aligned_alloc(std::size_t align, std::size_t n) {
  if (counting) ++counted;
  return __libc_memalign(align, n);
}
int posix_memalign(void** out, std::size_t align, std::size_t n) {
  if (counting) ++counted;
  *out = __libc_memalign(align, n);
  return *out ? 0 : 12;  // ENOMEM
}
void* memalign(std::size_t align, std::size_t n) {
  if (counting) ++counted;
  return __libc_memalign(align, n);
}
void free(void* p) {
  if (counting && p) ++counted;
  __libc_free(p);
}
}
#endif
