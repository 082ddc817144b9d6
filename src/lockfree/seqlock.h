// The latest value of a struct from one writer to any number of readers that can't be trusted to keep up, or to live.
// The writer is wait-free: it never looks at the readers. A reader needs no write access, so it may sit in another
// process with the memory mapped read-only. No pointers inside; zero-filled memory is a valid, empty seqlock.
//
// The payload is copied as relaxed atomic words between two reads of a sequence number that is odd while a write goes
// on (H.-J. Boehm, "Can Seqlocks Get Along with Programming Language Memory Models?", MSPC 2012, figure 6).
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <type_traits>

#include "base/rt.h"
#include "lockfree/cache_line.h"

// GCC warns that ThreadSanitizer does not model fences. It need not here: every shared word is atomic, so no plain
// access depends on the order that the fences give.
#if defined(__GNUC__) && !defined(__clang__) && defined(__SANITIZE_THREAD__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wtsan"
#endif

namespace tactus::lockfree {

template <typename T>
class SeqLock {
  static_assert(std::is_trivially_copyable_v<T> && std::is_default_constructible_v<T>);
  static_assert(std::atomic<std::uint64_t>::is_always_lock_free);

 public:
  static constexpr int kTries = 64;

  // One writer at a time; realtime-safe.
  void write(const T& value) TACTUS_RT {
    const std::uint64_t begun = sequence_.load(std::memory_order_relaxed) | 1;  // | 1: takes over a dead writer's half
    sequence_.store(begun, std::memory_order_relaxed);
    std::atomic_thread_fence(std::memory_order_release);
    for (std::size_t i = 0; i < kWords; ++i) {
      std::uint64_t word = 0;
      std::memcpy(&word, reinterpret_cast<const char*>(&value) + i * sizeof word, bytes_of(i));
      words_[i].store(word, std::memory_order_relaxed);
    }
    sequence_.store(begun + 1, std::memory_order_release);
  }

  // Any thread. One try: false when a write was going on; `value` is then garbage.
  bool try_read(T& value) const TACTUS_RT {
    const std::uint64_t before = sequence_.load(std::memory_order_acquire);
    if (before & 1) return false;
    for (std::size_t i = 0; i < kWords; ++i) {
      const std::uint64_t word = words_[i].load(std::memory_order_relaxed);
      std::memcpy(reinterpret_cast<char*>(&value) + i * sizeof word, &word, bytes_of(i));
    }
    std::atomic_thread_fence(std::memory_order_acquire);
    return sequence_.load(std::memory_order_relaxed) == before;
  }

  // Any thread. Empty when the writer was in the way `tries` times, as when it died amid a write: the caller keeps the
  // value that it has. Before the first write it reads as all zero bytes, with version() 0.
  std::optional<T> read(int tries = kTries) const TACTUS_RT {
    T value;
    for (int i = 0; i < tries; ++i) {
      if (try_read(value)) return value;
    }
    return std::nullopt;
  }

  // How many writes have been finished.
  std::uint64_t version() const TACTUS_RT { return sequence_.load(std::memory_order_acquire) / 2; }

 private:
  static constexpr std::size_t kWords = (sizeof(T) + 7) / 8;
  static constexpr std::size_t bytes_of(std::size_t i) TACTUS_RT { return i + 1 < kWords ? 8 : sizeof(T) - i * 8; }

  alignas(kCacheLine) std::atomic<std::uint64_t> sequence_{0};
  std::atomic<std::uint64_t> words_[kWords] = {};
};

}  // namespace tactus::lockfree

#if defined(__GNUC__) && !defined(__clang__) && defined(__SANITIZE_THREAD__)
#pragma GCC diagnostic pop
#endif
