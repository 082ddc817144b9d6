// A library to be preloaded (LD_PRELOAD) into a program that plays: any call to the heap, a lock, a file, a socket, a
// clock or a sleep by a thread that has marked itself as being inside `process` prints a stack trace and aborts.
// With TACTUS_TRAP=count in the environment it counts instead, and prints the counts at exit.
//
// It sees calls that cross a library boundary, whatever compiled them, so the C++ library and uninstrumented packages
// are covered, uncontended locks too (which enter no kernel); what goes around the C library is left to the system-call
// trap. Marking: tests/rt/trap_mark.h. Linux, glibc.
#include <dlfcn.h>
#include <execinfo.h>
#include <unistd.h>

#include <atomic>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

// initial-exec: reaching it must not itself allocate.
__attribute__((tls_model("initial-exec"))) thread_local int inside = 0;
std::atomic<long> hits{0};
bool counting = false;

struct Counted {
  std::atomic<const char*> name{nullptr};
  std::atomic<long> calls{0};
};
Counted counts[128];

void count(const char* name) {
  for (Counted& c : counts) {
    const char* expected = nullptr;
    if (c.name.compare_exchange_strong(expected, name) || expected == name) {
      c.calls.fetch_add(1);
      return;
    }
  }
}

void say(const char* text) {
  if (::write(STDERR_FILENO, text, std::strlen(text)) < 0) std::abort();
}

void caught(const char* name) {
  if (inside == 0) return;
  hits.fetch_add(1);
  if (counting) {
    count(name);
    return;
  }
  inside = 0;  // the report may do what the audio thread may not
  say("tactus trap: ");
  say(name);
  say(" on the audio thread, called from\n");
  void* frames[64];
  backtrace_symbols_fd(frames, backtrace(frames, 64), STDERR_FILENO);
  std::abort();
}

// The function that would have been called without this library. Conditions have an old version, which dlsym may give.
void* next(const char* name) {
  if (std::strncmp(name, "pthread_cond_", 13) == 0) {
    if (void* f = dlvsym(RTLD_NEXT, name, "GLIBC_2.3.2")) return f;
  }
  return dlsym(RTLD_NEXT, name);
}

__attribute__((constructor)) void start() {
  const char* mode = std::getenv("TACTUS_TRAP");
  counting = mode != nullptr && std::strcmp(mode, "count") == 0;
  void* frames[4];
  backtrace(frames, 4);  // loads the unwinder now, not in the middle of a report
}

__attribute__((destructor)) void finish() {
  if (!counting) return;
  std::fprintf(stderr, "tactus trap: %ld calls on the audio thread\n", hits.load());
  for (const Counted& c : counts) {
    if (c.name.load() != nullptr) std::fprintf(stderr, "tactus trap: %ld %s\n", c.calls.load(), c.name.load());
  }
}

}  // namespace

extern "C" {
void tactus_trap_enter() { ++inside; }
void tactus_trap_leave() { --inside; }
long tactus_trap_hits() { return hits.load(); }

// The heap, by glibc's own names for it: dlsym allocates, so it can't be asked for malloc.
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);
void __libc_free(void*);
}

// A replacement is defined under a C++ name and labelled with the C one, so that it need not repeat the exception
// specification that this C library's headers give it.
#define REPLACE(result, name, params)                                                         \
  extern "C" result trap_##name params __asm__(#name) __attribute__((visibility("default"))); \
  extern "C" result trap_##name params

