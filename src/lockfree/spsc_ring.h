// A bounded queue from exactly one producer thread to exactly one consumer thread; wait-free and realtime-safe at both
// ends. Items are copied in and out, or, when they are large, written and read in place (write_slot, read_slot).
//
// Indices only ever grow and are masked when used, so that full and empty differ without a spare slot. Each end keeps
// its last look at the other's index and looks again only when that says full or empty (as in Rigtorp's SPSCQueue).
#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <type_traits>

#include "base/rt.h"
#include "lockfree/cache_line.h"

namespace tactus::lockfree {

template <typename T>
class SpscRing {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  // Not realtime-safe: allocates room for `capacity` items or more (the next power of two), zero-initialised, so that
  // its pages are there before the audio thread comes.
  explicit SpscRing(std::size_t capacity)
      : owned_(std::make_unique<T[]>(std::bit_ceil(capacity))),
        slots_(owned_.get()),
        mask_(std::bit_ceil(capacity) - 1) {}
  // Borrows `storage`, which outlives the ring; holds the largest power of two that fits in it. storage must not be
  // empty.
  explicit SpscRing(std::span<T> storage) TACTUS_RT : slots_(storage.data()),
                                                      mask_(std::bit_floor(storage.size()) - 1) {}
  SpscRing(const SpscRing&) = delete;
  SpscRing& operator=(const SpscRing&) = delete;

  std::size_t capacity() const TACTUS_RT { return mask_ + 1; }

  // Items that can be read. Exact or an underestimate on the consumer's thread, an overestimate on the producer's;
  // any other thread sees a value that was true a moment ago.
  std::size_t readable() const TACTUS_RT {
    // The read index first: it never passes the write index, so the difference can't be negative.
    const std::size_t read = read_.load(std::memory_order_acquire);
    const std::size_t n = write_.load(std::memory_order_acquire) - read;
    return n < capacity() ? n : capacity();
  }
  // Items that can be written; at least so many on the producer's thread.
  std::size_t writable() const TACTUS_RT { return capacity() - readable(); }

  // --- producer ---

  // False, and nothing done, when full.
  bool push(const T& item) TACTUS_RT {
    T* slot = write_slot();
    if (!slot) return false;
    *slot = item;
    commit();
    return true;
  }
  // Writes as many of `items` as fit, all at once visible; returns how many.
  std::size_t push(std::span<const T> items) TACTUS_RT {
    const std::size_t at = write_.load(std::memory_order_relaxed);
    const std::size_t room = room_for(at, items.size());
    const std::size_t n = items.size() < room ? items.size() : room;
    for (std::size_t i = 0; i < n; ++i) slots_[(at + i) & mask_] = items[i];
    write_.store(at + n, std::memory_order_release);
    return n;
  }
  // The slot that the next commit() publishes, holding whatever it last held; nullptr when full. May be asked again.
  T* write_slot() TACTUS_RT {
    const std::size_t at = write_.load(std::memory_order_relaxed);
    return room_for(at, 1) ? &slots_[at & mask_] : nullptr;
  }
  // Publishes write_slot(); requires writable() > 0.
  void commit() TACTUS_RT { write_.store(write_.load(std::memory_order_relaxed) + 1, std::memory_order_release); }

  // --- consumer ---

  // False, and `item` untouched, when empty.
  bool pop(T& item) TACTUS_RT {
    const T* slot = read_slot();
    if (!slot) return false;
    item = *slot;
    release();
    return true;
  }
  // Reads as many items as there are, at most items.size(); returns how many.
  std::size_t pop(std::span<T> items) TACTUS_RT {
    const std::size_t at = read_.load(std::memory_order_relaxed);
    const std::size_t there = there_of(at, items.size());
    const std::size_t n = items.size() < there ? items.size() : there;
    for (std::size_t i = 0; i < n; ++i) items[i] = slots_[(at + i) & mask_];
    read_.store(at + n, std::memory_order_release);
    return n;
  }
  // The i-th oldest item in place, valid until it is released; nullptr when there are not so many.
  const T* peek(std::size_t i) TACTUS_RT {
    const std::size_t at = read_.load(std::memory_order_relaxed);
    return there_of(at, i + 1) > i ? &slots_[(at + i) & mask_] : nullptr;
  }
  const T* read_slot() TACTUS_RT { return peek(0); }
  // Gives the oldest slot back to the producer; requires readable() > 0.
  void release() TACTUS_RT { read_.store(read_.load(std::memory_order_relaxed) + 1, std::memory_order_release); }

 private:
  // Free slots at write index `at`; looks at the reader again only if its last look doesn't give `wanted`.
  std::size_t room_for(std::size_t at, std::size_t wanted) TACTUS_RT {
    if (at + wanted - read_seen_ > capacity()) read_seen_ = read_.load(std::memory_order_acquire);
    return capacity() - (at - read_seen_);
  }
  // Filled slots at read index `at`; likewise. Signed: release() may have gone past the last look.
  std::size_t there_of(std::size_t at, std::size_t wanted) TACTUS_RT {
    if (static_cast<std::ptrdiff_t>(write_seen_ - at) < static_cast<std::ptrdiff_t>(wanted)) {
      write_seen_ = write_.load(std::memory_order_acquire);
    }
    return write_seen_ - at;
  }

  std::unique_ptr<T[]> owned_;
  T* slots_;
  std::size_t mask_;
  alignas(kCacheLine) std::atomic<std::size_t> write_{0};
  std::size_t read_seen_ = 0;  // producer's
  alignas(kCacheLine) std::atomic<std::size_t> read_{0};
  std::size_t write_seen_ = 0;  // consumer's
};

}  // namespace tactus::lockfree
