// What a callback costs in CPU time of its own thread: count, mean, highest, and a histogram fine enough for p99.99.
// One writer (the callback), any readers; a reader sees each number whole, not all of them of one instant.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstdint>

#include "base/rt.h"

namespace tactus::io {

class CpuMeter {
 public:
  // Buckets of 1/8 octave (9 % wide) from 64 ns up; the last one holds all beyond 1 s.
  static constexpr int kBuckets = 8 * 24;

  void add(std::int64_t ns) TACTUS_RT {
    bump(blocks_, 1);
    bump(sum_, static_cast<std::uint64_t>(ns));
    if (static_cast<std::uint64_t>(ns) > max_.load(std::memory_order_relaxed)) {
      max_.store(static_cast<std::uint64_t>(ns), std::memory_order_relaxed);
    }
    bump(histogram_[static_cast<std::size_t>(bucket(ns))], 1);
  }

  std::uint64_t blocks() const noexcept { return blocks_.load(std::memory_order_relaxed); }
  double mean_ns() const noexcept {
    const std::uint64_t n = blocks();
    return n ? static_cast<double>(sum_.load(std::memory_order_relaxed)) / static_cast<double>(n) : 0;
  }
  double max_ns() const noexcept { return static_cast<double>(max_.load(std::memory_order_relaxed)); }
  // An upper bound, at most 9 % above, of what `share` (0 to 1) of all callbacks stayed within.
  double quantile_ns(double share) const noexcept {
    std::uint64_t total = 0;
    for (const auto& count : histogram_) total += count.load(std::memory_order_relaxed);
    std::uint64_t below = 0;
    for (int i = 0; i < kBuckets; ++i) {
      below += histogram_[static_cast<std::size_t>(i)].load(std::memory_order_relaxed);
      if (total && static_cast<double>(below) >= share * static_cast<double>(total)) {
        return std::min(upper_edge(i), max_ns());
      }
    }
    return max_ns();
  }

 private:
  static void bump(std::atomic<std::uint64_t>& counter, std::uint64_t by) TACTUS_RT {
    counter.store(counter.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);  // one writer
  }
  // Octave by the position of the highest bit, eighths by the three bits after it.
  static int bucket(std::int64_t ns) TACTUS_RT {
    if (ns < 64) return 0;
    const auto v = static_cast<std::uint64_t>(ns);
    const int octave = std::bit_width(v) - 7;
    const int eighth = static_cast<int>((v >> (octave + 3)) & 7);
    return std::min(octave * 8 + eighth, kBuckets - 1);
  }
  static double upper_edge(int i) noexcept {
    return static_cast<double>((std::uint64_t{9} + static_cast<std::uint64_t>(i % 8)) << (i / 8 + 3));
  }

  std::atomic<std::uint64_t> blocks_{0}, sum_{0}, max_{0};
  std::array<std::atomic<std::uint64_t>, kBuckets> histogram_{};
};

}  // namespace tactus::io
