// What the contention tests send: larger than a cache line, and such that any mix of two of them shows.
#pragma once

#include <cstdint>

namespace tactus::lockfree::test {

struct Payload {
  std::uint64_t producer = 0;
  std::uint64_t number = 0;
  std::uint64_t body[37];  // 296 bytes and more: at least five lines

  static Payload make(std::uint64_t producer, std::uint64_t number) {
    Payload p;
    p.producer = producer;
    p.number = number;
    std::uint64_t x = number * 0x9E3779B97F4A7C15ull + producer + 1;
    for (auto& word : p.body) {
      x ^= x << 13, x ^= x >> 7, x ^= x << 17;
      word = x;
    }
    return p;
  }
  bool whole() const {
    const Payload expected = make(producer, number);
    for (int i = 0; i < 37; ++i) {
      if (body[i] != expected.body[i]) return false;
    }
    return true;
  }
};

}  // namespace tactus::lockfree::test
