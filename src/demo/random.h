// The seeded random numbers of the demo crate: the same on every machine, so that a crate is the same bits everywhere.
#pragma once

#include <cstdint>

namespace tactus::demo {

// Marsaglia's xorshift32 (2003), seeded through the finaliser of MurmurHash3 so that seeds 1, 2, 3 are unrelated.
class Random {
 public:
  explicit Random(std::uint32_t seed) noexcept {
    seed ^= seed >> 16;
    seed *= 0x85ebca6bu;
    seed ^= seed >> 13;
    seed *= 0xc2b2ae35u;
    seed ^= seed >> 16;
    state_ = seed != 0 ? seed : 0x9e3779b9u;
  }
  std::uint32_t bits() noexcept {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 17;
    state_ ^= state_ << 5;
    return state_;
  }
  float unit() noexcept { return static_cast<float>(bits() >> 8) * 0x1p-24f; }                           // [0, 1)
  float bipolar() noexcept { return static_cast<float>(static_cast<std::int32_t>(bits())) * 0x1p-31f; }  // [-1, 1]

 private:
  std::uint32_t state_;
};

}  // namespace tactus::demo
