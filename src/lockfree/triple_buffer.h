// The latest value of a large struct from one writer thread to one reader thread; wait-free and realtime-safe at both
// ends. Values in between are lost, a torn or older one is never seen. Three copies: the writer's, the reader's, and
// the one that changes hands by an atomic exchange.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <type_traits>

#include "base/rt.h"
#include "lockfree/cache_line.h"

namespace tactus::lockfree {

template <typename T>
class TripleBuffer {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  TripleBuffer() = default;
  // All three copies start as `initial`, so the reader always has a value.
  explicit TripleBuffer(const T& initial) TACTUS_RT {
    for (Slot& slot : slots_) slot.value = initial;
  }
  TripleBuffer(const TripleBuffer&) = delete;
  TripleBuffer& operator=(const TripleBuffer&) = delete;

  // --- writer ---

  // The copy to fill, which publish() hands over. It holds an older value, so write all of it.
  T& back() TACTUS_RT { return slots_[back_].value; }
  void publish() TACTUS_RT {
    back_ = middle_.exchange(static_cast<std::uint8_t>(back_ | kFresh), std::memory_order_acq_rel) & kIndex;
  }
  void write(const T& value) TACTUS_RT {
    back() = value;
    publish();
  }

  // --- reader ---

  // Takes the latest published value; false when there is none since the last call. front() is valid either way.
  bool update() TACTUS_RT {
    if (!(middle_.load(std::memory_order_relaxed) & kFresh)) return false;
    front_ = middle_.exchange(front_, std::memory_order_acq_rel) & kIndex;
    return true;
  }
  const T& front() const TACTUS_RT { return slots_[front_].value; }

 private:
  static constexpr std::uint8_t kFresh = 4, kIndex = 3;
  struct alignas(kCacheLine) Slot {
    T value{};
  };

  std::array<Slot, 3> slots_;
  alignas(kCacheLine) std::atomic<std::uint8_t> middle_{1};
  alignas(kCacheLine) std::uint8_t back_ = 0;   // writer's
  alignas(kCacheLine) std::uint8_t front_ = 2;  // reader's
};

}  // namespace tactus::lockfree
