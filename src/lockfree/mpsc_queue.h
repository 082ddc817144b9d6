// A bounded queue from any number of producers to one consumer: Dmitry Vyukov's bounded MPMC queue
// (1024cores.net, "Bounded MPMC queue"), with the consumer's side simplified to a single thread.
//
// Each cell carries a sequence number that says whose turn it is: `i` = free for the producer of position i, `i + 1` =
// filled. push() is lock-free and never waits; pop() is wait-free. A producer that is stopped between taking its cell
// and filling it hides the items behind it until it goes on: so the consumer finds the queue empty, and never blocks.
#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <type_traits>

#include "base/rt.h"
#include "lockfree/cache_line.h"

namespace tactus::lockfree {

template <typename T>
class MpscQueue {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  // Not realtime-safe: allocates room for `capacity` items or more (the next power of two, at least 2).
  explicit MpscQueue(std::size_t capacity)
      : mask_(std::bit_ceil(capacity < 2 ? 2 : capacity) - 1), cells_(std::make_unique<Cell[]>(mask_ + 1)) {
    for (std::size_t i = 0; i <= mask_; ++i) cells_[i].turn.store(i, std::memory_order_relaxed);
  }
  MpscQueue(const MpscQueue&) = delete;
  MpscQueue& operator=(const MpscQueue&) = delete;

  std::size_t capacity() const TACTUS_RT { return mask_ + 1; }

  // Any thread, realtime-safe. False, and nothing done, when full.
  bool push(const T& item) TACTUS_RT {
    std::size_t at = tail_.load(std::memory_order_relaxed);
    for (;;) {
      Cell& cell = cells_[at & mask_];
      const auto lead = static_cast<std::ptrdiff_t>(cell.turn.load(std::memory_order_acquire) - at);
      if (lead < 0) return false;  // still holds the item of one lap ago
      if (lead > 0) {
        at = tail_.load(std::memory_order_relaxed);  // another producer took it
      } else if (tail_.compare_exchange_weak(at, at + 1, std::memory_order_relaxed)) {
        cell.item = item;
        cell.turn.store(at + 1, std::memory_order_release);
        return true;
      }
    }
  }

  // The consumer's thread, realtime-safe. False, and `item` untouched, when empty.
  bool pop(T& item) TACTUS_RT {
    Cell& cell = cells_[head_ & mask_];
    if (cell.turn.load(std::memory_order_acquire) != head_ + 1) return false;
    item = cell.item;
    cell.turn.store(head_ + capacity(), std::memory_order_release);
    ++head_;
    return true;
  }

 private:
  struct Cell {
    std::atomic<std::size_t> turn{0};
    T item{};
  };

  std::size_t mask_;
  std::unique_ptr<Cell[]> cells_;
  alignas(kCacheLine) std::atomic<std::size_t> tail_{0};
  alignas(kCacheLine) std::size_t head_ = 0;  // consumer's
};

}  // namespace tactus::lockfree
