// When may the memory behind a pointer that the audio thread might just be reading be freed? When every reader has
// since been seen outside of its reading section. Readers only count; whoever made the object frees it, on its own
// thread.
//
//   reader (audio thread, feeder):  epoch.enter(); … follow published pointers … epoch.leave();   once a block
//   owner:                          unpublish the pointer, queue.retire(p, free); now and then queue.collect();
//
// A quiescent-state scheme (Hart et al., "Performance of memory reclamation for lockless synchronization", 2007), with
// parity added, so that a reader which has stopped running (no device, an idle feeder) holds nothing back.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "base/fixed_vector.h"
#include "base/rt.h"
#include "lockfree/cache_line.h"

namespace tactus::lockfree {

// One reader thread's count of its reading sections; odd while it is in one. Outlives the queues that watch it.
class alignas(kCacheLine) ReaderEpoch {
 public:
  // The reader's thread, realtime-safe, wait-free; sections don't nest. No published pointer may be kept past leave().
  void enter() TACTUS_RT { count_.fetch_add(1, std::memory_order_acq_rel); }
  void leave() TACTUS_RT { count_.fetch_add(1, std::memory_order_release); }

  // Any other thread, after it has unpublished something: a ticket for passed(). It writes (the same value back): if it
  // comes before an enter() in the counter's order, that enter() acquires the unpublishing; if after, the ticket is
  // odd.
  std::uint64_t ticket() TACTUS_RT { return count_.fetch_add(0, std::memory_order_acq_rel); }
  // Whether the reader can't hold what was unpublished before the ticket.
  bool passed(std::uint64_t ticket) const TACTUS_RT {
    return !(ticket & 1) || count_.load(std::memory_order_acquire) != ticket;
  }

 private:
  std::atomic<std::uint64_t> count_{0};
};

// The owner's list of what waits to be freed. All functions: the owner's thread only; `free` runs there too. Holds at
// most Capacity objects, watches at most 16 readers.
template <std::size_t Capacity>
class RetireQueue {
 public:
  static constexpr std::size_t kMaxReaders = 16;
  using Free = void (*)(void*);

  RetireQueue() = default;
  RetireQueue(const RetireQueue&) = delete;
  RetireQueue& operator=(const RetireQueue&) = delete;
  // The readers must be done by now: whatever still waits is freed.
  ~RetireQueue() {
    for (const Item& item : items_) item.free(item.object);
  }

  // A reader that may see what will be retired. False when there are 16 already.
  bool watch(ReaderEpoch& reader) noexcept { return readers_.push_back(&reader); }

  // Takes over `object`, which nobody can newly find any more. False, and nothing taken, when full: collect() first.
  bool retire(void* object, Free free) noexcept {
    if (items_.full()) return false;
    Item item{object, free, {}};
    for (std::size_t i = 0; i < readers_.size(); ++i) item.tickets[i] = readers_[i]->ticket();
    return items_.push_back(item);
  }
  // The same for an object on the heap; on false it stays with the caller.
  template <typename T>
  bool retire(std::unique_ptr<T>& object) noexcept {
    if (!retire(static_cast<void*>(object.get()), [](void* p) { delete static_cast<T*>(p); })) return false;
    static_cast<void>(object.release());
    return true;
  }

  // Frees what no reader can hold any more; returns how many.
  std::size_t collect() noexcept {
    std::size_t freed = 0;
    for (std::size_t i = 0; i < items_.size();) {
      if (!passed(items_[i])) {
        ++i;
        continue;
      }
      const Item item = items_[i];
      items_.erase(i);
      item.free(item.object);
      ++freed;
    }
    return freed;
  }

  std::size_t waiting() const noexcept { return items_.size(); }

 private:
  struct Item {
    void* object = nullptr;
    Free free = nullptr;
    std::uint64_t tickets[kMaxReaders] = {};
  };

  bool passed(const Item& item) const noexcept {
    for (std::size_t i = 0; i < readers_.size(); ++i) {
      if (!readers_[i]->passed(item.tickets[i])) return false;
    }
    return true;
  }

  FixedVector<ReaderEpoch*, kMaxReaders> readers_;
  FixedVector<Item, Capacity> items_;
};

}  // namespace tactus::lockfree
