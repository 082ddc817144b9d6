// A vector of fixed capacity in its own storage: no heap, trivially copyable when T is.
// Realtime-safe. push_back on a full vector returns false and changes nothing.
#pragma once

#include <array>
#include <cstddef>

#include "base/rt.h"

namespace tactus {

template <typename T, std::size_t N>
class FixedVector {
 public:
  constexpr bool push_back(const T& value) TACTUS_RT {
    if (size_ == N) return false;
    items_[size_++] = value;
    return true;
  }
  // Order-keeping removal of item i (i < size()).
  constexpr void erase(std::size_t i) TACTUS_RT {
    for (; i + 1 < size_; ++i) items_[i] = items_[i + 1];
    --size_;
  }
  // Order-keeping insertion before item i (i <= size()).
  constexpr bool insert(std::size_t i, const T& value) TACTUS_RT {
    if (size_ == N) return false;
    for (std::size_t k = size_; k > i; --k) items_[k] = items_[k - 1];
    items_[i] = value;
    ++size_;
    return true;
  }
  constexpr void clear() TACTUS_RT { size_ = 0; }
  constexpr void resize_down(std::size_t n) TACTUS_RT {
    if (n < size_) size_ = n;
  }
  constexpr std::size_t size() const TACTUS_RT { return size_; }
  constexpr bool empty() const TACTUS_RT { return size_ == 0; }
  constexpr bool full() const TACTUS_RT { return size_ == N; }
  static constexpr std::size_t capacity() TACTUS_RT { return N; }
  constexpr T& operator[](std::size_t i) TACTUS_RT { return items_[i]; }
  constexpr const T& operator[](std::size_t i) const TACTUS_RT { return items_[i]; }
  constexpr T* begin() TACTUS_RT { return items_.data(); }
  constexpr T* end() TACTUS_RT { return items_.data() + size_; }
  constexpr const T* begin() const TACTUS_RT { return items_.data(); }
  constexpr const T* end() const TACTUS_RT { return items_.data() + size_; }
  constexpr T& back() TACTUS_RT { return items_[size_ - 1]; }
  constexpr const T& back() const TACTUS_RT { return items_[size_ - 1]; }

 private:
  std::array<T, N> items_{};
  std::size_t size_ = 0;
};

}  // namespace tactus