#define TRAP(result, name, params, args)                                              \
  REPLACE(result, name, params) {                                                     \
    caught(#name);                                                                    \
    static std::atomic<void*> cached{nullptr};                                        \
    void* real = cached.load(std::memory_order_relaxed);                              \
    if (real == nullptr) cached.store(real = next(#name), std::memory_order_relaxed); \
    return reinterpret_cast<result(*) params>(real) args;                             \
  }

REPLACE(void*, malloc, (std::size_t n)) {
  caught("malloc");
  return __libc_malloc(n);
}
REPLACE(void*, calloc, (std::size_t n, std::size_t size)) {
  caught("calloc");
  return __libc_calloc(n, size);
}
REPLACE(void*, realloc, (void* p, std::size_t n)) {
  caught("realloc");
  return __libc_realloc(p, n);
}
REPLACE(void, free, (void* p)) {
  caught("free");
  __libc_free(p);
}
REPLACE(void*, memalign, (std::size_t alignment, std::size_t n)) {
  caught("memalign");
  return __libc_memalign(alignment, n);
}
REPLACE(void*, aligned_alloc, (std::size_t alignment, std::size_t n)) {
  caught("aligned_alloc");
  return __libc_memalign(alignment, n);
}
REPLACE(int, posix_memalign, (void** p, std::size_t alignment, std::size_t n)) {
  caught("posix_memalign");
  *p = __libc_memalign(alignment, n);
  return *p == nullptr ? 12 : 0;  // ENOMEM
}

// Locks, conditions, threads
TRAP(int, pthread_mutex_lock, (void* m), (m))
TRAP(int, pthread_mutex_trylock, (void* m), (m))
TRAP(int, pthread_mutex_timedlock, (void* m, const void* t), (m, t))
TRAP(int, pthread_mutex_clocklock, (void* m, int clock, const void* t), (m, clock, t))
TRAP(int, pthread_mutex_unlock, (void* m), (m))
TRAP(int, pthread_rwlock_rdlock, (void* m), (m))
TRAP(int, pthread_rwlock_wrlock, (void* m), (m))
TRAP(int, pthread_rwlock_tryrdlock, (void* m), (m))
TRAP(int, pthread_rwlock_trywrlock, (void* m), (m))
TRAP(int, pthread_rwlock_unlock, (void* m), (m))
TRAP(int, pthread_spin_lock, (void* m), (m))
TRAP(int, pthread_cond_wait, (void* c, void* m), (c, m))
TRAP(int, pthread_cond_timedwait, (void* c, void* m, const void* t), (c, m, t))
TRAP(int, pthread_cond_clockwait, (void* c, void* m, int clock, const void* t), (c, m, clock, t))
TRAP(int, pthread_cond_signal, (void* c), (c))
TRAP(int, pthread_cond_broadcast, (void* c), (c))
TRAP(int, pthread_once, (void* once, void (*f)()), (once, f))
TRAP(int, pthread_create, (void* t, const void* a, void* (*f)(void*), void* arg), (t, a, f, arg))
TRAP(int, pthread_join, (unsigned long t, void** result), (t, result))
TRAP(int, sem_wait, (void* s), (s))
TRAP(int, sem_trywait, (void* s), (s))
TRAP(int, sem_timedwait, (void* s, const void* t), (s, t))
TRAP(int, sem_post, (void* s), (s))

// Files and streams
TRAP(int, open, (const char* path, int flags, int mode), (path, flags, mode))
TRAP(int, open64, (const char* path, int flags, int mode), (path, flags, mode))
TRAP(int, openat, (int at, const char* path, int flags, int mode), (at, path, flags, mode))
TRAP(int, openat64, (int at, const char* path, int flags, int mode), (at, path, flags, mode))
TRAP(int, close, (int fd), (fd))
TRAP(long, read, (int fd, void* p, std::size_t n), (fd, p, n))
TRAP(long, write, (int fd, const void* p, std::size_t n), (fd, p, n))
TRAP(long, pread, (int fd, void* p, std::size_t n, long at), (fd, p, n, at))
TRAP(long, pread64, (int fd, void* p, std::size_t n, long at), (fd, p, n, at))
TRAP(long, pwrite, (int fd, const void* p, std::size_t n, long at), (fd, p, n, at))
TRAP(long, pwrite64, (int fd, const void* p, std::size_t n, long at), (fd, p, n, at))
TRAP(long, readv, (int fd, const void* v, int n), (fd, v, n))
TRAP(long, writev, (int fd, const void* v, int n), (fd, v, n))
TRAP(long, lseek, (int fd, long at, int from), (fd, at, from))
TRAP(int, fsync, (int fd), (fd))
TRAP(int, ioctl, (int fd, unsigned long request, void* p), (fd, request, p))
TRAP(void*, fopen, (const char* path, const char* mode), (path, mode))
TRAP(void*, fopen64, (const char* path, const char* mode), (path, mode))
TRAP(int, fclose, (void* f), (f))
TRAP(std::size_t, fread, (void* p, std::size_t size, std::size_t n, void* f), (p, size, n, f))
TRAP(std::size_t, fwrite, (const void* p, std::size_t size, std::size_t n, void* f), (p, size, n, f))
TRAP(int, fflush, (void* f), (f))
TRAP(int, puts, (const char* s), (s))
TRAP(int, fputs, (const char* s, void* f), (s, f))
TRAP(int, fputc, (int c, void* f), (c, f))
TRAP(int, putchar, (int c), (c))
TRAP(int, vfprintf, (FILE * f, const char* format, va_list a), (f, format, a))
REPLACE(int, printf, (const char* format, ...)) {
  caught("printf");
  va_list a;
  va_start(a, format);
  const int n = std::vfprintf(stdout, format, a);
  va_end(a);
  return n;
}
REPLACE(int, fprintf, (FILE * f, const char* format, ...)) {
  caught("fprintf");
  va_list a;
  va_start(a, format);
  const int n = std::vfprintf(f, format, a);
  va_end(a);
  return n;
}

// Memory maps
TRAP(void*, mmap, (void* at, std::size_t n, int prot, int flags, int fd, long off), (at, n, prot, flags, fd, off))
TRAP(void*, mmap64, (void* at, std::size_t n, int prot, int flags, int fd, long off), (at, n, prot, flags, fd, off))
TRAP(int, munmap, (void* p, std::size_t n), (p, n))
TRAP(int, mprotect, (void* p, std::size_t n, int prot), (p, n, prot))
TRAP(int, madvise, (void* p, std::size_t n, int advice), (p, n, advice))

// Sockets and waiting
TRAP(int, socket, (int domain, int type, int protocol), (domain, type, protocol))
TRAP(int, connect, (int fd, const void* address, unsigned n), (fd, address, n))
TRAP(long, send, (int fd, const void* p, std::size_t n, int flags), (fd, p, n, flags))
TRAP(long, sendto, (int fd, const void* p, std::size_t n, int flags, const void* to, unsigned m),
     (fd, p, n, flags, to, m))
TRAP(long, sendmsg, (int fd, const void* message, int flags), (fd, message, flags))
TRAP(long, recv, (int fd, void* p, std::size_t n, int flags), (fd, p, n, flags))
TRAP(long, recvfrom, (int fd, void* p, std::size_t n, int flags, void* from, void* m), (fd, p, n, flags, from, m))
TRAP(long, recvmsg, (int fd, void* message, int flags), (fd, message, flags))
TRAP(int, poll, (void* fds, unsigned long n, int timeout), (fds, n, timeout))
TRAP(int, select, (int n, void* r, void* w, void* e, void* timeout), (n, r, w, e, timeout))
TRAP(int, epoll_wait, (int fd, void* events, int n, int timeout), (fd, events, n, timeout))

// Time
TRAP(unsigned, sleep, (unsigned seconds), (seconds))
TRAP(int, usleep, (unsigned microseconds), (microseconds))
TRAP(int, nanosleep, (const void* t, void* rest), (t, rest))
TRAP(int, clock_nanosleep, (int clock, int flags, const void* t, void* rest), (clock, flags, t, rest))
TRAP(int, sched_yield, (), ())
TRAP(int, clock_gettime, (int clock, void* t), (clock, t))
TRAP(int, gettimeofday, (void* t, void* zone), (t, zone))

// Anything else that is asked of the kernel by number (futexes of std::atomic::wait among them)
TRAP(long, syscall, (long n, long a, long b, long c, long d, long e, long f), (n, a, b, c, d, e, f))
